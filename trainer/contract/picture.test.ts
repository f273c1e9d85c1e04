import { crc32, deflateSync } from 'node:zlib';
import { expect } from 'chai';
import sharp from 'sharp';
import {
  decodePicture,
  type PictureDecoder,
  PictureError,
  pictureDecoders,
  pictureFormat,
} from './picture.ts';

const red = { r: 255, g: 0, b: 0 };

function plain(width: number, height: number, background: object = red, channels: 3 | 4 = 3) {
  return sharp({ create: { width, height, channels, background: background as typeof red } });
}

/** Left half red, right half blue: tells how a picture was turned. */
function halves(width: number, height: number) {
  const blue = { create: { width: width / 2, height, channels: 3 as const, background: 'blue' } };
  return plain(width, height).composite([{ input: blue, left: width / 2, top: 0 }]);
}

type Place = [number, number];

async function pixel(bytes: Buffer, [x, y]: Place, decoder?: PictureDecoder): Promise<number[]> {
  const size = 16;
  const pixels = await decodePicture(bytes, size, decoder);
  expect(pixels).to.have.length(size * size * 3);
  return Array.from(pixels.subarray((y * size + x) * 3, (y * size + x) * 3 + 3));
}

function near(seen: number[], wanted: number[], by = 6) {
  const far = seen.some((value, i) => Math.abs(value - Number(wanted[i])) > by);
  expect(far, `${seen} is not about ${wanted}`).to.equal(false);
}

describe('decodePicture', () => {
  const accepted: [string, () => Promise<Buffer>, Place, number[]][] = [
    ['a JPEG', () => plain(50, 50).jpeg().toBuffer(), [8, 8], [255, 0, 0]],
    ['a PNG', () => plain(50, 50).png().toBuffer(), [8, 8], [255, 0, 0]],
    ['a WebP', () => plain(50, 50).webp({ lossless: true }).toBuffer(), [8, 8], [255, 0, 0]],
    [
      'a progressive JPEG',
      () => plain(50, 50).jpeg({ progressive: true }).toBuffer(),
      [8, 8],
      [255, 0, 0],
    ],
    ['a JPEG of one pixel', () => plain(1, 1).jpeg().toBuffer(), [8, 8], [255, 0, 0]],
    ['a JPEG of a row', () => plain(4000, 1).jpeg().toBuffer(), [8, 0], [255, 255, 255]],
    ['white above a wide JPEG', () => plain(80, 40).jpeg().toBuffer(), [8, 0], [255, 255, 255]],
    ['the middle of a wide JPEG', () => plain(80, 40).jpeg().toBuffer(), [0, 8], [255, 0, 0]],
    ['one pixel', () => plain(1, 1).png().toBuffer(), [8, 8], [255, 0, 0]],
    ['a row of pixels', () => plain(4000, 1).png().toBuffer(), [8, 0], [255, 255, 255]],
    ['a grey picture', () => plain(50, 50).greyscale().jpeg().toBuffer(), [8, 8], [127, 127, 127]],
    [
      '16 bits a channel',
      () => plain(50, 50).toColourspace('rgb16').png().toBuffer(),
      [8, 8],
      [255, 0, 0],
    ],
    ['a palette', () => plain(50, 50).png({ palette: true }).toBuffer(), [8, 8], [255, 0, 0]],
    [
      'CMYK',
      () => plain(50, 50, { r: 255, g: 255, b: 255 }).toColourspace('cmyk').jpeg().toBuffer(),
      [8, 8],
      [255, 255, 255],
    ],
    [
      'transparency as white',
      () =>
        plain(50, 50, { ...red, alpha: 0 }, 4)
          .png()
          .toBuffer(),
      [8, 8],
      [255, 255, 255],
    ],
    [
      'half transparency',
      () =>
        plain(50, 50, { ...red, alpha: 0.5 }, 4)
          .png()
          .toBuffer(),
      [8, 8],
      [255, 127, 127],
    ],
    ['white above what is wide', () => plain(80, 40).png().toBuffer(), [8, 0], [255, 255, 255]],
    ['the middle of what is wide', () => plain(80, 40).png().toBuffer(), [0, 8], [255, 0, 0]],
    ['EXIF: as it lies', () => halves(64, 64).jpeg().toBuffer(), [2, 8], [255, 0, 0]],
    [
      'EXIF: turned by 180°',
      () => halves(64, 64).withMetadata({ orientation: 3 }).jpeg().toBuffer(),
      [2, 8],
      [0, 0, 255],
    ],
    [
      'EXIF: turned by 90°',
      () => halves(64, 64).withMetadata({ orientation: 6 }).jpeg().toBuffer(),
      [8, 2],
      [255, 0, 0],
    ],
  ];
  for (const decoder of pictureDecoders) {
    for (const [name, make, place, colour] of accepted) {
      it(`decodes ${name} by ${decoder}`, async () =>
        near(await pixel(await make(), place, decoder), colour));
    }
  }

  it('takes an interlaced PNG of 12 million pixels', async () => {
    near(
      await pixel(await plain(4000, 3000).png({ progressive: true }).toBuffer(), [8, 8]),
      [255, 0, 0],
    );
  });

  it('holds one large interlaced PNG at a time, however many come at once', async () => {
    const edge = 3500;
    const picture = await deep(edge);
    let most = 0;
    const before = process.memoryUsage.rss();
    const sampler = setInterval(() => {
      most = Math.max(most, process.memoryUsage.rss());
    }, 5);
    try {
      await Promise.all([1, 2, 3, 4].map(() => decodePicture(picture, 16)));
    } finally {
      clearInterval(sampler);
    }
    expect(most, 'samples').to.be.above(0);
    expect((most - before) / 2 ** 20, 'MiB more').to.be.below((2.5 * edge ** 2 * 8) / 2 ** 20);
  });

  it('takes the first frame of an animated WebP', async () => {
    const frames = await Promise.all(
      [plain(20, 20), plain(20, 20, { r: 0, g: 0, b: 255 })].map((f) => f.png().toBuffer()),
    );
    const animated = await sharp(frames, { join: { animated: true } })
      .webp({ lossless: true })
      .toBuffer();
    expect((await sharp(animated).metadata()).pages).to.equal(2);
    near(await pixel(animated, [8, 8]), [255, 0, 0]);
  });

  for (const orientation of [1, 2, 3, 4, 5, 6, 7, 8]) {
    it(`sees the same by either decoder where EXIF says ${orientation}`, async () => {
      // Large, wide and unlike in all four corners: scaled, resized, turned and with margins.
      const green = {
        create: { width: 300, height: 150, channels: 3 as const, background: 'lime' },
      };
      const picture = await halves(600, 400)
        .composite([{ input: green, left: 0, top: 0 }])
        .jpeg({ quality: 95 })
        .withMetadata({ orientation })
        .toBuffer();
      const [one, other] = await Promise.all(
        pictureDecoders.map((decoder) => decodePicture(picture, 48, decoder)),
      );
      const off = Array.from(one ?? [], (value, i) => Math.abs(value - Number(other?.[i])));
      const mean = off.reduce((sum, value) => sum + value, 0) / off.length;
      expect(mean).to.be.below(3);
    });
  }

  it('gives the same pixels twice', async () => {
    const noisy = await sharp({
      create: {
        width: 300,
        height: 200,
        channels: 3,
        background: red,
        noise: { type: 'gaussian', mean: 128, sigma: 60 },
      },
    })
      .jpeg()
      .toBuffer();
    expect(await decodePicture(noisy, 128)).to.deep.equal(await decodePicture(noisy, 128));
  });

  const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>';
  const refused: [string, () => Promise<Buffer>, RegExp][] = [
    ['nothing', async () => Buffer.alloc(0), /is empty/],
    ['text', async () => Buffer.from('not a picture at all'), /none of JPEG, PNG and WebP/],
    ['SVG', async () => Buffer.from(svg), /none of JPEG, PNG and WebP/],
    ['an animated GIF', () => plain(9, 9).gif().toBuffer(), /none of JPEG, PNG and WebP/],
    ['TIFF', () => plain(9, 9).tiff().toBuffer(), /none of JPEG, PNG and WebP/],
    [
      'SVG behind the first bytes of a JPEG',
      async () => Buffer.from(`\xff\xd8\xff${svg}`, 'latin1'),
      /cannot be decoded/,
    ],
    ['half a JPEG', async () => half(await noise().jpeg().toBuffer()), /cannot be decoded/],
    ['half a PNG', async () => half(await noise().png().toBuffer()), /cannot be decoded/],
    ['half a WebP', async () => half(await noise().webp().toBuffer()), /cannot be decoded/],
    [
      'a JPEG with damaged data',
      async () => damaged(await noise().jpeg().toBuffer()),
      /cannot be decoded/,
    ],
    [
      'a JPEG that says it is huge',
      async () => sized(await noise().jpeg().toBuffer(), 65_500),
      /more than 25 million pixels/,
    ],
    [
      'a JPEG of no size',
      async () => sized(await noise().jpeg().toBuffer(), 0),
      /cannot be decoded/,
    ],
    ['a JPEG of 101 scans', () => scans(101), /cannot be decoded/],
    ['16,000² pixels', async () => blank(16_000), /more than 25 million pixels/],
    ['an interlaced PNG of 16 bits', () => deep(3600), /104 MB while .* more than the 100 MB/],
    ['a PNG that says it is huge', async () => blank(2 ** 31 - 1, 1), /picture/],
  ];
  for (const decoder of pictureDecoders) {
    for (const [name, make, sentence] of refused) {
      it(`refuses ${name} by ${decoder}`, async () => {
        const bytes = await make();
        const error = await decodePicture(bytes, 16, decoder).catch((e: unknown) => e);
        expect(error).to.be.instanceOf(PictureError);
        expect((error as Error).message)
          .to.match(sentence)
          .and.to.match(/\.$/);
      });
    }
  }
});

function noise() {
  const create = { width: 200, height: 200, channels: 3 as const, background: red };
  return sharp({ create: { ...create, noise: { type: 'gaussian', mean: 128, sigma: 60 } } });
}

/** An interlaced PNG of 8 bytes a pixel. */
function deep(edge: number): Promise<Buffer> {
  return plain(edge, edge, { ...red, alpha: 0.5 }, 4)
    .toColourspace('rgb16')
    .png({ progressive: true })
    .toBuffer();
}

function half(bytes: Buffer): Buffer {
  return bytes.subarray(0, bytes.length / 2);
}

/** Restart markers in a place that has none. */
function damaged(jpeg: Buffer): Buffer {
  return Buffer.concat([
    half(jpeg),
    Buffer.alloc(500, '\xff\xd3', 'latin1'),
    jpeg.subarray(jpeg.length / 2 + 500),
  ]);
}

/** The same file with another width and height in its frame header. */
function sized(jpeg: Buffer, edge: number): Buffer {
  const changed = Buffer.from(jpeg);
  const frame = changed.indexOf(Buffer.from([0xff, 0xc0]));
  changed.writeUInt16BE(edge, frame + 5);
  changed.writeUInt16BE(edge, frame + 7);
  return changed;
}

/** A progressive JPEG whose last scan comes again and again. */
async function scans(count: number): Promise<Buffer> {
  const jpeg = await plain(16, 16).jpeg({ progressive: true }).toBuffer();
  const last = jpeg.lastIndexOf(Buffer.from([0xff, 0xda]));
  const scan = jpeg.subarray(last, -2);
  return Buffer.concat([
    jpeg.subarray(0, last),
    ...Array.from({ length: count }, () => scan),
    Buffer.from([0xff, 0xd9]),
  ]);
}

/** A PNG of `width` black-and-white columns, made by hand: 4 KB for 16,000² pixels. */
function blank(width: number, rows = width): Buffer {
  const header = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(rows, 4);
  const data = deflateSync(Buffer.alloc(rows * (Math.ceil(Math.min(width, 1e5) / 8) + 1)));
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    chunk('IDAT', data),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const [size, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  size.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([size, body, sum]);
}

describe('pictureFormat', () => {
  it('names what it knows', async () => {
    expect(pictureFormat(await plain(3, 3).jpeg().toBuffer())).to.equal('jpeg');
    expect(pictureFormat(await plain(3, 3).png().toBuffer())).to.equal('png');
    expect(pictureFormat(await plain(3, 3).webp().toBuffer())).to.equal('webp');
    expect(pictureFormat(Buffer.from('BM'))).to.equal(undefined);
  });
});
