import { parentPort, workerData } from 'node:worker_threads';
import { sessionOptions } from '@shelfwise/trainer-contract/onnxruntime';
import { decodePicture, PictureError } from '@shelfwise/trainer-contract/picture';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import sharp from 'sharp';
import type { FromWorker, PictureTask, ToWorker } from './task.ts';

/*
 * One of these runs for each core: it decodes pictures and runs the backbone on each, in the ONNX file that is going to serve
 * and with the settings it is served with. One picture at a time on one thread: what a picture's features are then depends on
 * nothing but the picture.
 */

const port = parentPort;
if (!port) throw new Error('features/worker.ts is started by features/pool.ts as a worker thread');
const task = workerData as PictureTask;
const send = (message: FromWorker, transfer: ArrayBuffer[] = []) =>
  port.postMessage(message, transfer);

// One thread of libvips for a picture: there is a worker for each core already.
sharp.concurrency(1);

/** Turns pixels into the record that is kept. */
type Make = (pixels: Uint8Array) => Promise<Uint8Array>;

const make = task.kind === 'pixels' ? async (pixels: Uint8Array) => pixels : await features(task);

async function features({
  modelPath,
  size,
  width,
}: Extract<PictureTask, { kind: 'features' }>): Promise<Make> {
  const session = await InferenceSession.create(modelPath, sessionOptions);
  const mirror = new Uint8Array(size * size * 3);
  const run = async (pixels: Uint8Array) => {
    const answer = await session.run({ image: new Tensor('uint8', pixels, [1, size, size, 3]) });
    return answer.features?.data as Float32Array;
  };
  return async (pixels) => {
    const halves = new Float16Array(2 * width);
    halves.set(await run(pixels));
    mirrorInto(mirror, pixels, size);
    halves.set(await run(mirror), width);
    return new Uint8Array(halves.buffer);
  };
}

function mirrorInto(target: Uint8Array, pixels: Uint8Array, size: number): void {
  for (let row = 0; row < pixels.length; row += size * 3) {
    for (let from = row, to = row + size * 3 - 3; to >= row; from += 3, to -= 3) {
      target[to] = pixels[from] as number;
      target[to + 1] = pixels[from + 1] as number;
      target[to + 2] = pixels[from + 2] as number;
    }
  }
}

async function decode(picture: Uint8Array): Promise<Uint8Array | PictureError> {
  try {
    return await decodePicture(Buffer.from(picture.buffer), task.size);
  } catch (error) {
    if (error instanceof PictureError) return error;
    throw error;
  }
}

async function answer(decoding: Promise<Uint8Array | PictureError>): Promise<void> {
  const decoded = await decoding;
  if (decoded instanceof PictureError)
    return send({ kind: 'unreadable', message: decoded.message });
  const made = await make(decoded);
  // sharp's buffers belong to its own memory and cannot be given away.
  const record = task.kind === 'pixels' ? Uint8Array.from(made) : made;
  send({ kind: 'record', record }, [record.buffer as ArrayBuffer]);
}

// What goes wrong in here and is no picture's fault is unhandled: it ends the worker, and the pool says so.
let work = Promise.resolve();
port.on('message', ({ picture }: ToWorker) => {
  if (picture) {
    // The next picture is decoded, on libuv's threads, while the backbone holds this one.
    const decoding = decode(picture);
    work = work.then(() => answer(decoding));
  } else void work.then(() => port.close());
});
send({ kind: 'ready' });
