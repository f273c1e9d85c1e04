import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { backboneName, parseSafetensors, verifyWeights } from './weights.ts';

/** A safetensors file as its description says: length, header, data. */
function file(header: object, data: Buffer): Buffer {
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.byteLength));
  return Buffer.concat([length, text, data]);
}

describe('weights', () => {
  it('are read from a safetensors file, wherever a tensor begins', () => {
    const data = Buffer.from(Float32Array.of(1, 2, 3.5).buffer);
    const weights = parseSafetensors(
      file(
        {
          a: { dtype: 'F32', shape: [1], data_offsets: [0, 4] },
          b: { dtype: 'F32', shape: [2, 1], data_offsets: [4, 12] },
        },
        data,
      ),
    );
    expect(weights.get('b')).to.deep.equal({ shape: [2, 1], data: Float32Array.of(2, 3.5) });
  });

  it('of another type are refused', () => {
    const header = { a: { dtype: 'F16', shape: [1], data_offsets: [0, 2] } };
    expect(() => parseSafetensors(file(header, Buffer.alloc(2)))).to.throw('tensor a is F16');
  });

  describe('in a folder', () => {
    let folder: string;
    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'weights-'));
    });
    afterEach(() => rm(folder, { recursive: true }));
    const refusal = () => verifyWeights(folder).catch((error: Error) => error.message);

    it('that are not there are missed, with the command that brings them', async () => {
      expect(await refusal()).to.contain('npm run setup:backbone');
    });

    it('that are other ones are refused', async () => {
      await writeFile(join(folder, `${backboneName}.safetensors`), 'something else');
      expect(await refusal()).to.contain('holds other weights');
    });
  });
});
