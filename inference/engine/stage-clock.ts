import { jpegAddon } from '@shelfwise/trainer-contract/jpeg';
import type { Stage, StageTimes } from './item.ts';

/** Tells what each stage of a batch took of the clock and of this thread's CPU, one stage after the other. */
export function stageClock() {
  const { threadCpu } = jpegAddon();
  const none = { decode: 0, tokenise: 0, infer: 0 };
  const times: StageTimes = { ...none, cpu: { ...none } };
  let since = performance.now();
  let used = threadCpu();
  return {
    times,
    /** What went by since the last end, or since the start, was this stage. */
    end(stage: Stage): void {
      const [now, cpu] = [performance.now(), threadCpu()];
      times[stage] = now - since;
      times.cpu[stage] = cpu - used;
      [since, used] = [now, cpu];
    },
  };
}
