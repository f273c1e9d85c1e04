import type { Snapshot, SnapshotMessage } from '@shelfwise/trainer-contract';
import type { Step } from '../step.ts';
import { invalidSentence } from './invalid.ts';
import { snapshotOptions, snapshotUsage } from './options.ts';
import { makeSnapshot } from './snapshot.ts';

const examples = 5;
/** With five of these the message is far below the limit of a termination message. */
const longestExampleBytes = 500;

export const snapshotStep: Step = {
  usage: snapshotUsage,
  async run(args, io) {
    const snapshot = await makeSnapshot(snapshotOptions(args), io);
    return { message: snapshotMessage(snapshot) };
  },
};

/** What the operator learns of a snapshot. */
export function snapshotMessage(snapshot: Snapshot): SnapshotMessage {
  const { digest, products, counts, classes, invalid } = snapshot;
  return {
    step: 'snapshot',
    ok: true,
    dataset: digest,
    products,
    train: counts.train,
    holdout: counts.holdout,
    classes: classes.length,
    groups: counts.groups,
    invalid: counts.invalid,
    invalidExamples: invalid.slice(0, examples).map((entry) => shorten(invalidSentence(entry))),
  };
}

function shorten(text: string): string {
  let short = text;
  while (Buffer.byteLength(JSON.stringify(short)) > longestExampleBytes) {
    short = `${short.slice(0, Math.floor(short.length * 0.9) - 1)}…`;
  }
  return short;
}
