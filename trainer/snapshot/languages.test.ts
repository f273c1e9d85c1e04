import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { folderForEach } from '../folder.fixture.ts';
import { createLanguageDesk, startLanguageTeller } from './languages.ts';

const texts = [
  'Une très belle chaise de bureau pour la maison',
  'Ein sehr schöner Stuhl für das Büro und das Haus',
  'LG 55',
];

describe('languages of many texts', () => {
  for (const count of [0, 1, 255, 256, 257, 1000])
    it(`are told of ${count}, each of its own text`, async () => {
      const told: (string | null)[] = [];
      const desk = createLanguageDesk((language) => told.push(language));
      try {
        for (let i = 0; i < count; i++) await desk.ask(texts[i % 3] as string);
        await desk.end();
      } finally {
        await desk.close();
      }
      expect(told).to.deep.equal(
        Array.from({ length: count }, (_, i) => ['fr', 'de', null][i % 3]),
      );
    });

  const lost: [string, string, RegExp][] = [
    ['ends', 'process.exit(7)', /was lost: it ended with code 7\.$/],
    ['is killed', 'process.kill(process.pid, "SIGKILL")', /was lost: it ended with SIGKILL\.$/],
    ['fails', 'throw new Error("no table")', /was lost: it ended with code 1, Error: no table\.$/],
  ];
  const folder = folderForEach();
  for (const [what, program, sentence] of lost)
    it(`say so when the process ${what}`, async () => {
      const path = join(folder.path, 'program.mjs');
      await writeFile(path, program);
      const desk = createLanguageDesk(
        () => undefined,
        () => startLanguageTeller(pathToFileURL(path)),
      );
      const asking = (async () => {
        for (let i = 0; i < 1000; i++) await desk.ask('x');
        await desk.end();
      })();
      expect(await asking.catch((error: unknown) => error)).to.match(sentence);
      await desk.close();
    });

  it('leave no process behind, whether all were told or not', async () => {
    const teller = startLanguageTeller();
    const telling = teller.tell(texts);
    await teller.close();
    expect(await telling.catch((error: unknown) => error)).to.match(/ended with SIGKILL/);
    await teller.close();
  });
});
