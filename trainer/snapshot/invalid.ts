import { type DataReport, type Invalid, StepError } from '@shelfwise/trainer-contract';

const listed = 1000;
const named = 20;
const longestValue = 120;
/** A decoder may have as many words for its troubles as there are files. */
const mostReasons = 50;

type LeftOut = DataReport['leftOut']['reasons'][number];

/**
 * Collects what is left out of a snapshot: counts all by reason, keeps the first 1000 by row, in whatever order they come.
 * Each is given to `write`, too.
 */
export function createInvalidList(write: (entry: Invalid) => void = () => undefined) {
  const kept: Invalid[] = [];
  const reasons = new Map<string, LeftOut>();
  let count = 0;

  function countReason(entry: Invalid): void {
    const common = entry.reason.replace(/\d+/g, '…');
    const known = reasons.size < mostReasons || reasons.has(`${entry.column} ${common}`);
    const [column, reason] = known
      ? [entry.column, common]
      : ['', 'is unusable for another reason'];
    const key = `${column} ${reason}`;
    const group = reasons.get(key) ?? { column, reason, products: 0, examples: [] };
    reasons.set(key, group);
    group.products++;
    insert(group.examples, entry, named);
  }

  return {
    add(row: number, column: string, value: string | null, reason: string): void {
      const entry = { row, column, value: shorten(value), reason };
      count++;
      write(entry);
      insert(kept, entry, listed);
      countReason(entry);
    },
    get count(): number {
      return count;
    },
    get kept(): Invalid[] {
      return [...kept];
    },
    /** By reason, the commonest first. */
    get byReason(): LeftOut[] {
      return [...reasons.values()]
        .map((group) => ({ ...group, examples: [...group.examples] }))
        .sort((a, b) => b.products - a.products || (a.reason < b.reason ? -1 : 1));
    },
    /** Whether more than `maximumPercent` of the source's rows are in it. */
    isAbove(maximumPercent: number, rows: number): boolean {
      return count * 100 > maximumPercent * rows;
    },
    /** BadData with the beginning of the list; the whole of it is said to be at `url`. */
    refusal(maximumPercent: number, rows: number, url: string): StepError {
      const examples = this.kept.slice(0, named).map(invalidSentence);
      const rest = count > examples.length ? `; and ${count - examples.length} more` : '';
      const percent = ((count / rows) * 100).toFixed(1);
      return new StepError(
        'BadData',
        `${count} of ${rows} products (${percent} %) cannot be used, over the maximum of ${maximumPercent} %; correct them (${url} lists them all) or raise maximumInvalidPercent: ${examples.join('; ')}${rest}.`,
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

/** Into a list that is sorted by row, of which the first `limit` are kept. */
function insert(list: Invalid[], entry: Invalid, limit: number): void {
  list.splice(list.findLastIndex(({ row }) => row <= entry.row) + 1, 0, entry);
  if (list.length > limit) list.pop();
}

function shorten(value: string | null): string | null {
  return value && value.length > longestValue ? `${value.slice(0, longestValue)}…` : value;
}
