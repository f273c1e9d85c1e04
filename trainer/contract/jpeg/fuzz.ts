import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';

/*
 * Strangers' bytes go through the decoder of JPEGs, which is C: damaged ones by the thousand, under gcc's sanitizers of
 * addresses and of undefined behaviour.
 *
 *   node trainer/contract/jpeg/fuzz.ts [SECONDS]
 */

const picture = (width: number, height: number) =>
  sharp({
    create: {
      width,
      height,
      channels: 3,
      background: 'red',
      noise: { type: 'gaussian', mean: 128, sigma: 60 },
    },
  });

/** One of each kind that takes a way of its own. */
const seeds = [
  picture(64, 48).jpeg(),
  picture(120, 90).jpeg({ progressive: true }),
  picture(33, 200).jpeg({ chromaSubsampling: '4:4:4' }).withMetadata({ orientation: 6 }),
  picture(300, 20).greyscale().jpeg(),
  picture(40, 40).toColourspace('cmyk').jpeg(),
  picture(1, 1).jpeg(),
];

const seconds = Number(process.argv[2] ?? 30);
const dir = mkdtempSync(join(tmpdir(), 'fuzz-jpeg-'));
try {
  const files = await Promise.all(
    seeds.map(async (seed, i) => {
      const path = join(dir, `${i}.jpg`);
      writeFileSync(path, await seed.toBuffer());
      return path;
    }),
  );
  const program = join(dir, 'fuzz');
  const sources = ['fuzz.c', 'decode.c', 'orientation.c', 'resize.c'];
  run('gcc', [
    ...['-O1', '-g', '-fsanitize=address,undefined', '-fno-sanitize-recover=undefined'],
    ...sources.map((name) => join(import.meta.dirname, name)),
    ...['-ljpeg', '-lm', '-o', program],
  ]);
  run(program, [String(seconds), ...files]);
} finally {
  rmSync(dir, { recursive: true });
}

function run(command: string, args: string[]): void {
  const { status, error } = spawnSync(command, args, { stdio: 'inherit' });
  if (error || status !== 0) throw new Error(`${command} ended with ${status ?? error?.message}.`);
}
