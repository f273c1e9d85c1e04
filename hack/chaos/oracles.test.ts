import { expect } from 'chai';
import type { ModelRelease } from '../../operator/api/model-release.ts';
import type { Evidence } from './evidence.ts';
import type { Entry } from './journal.ts';
import { judge, neverComes, oracles } from './oracles.ts';

const entry = (part: Partial<Entry> = {}): Entry => ({
  nth: 1,
  write: 1,
  slot: 'a',
  verb: 'create',
  resource: 'jobs.batch',
  object: 'life/products-train',
  code: 201,
  at: 10,
  body: {},
  ...part,
});

const version = (cron: string, reason: string, part: object = {}): ModelRelease =>
  ({
    metadata: { name: 'products', generation: 2, resourceVersion: '7' },
    spec: { schedule: { cron } },
    status: { observedGeneration: 2, conditions: [{ type: 'Degraded', reason, ...part }] },
  }) as unknown as ModelRelease;

/** A life in which all was well. */
const well: Evidence = {
  state: ['Deployment products-stable.spec.replicas = 1'],
  born: { 'Job products-slot-1-train': 1 },
  gone: { 'Job products-slot-1-train': 1 },
  exits: [],
  complaints: [],
  edits: [{ edit: 'spec.serving.replicas 2', changed: true }],
  thereAndBack: { before: ['one pod'], after: ['one pod'] },
  wrongSpec: { named: true, servedBefore: 'products-1', servedMeanwhile: 'products-1' },
  writesAtRest: [],
  activeTogether: [],
  usedTwice: [],
  children: ['Service products.spec.type = "ClusterIP"'],
  straightChildren: ['Service products.spec.type = "ClusterIP"'],
  orphans: [],
  versions: [version('0 0 29 2 *', 'AsDesired'), version(neverComes, 'InvalidSchedule')],
  requests: [entry()],
  leaders: [{ slot: 'a', since: 1 }],
  granted: new Set(['create jobs.batch']),
};

/** What each oracle has to notice, done to a life in which all was well. */
const mutants: { oracle: string; mutant: string; change: Partial<Evidence>; words: RegExp }[] = [
  {
    oracle: 'O1',
    mutant: 'another number of pods at the end',
    change: { state: ['Deployment products-stable.spec.replicas = 2'] },
    words: /the end misses .*= 1[\s\S]*the end has .*= 2/,
  },
  {
    oracle: 'O2',
    mutant: 'a Job that came to be once more',
    change: { born: { ...well.born, 'Job products-slot-1-train-2': 1 } },
    words: /train-2 came to be 1 times, not 0/,
  },
  {
    oracle: 'O2',
    mutant: 'a Job that was never deleted',
    change: { gone: {} },
    words: /train went 0 times, not 1/,
  },
  {
    oracle: 'O3',
    mutant: 'an operator that ended by itself',
    change: { exits: ['a ended by itself with exit code 1'] },
    words: /exit code 1/,
  },
  {
    oracle: 'O3',
    mutant: 'a bug in the log',
    change: { complaints: ['TypeError'] },
    words: /logged TypeError/,
  },
  {
    oracle: 'O4',
    mutant: 'a field that is not looked at',
    change: { edits: [{ edit: 'spec.serving.replicas 2', changed: false }] },
    words: /replicas 2 changed nothing/,
  },
  {
    oracle: 'O5',
    mutant: 'a change that stays when it was taken back',
    change: { thereAndBack: { before: ['one pod'], after: ['two pods'] } },
    words: /one pod[\s\S]*two pods/,
  },
  {
    oracle: 'O6',
    mutant: 'a wrong spec that nobody is told of',
    change: { wrongSpec: { ...well.wrongSpec, named: false } },
    words: /no condition/,
  },
  {
    oracle: 'O6',
    mutant: 'a release that goes with a wrong spec',
    change: { wrongSpec: { ...well.wrongSpec, servedMeanwhile: '' } },
    words: /products-1 before/,
  },
  {
    oracle: 'O7',
    mutant: 'a write at rest',
    change: { writesAtRest: [entry({ verb: 'patch' })] },
    words: /at rest there was write 1, patch jobs.batch/,
  },
  {
    oracle: 'O8',
    mutant: 'two runs at a time',
    change: { activeTogether: [['products-1', 'products-2']] },
    words: /products-1 and products-2 were active/,
  },
  {
    oracle: 'O8',
    mutant: 'a slot that ran twice',
    change: { usedTwice: ['ControllerRevision products-1'] },
    words: /products-1 came to be more than once/,
  },
  {
    oracle: 'O9',
    mutant: 'children that keep something of their way',
    change: { children: ['Service products.spec.type = "NodePort"'] },
    words: /NodePort[\s\S]*ClusterIP/,
  },
  {
    oracle: 'O10',
    mutant: 'an orphan',
    change: { orphans: ['Service products'] },
    words: /Service products was left/,
  },
  {
    oracle: 'O11',
    mutant: 'conditions of the spec before',
    change: { versions: [version(neverComes, 'AsDesired')] },
    words: /InvalidSchedule is false/,
  },
  {
    oracle: 'O11',
    mutant: 'conditions that keep what was wrong',
    change: { versions: [version('0 0 29 2 *', 'InvalidSchedule')] },
    words: /InvalidSchedule is true/,
  },
  {
    oracle: 'O11',
    mutant: 'a condition of a spec to come',
    change: { versions: [version('0 0 29 2 *', 'AsDesired', { observedGeneration: 3 })] },
    words: /Degraded is of a later generation/,
  },
  {
    oracle: 'O12',
    mutant: 'a verb that no rule grants',
    change: { requests: [entry({ verb: 'delete' })] },
    words: /no rule allows write 1, delete/,
  },
  {
    oracle: 'O12',
    mutant: 'a request that is refused',
    change: { requests: [entry({ code: 403 })] },
    words: /refused write 1/,
  },
  {
    oracle: 'O12',
    mutant: 'a spec that is written',
    change: {
      requests: [entry({ verb: 'patch', resource: 'modelreleases.shelfwise.dev' })],
      granted: new Set(['patch modelreleases.shelfwise.dev']),
    },
    words: /a spec was written/,
  },
  {
    oracle: 'O12',
    mutant: 'a write of who leads no more',
    change: {
      leaders: [
        { slot: 'a', since: 1 },
        { slot: 'b', since: 5 },
      ],
    },
    words: /a wrote while b led/,
  },
];

describe('the oracles of chaos', () => {
  it('have nothing against a life in which all was well', () => {
    expect(judge(well, well)).to.deep.equal([]);
  });

  for (const { oracle, mutant, change, words } of mutants) {
    it(`${oracle} notices ${mutant}, and no other oracle speaks up`, () => {
      const found = judge({ ...well, ...change }, well);
      expect(found.join('\n')).to.match(words);
      expect(found.filter((each) => !each.startsWith(`${oracle}: `))).to.deep.equal([]);
    });
  }

  it('are each shown to fail', () => {
    expect(new Set(mutants.map(({ oracle }) => oracle))).to.deep.equal(
      new Set(Object.keys(oracles)),
    );
  });

  it('do not count against a paused leader what it had sent before another led', () => {
    const leaders = [
      { slot: 'a', since: 1 },
      { slot: 'b', since: 11 },
    ];
    expect(judge({ ...well, leaders }, well)).to.deep.equal([]);
  });
});
