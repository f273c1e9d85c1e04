import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import {
  canonicalJson,
  decoderVersions,
  pictureRules,
  sha256Of,
} from '@shelfwise/trainer-contract';

const { version: onnxruntime } = createRequire(import.meta.url)('onnxruntime-node/package.json');

/**
 * A digest of all that decides a picture's features but the picture: features that were computed under the same one are
 * the same to the last bit, on whatever node. `model` is the backbone's ONNX file, which holds weights, precision and size.
 */
export function recipeOf(model: Uint8Array, instructionSets = cpuInstructionSets()): string {
  return sha256Of(
    canonicalJson({
      model: sha256Of(model),
      record: 'float16 of picture and mirror image',
      decoder: { rules: pictureRules, ...decoderVersions() },
      onnxruntime,
      architecture: process.arch,
      instructionSets,
    }),
  );
}

/**
 * Both libvips and onnxruntime choose their kernels by what the CPU can do, and sums that are taken in another order differ in
 * their last bits.
 */
function cpuInstructionSets(): string[] {
  let text: string;
  try {
    text = readFileSync('/proc/cpuinfo', 'utf8');
  } catch (error) {
    // No Linux: the architecture's name has to do.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  const flags = /^(?:flags|Features)\s*:(.*)$/m.exec(text)?.[1] ?? '';
  return flags
    .split(' ')
    .filter((flag) => /^(sse|ssse|avx|fma|f16c|amx|asimd|sve|fphp|i8mm|bf16)/.test(flag))
    .sort();
}
