import { expect } from 'chai';
import fc from 'fast-check';
import { detectLanguage } from './language.ts';

describe('detectLanguage', () => {
  const cases: [string, string, string | null][] = [
    ['French', 'Chaise de bureau réglable en hauteur avec accoudoirs', 'fr'],
    ['English', 'Office chair, adjustable in height, with armrests', 'en'],
    ['German', 'Bürostuhl, höhenverstellbar, mit Armlehnen und Rollen', 'de'],
    ['Italian', 'Sedia da ufficio regolabile in altezza con braccioli', 'it'],
    ['Spanish', 'Silla de oficina regulable en altura con reposabrazos', 'es'],
    ['Dutch', 'Verstelbare bureaustoel met armleuningen en wieltjes', 'nl'],
    ['Polish', 'Krzesło biurowe z regulacją wysokości i podłokietnikami', 'pl'],
    ['Japanese', '高さ調節できる椅子です', 'ja'],
    ['Chinese', '可调节高度的办公椅', 'zh'],
    ['Korean', '높이 조절이 가능한 의자', 'ko'],
    ['Arabic', 'كرسي مكتب قابل لتعديل الارتفاع', 'ar'],
    [
      'what markup stands around',
      '<div class="description"><p style="font-weight:bold">Chaise de bureau<br/>r&eacute;glable en hauteur</p></div>',
      'fr',
    ],
    ['no text', '', null],
    ['markup alone', '<div class="a b c d e f"><br/><span style="color:red"></span></div>', null],
    ['a brand', 'LG 55 UHD', null],
    ['one word', 'Piscine', null],
    ['numbers', '1234567890 12 x 34 x 56', null],
    ['no word of any language', 'xq zvk ptw gkk zzrt wqp xkv', null],
    ['NUL', '\0'.repeat(50), null],
    ['unpaired surrogates', '\ud800\udfff\udc00'.repeat(50), null],
  ];
  for (const [name, text, language] of cases) {
    it(`${name}: ${language}`, () => expect(detectLanguage(text)).to.equal(language));
  }

  it('answers with a code or null whatever it is given', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        expect(detectLanguage(text)).to.match(/^[a-z]{2}$|null/);
      }),
    );
  });

  it('reads no more of a megabyte than of a page', () => {
    const page = 'Une très belle chaise pour votre bureau. '.repeat(100);
    expect(detectLanguage(page + '<'.repeat(2 ** 20))).to.equal('fr');
  });
});
