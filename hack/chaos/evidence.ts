import type { ModelRelease } from '../../operator/api/model-release.ts';
import type { Entry } from './journal.ts';

/** What is known of a life: all that oracles may look at. */
export interface Evidence {
  /** Everything that the operator answers for when all is still, one line a fact, without times, UIDs and the like. */
  state: string[];
  /** Of each object, by kind and name, how often it came to be and went, until all was still. */
  born: Record<string, number>;
  gone: Record<string, number>;
  /** How operators ended that were not to, and what they logged that speaks of a bug. */
  exits: string[];
  complaints: string[];
  /** Changes of the spec, and what they left as it was although they were to change it. */
  edits: { edit: string; changed: boolean }[];
  /** What is served before a change of the spec, and after it was taken back. */
  thereAndBack: { before: string[]; after: string[] };
  /** A spec that cannot be followed: what the conditions said of it, and what served meanwhile. */
  wrongSpec: { named: boolean; servedBefore: string; servedMeanwhile: string };
  /** Writes after a change that means nothing, when all was still. */
  writesAtRest: Entry[];
  /** Runs that were active at one time, where it was more than one; names that were used by more than one object. */
  activeTogether: string[][];
  usedTwice: string[];
  /** What is served at the end, and what a ModelRelease serves that had this spec from the first day. */
  children: string[];
  straightChildren: string[];
  /** What was left some time after the deletion. */
  orphans: string[];
  /** Every version of the ModelRelease that was seen. */
  versions: ModelRelease[];
  requests: Entry[];
  /** Who held the Lease from when on; empty without an election. */
  leaders: { slot: string; since: number }[];
  /** `verb resource` that the chart's rules allow. */
  granted: ReadonlySet<string>;
}
