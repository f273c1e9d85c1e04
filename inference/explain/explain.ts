import { type Explanation, explainLimits } from '@shelfwise/inference-contract';
import sharp from 'sharp';
import type { Engine } from '../engine/engine.ts';
import type { Item, Prediction } from '../engine/item.ts';
import { likeliest } from '../engine/likeliest.ts';
import { type Cell, gridOf } from './regions.ts';
import { type Unit, unitsOf, without } from './words.ts';

export interface ExplainSettings {
  /** In the order of labels.json. */
  classes: readonly string[];
  signal?: AbortSignal;
}

/**
 * Which words and which regions of the picture the likeliest class owes itself to: what becomes of its probability without each of
 * them (occlusion; Zeiler and Fergus 2014, arXiv:1311.2901). It takes at most 84 predictions more, which yield to everybody else's;
 * throws OverloadError when they do not come to their turn, AbandonedError when nobody waits any more.
 */
export async function explain(
  engine: Engine,
  item: Item,
  { combined }: Prediction,
  { classes, signal }: ExplainSettings,
): Promise<Explanation> {
  const explained = likeliest(combined);
  const probability = combined[explained] as number;
  let units: Unit[] = [];
  let cells: Cell[] = [];
  // Nothing of it is done before it has its turn: a text can be long, and those who are refused must not cost anything.
  async function* variants(): AsyncGenerator<Item> {
    units = unitsOf(item);
    for (const unit of units) yield { ...item, ...without(unit, item) };
    if (item.picture) cells = await cellsOf(item.picture, engine.pictureSize);
    for (const { mask } of cells) yield { ...item, masks: [mask] };
  }
  const answers = await engine.study(variants(), {
    withinMs: explainLimits.withinMs,
    ...(signal && { signal }),
  });
  const effect = (answer: Prediction | null | undefined) => {
    const left = answer?.combined[explained];
    if (left === undefined) return { without: null, contribution: null };
    return {
      without: rounded(left),
      contribution: rounded(logOdds(probability) - logOdds(left)),
    };
  };
  return {
    class: classes[explained] as string,
    probability: rounded(probability),
    words: units.map(({ text, at }, i) => ({ text, at, ...effect(answers[i]) })),
    regions: cells.map(({ region }, i) => ({ region, ...effect(answers[units.length + i]) })),
  };
}

async function cellsOf(picture: Uint8Array, size: number): Promise<Cell[]> {
  const { autoOrient } = await sharp(picture).metadata();
  return gridOf(autoOrient, size);
}

/** Bounded, as a float32 may be 1 to its last digit. */
function logOdds(probability: number): number {
  const p = Math.min(Math.max(probability, 1e-6), 1 - 1e-6);
  return Math.log(p / (1 - p));
}

function rounded(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}
