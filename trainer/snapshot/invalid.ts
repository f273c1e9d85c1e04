import { type Invalid, StepError } from '@shelfwise/trainer-contract';

const listed = 1000;
const named = 20;
const longestValue = 120;

/** Collects what is left out of a snapshot: counts all, keeps the first 1000. */
export function createInvalidList() {
  const kept: Invalid[] = [];
  let count = 0;
  return {
    add(row: number, column: string, value: string | null, reason: string): void {
      count++;
      if (kept.length < listed) kept.push({ row, column, value: shorten(value), reason });
    },
    get count(): number {
      return count;
    },
    get kept(): Invalid[] {
      return kept.toSorted((a, b) => a.row - b.row);
    },
    /** Throws BadData with the list when more than `maximumPercent` of the source's rows are in it. */
    refuseAbove(maximumPercent: number, rows: number): void {
      if (count * 100 <= maximumPercent * rows) return;
      const examples = this.kept.slice(0, named).map(invalidSentence);
      const rest = count > examples.length ? `; and ${count - examples.length} more` : '';
      const percent = ((count / rows) * 100).toFixed(1);
      throw new StepError(
        'BadData',
        `${count} of ${rows} products (${percent} %) cannot be used, over the maximum of ${maximumPercent} %; correct them or raise maximumInvalidPercent: ${examples.join('; ')}${rest}.`,
      );
    },
  };
}

export type InvalidList = ReturnType<typeof createInvalidList>;

/** `row 17: column designation is empty`. */
export function invalidSentence({ row, column, value, reason }: Invalid): string {
  const shown = value ? ` ${JSON.stringify(value)}` : '';
  return `row ${row}: column ${column}${shown} ${reason}`;
}

function shorten(value: string | null): string | null {
  return value && value.length > longestValue ? `${value.slice(0, longestValue)}…` : value;
}
