import { wilson } from '@shelfwise/report';
import type { Snapshot } from '@shelfwise/trainer-contract';
import type { PictureStage } from '../features/pictures.ts';
import type { Metrics } from '../judge/metrics.ts';
import type { Validation } from '../judge/validation.ts';
import type { Architecture } from './architecture.ts';
import type { Search } from './search.ts';

/**
 * What a person should know before trusting the model, in the sections of Mitchell et al. 2019 (Model Cards for Model Reporting,
 * arXiv:1810.03993). No clock in it, and nothing of a dataset that its digest does not cover: the same model has the same card.
 */
export function modelCard(given: {
  snapshot: Pick<Snapshot, 'digest' | 'classes'>;
  architecture: Pick<Architecture, 'name' | 'describe'>;
  stage: PictureStage;
  search: Search;
  validation: Validation;
}): string {
  const { snapshot, architecture, stage, search, validation } = given;
  const { classes } = snapshot;
  const { hyperparameters } = search;
  const { method, licences, caveats } = architecture.describe(hyperparameters, stage);
  const total = (side: 'train' | 'holdout') => classes.reduce((sum, each) => sum + each[side], 0);
  return `# Product categories: ${classes.length} classes

## Model details

\`${architecture.name}\`, trained by Shelfwise. ${method}

${table(
  ['setting', 'value'],
  Object.entries(hyperparameters).map(([name, value]) => [name, String(value)]),
)}

The bundle holds it as ONNX (\`model.onnx\`) and for TensorFlow.js (\`tfjs/\`), with everything that turns a product into its inputs
(\`preprocessing.json\`).

${licences.map((licence) => `- ${licence}\n`).join('')}- The rest was learned from the dataset and is its owner's.

## Intended use

To say which of the classes below a product of this shop belongs to, from its designation, description and picture, any of which may be
missing; for people who sort products, with the likeliest classes and their probabilities, and for programs that ask them where the
probability is low.

Not for products of another shop or of classes that are not listed, nor where a wrong class does harm that nobody looks at: dangerous goods,
age limits, duties.

## Factors

How well it does depends on the class (common ones are learned better), on the language of the text, and on which of text and picture there
are. Text alone and picture alone are measured below; the report of the evaluation has languages, too.

## Metrics

Accuracy, the share of products that are classified right; macro F1, in which a rare class counts as much as a common one; weighted F1; and the
calibration error, how far probabilities are from how often they come true. Intervals hold the true value with 95 %: Wilson's for
shares, a bootstrap within the classes for macro F1.

## Training data

Dataset \`${snapshot.digest}\`: ${total('train')} products to learn from, ${total('holdout')} held out.

${table(
  ['class', 'to learn from', 'held out'],
  classes.map((each) => [cell(each.class), each.train, each.holdout]),
)}

## Evaluation data

${validation.products} of the products to learn from were kept from a first fit, which these figures judge; products of the same text are on one side. The
model in this bundle was then fitted on all of them with the same settings, so it is, if anything, a little better. What the gate decides by
is measured on the held-out products, which were not looked at here: \`evaluation.json\` and \`report.html\` of the release.
${tried(search)}
## Quantitative analyses

${table(
  ['answers with', 'accuracy', 'macro F1', 'weighted F1', 'calibration error'],
  [
    row('all that the product has', validation.metrics),
    row('text alone', validation.text),
    row('picture alone', validation.picture),
  ],
)}

With all that a product has, the accuracy lies between ${between(validation.intervals.accuracy)}, macro F1 between ${between(validation.intervals.macroF1)}.

${table(
  ['class', 'products', 'precision', 'recall', 'recall lies between'],
  validation.classes.map(({ class: name, support, precision, recall }) => [
    cell(name),
    support,
    support + precision === 0 ? '–' : fixed(precision),
    support === 0 ? '–' : fixed(recall),
    support === 0 ? '–' : between(wilson(recall, support)),
  ]),
)}

Probabilities are calibrated by temperatures (all ${fixed(validation.temperatures.fused)}, text ${fixed(validation.temperatures.text)}, picture ${fixed(validation.temperatures.picture)}), fitted on the same kept
products: the calibration error is a little too good.

## Ethical considerations

What people wrote and photographed for a shop may hold names and faces. The model keeps weights of hashed n-grams or words and no texts; but
\`golden.json\` holds a few products of the dataset as they are, with pictures, so a bundle should be shared no more widely than its data.

## Caveats and recommendations

- It knows the classes above and no other: what belongs to none of them still gets the likeliest one. Look at the probability.
- A class with few products is learned badly and measured worse: mind the intervals.
- Words that never occurred in the dataset say nothing to it; probabilities hold for products like those of the dataset and no others. Train
  again when the catalogue changes.
- Labels were taken as they are. The report of the evaluation shows the mistakes that the model is surest of: often the label is wrong.
${caveats.map((each) => `- ${each}\n`).join('')}`;
}

/** What was chosen on the same products makes their figures too good, by a little. */
function tried({ trials, chosen }: Search): string {
  if (trials.length < 2) return '';
  const changes = (changed: Readonly<Record<string, unknown>>) =>
    Object.entries(changed).map(([name, value]) => `${name} ${value}`);
  return `
The settings above are the best of ${trials.length} that were tried on these products, so the figures are a little too good:

${table(
  ['tried', 'macro F1', 'accuracy', ''],
  trials.map(({ changed, macroF1, accuracy }, i) => [
    changes(changed).join(', ') || 'the settings it began with',
    fixed(macroF1),
    fixed(accuracy),
    i === chosen ? 'chosen' : '',
  ]),
)}
`;
}

function row(name: string, { accuracy, macroF1, weightedF1, calibrationError }: Metrics) {
  return [name, ...[accuracy, macroF1, weightedF1, calibrationError].map(fixed)];
}

function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((each) => `| ${each.join(' | ')} |`).join('\n');
}

const fixed = (value: number) => value.toFixed(3);
const between = ([low, high]: readonly [number, number]) => `${fixed(low)} and ${fixed(high)}`;

/** A class is any text: every character that Markdown or HTML reads as more than itself is escaped, and a line stays one. */
function cell(text: string): string {
  return text.replaceAll(/[\\`*_{}[\]<>|&~]/g, '\\$&').replaceAll(/\s+/g, ' ');
}
