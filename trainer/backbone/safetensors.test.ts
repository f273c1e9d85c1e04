import { expect } from 'chai';
import { readSafetensors } from './safetensors.ts';

/** A safetensors file as its description says: length, header, data. */
function file(header: object, data: Buffer): Buffer {
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.byteLength));
  return Buffer.concat([length, text, data]);
}

describe('tensors', () => {
  it('are read from a safetensors file, wherever a tensor begins', () => {
    const data = Buffer.from(Float32Array.of(1, 2, 3.5).buffer);
    const { floats } = readSafetensors(
      file(
        {
          a: { dtype: 'F32', shape: [1], data_offsets: [0, 4] },
          b: { dtype: 'F32', shape: [2, 1], data_offsets: [4, 12] },
        },
        data,
      ),
    );
    expect(floats.get('b')).to.deep.equal({ shape: [2, 1], data: Float32Array.of(2, 3.5) });
  });

  it('of bytes are read beside those of floats', () => {
    const data = Buffer.of(0, 0, 128, 63, 7, 255);
    const { floats, bytes } = readSafetensors(
      file(
        {
          a: { dtype: 'F32', shape: [1], data_offsets: [0, 4] },
          b: { dtype: 'U8', shape: [2], data_offsets: [4, 6] },
        },
        data,
      ),
    );
    expect(floats.get('a')?.data).to.deep.equal(Float32Array.of(1));
    expect(bytes.get('b')?.data).to.deep.equal(Uint8Array.of(7, 255));
  });

  it('of another type are refused', () => {
    const header = { a: { dtype: 'F16', shape: [1], data_offsets: [0, 2] } };
    expect(() => readSafetensors(file(header, Buffer.alloc(2)))).to.throw('tensor a is F16');
  });
});
