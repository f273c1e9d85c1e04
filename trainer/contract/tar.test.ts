import { Readable } from 'node:stream';
import { expect } from 'chai';
import fc from 'fast-check';
import { StepError } from './messages.ts';
import { readTar, type TarOptions } from './tar-read.ts';
import { tarBytes } from './tar-write.ts';

const limits = { entries: 10, entryBytes: 10_000, totalBytes: 20_000 };

/** One header and its data; `over` writes single fields of the header, or more or less data than the size says. */
function raw(
  name: string,
  data = '',
  over: { kind?: string; size?: string; sum?: number; prefix?: string } = {},
) {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write('0000644\0', 100);
  header.write(`${over.size ?? Buffer.byteLength(data).toString(8).padStart(11, '0')}\0`, 124);
  header.write(' '.repeat(8), 148);
  header.write(`${over.kind ?? '0'}`, 156);
  header.write('ustar\x0000', 257);
  header.write(over.prefix ?? '', 345);
  const sum = over.sum ?? header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  const body = Buffer.from(data);
  return Buffer.concat([header, body, Buffer.alloc((512 - (body.length % 512)) % 512)]);
}
const end = Buffer.alloc(1024);

async function read(bytes: Buffer, options: Partial<TarOptions> = {}, chunk = 700) {
  const pieces = Array.from({ length: Math.ceil(bytes.length / chunk) }, (_, i) =>
    bytes.subarray(i * chunk, (i + 1) * chunk),
  );
  const found: Record<string, string> = {};
  async function* source() {
    yield* pieces;
  }
  for await (const entry of readTar(source(), { label: 'The tar', limits, ...options })) {
    found[entry.name] = Buffer.concat(await Array.fromAsync(entry.body)).toString();
  }
  return found;
}

describe('readTar', () => {
  const longName = 'é'.repeat(40);
  const hostile: [string, Buffer, RegExp][] = [
    ['a way out', raw('../evil', 'x'), /\.\.\/evil leads out of its folder/],
    ['a way out in the middle', raw('a/../../evil', 'x'), /leads out/],
    ['a way out by the prefix', raw('evil', 'x', { prefix: '..' }), /leads out/],
    ['an absolute path', raw('/etc/passwd', 'x'), /\/etc\/passwd is an absolute path/],
    ['a backslash', raw('a\\b', 'x'), /no plain name/],
    ['an empty name', raw('', 'x'), /no plain name/],
    ['a dot', raw('./a', 'x'), /no plain name/],
    ['a symbolic link', raw('link', '', { kind: '2' }), /link is a symbolic link/],
    ['a hard link', raw('link', '', { kind: '1' }), /link is a hard link/],
    ['a FIFO', raw('pipe', '', { kind: '6' }), /pipe is a FIFO/],
    ['a device', raw('null', '', { kind: '3' }), /null is a character device/],
    ['a folder', raw('./', '', { kind: '5' }), /is a folder/],
    ['an extra header', raw('x', '11 path=abc\n', { kind: 'x' }), /unknown kind "x"/],
    ['a GNU long name', raw('././@LongLink', longName, { kind: 'L' }), /unknown kind "L"/],
    ['a sparse file', raw('sparse', '', { kind: 'S' }), /unknown kind "S"/],
    ['a name twice', Buffer.concat([raw('a', '1'), raw('a', '2')]), /a is in it twice/],
    [
      'an entry that is too large',
      raw('a', 'x'.repeat(10_001)),
      /a has 10001 bytes, over the limit of 10000/,
    ],
    ['a bomb by its header alone', raw('a', '', { size: '77777777777' }), /over the limit/],
    ['a size in base 256', raw('a', '', { size: '\x80\0\0\0\0\0\0\0\0\0\x01' }), /no size/],
    ['a negative size', raw('a', '', { size: '-0000000001' }), /no size/],
    [
      'too much in all',
      Buffer.concat(['a', 'b', 'c'].map((n) => raw(n, 'x'.repeat(9000)))),
      /more than 20000 bytes in all/,
    ],
    [
      'a million entries',
      Buffer.concat(Array.from({ length: 11 }, (_, i) => raw(`${i}`))),
      /more than 10 entries/,
    ],
    ['a damaged header', raw('a', 'x', { sum: 1 }), /damaged/],
    ['something else', Buffer.alloc(2048, 'PK'), /no tar/],
  ];
  for (const [name, bytes, sentence] of hostile) {
    it(`refuses ${name}`, async () => {
      const error = await read(Buffer.concat([bytes, end])).catch((e: unknown) => e);
      expect(error).to.be.instanceOf(StepError).with.property('reason', 'BadData');
      expect((error as Error).message)
        .to.match(sentence)
        .and.to.match(/^The tar: .*\.$/);
    });
  }

  it('refuses a tar that was cut, wherever that was', async () => {
    const whole = Buffer.concat([raw('a', 'x'.repeat(600)), raw('b', 'y'.repeat(512)), end]);
    for (let size = 0; size < whole.length; size += 128) {
      const error = await read(whole.subarray(0, size)).catch((e: unknown) => e);
      expect(error, `${size} of ${whole.length} bytes`).to.match(/ends before its time/);
    }
  });

  it('refuses what follows the end', async () => {
    const bytes = Buffer.concat([raw('a', 'x'), end, raw('b', 'y')]);
    expect(await read(bytes).catch((e: unknown) => e)).to.match(/something follows its end/);
  });

  it('skips what an entry had left when the next is asked for', async () => {
    const names: string[] = [];
    const bytes = Buffer.concat([
      raw('a', 'x'.repeat(3000)),
      raw('b', 'y'.repeat(3000)),
      raw('c'),
      end,
    ]);
    for await (const { name, body } of readTar(Readable.from([bytes]), {
      label: 'The tar',
      limits,
    })) {
      names.push(name);
      if (name === 'b') for await (const _ of body) break;
    }
    expect(names).to.deep.equal(['a', 'b', 'c']);
  });

  it("reads another program's tar when told to: folders and times are skipped", async () => {
    const times = raw('PaxHeaders/a', '20 mtime=1700000000.5\n', { kind: 'x' });
    const bytes = Buffer.concat([raw('dir/', '', { kind: '5' }), times, raw('./dir/a', 'x'), end]);
    expect(await read(bytes, { foreign: true })).to.deep.equal({ 'dir/a': 'x' });
    const renamed = raw('PaxHeaders/a', '20 path=another/name\n', { kind: 'x' });
    const error = await read(Buffer.concat([renamed, raw('a'), end]), { foreign: true }).catch(
      (e: unknown) => e,
    );
    expect(error).to.match(/--format=ustar/);
  });
});

describe('tarBytes', () => {
  it('is read back as it was written, in pieces of any size', async () => {
    const contents = fc.dictionary(
      fc.stringMatching(/^[a-z]{1,9}$/),
      fc.string({ maxLength: 1500 }),
      { maxKeys: 8 },
    );
    await fc.assert(
      fc.asyncProperty(contents, fc.integer({ min: 1, max: 3000 }), async (files, chunk) => {
        const inputs = Object.entries(files).map(([name, text]) => {
          const bytes = Buffer.from(text);
          return { name, size: bytes.length, body: [bytes] };
        });
        const bytes = Buffer.concat(await Array.fromAsync(tarBytes(inputs)));
        expect(await read(bytes, {}, chunk)).to.deep.equal({ ...files });
      }),
      { numRuns: 50 },
    );
  });

  it('says so when a file has another size than was said', async () => {
    const input = { name: 'a', size: 3, body: [Buffer.from('four')] };
    const error = await Array.fromAsync(tarBytes([input])).catch((e: unknown) => e);
    expect(error).to.match(/a had 3 bytes, and 4/);
  });
});
