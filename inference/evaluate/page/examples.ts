import type { Scores } from '@shelfwise/inference-contract';
import { type Answers, nothing } from '../answers.ts';
import { lowestRecalls } from '../scores.ts';

/** Rows of the holdout that a person is to see. */
export interface Examples {
  /** Taken for something else, the surest first. */
  mistakes: number[];
  /** Of the classes with the lowest recalls, products that were not found, the surest first. */
  missed: { class: string; recall: number; support: number; rows: number[] }[];
}

const mostMistakes = 24;
const mostClasses = 4;
const mostOfAClass = 5;

/** Picks the examples of a page. Classes of fewer than `minimumSupport` products are left to chance, and left out. */
export function pickExamples(
  answers: Answers,
  {
    perClass,
    classes,
    minimumSupport,
  }: {
    perClass: Scores['perClass'];
    classes: readonly string[];
    minimumSupport: number;
  },
): Examples {
  const wrong = (row: number) => answers.said[row] !== answers.truth[row];
  const lowest = lowestRecalls(perClass, mostClasses, minimumSupport).filter(
    ({ recall }) => recall < 1,
  );
  return {
    mistakes: surest(answers, mostMistakes, (row) => wrong(row) && answers.said[row] !== nothing),
    missed: lowest.map((each) => {
      const label = classes.indexOf(each.class);
      const rows = surest(
        answers,
        mostOfAClass,
        (row) => answers.truth[row] === label && wrong(row),
      );
      return { ...each, rows };
    }),
  };
}

/** At most `most` of the rows that `takes`, by falling confidence; never more than a few of them are held. */
function surest(answers: Answers, most: number, takes: (row: number) => boolean): number[] {
  const sure = (row: number) => answers.confidence[row] as number;
  const found: number[] = [];
  for (let row = 0; row < answers.products; row++) {
    if (!takes(row)) continue;
    if (found.length === most && sure(row) <= sure(found[most - 1] as number)) continue;
    const at = found.findIndex((each) => sure(each) < sure(row));
    found.splice(at < 0 ? found.length : at, 0, row);
    found.length = Math.min(found.length, most);
  }
  return found;
}
