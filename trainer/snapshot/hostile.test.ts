import { crc32, deflateSync } from 'node:zlib';
import { decodePicture, readDataReport, type Sample, samples } from '@shelfwise/trainer-contract';
import { expect } from 'chai';
import sharp from 'sharp';
import { folderForEach } from '../folder.fixture.ts';
import { snapshotsIn, type TestProduct, testPicture, testProducts } from './fixture.ts';

const red = { r: 250, g: 10, b: 10 };
const plain = (width = 40, height = 20) =>
  sharp({ create: { width, height, channels: 3, background: red } });

/** A PNG that says of itself to have 16,000² pixels; its 256 million zeros take a few hundred kilobytes. */
function hugePng(): Buffer {
  const chunk = (type: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    sum.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, sum]);
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(16_000, 0);
  head.writeUInt32BE(16_000, 4);
  head.set([8, 0, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', head),
    chunk('IDAT', deflateSync(Buffer.alloc(16_001 * 16_000))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

describe('a snapshot of hostile', () => {
  const folder = folderForEach();
  const { store } = folder;
  const { lay, takeLaid } = snapshotsIn(folder);

  /** Takes a snapshot of twenty ordinary products and this one, and finds it again. */
  async function takeWith(product: TestProduct) {
    await lay([...(await testProducts()), product]);
    const snapshot = await takeLaid({ maximumInvalidPercent: 10 });
    const found: Sample[] = [];
    for (const side of ['train', 'holdout'] as const)
      for await (const sample of samples(store(), snapshot, side)) found.push(sample);
    const { leftOut } = await readDataReport(store(), snapshot);
    expect(found.length + leftOut.products, 'every row is either taken or named').to.equal(21);
    return { sample: found.find(({ id }) => id === product.id), snapshot };
  }

  describe('texts', () => {
    const taken: [string, Partial<TestProduct>][] = [
      ['NUL in the designation', { designation: 'Chaise\0pliante' }],
      ['right to left, with marks that turn it', { designation: '\u202eكرسي مكتب\u202c \u200f' }],
      ['HTML and entities', { description: '<b>Caf&eacute;</b> &amp;lt;script&gt; &#0; &#xD800;' }],
      ['what a template or a formula would run', { designation: '=cmd|"/c calc"!A1 {{y}} %s' }],
      ['emoji and letters beyond the first plane', { designation: '👩‍👩‍👧 𝕮𝖍𝖆𝖎𝖘𝖊' }],
      ['a description of a megabyte', { description: 'chaise '.repeat(140_000).trim() }],
      ['a picture alone says something', { designation: '.' }],
      ['spaces that are none', { designation: '\u200b\ufeff\u2060' }],
    ];
    for (const [name, text] of taken)
      it(`takes as it is: ${name}`, async () => {
        const { sample } = await takeWith({ id: 'x', picture: await testPicture(999), ...text });
        expect(sample).to.deep.include({
          designation: (text.designation ?? 'Produit x').trim(),
          description: text.description ?? null,
        });
      });

    const refused: [string, Partial<TestProduct>, string, string][] = [
      ['designation of spaces', { designation: ' \t\n\u00a0\u3000' }, 'designation', 'is empty'],
      [
        'description beyond a megabyte',
        { description: 'x'.repeat(2 ** 20 + 1) },
        'description',
        'is longer than 1048576 characters (line 22)',
      ],
      [
        'designation beyond a megabyte',
        { designation: 'x'.repeat(2 ** 20 + 1) },
        'designation',
        'is longer than 1048576 characters (line 22)',
      ],
      [
        'description that no program should hold',
        { description: `${'x'.repeat(9 * 2 ** 20)} "the end"` },
        'description',
        'is longer than 1048576 characters (line 22)',
      ],
      [
        'class of pages',
        { class: 'x'.repeat(257) },
        'prdtypecode',
        'is longer than 256 characters (line 22)',
      ],
      [
        'id of pages',
        { id: 'x'.repeat(257), picture: null },
        'productid',
        'is longer than 256 characters (line 22)',
      ],
    ];
    for (const [name, text, column, reason] of refused)
      it(`leaves out, and names: a ${name}`, async () => {
        const { snapshot } = await takeWith({ id: 'x', picture: await testPicture(999), ...text });
        const [entry, ...more] = snapshot.invalid;
        expect(more).to.deep.equal([]);
        expect(entry).to.deep.include({ row: 21, column, reason });
        expect(entry?.value?.length ?? 0).to.be.below(125);
      });
  });

  describe('pictures', () => {
    const taken: [string, () => Promise<Buffer>, width: number, height: number][] = [
      ['one pixel', () => plain(1, 1).png().toBuffer(), 1, 1],
      ['CMYK', () => plain().toColourspace('cmyk').jpeg().toBuffer(), 40, 20],
      ['grey with 16 bits', () => plain().toColourspace('grey16').png().toBuffer(), 40, 20],
      ['turned by EXIF', () => plain().withMetadata({ orientation: 6 }).jpeg().toBuffer(), 20, 40],
      [
        'an animation',
        () =>
          sharp(Buffer.concat([Buffer.alloc(30 * 10 * 3, 200), Buffer.alloc(30 * 10 * 3, 20)]), {
            raw: { width: 30, height: 20, channels: 3, pageHeight: 10 },
          })
            .webp({ lossless: true, loop: 0, delay: [50, 50] })
            .toBuffer(),
        30,
        10,
      ],
      ['a ribbon', () => plain(3000, 1).png().toBuffer(), 3000, 1],
      [
        'what is transparent',
        () =>
          sharp({ create: { width: 9, height: 9, channels: 4, background: '#ff000000' } })
            .webp()
            .toBuffer(),
        9,
        9,
      ],
    ];
    for (const [name, draw, width, height] of taken)
      it(`takes its own bytes: ${name}`, async () => {
        const picture = await draw();
        const { sample, snapshot } = await takeWith({ id: 'x', picture });
        expect(sample?.picture?.equals(picture)).to.equal(true);
        expect(await decodePicture(picture, 32)).to.have.length(32 * 32 * 3);
        const { pictures } = await readDataReport(store(), snapshot);
        const [bin] =
          pictures.width?.bins.filter((one) => one.from <= width && width <= one.to) ?? [];
        expect(bin?.products, 'width').to.be.at.least(1);
        expect([pictures.height?.minimum, pictures.height?.maximum]).to.include(
          height === 9 ? 9 : height,
        );
      });

    const refused: [string, () => Promise<Buffer> | Buffer, RegExp][] = [
      ['16,000² pixels in a small file', hugePng, /has more than 25 million pixels$/],
      [
        'half a JPEG',
        async () => {
          const { data } = await sharp({
            create: {
              width: 200,
              height: 200,
              channels: 3,
              noise: { type: 'gaussian', mean: 120, sigma: 60 },
              background: red,
            },
          })
            .jpeg()
            .toBuffer({ resolveWithObject: true });
          return data.subarray(0, data.length / 2);
        },
        /cannot be decoded/,
      ],
      [
        'SVG',
        () => Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'),
        /none of JPEG, PNG and WebP by its first bytes$/,
      ],
      ['GIF', () => plain().gif().toBuffer(), /none of JPEG, PNG and WebP by its first bytes$/],
      ['TIFF', () => plain().tiff().toBuffer(), /none of JPEG, PNG and WebP by its first bytes$/],
      [
        'the first bytes of a PNG before a JPEG',
        async () =>
          Buffer.concat([
            Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
            await plain().jpeg().toBuffer(),
          ]),
        /cannot be decoded/,
      ],
      [
        'the first bytes of a WebP alone',
        () => Buffer.from('RIFF\x10\0\0\0WEBPVP8 '),
        /cannot be decoded/,
      ],
      ['nothing', () => Buffer.alloc(0), /The picture is empty$/],
      [
        'an HTML page of a proxy',
        () => Buffer.from('<!doctype html><title>502 Bad Gateway</title>'),
        /none of JPEG, PNG and WebP/,
      ],
    ];
    for (const [name, make, reason] of refused)
      it(`leaves out, and names: ${name}`, async () => {
        const { sample, snapshot } = await takeWith({ id: 'x', picture: await make() });
        expect(sample).to.equal(undefined);
        expect(snapshot.invalid).to.have.length(1);
        const { reason: why, ...place } = snapshot.invalid[0] ?? {};
        expect(place).to.deep.equal({ row: 21, column: 'imageid', value: 'image_x9_product_x' });
        expect(why).to.match(reason);
      });
  });
});
