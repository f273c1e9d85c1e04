import { expect } from 'chai';
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
    ['ends', 'process.exit(7)', /was lost: it ended with code 7/],
    ['fails', 'throw new Error("no table")', /was lost: no table/],
  ];
  for (const [what, program, sentence] of lost)
    it(`say so when the thread ${what}`, async () => {
      const url = new URL(`data:text/javascript,${encodeURIComponent(program)}`);
      const desk = createLanguageDesk(
        () => undefined,
        () => startLanguageTeller(url),
      );
      const asking = (async () => {
        for (let i = 0; i < 1000; i++) await desk.ask('x');
        await desk.end();
      })();
      expect(await asking.catch((error: unknown) => error)).to.match(sentence);
      await desk.close();
    });
});
