import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { backboneName, verifyWeights } from './weights.ts';

describe('weights', () => {
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
