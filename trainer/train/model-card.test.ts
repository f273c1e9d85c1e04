import { expect } from 'chai';
import type { PictureStage } from '../features/pictures.ts';
import type { Validation } from '../judge/validation.ts';
import { type ArchitectureName, architectures } from './architectures.ts';
import { modelCard } from './model-card.ts';

const snapshot = {
  digest: `sha256:${'d'.repeat(64)}`,
  classes: [
    { class: 'shoes', train: 900, holdout: 100 },
    { class: 'a | b <script>alert(1)</script>\n# not a heading `x` *y*', train: 20, holdout: 2 },
  ],
};
const metrics = { accuracy: 0.8, macroF1: 0.7, weightedF1: 0.79, nll: 0.5, calibrationError: 0.02 };
const validation: Validation = {
  products: 92,
  temperatures: { fused: 0.9, text: 1.1, picture: 1.2 },
  metrics,
  intervals: { accuracy: [0.71, 0.87], macroF1: [0.6, 0.8] },
  text: metrics,
  picture: metrics,
  classes: snapshot.classes.map(({ class: name }, i) => ({
    class: name,
    support: i === 0 ? 92 : 0,
    precision: 0.8,
    recall: i === 0 ? 0.8 : 0,
  })),
};

/** Of the backbone the card wants to know only what it is called and whether it is in bytes. */
const stageOf = (integers: object | undefined) => {
  const name = `efficientnet-lite0${integers ? '-int8' : ''}`;
  const backbone = { name, head: { integers } };
  return { kind: 'features', size: 128, backbone } as unknown as PictureStage;
};

function cardOf(
  architecture: (typeof architectures)[ArchitectureName],
  { trials = 1, integers }: { trials?: number; integers?: object } = {},
): string {
  return modelCard({
    snapshot,
    architecture: architecture as Parameters<typeof modelCard>[0]['architecture'],
    stage: stageOf(integers),
    search: {
      hyperparameters: architecture.settings({}, 1000),
      chosen: trials - 1,
      trials: Array.from({ length: trials }, (_, i) => ({
        changed: i === 0 ? {} : { epochs: 7 * i },
        macroF1: 0.7 + i / 100,
        accuracy: 0.8,
        products: 92,
      })),
      ended: 'configurations',
    },
    validation,
  });
}

const cards = Object.values(architectures).map((architecture) => ({
  name: architecture.name,
  card: cardOf(architecture),
}));

describe('model card', () => {
  for (const { name, card } of cards) {
    it(`of ${name} has the sections of the field, and nothing undefined`, () => {
      expect([...card.matchAll(/^#+ (.*)$/gm)].map(([, title]) => title)).to.deep.equal([
        'Product categories: 2 classes',
        'Model details',
        'Intended use',
        'Factors',
        'Metrics',
        'Training data',
        'Evaluation data',
        'Quantitative analyses',
        'Ethical considerations',
        'Caveats and recommendations',
      ]);
      expect(card).not.to.match(/undefined|NaN|\[object/);
      expect(card).to.include(`\`${name}\``);
    });

    it(`of ${name} says figures with their intervals, settings and data`, () => {
      for (const words of [
        'the accuracy lies between 0.710 and 0.870, macro F1 between 0.600 and 0.800',
        '| shoes | 92 | 0.800 | 0.800 | 0.707 and 0.869 |',
        '| shoes | 900 | 100 |',
        '| epochs | ',
        `Dataset \`${snapshot.digest}\`: 920 products to learn from, 102 held out.`,
      ])
        expect(card).to.include(words);
    });

    it(`of ${name} takes no class for markup, and claims no recall of a class without products`, () => {
      expect(card).not.to.match(/[^\\]<script|[^\\]`x/);
      expect(card).to.include(
        '| a \\| b \\<script\\>alert(1)\\</script\\> # not a heading \\`x\\` \\*y\\* | 0 | 0.800 | – | – |',
      );
      for (const row of card.match(/^\|.*\|$/gm) ?? [])
        expect(row.match(/(?<!\\)\|/g)?.length, row).to.be.within(3, 6);
    });
  }

  it("names the licence of what is others', and the network that is in the model", () => {
    const float = cardOf(architectures['conv-fusion']);
    expect(float).to.include('Apache License 2.0').and.to.include('`efficientnet-lite0`');
    const bytes = cardOf(architectures['conv-fusion'], { integers: {} });
    expect(bytes).to.include('`efficientnet-lite0-int8`').and.to.include('rounded to bytes');
  });

  it('says what was tried, and that choosing makes figures better than they are', () => {
    expect(cards[0]?.card).not.to.include('too good:');
    const card = cardOf(architectures['conv-fusion'], { trials: 2 });
    expect(card).to.include('the best of 2 that were tried');
    expect(card).to.include('| the settings it began with | 0.700 | 0.800 |  |');
    expect(card).to.include('| epochs 7 | 0.710 | 0.800 | chosen |');
  });
});
