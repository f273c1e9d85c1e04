import { table } from './table.ts';

/** A measured number beside what it is held to. Without a target it is told for people, and to compare. */
export interface Figure {
  /** In the JSON: camelCase, its unit at the end. */
  name: string;
  says: string;
  value: number;
  unit: string;
  /** After the point; two by default, one from 10 on. */
  digits?: number;
  atMost?: number;
  atLeast?: number;
  exactly?: number;
}

export function isMet({ value, atMost, atLeast, exactly }: Figure): boolean {
  if (atMost !== undefined && !(value <= atMost)) return false;
  if (atLeast !== undefined && !(value >= atLeast)) return false;
  return exactly === undefined || value === exactly;
}

export interface Report {
  name: string;
  figures: Record<string, number>;
  targets: Record<string, string>;
  met: boolean;
}

export function reportOf(name: string, figures: Figure[]): Report {
  const held = figures.filter((figure) => targetOf(figure) !== '');
  return {
    name,
    figures: Object.fromEntries(figures.map((figure) => [figure.name, rounded(figure)])),
    targets: Object.fromEntries(held.map((figure) => [figure.name, targetOf(figure)])),
    met: held.length > 0 && figures.every(isMet),
  };
}

export function figuresTable(figures: Figure[]): string {
  const rows = figures.map((figure) => [
    figure.says,
    String(rounded(figure)),
    figure.unit,
    targetOf(figure),
    targetOf(figure) === '' ? '' : isMet(figure) ? 'met' : 'MISSED',
  ]);
  return table([['what', 'figure', 'unit', 'target', ''], ...rows]);
}

/** Writes figures for people, and on the last line as JSON; the process ends with 1 where a target is missed or there is none. */
export function tellReport(name: string, figures: Figure[]): void {
  const report = reportOf(name, figures);
  process.stdout.write(`\n${figuresTable(figures)}\n\n${JSON.stringify(report)}\n`);
  if (!report.met) process.exitCode = 1;
}

function targetOf({ atMost, atLeast, exactly }: Figure): string {
  if (exactly !== undefined) return `= ${exactly}`;
  if (atLeast !== undefined) return `≥ ${atLeast}`;
  return atMost === undefined ? '' : `≤ ${atMost}`;
}

function rounded({ value, digits = value < 10 ? 2 : 1 }: Figure): number {
  return Number(value.toFixed(digits));
}
