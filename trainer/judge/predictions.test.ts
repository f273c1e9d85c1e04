import { expect } from 'chai';
import { type AnswerName, eachAnswer } from './answers.ts';
import { accuracyOf } from './predictions.ts';

describe('the share of products that are got right', () => {
  /** Which of four products each classifier gets right, where each is of the second of two classes. */
  const share = (right: Record<AnswerName, number[]>) =>
    accuracyOf({
      ...eachAnswer((name) => ({
        classes: 2,
        values: Float32Array.from(
          [0, 1, 2, 3].flatMap((row) => [0, right[name].includes(row) ? 1 : -1]),
        ),
        labels: Int32Array.of(1, 1, 1, 1),
      })),
      hasText: Uint8Array.of(1, 1, 0, 0),
      hasPicture: Uint8Array.of(1, 0, 1, 0),
    });

  for (const [what, right, expected] of [
    ['all, by the one that answers', { fused: [0], text: [1, 3], picture: [2] }, 1],
    ['none, by those that do not', { fused: [1, 2, 3], text: [0, 2], picture: [0, 1, 3] }, 0],
    ['some', { fused: [0], text: [3], picture: [] }, 0.5],
  ] as [string, Record<AnswerName, number[]>, number][])
    it(`is ${expected} where they get right ${what}`, () => {
      expect(share(right)).to.equal(expected);
    });
});
