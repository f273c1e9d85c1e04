import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { lstat, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { z } from 'zod';
import {
  type BundleLimits,
  bundleFiles,
  bundleLimits,
  type Golden,
  goldenSchema,
  type Labels,
  labelsSchema,
  type Metrics,
  metricsSchema,
  preprocessingSchema,
} from './bundle-schema.ts';
import { StepError } from './messages.ts';
import { parseDocument } from './parse.ts';
import type { PictureDecoder } from './picture.ts';
import { readTar } from './tar-read.ts';
import { tarBytes, writeHashed } from './tar-write.ts';
import { decodeText } from './text-file.ts';
import type { TextInput } from './text-input.ts';

/** preprocessing.json, ready for use. */
export interface Preprocessing {
  architecture: string;
  image: { size: number; decoder: PictureDecoder };
  text: TextInput;
}

/** A model tar that was verified and unpacked. */
export interface Bundle {
  dir: string;
  labels: Labels;
  preprocessing: Preprocessing;
  golden: Golden;
  metrics: Metrics;
  modelPath: string;
}

const documentLimitBytes = 64 * 2 ** 20;

/**
 * Verifies a model tar and unpacks it into `intoDir`, which must not exist yet: the digest first,
 * then every entry, then the schemas. What the model answers is not checked here. Throws BadData
 * naming the part; nothing is left in `intoDir` then.
 */
export async function openBundle(
  path: string,
  digest: string,
  intoDir: string,
  limits: BundleLimits = bundleLimits,
): Promise<Bundle> {
  await verifyDigest(path, digest, limits);
  const draft = `${intoDir}.${randomUUID()}.partial`;
  await mkdir(draft, { recursive: true });
  try {
    await unpack(path, draft, limits);
    const bundle = await readBundle(draft);
    await rename(draft, intoDir);
    return { ...bundle, dir: intoDir, modelPath: join(intoDir, 'model.onnx') };
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

async function verifyDigest(path: string, digest: string, limits: BundleLimits): Promise<void> {
  const found = await lstat(path);
  if (!found.isFile()) throw bad(`${path} is no ordinary file.`);
  // Headers and padding take at most 1 KiB an entry; the tar's end 10 KiB.
  if (found.size > limits.totalBytes + limits.entries * 1024 + 10_240) {
    throw bad(`The model tar has ${found.size} bytes, over the limit of ${limits.totalBytes}.`);
  }
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  const actual = `sha256:${hash.digest('hex')}`;
  if (actual !== digest) throw bad(`The model tar has the digest ${actual}, not ${digest}.`);
}

async function unpack(path: string, dir: string, limits: BundleLimits): Promise<void> {
  const missing = new Set<string>(bundleFiles);
  for await (const entry of readTar(createReadStream(path), { label: 'The model tar', limits })) {
    if (!missing.delete(entry.name))
      throw bad(`The model tar: ${entry.name} does not belong in it.`);
    const target = join(dir, entry.name);
    await mkdir(dirname(target), { recursive: true });
    await pipeline(entry.body, createWriteStream(target, { flags: 'wx' }));
  }
  if (missing.size > 0) throw bad(`The model tar: ${[...missing].join(', ')} is missing.`);
}

/** Reads and checks the documents of an unpacked bundle. */
async function readBundle(dir: string): Promise<Omit<Bundle, 'dir' | 'modelPath'>> {
  const { text, ...rest } = await document(dir, 'preprocessing.json', preprocessingSchema);
  const labels = await document(dir, 'labels.json', labelsSchema);
  const golden = await document(dir, 'golden.json', goldenSchema);
  const metrics = await document(dir, 'metrics.json', metricsSchema);
  const classes = labels.classes.length;
  if (new Set(labels.classes).size !== classes) throw bad('labels.json names a class twice.');
  golden.cases.forEach(({ probabilities, text: ofText, picture }, i) => {
    if ([probabilities, ofText, picture].some(({ length }) => length !== classes)) {
      throw bad(`golden.json: case ${i} has not the ${classes} probabilities of labels.json.`);
    }
  });
  return { labels, golden, metrics, preprocessing: { ...rest, text: decodeText(text) } };
}

async function document<T extends z.ZodType>(dir: string, name: string, schema: T) {
  const path = join(dir, name);
  if ((await lstat(path)).size > documentLimitBytes) {
    throw bad(`${name} is larger than ${documentLimitBytes} bytes.`);
  }
  return parseDocument(schema, await readFile(path), name);
}

/** Packs the bundle's files of a folder into a tar that depends on their content alone. */
export async function packBundle(
  dir: string,
  tarPath: string,
): Promise<{ digest: string; size: number }> {
  const draft = `${tarPath}.${randomUUID()}.partial`;
  try {
    const packed = await writeHashed(draft, tarBytes(bundleInputs(dir)));
    await rename(draft, tarPath);
    return packed;
  } finally {
    await rm(draft, { force: true });
  }
}

async function* bundleInputs(dir: string) {
  for (const name of [...bundleFiles].sort()) {
    const path = join(dir, name);
    yield { name, size: (await lstat(path)).size, body: createReadStream(path) };
  }
}

function bad(message: string): StepError {
  return new StepError('BadData', message);
}
