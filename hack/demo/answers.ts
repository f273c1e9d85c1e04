import type { Sample } from '@shelfwise/trainer-contract';
import { table } from '../figures/table.ts';
import type { Answer } from '../shop/predict-client.ts';

/** What was asked and answered, a product a row, and how many were right. Throws when one was not answered. */
export function answersTable(products: { sample: Sample }[], answers: Answer[]): string {
  const rows = products.map(({ sample }, at) => {
    const answer = answers[at];
    if (answer?.status !== 200) {
      throw new Error(
        `${sample.designation} was answered with ${answer?.status}: ${JSON.stringify(answer?.body)}`,
      );
    }
    const [best] = answer.body.classes;
    const right = best.class === sample.class;
    return {
      right,
      cells: [
        shorten(sample.designation, 34),
        sample.class,
        best.class,
        best.probability.toFixed(2),
        right ? 'right' : 'wrong',
      ],
    };
  });
  const right = rows.filter((row) => row.right).length;
  const heading = ['picture', 'true class', 'predicted class', 'probability', ''];
  const shown = table([heading, ...rows.map((row) => row.cells)]);
  const first = answers[0]?.body;
  return `${shown}\n  ${right} of ${rows.length} right, answered by release ${first?.release} (${first?.digest})`;
}

function shorten(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}
