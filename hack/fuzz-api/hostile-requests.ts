import {
  animatedWebp,
  cmykJpeg,
  interlacedPng,
  noisyJpeg,
  onePixel,
  pngBomb,
  rotatedJpeg,
  svg,
} from '../../inference/fixtures/pictures.ts';
import { multipart, type StoredRequest } from '../load/request.ts';

/** A request that a client with bad intentions, or none, sends, and how it is to be answered. */
export interface HostileRequest {
  name: string;
  status: number;
  request: StoredRequest;
}

const megabyte = 2 ** 20;
const base64 = (text: string | Buffer) => Buffer.from(text).toString('base64');

export async function hostileRequests(authorization: string): Promise<HostileRequest[]> {
  const whole = await noisyJpeg(400);
  const post = (form: Pick<StoredRequest, 'headers' | 'body'>): StoredRequest => ({
    method: 'POST',
    path: '/v1/predict',
    headers: { ...form.headers, authorization },
    body: form.body,
  });
  const picture = (name: string, status: number, bytes: Buffer): HostileRequest => ({
    name,
    status,
    request: post(multipart({}, bytes)),
  });
  const body = (name: string, status: number, text: string | Buffer, type: string) => ({
    name,
    status,
    request: post({ headers: { 'content-type': type }, body: base64(text) }),
  });
  const part = (field: string, value: string) =>
    `--b\r\nContent-Disposition: form-data; name="${field}"\r\n\r\n${value}\r\n`;
  const form = 'multipart/form-data; boundary=b';
  const json = (value: unknown) => JSON.stringify(value);
  return [
    picture('a PNG of 16,000 × 16,000', 422, await pngBomb()),
    picture('an interlaced PNG of 104 MB', 422, await interlacedPng()),
    picture('half a JPEG', 422, whole.subarray(0, whole.length >> 1)),
    picture('an SVG', 422, svg()),
    picture('bytes that are no picture', 422, Buffer.alloc(50_000, 'nothing')),
    picture('the first bytes of a JPEG, then nothing of one', 422, broken(whole)),
    picture('a CMYK JPEG', 200, await cmykJpeg()),
    picture('one pixel', 200, await onePixel()),
    picture('a turned JPEG', 200, await rotatedJpeg()),
    picture('an animation', 200, await animatedWebp()),
    picture('20 MiB', 413, Buffer.alloc(20 * megabyte, whole)),
    body('no boundary', 400, part('designation', 'x'), 'multipart/form-data'),
    body('10,000 fields', 400, `${part('designation', 'x').repeat(10_000)}--b--\r\n`, form),
    body('a field twice', 400, `${part('top', '1').repeat(2)}--b--\r\n`, form),
    body('a form that does not end', 400, part('designation', 'x'), form),
    body('no part', 400, '--b--\r\n', form),
    body(
      'a megabyte of text',
      422,
      json({ designation: 'x'.repeat(megabyte) }),
      'application/json',
    ),
    body('JSON 100,000 deep', 400, '['.repeat(100_000), 'application/json'),
    body('12 MiB of lists', 400, `[${'[],'.repeat(4 * megabyte)}[]]`, 'application/json'),
    body('12 MiB of names', 400, `{${'"a":0,'.repeat(2 * megabyte)}"b":0}`, 'application/json'),
    body('text of NUL', 200, json({ designation: 'a\0b' }), 'application/json'),
  ];
}

/** A JPEG's first bytes, and the rest as if it were overwritten. */
function broken(jpeg: Buffer): Buffer {
  const copy = Buffer.from(jpeg);
  copy.fill(0xff, 20);
  return copy;
}
