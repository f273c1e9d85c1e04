import { featuriseText, type TextFeatures, type TextPreprocessing } from './text.ts';
import { type SequencePreprocessing, sequenceText } from './text-sequence.ts';

/** What becomes of text before a model sees it: a bag of n-grams, or a sequence of words. */
export type TextInput = TextPreprocessing | SequencePreprocessing;

export function isSequence(text: TextInput): text is SequencePreprocessing {
  return 'kind' in text && text.kind === 'sequence';
}

/** A product's text as the model's inputs, the same at training and at serving. Never throws, whatever the text. */
export function textFeatures(
  designation: string | null,
  description: string | null,
  text: TextInput,
): TextFeatures {
  return isSequence(text)
    ? sequenceText(designation, description, text)
    : featuriseText(designation, description, text);
}
