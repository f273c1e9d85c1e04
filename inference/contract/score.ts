/** A score beside its floor. Rounded, 0.75998 would read as if it reached 0.76: then all of its digits. */
export function scoreBeside(value: number, floor: string): string {
  const rounded = value.toFixed(4);
  const misleading = Number(rounded) >= Number(floor) !== value >= Number(floor);
  return misleading ? String(value) : rounded;
}
