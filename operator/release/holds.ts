import { releaseLabel } from '../api/metadata.ts';
import { releaseName, timestamp } from '../api/names.ts';
import { ourDeployment } from './doubt.ts';
import type { Observation } from './observation.ts';
import { isActive, type Run } from './run.ts';
import type { Slot } from './slots.ts';
import { hasEnded } from './step-state.ts';

export interface Hold {
  reason:
    | 'Suspended'
    | 'RunActive'
    | 'AlreadyRecorded'
    | 'RecordUnreadable'
    | 'RecordLost'
    | 'TooLate';
  message: string;
}

/** Why a slot's run is not started now; undefined: nothing against it. */
export type Policy = (slot: Slot, seen: Observation, runs: readonly Run[]) => Hold | undefined;

/** The reasons not to start a run, in the order in which a person would ask. The first answer counts. */
export const holds: Policy[] = [
  slotAlreadyRecorded,
  suspended,
  runActive,
  unknownRunActive,
  tooLateForSlot,
];

/** One run ever for a slot: its record has the slot's name. */
function slotAlreadyRecorded(
  slot: Slot,
  seen: Observation,
  runs: readonly Run[],
): Hold | undefined {
  const release = releaseName(seen.modelRelease.metadata.name, slot.at);
  // What serves has had its run, even where somebody deleted the record.
  const serves = ourDeployment(seen)?.metadata.labels?.[releaseLabel] === release;
  const recorded =
    serves ||
    runs.some((run) => run.release === release) ||
    seen.unreadable.some((record) => record.name === release);
  return recorded
    ? { reason: 'AlreadyRecorded', message: `Release ${release} is recorded already.` }
    : undefined;
}

/** Whoever writes the run-now annotation means it. */
function suspended({ trigger }: Slot, { modelRelease }: Observation): Hold | undefined {
  return modelRelease.spec.schedule.suspend && trigger !== 'run-now'
    ? { reason: 'Suspended', message: 'spec.schedule.suspend is true.' }
    : undefined;
}

function runActive(_slot: Slot, _seen: Observation, runs: readonly Run[]): Hold | undefined {
  const active = runs.find(isActive);
  return active ? { reason: 'RunActive', message: `Run ${active.release} is active.` } : undefined;
}

/** A run whose record cannot be read, or is gone, may still be active: its Jobs tell. Two at a time are never wanted. */
function unknownRunActive(
  slot: Slot,
  { modelRelease, unreadable, lost = [], jobs }: Observation,
): Hold | undefined {
  const own = releaseName(modelRelease.metadata.name, slot.at);
  const names = new Set([...unreadable.map(({ name }) => name), ...lost]);
  const working = jobs.find((job) => {
    const release = job.metadata.labels?.[releaseLabel] ?? '';
    return release !== own && names.has(release) && !hasEnded(job);
  });
  if (!working) return undefined;
  const { name, labels } = working.metadata;
  return lost.includes(labels?.[releaseLabel] ?? '')
    ? {
        reason: 'RecordLost',
        message: `Job ${name} still works, and the record of its run is gone.`,
      }
    : {
        reason: 'RecordUnreadable',
        message: `Job ${name} still works, and the record of its run cannot be read.`,
      };
}

/** As CronJob does it. The first run and one that a person asked for are never too late. */
function tooLateForSlot(
  { at, trigger }: Slot,
  { now, modelRelease }: Observation,
): Hold | undefined {
  const { startingDeadlineSeconds } = modelRelease.spec.schedule;
  const lateSeconds = (now.getTime() - at.getTime()) / 1000;
  return trigger === 'schedule' && lateSeconds > startingDeadlineSeconds
    ? {
        reason: 'TooLate',
        message: `The run due at ${timestamp(at)} was missed by more than spec.schedule.startingDeadlineSeconds (${startingDeadlineSeconds} s) and left out.`,
      }
    : undefined;
}

/** The first reason not to start the run of this slot. */
export function heldBy(slot: Slot, seen: Observation, runs: readonly Run[]): Hold | undefined {
  for (const policy of holds) {
    const hold = policy(slot, seen, runs);
    if (hold) return hold;
  }
  return undefined;
}
