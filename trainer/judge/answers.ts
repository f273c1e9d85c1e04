/** The three ways to answer: from text and picture, from text alone, from the picture alone. */
export const answerNames = ['fused', 'text', 'picture'] as const;
export type AnswerName = (typeof answerNames)[number];

/** What `of` gives for each of the three, asked in this order. */
export function eachAnswer<T>(of: (name: AnswerName) => T): Record<AnswerName, T> {
  return { fused: of('fused'), text: of('text'), picture: of('picture') };
}
