import { join } from 'node:path';
import { decodePicture } from '@shelfwise/trainer-contract';
import { expect } from 'chai';
import sharp from 'sharp';
import { cacheDirectory } from '../native/cache.ts';
import { loadTensorFlow } from '../native/tensorflow.ts';
import { cosine } from './cosine.fixture.ts';
import { type Backbone, buildBackbone, featureWidths } from './layers.ts';
import { createExtractor } from './network.ts';
import { readWeights } from './weights.ts';

const tf = loadTensorFlow('cpu');

/** The weights that `make setup` brings. */
describe('EfficientNet-Lite0', () => {
  let backbone: Backbone;
  before(async () => {
    backbone = buildBackbone(await readWeights(join(cacheDirectory(), 'backbone')));
  });

  it('has the layers and channels of the published network', () => {
    expect(backbone.blocks).to.have.length(16);
    expect(featureWidths(backbone)).to.deep.equal([1280, 40, 80, 1280, 112]);
    const residual = backbone.blocks.map((block) => Number(block.residual)).join('');
    expect(residual).to.equal('0010101101101110');
    const parameters = [
      backbone.stem,
      ...backbone.blocks.flatMap((block) => block.layers),
      backbone.head,
    ].reduce((sum, layer) => sum + layer.weights.length + 2 * layer.output, 0);
    // The published count, without the classifier of 1,000 classes.
    expect(parameters).to.equal(4_652_008 - 1000 * 1281);
  });

  it('sees that two circles are more alike than a circle and stripes', async () => {
    const extractor = createExtractor(tf, backbone);
    const features = async (svg: string) => {
      const png = await sharp(Buffer.from(svg)).png().toBuffer();
      const pixels = Int32Array.from(await decodePicture(png, 128));
      const values = tf.tidy(() =>
        extractor.extract(tf.tensor4d(pixels, [1, 128, 128, 3], 'int32')).dataSync(),
      );
      return values.slice(0, 1280);
    };
    const draw = (inside: string) =>
      `<svg xmlns="http://www.w3.org/2000/svg" width="128" height="128"><rect width="128" height="128" fill="white"/>${inside}</svg>`;
    const stripe = (x: number) => `<rect x="${x}" width="8" height="128" fill="black"/>`;
    const [one, two, stripes] = await Promise.all([
      features(draw('<circle cx="60" cy="60" r="40" fill="red"/>')),
      features(draw('<circle cx="70" cy="66" r="44" fill="red"/>')),
      features(draw([10, 34, 58, 82, 106].map(stripe).join(''))),
    ]);
    extractor.dispose();
    expect(cosine(one, two)).to.be.above(cosine(one, stripes) + 0.1);
  });
});
