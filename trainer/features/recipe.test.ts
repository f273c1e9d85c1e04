import { expect } from 'chai';
import { tinyBackbone } from '../conv-fusion/tiny-model.fixture.ts';
import { backboneOnnx } from '../onnx/backbone.ts';
import { recipeOf } from './recipe.ts';

describe('the recipe of picture features', () => {
  const recipe = (size = 32, sets?: string[]) => recipeOf(backboneOnnx(tinyBackbone(), size), sets);

  it('is the same for the same network, decoder, runtime and kind of CPU', () => {
    expect(recipe())
      .to.equal(recipe())
      .and.to.match(/^sha256:[0-9a-f]{64}$/);
  });

  it('is another for pictures of another size', () => {
    expect(recipe(32)).to.not.equal(recipe(64));
  });

  it('is another for other weights', () => {
    const [a, b] = [tinyBackbone(), tinyBackbone()];
    b.head.weights[3] = 0.25;
    expect(recipeOf(backboneOnnx(a, 32))).to.not.equal(recipeOf(backboneOnnx(b, 32)));
  });

  it('is another where the CPU computes sums in another order', () => {
    expect(recipe(32, ['avx2'])).to.not.equal(recipe(32, ['avx2', 'avx512f']));
  });
});
