import type { ProgressEvent } from '../../trainer/step.ts';

/** What a line of a step's output tells of its progress; undefined for every other line. */
export function progressOf(line: string): ProgressEvent | undefined {
  return line.startsWith('{"event":"progress"') ? JSON.parse(line) : undefined;
}

/** The phase of a step and how far it is, in words. */
export function phaseWords({ phase, done, total }: ProgressEvent): string {
  return `${phase}${done === undefined ? '' : `: ${done} of ${total}`}`;
}
