import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ProductText } from '@shelfwise/trainer-contract';
import { expect } from 'chai';
import { folderForEach } from '../folder.fixture.ts';
import { readTexts } from './product-texts.ts';

describe('a pass over the texts of the products', () => {
  const count = 1100;
  const folder = folderForEach();
  const going = new AbortController().signal;
  async function products() {
    const textPath = join(folder.path, 'texts');
    const lines = Array.from(
      { length: count },
      (_, i) => `${JSON.stringify([`no. ${i}`, null])}\n`,
    );
    await writeFile(textPath, lines.join(''));
    return { textPath, count };
  }

  it('shows each once, in order, and keeps which of them say something', async () => {
    const seen: (string | null)[] = [];
    const read = ({ designation }: ProductText, index: number) => {
      seen.push(designation);
      return index % 3 === 0;
    };
    const said = await readTexts(await products(), read, {
      signal: going,
      onProgress: () => undefined,
    });
    expect(seen).to.deep.equal(Array.from({ length: count }, (_, i) => `no. ${i}`));
    expect([...said]).to.deep.equal(seen.map((_, i) => (i % 3 === 0 ? 1 : 0)));
  });

  it('tells how many were done, all of them at last', async () => {
    const told: number[] = [];
    const options = { signal: going, onProgress: (done: number) => void told.push(done) };
    await readTexts(await products(), () => true, options);
    expect(told).to.deep.equal([512, 1024, count]);
  });

  it('stops on its way when told to', async () => {
    const stop = new AbortController();
    const reason = new Error('stopped');
    let seen = 0;
    const read = () => {
      seen += 1;
      if (seen === 20) stop.abort(reason);
      return true;
    };
    const options = { signal: stop.signal, onProgress: () => undefined };
    const error = await readTexts(await products(), read, options).catch((e: unknown) => e);
    expect(error).to.equal(reason);
    expect(seen).to.equal(512);
  });
});
