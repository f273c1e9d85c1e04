import { uptime } from 'node:os';

/**
 * A clock that only goes forward, in milliseconds, and does not stand still while the process is stopped or the machine sleeps;
 * where it begins means nothing. performance.now() is CLOCK_MONOTONIC: it goes on under SIGSTOP and cgroup freezing, but on
 * Linux not while the machine is suspended. os.uptime() is read from /proc/uptime, which counts that time (10 ms steps). The wall
 * clock would count it, too, but is set by people and NTP.
 *
 * What no clock of a guest can count is a pause of its whole virtual machine by the hypervisor: they all stand still. Who relies
 * on this clock has to live with that.
 */
export function createBootClock(
  monotonic: () => number = () => performance.now(),
  sinceBoot: () => number = () => uptime() * 1000,
): () => number {
  const offset = monotonic() - sinceBoot();
  return () => Math.max(monotonic(), sinceBoot() + offset);
}
