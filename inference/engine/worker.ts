import { parentPort, workerData } from 'node:worker_threads';
import { sessionOptions } from '@shelfwise/trainer-contract/onnxruntime';
import { decodePicture, PictureError } from '@shelfwise/trainer-contract/picture';
import { textFeatures } from '@shelfwise/trainer-contract/text-input';
import { InferenceSession } from 'onnxruntime-node';
import sharp from 'sharp';
import { createBatchBuffers, type Prepared, readOutputs } from './batch.ts';
import type { FromWorker, Item, ItemResult, Mask, ToWorker, WorkerSettings } from './item.ts';
import { stageClock } from './stage-clock.ts';

/*
 * One of these runs for each core: it decodes, tokenises and infers a batch at a time. onnxruntime's run()
 * blocks its thread, and intraOpNumThreads 1 keeps workers from competing for each other's cores.
 */

const port = parentPort;
if (!port) throw new Error('engine/worker.ts is started by engine/pool.ts as a worker thread');
const { modelPath, preprocessing, classes, maximumBatch } = workerData as WorkerSettings;
const send = (message: FromWorker) => port.postMessage(message);

// One thread of libvips for a picture: the pool already has a worker for each core.
sharp.concurrency(1);
sharp.cache(false);

/** The middle of what the backbone's input stands for. */
const grey = 127;

const fill = createBatchBuffers({
  size: preprocessing.image.size,
  tokens: preprocessing.text.maximumTokens,
  maximumBatch,
});

async function open(): Promise<InferenceSession> {
  const session = await InferenceSession.create(modelPath, sessionOptions);
  // A first run of one empty item allocates what later runs need, and shows at once a model of the wrong shape.
  const warm = [{ text: textFeatures(null, null, preprocessing.text), pixels: null }];
  readOutputs(await session.run(fill(warm)), warm, classes);
  return session;
}

/** The pixels, or the result that says why there are none. */
async function decode(picture: Uint8Array): Promise<Uint8Array | ItemResult> {
  const { size, decoder } = preprocessing.image;
  try {
    return await decodePicture(picture, size, decoder);
  } catch (error) {
    if (error instanceof PictureError)
      return { ok: false, fault: 'picture', message: error.message };
    throw error;
  }
}

/** A picture that several items share, as the variants of one product do, is decoded once. */
function decodeAll(items: Item[]): (Promise<Uint8Array | ItemResult> | null)[] {
  const decoding = new Map<Uint8Array, Promise<Uint8Array | ItemResult>>();
  return items.map(({ picture, masks }) => {
    if (!picture) return null;
    const pixels = decoding.get(picture) ?? decode(picture);
    decoding.set(picture, pixels);
    return masks
      ? pixels.then((of) => (of instanceof Uint8Array ? masked(of, masks) : of))
      : pixels;
  });
}

function masked(pixels: Uint8Array, masks: readonly Mask[]): Uint8Array {
  const { size } = preprocessing.image;
  const copy = new Uint8Array(pixels);
  for (const [left, top, right, bottom] of masks) {
    for (let row = top; row < Math.min(bottom, size); row++) {
      copy.fill(grey, (row * size + left) * 3, (row * size + Math.min(right, size)) * 3);
    }
  }
  return copy;
}

async function answer(session: InferenceSession, items: Item[]): Promise<void> {
  const clock = stageClock();
  const texts = items.map((item) =>
    textFeatures(item.designation, item.description, preprocessing.text),
  );
  clock.end('tokenise');
  // JPEGs are decoded here and now; what libvips decodes is at it in threads of its own meanwhile.
  const pictures = await Promise.all(decodeAll(items));
  if (pictures.some(Boolean)) clock.end('decode');

  const results: (ItemResult | undefined)[] = new Array(items.length);
  const ready: { index: number; item: Prepared }[] = [];
  texts.forEach((text, index) => {
    const picture = pictures[index] ?? null;
    if (picture && !(picture instanceof Uint8Array)) results[index] = picture;
    else if (!picture && !text.present) results[index] = nothingToGoBy;
    else ready.push({ index, item: { text, pixels: picture } });
  });
  if (ready.length > 0) {
    const prepared = ready.map(({ item }) => item);
    const outputs = readOutputs(await session.run(fill(prepared)), prepared, classes);
    outputs.forEach((result, i) => {
      results[ready[i]?.index as number] = result;
    });
  }
  clock.end('infer');
  send({ kind: 'batch', results: results as ItemResult[], times: clock.times });
}

const nothingToGoBy: ItemResult = {
  ok: false,
  fault: 'empty',
  message: 'the text holds nothing that the model knows, and there is no picture',
};

try {
  const session = await open();
  let work = Promise.resolve();
  port.on('message', (message: ToWorker) => {
    // What answer() throws is no item's fault: unhandled, it ends the worker, and the pool starts another.
    if (message.kind === 'batch') work = answer(session, message.items);
    else void work.then(() => session.release()).then(() => port.close());
  });
  send({ kind: 'ready' });
} catch (error) {
  send({ kind: 'refused', message: error instanceof Error ? error.message : String(error) });
}
