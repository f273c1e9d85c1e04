/**
 * Loaded before a program by `node --import`: leaves what the program took in the file that it is told. Only the process
 * itself knows it at its end: who started it finds its numbers gone.
 */
import { writeFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

// A module that is preloaded has no arguments.
const file = process.env.TELL_USAGE_FILE;
if (isMainThread && file) {
  process.once('exit', () => {
    const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
    const usage = { cpuSeconds: (userCPUTime + systemCPUTime) / 1e6, peakMiB: maxRSS / 1024 };
    writeFileSync(file, JSON.stringify(usage));
  });
}
