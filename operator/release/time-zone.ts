/** Wall clocks: how a time zone's date and time of day, and instants, belong together. */

const dayMs = 24 * 3600_000;

/** A time zone of the IANA database, as far as this Node knows it. */
export interface TimeZone {
  /** How far its clocks are ahead of UTC at this instant, in ms. Both in ms since 1970. */
  offsetAt(instant: number): number;
}

/** undefined where no zone has this name. */
export function timeZone(name: string): TimeZone | undefined {
  // An empty name would mean the machine's own zone, and an offset ("+01:00") is no zone to Kubernetes.
  if (!/^[A-Za-z]/.test(name)) return undefined;
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      hourCycle: 'h23',
      era: 'short',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  } catch {
    return undefined;
  }
  return {
    offsetAt(instant) {
      const whole = Math.floor(instant / 1000) * 1000;
      const parts: Record<string, number> = {};
      for (const { type, value } of format.formatToParts(whole)) parts[type] = Number(value);
      const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
      return Date.UTC(year, month - 1, day, hour, minute, second) - whole;
    },
  };
}

/**
 * The instants at which the clocks show this, given as if it were UTC: one; none, where the clocks are put forward past it; two,
 * where they are put back. Zones change their clocks at most once in two days.
 */
export function instantsOf(wall: number, zone: TimeZone): number[] {
  const offsets = new Set([zone.offsetAt(wall - dayMs), zone.offsetAt(wall + dayMs)]);
  return [...offsets]
    .map((offset) => wall - offset)
    .filter((instant) => instant + zone.offsetAt(instant) === wall)
    .sort((one, other) => one - other);
}

/** The offset that holds during the whole of this date (its midnight as if it were UTC), and a day around it; undefined if it changes. */
export function steadyOffset(date: number, zone: TimeZone): number | undefined {
  const before = zone.offsetAt(date - dayMs);
  return before === zone.offsetAt(date + 2 * dayMs) ? before : undefined;
}
