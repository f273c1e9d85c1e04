import { createHash } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { openBundle, packBundle } from './bundle.ts';
import { sha256Of } from './digest.ts';
import { StepError } from './messages.ts';
import { tarBytes, writeHashed } from './tar-write.ts';
import { encodeText } from './text-file.ts';

const text = {
  buckets: 256,
  maximumTokens: 4,
  marks: 'stripped' as const,
  designationShare: 0.5,
  wordNgrams: [1, 2] as [number, number],
  charNgrams: [2, 5] as [number, number],
};
const half = [0.5, 0.5];
const golden = {
  designation: 'a',
  description: null,
  image: null,
  probabilities: half,
  text: half,
  picture: half,
};
const documents = {
  'labels.json': { schemaVersion: 1, classes: ['a', 'b'] },
  'preprocessing.json': {
    schemaVersion: 1,
    architecture: 'conv-fusion',
    image: { size: 128 },
    text: encodeText({ ...text, idf: new Float32Array(512).fill(1) }),
  },
  'golden.json': { schemaVersion: 1, tolerance: 1e-3, cases: [golden] },
  'metrics.json': { schemaVersion: 1, accuracy: 0.9 },
  'tfjs/model.json': {},
};

describe('bundle', () => {
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'bundle-'));
  });
  afterEach(() => rm(dir, { recursive: true }));

  /** Files of a bundle, with some documents changed. */
  function files(changes: Record<string, unknown> = {}): Record<string, Buffer> {
    const json = Object.entries({ ...documents, ...changes }).map(([name, value]) => [
      name,
      Buffer.from(JSON.stringify(value)),
    ]);
    const binary = { 'MODEL_CARD.md': '# A model', 'model.onnx': 'onnx', 'tfjs/weights.bin': 'w' };
    const others = Object.entries(binary).map(([name, value]) => [name, Buffer.from(value)]);
    return Object.fromEntries([...json, ...others]);
  }

  async function lay(contents: Record<string, Buffer>, folder = join(dir, 'content')) {
    for (const [name, bytes] of Object.entries(contents)) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), bytes);
    }
    return folder;
  }

  async function pack(contents: Record<string, Buffer>) {
    const inputs = Object.entries(contents).map(([name, bytes]) => ({
      name,
      size: bytes.length,
      body: [bytes],
    }));
    return writeHashed(join(dir, 'model.tar'), tarBytes(inputs));
  }

  async function refused(digest: string, limits?: Parameters<typeof openBundle>[3]) {
    const error = await openBundle(join(dir, 'model.tar'), digest, join(dir, 'out'), limits).catch(
      (e: unknown) => e,
    );
    expect(error).to.be.instanceOf(StepError).with.property('reason', 'BadData');
    expect((await readdir(dir)).filter((name) => name.startsWith('out'))).to.deep.equal([]);
    return (error as Error).message;
  }

  it('is opened as it was packed', async () => {
    const folder = await lay(files());
    const { digest, size } = await packBundle(folder, join(dir, 'model.tar'));
    expect((await readFile(join(dir, 'model.tar'))).length).to.equal(size);
    const bundle = await openBundle(join(dir, 'model.tar'), digest, join(dir, 'out'));
    expect(bundle.labels.classes).to.deep.equal(['a', 'b']);
    expect(bundle.preprocessing.text).to.deep.equal({
      ...text,
      idf: new Float32Array(512).fill(1),
    });
    expect(await readFile(bundle.modelPath, 'utf8')).to.equal('onnx');
  });

  it('has the same digest whenever it is packed', async () => {
    const one = await packBundle(await lay(files()), join(dir, 'one.tar'));
    const reversed = Object.fromEntries(Object.entries(files()).reverse());
    const two = await packBundle(await lay(reversed, join(dir, 'again')), join(dir, 'two.tar'));
    expect(two).to.deep.equal(one);
    expect(sha256Of(await readFile(join(dir, 'two.tar')))).to.equal(two.digest);
  });

  it('is refused by its digest when a byte was flipped anywhere', async () => {
    const { digest } = await pack(files());
    const whole = await readFile(join(dir, 'model.tar'));
    for (let at = 0; at < whole.length; at += 997) {
      const flipped = Buffer.from(whole);
      flipped[at] = (flipped[at] as number) ^ 1;
      await writeFile(join(dir, 'model.tar'), flipped);
      const actual = createHash('sha256').update(flipped).digest('hex');
      expect(await refused(digest)).to.equal(
        `The model tar has the digest sha256:${actual}, not ${digest}.`,
      );
    }
  });

  it('is not written over another one', async () => {
    const { digest } = await pack(files());
    await lay({ occupied: Buffer.alloc(1) }, join(dir, 'out'));
    await copyFile(join(dir, 'model.tar'), join(dir, 'copy.tar'));
    expect(
      await openBundle(join(dir, 'copy.tar'), digest, join(dir, 'out')).catch((e: Error) => e),
    ).to.be.instanceOf(Error);
    expect(await readdir(join(dir, 'out'))).to.deep.equal(['occupied']);
  });

  const { 'model.onnx': _, ...withoutModel } = files();
  const refusals: [string, Record<string, Buffer>, RegExp][] = [
    ['a missing file', withoutModel, /model\.onnx is missing/],
    [
      'a file that does not belong',
      { ...files(), 'run.sh': Buffer.from('x') },
      /run\.sh does not belong/,
    ],
    [
      'a document that is no JSON',
      { ...files(), 'labels.json': Buffer.from('{') },
      /labels\.json is not JSON/,
    ],
    [
      'an unknown schema version',
      files({ 'labels.json': { schemaVersion: 2, classes: ['a', 'b'] } }),
      /labels\.json .*schemaVersion/,
    ],
    [
      'a field of another type',
      files({ 'labels.json': { schemaVersion: 1, classes: 'ab' } }),
      /labels\.json .*classes/,
    ],
    [
      'a class twice',
      files({ 'labels.json': { schemaVersion: 1, classes: ['a', 'a'] } }),
      /names a class twice/,
    ],
    [
      'probabilities of other classes',
      files({ 'labels.json': { schemaVersion: 1, classes: ['a'] } }),
      /golden\.json: case 0/,
    ],
    [
      'no golden case',
      files({ 'golden.json': { schemaVersion: 1, tolerance: 1e-3, cases: [] } }),
      /golden\.json .*cases/,
    ],
    [
      'a tolerance that tolerates all',
      files({ 'golden.json': { schemaVersion: 1, tolerance: 1, cases: [golden] } }),
      /tolerance/,
    ],
    [
      'an idf of another size',
      files({
        'preprocessing.json': {
          ...documents['preprocessing.json'],
          text: { ...documents['preprocessing.json'].text, buckets: 512 },
        },
      }),
      /text\.idf holds 2048 bytes/,
    ],
  ];
  for (const [name, contents, sentence] of refusals) {
    it(`is refused for ${name}`, async () => {
      const { digest } = await pack(contents);
      expect(await refused(digest)).to.match(sentence);
    });
  }

  it('is refused when it is larger than the limits, whatever its headers say', async () => {
    const { digest } = await pack({ ...files(), 'model.onnx': Buffer.alloc(50_000) });
    expect(
      await refused(digest, { entries: 32, entryBytes: 20_000, totalBytes: 100_000 }),
    ).to.match(/model\.onnx has 50000 bytes/);
    expect(await refused(digest, { entries: 2, entryBytes: 90_000, totalBytes: 100_000 })).to.match(
      /more than 2 entries/,
    );
    expect(await refused(digest, { entries: 1, entryBytes: 90_000, totalBytes: 1000 })).to.match(
      /over the limit of 1000/,
    );
  });
});
