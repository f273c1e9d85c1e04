import { scoreBeside } from '@shelfwise/inference-contract';

/** A score as the operator writes it; a dash for one that could not be computed. */
export const score = (value: number | null | undefined, digits = 4) =>
  value === null || value === undefined ? '–' : value.toFixed(digits);

/** A score beside its floor, if it has one, with the digits that the operator gives it. */
export const scoreWithFloor = (value: number | null, floor: string | undefined) =>
  value === null || floor === undefined ? score(value) : scoreBeside(value, floor);

/** A difference with its sign, and a true minus. */
export function signed(value: number | null | undefined): string {
  if (value === null || value === undefined) return '–';
  const text = Math.abs(value).toFixed(4);
  return Number(text) === 0 ? '0.0000' : `${value < 0 ? '−' : '+'}${text}`;
}

/** A p-value: of a small one only the power of ten is of interest. */
export function pValue(value: number | null): string {
  if (value === null) return '–';
  if (value === 0) return 'below 1e−300';
  return value >= 0.0001 ? value.toFixed(4) : value.toExponential(0).replace('-', '−');
}

/** Nothing but 1 is 100 %. */
export function percent(share: number | null): string {
  if (share === null) return '–';
  const text = (share * 100).toFixed(share < 0.1 ? 1 : 0);
  return share < 1 && text === '100' ? 'over 99\u00a0%' : `${text}\u00a0%`;
}

/** The confidence of a bound, whose every digit was chosen: 0.975 is not 98 %. */
export const confidence = (level: number) => `${Number((level * 100).toPrecision(6))}\u00a0%`;

export const count = (number: number, one: string, more = `${one}s`) =>
  `${number.toLocaleString('en')} ${number === 1 ? one : more}`;
