/** What has to hold of every life, whatever happened in it. Each answers sentences: none is well. */
import type { Evidence } from './evidence.ts';
import { describe } from './journal.ts';

export type Oracle = (seen: Evidence, reference: Evidence) => string[];

export const oracles: Record<string, Oracle> = {
  /** The end state is that of a life without faults. */
  O1: (seen, reference) => [
    ...reference.state
      .filter((line) => !seen.state.includes(line))
      .map((line) => `the end misses ${line}`),
    ...seen.state
      .filter((line) => !reference.state.includes(line))
      .map((line) => `the end has ${line}`),
  ],

  /** So are the times that each object came to be and went. */
  O2: (seen, reference) => [
    ...differences('came to be', seen.born, reference.born),
    ...differences('went', seen.gone, reference.gone),
  ],

  /** No crash, no rejection that nobody handled, nothing that the operator itself calls a bug. */
  O3: ({ exits, complaints }) => [...exits, ...complaints.map((line) => `logged ${line}`)],

  /** A change of the spec changes something. */
  O4: ({ edits }) =>
    edits.filter(({ changed }) => !changed).map(({ edit }) => `${edit} changed nothing`),

  /** A change that is taken back leaves nothing. */
  O5: ({ thereAndBack: { before, after } }) =>
    [
      ...before.filter((line) => !after.includes(line)),
      ...after.filter((line) => !before.includes(line)),
    ].map((line) => `there and back differs in ${line}`),

  /** A wrong spec is named in a condition, and what served goes on serving. */
  O6: ({ wrongSpec: { named, servedBefore, servedMeanwhile } }) => [
    ...(named ? [] : ['no condition names the wrong spec']),
    ...(servedBefore === servedMeanwhile
      ? []
      : [`under a wrong spec ${servedMeanwhile} served, and ${servedBefore} before`]),
  ],

  /** Converged means that nothing is written any more. */
  O7: ({ writesAtRest }) => writesAtRest.map((entry) => `at rest there was ${describe(entry)}`),

  /** At most one active run, one run ever for a slot, one Job ever of a name. */
  O8: ({ activeTogether, usedTwice }) => [
    ...activeTogether.map((runs) => `${runs.join(' and ')} were active together`),
    ...usedTwice.map((name) => `${name} came to be more than once`),
  ],

  /** The same spec gives the same children, whatever the way there. */
  O9: ({ children, straightChildren }) =>
    [
      ...children.filter((line) => !straightChildren.includes(line)),
      ...straightChildren.filter((line) => !children.includes(line)),
    ].map((line) => `a straight life differs in ${line}`),

  /** Deletion leaves no orphans. */
  O10: ({ orphans }) => orphans.map((name) => `${name} was left`),

  /** Where observedGeneration is the generation, conditions speak of this spec. */
  O11: ({ versions }) =>
    versions.flatMap(({ metadata, spec, status }) => {
      if (status?.observedGeneration !== metadata.generation) return [];
      const said = status?.conditions?.some(
        ({ type, reason }) => type === 'Degraded' && reason === 'InvalidSchedule',
      );
      const is = spec.schedule.cron === neverComes;
      const at = `generation ${metadata.generation}, version ${metadata.resourceVersion}`;
      return [
        ...(said === is
          ? []
          : [`${at}: cron is ${spec.schedule.cron}, InvalidSchedule is ${said}`]),
        ...(status?.conditions ?? [])
          .filter((each) => (each.observedGeneration ?? 0) > (metadata.generation ?? 0))
          .map(({ type }) => `${at}: condition ${type} is of a later generation`),
      ];
    }),

  /** No write of whoever does not lead; nothing that the chart does not grant; never a spec. */
  O12: ({ requests, leaders, granted }) =>
    requests.flatMap((entry) => {
      const { verb, resource, slot, at, code, write } = entry;
      const found: string[] = [];
      if (!granted.has(`${verb} ${resource}`)) found.push(`no rule allows ${describe(entry)}`);
      if (code === 403) found.push(`the API server refused ${describe(entry)}`);
      if (write !== undefined && resource === 'modelreleases.shelfwise.dev')
        found.push(`a spec was written: ${describe(entry)}`);
      const leader = leaders.findLast(({ since }) => since <= at)?.slot;
      if (write !== undefined && leaders.length > 0 && leader !== slot)
        found.push(`${slot} wrote while ${leader} led: ${describe(entry)}`);
      return found;
    }),
};

/** 30 February: well written, and it never comes. */
export const neverComes = '0 0 30 2 *';

/** All that oracles have against a life, each sentence with the oracle's name. */
export function judge(seen: Evidence, reference: Evidence): string[] {
  return Object.entries(oracles).flatMap(([name, oracle]) =>
    oracle(seen, reference).map((words) => `${name}: ${words}`),
  );
}

function differences(
  what: string,
  seen: Record<string, number>,
  reference: Record<string, number>,
): string[] {
  return [...new Set([...Object.keys(seen), ...Object.keys(reference)])]
    .filter((name) => (seen[name] ?? 0) !== (reference[name] ?? 0))
    .map((name) => `${name} ${what} ${seen[name] ?? 0} times, not ${reference[name] ?? 0}`);
}
