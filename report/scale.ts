/** A linear way from values to pixels. */
export interface Scale {
  at(value: number): number;
  /** Round values, all of them inside, some five. */
  ticks: number[];
}

/** From [low, high] to pixels [from, to]; a range of nothing is widened, so that its one value lies in the middle. */
export function scale(low: number, high: number, [from, to]: [from: number, to: number]): Scale {
  const [start, end] = high > low ? [low, high] : [low - 0.5, low + 0.5];
  const step = roundStep((end - start) / 5);
  const first = Math.ceil(start / step - 1e-9);
  const last = Math.floor(end / step + 1e-9);
  const ticks = Array.from({ length: last - first + 1 }, (_, i) => decimal((first + i) * step));
  return {
    at: (value) => decimal(from + ((value - start) / (end - start)) * (to - from)),
    ticks,
  };
}

/** The next of 1, 2, 5 × 10^n. */
function roundStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 5, 10].find((each) => each * power >= rough * (1 - 1e-9)) ?? 10;
  return factor * power;
}

/** To hundredths, all that anybody sees of a length or an opacity. */
export const hundredths = (value: number) => Math.round(value * 100) / 100;

/** Without the tail of binary fractions: 0.30000000000000004 is no label. */
const decimal = (value: number) => Number(value.toPrecision(6));
