import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  canonicalJson,
  currentDecoder,
  encodeText,
  type Golden,
  type Labels,
  type PreprocessingFile,
  packBundle,
} from '@shelfwise/trainer-contract';
import type { EpochRecord } from '../fit/state.ts';
import type { Validation } from '../judge/validation.ts';
import type { Architecture, Calibrated, Fitted } from './architecture.ts';
import type { Search } from './search.ts';

export interface BundleParts {
  readonly architecture: Architecture;
  readonly model: Fitted & Calibrated;
  readonly golden: Golden;
  readonly validation: Validation;
  /** The configurations that were tried, and the one that was chosen. */
  readonly search: Search;
  /** Learning curves of the fit that was judged and of the one that is in the bundle. */
  readonly curves: {
    readonly judged: readonly EpochRecord[];
    readonly final: readonly EpochRecord[];
  };
  readonly card: string;
}

/** Writes the bundle's files below `dir` and packs them: same content, same digest. */
export async function writeBundle(
  parts: BundleParts,
  dir: string,
): Promise<{ path: string; digest: string; size: number }> {
  const { architecture, model } = parts;
  const labels: Labels = { schemaVersion: 1, classes: [...model.classes] };
  const preprocessing: PreprocessingFile = {
    schemaVersion: 1,
    architecture: architecture.name,
    image: { size: model.imageSize, decoder: currentDecoder },
    text: encodeText(model.text),
  };
  const { validation, search, curves } = parts;
  const metrics = { schemaVersion: 1, validation, search, curves };
  const files = join(dir, 'bundle');
  await mkdir(join(files, 'tfjs'), { recursive: true });
  const write = (name: string, content: string | Uint8Array) =>
    writeFile(join(files, name), content);
  // One after the other: each of the two models is as large as all of its numbers.
  await write('model.onnx', architecture.toOnnx(model));
  const tfjs = architecture.toTfjs(model);
  await write('tfjs/weights.bin', tfjs.weights);
  const texts = {
    'MODEL_CARD.md': parts.card,
    'golden.json': canonicalJson(parts.golden),
    'labels.json': canonicalJson(labels),
    'metrics.json': canonicalJson(metrics),
    'preprocessing.json': canonicalJson(preprocessing),
    'tfjs/model.json': canonicalJson(tfjs.model),
  };
  for (const [name, content] of Object.entries(texts)) await write(name, content);
  const path = join(dir, 'model.tar');
  return { path, ...(await packBundle(files, path)) };
}
