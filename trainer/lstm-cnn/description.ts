import type { Description } from '../train/architecture.ts';
import type { LstmCnnSettings } from './settings.ts';

/** What the model card says of this architecture. */
export function describe({ imageSize, units, embedding, joint }: LstmCnnSettings): Description {
  return {
    method: `An embedding of ${embedding} numbers a word and an LSTM of ${units} units for the text, a small convolutional network for the picture at
${imageSize} pixels, and a dense layer of ${joint} over both with a softmax; two more classifiers answer for text alone and picture alone. All of
it is learned from these products, nothing is pretrained.`,
    licences: [],
    caveats: [
      'It is kept for comparison with `conv-fusion`; from a few thousand products it learns less of pictures than a pretrained network knows.',
    ],
  };
}
