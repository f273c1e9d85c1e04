import { expect } from 'chai';
import fc from 'fast-check';
import {
  bars,
  type Content,
  columns,
  gallery,
  heatMap,
  lines,
  markup,
  page,
  table,
  tiles,
} from './index.ts';

const hostile = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  "' onmouseover='alert(1)",
  '</title></svg></style><script>alert(1)</script>',
  '<!-- ]]> -->',
  'javascript:alert(1)',
  '&lt;already&gt;',
  '\u202egnp.exe\u0000\u001b[31m\ud800',
];

/** A page with the text everywhere that a text can be. */
function pageWith(text: string): string {
  const everywhere: Content = [
    text,
    [[text]],
    markup`<p class="${text}">${text}</p>`,
    table({
      caption: text,
      columns: [{ title: text }, { title: text, number: true }],
      rows: [[text, text]],
    }),
    tiles([{ label: text, value: text, note: text, mood: 'good' }]),
    bars({
      label: text,
      note: text,
      series: [text, text],
      rows: [{ label: text, values: [1, null], note: text }],
      show: () => text,
    }),
    lines({
      description: text,
      x: { label: text },
      y: { label: text },
      lines: [
        { name: text, points: [[0, 1]] },
        { name: text, points: [[1, 2]], dashed: true },
      ],
    }),
    columns({ description: text, x: text, y: text, heights: [0.5, null], titles: [text, text] }),
    heatMap({
      description: text,
      rows: text,
      columns: text,
      names: [text, text],
      values: [
        [1, 2],
        [0, 3],
      ],
    }),
    gallery([
      {
        picture: { type: 'image/png', bytes: Buffer.from(text) },
        alternative: text,
        lines: [text],
      },
      { picture: null, alternative: text, lines: [text] },
    ]),
  ];
  return page({
    title: text,
    lead: text,
    sections: [{ title: text, content: everywhere }],
    footer: text,
  });
}

/** Tags with their attributes' names, in order: what a browser makes elements of. */
function skeleton(html: string): string[] {
  const body = html.replace(/<style>.*?<\/style>/s, '');
  return [...body.matchAll(/<(\/?[a-zA-Z!][^\s>]*)([^>]*)>/g)].map(([, name, attributes]) =>
    [name, ...(attributes as string).matchAll(/([a-zA-Z-]+)="[^"]*"/g).map((one) => one[1])].join(
      ' ',
    ),
  );
}

describe('report', () => {
  const plain = skeleton(pageWith('plain'));

  for (const text of hostile) {
    it(`lets nothing of ${JSON.stringify(text)} become an element or an attribute`, () => {
      expect(skeleton(pageWith(text))).to.deep.equal(plain);
    });
  }

  it('lets nothing of any text become an element or an attribute', () => {
    const parts = fc.constantFrom(
      '<',
      '>',
      '"',
      "'",
      '&',
      '=',
      '/',
      ' ',
      'x',
      '`',
      '\0',
      'é',
      '😀',
      '\ud800',
    );
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: parts }), fc.string()), (text) => {
        expect(skeleton(pageWith(text))).to.deep.equal(plain);
      }),
    );
  });

  it('says what was meant, with what it escaped', () => {
    const html = page({ title: 'a < b & "c"', sections: [] });
    expect(html).to.include('<h1>a &lt; b &amp; &quot;c&quot;</h1>');
  });

  it('has no control characters, no changes of direction, and is well-formed Unicode', () => {
    const html = pageWith(hostile.at(-1) as string);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    expect(html).not.to.match(/[\0-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/);
    expect(html.isWellFormed()).to.equal(true);
  });

  it('does not take an object from outside for markup', () => {
    const forged = JSON.parse('{"html":"<b>","markup":"<b>"}') as Content;
    expect(() => page({ title: 'x', sections: [{ title: 'y', content: [forged] }] })).to.throw(
      'no content of a page',
    );
  });

  it('holds no script, refers to nothing outside, and forbids both', () => {
    const html = pageWith('plain');
    expect(html).to.match(/Content-Security-Policy" content="default-src &#39;none&#39;/);
    expect(html).not.to.match(/<script|<link|@import|url\(/i);
    const addresses = [...html.matchAll(/(?:src|href)="([^"]*)"/g)].map(
      ([, address]) => address as string,
    );
    expect(addresses).to.satisfy((all: string[]) =>
      all.every((address) => /^(#part-\d+$|data:image\/)/.test(address)),
    );
  });

  it('refuses a picture of a type that can hold markup', () => {
    const svg = { type: 'image/svg+xml' as 'image/png', bytes: Buffer.from('<svg/>') };
    expect(() => gallery([{ picture: svg, alternative: '', lines: [] }])).to.throw('image/svg+xml');
  });

  it('draws a line of one point, dashed or not, and one of many without dots', () => {
    const drawn = (count: number, dashed: boolean) => {
      const points = Array.from({ length: count }, (_, i): [number, number] => [i, i]);
      const axis = { label: '' };
      const plot = lines({
        description: '',
        x: axis,
        y: axis,
        lines: [{ name: '', points, dashed }],
      });
      return page({ title: '', sections: [{ title: '', content: plot }] }).match(/<circle/g)
        ?.length;
    };
    expect([drawn(1, false), drawn(1, true), drawn(5, false)]).to.deep.equal([1, 1, 5]);
    expect([drawn(5, true), drawn(61, false)]).to.deep.equal([undefined, undefined]);
  });

  it('draws what has no extent, no values, or no numbers', () => {
    const drawings = [
      lines({ description: '', x: { label: '' }, y: { label: '' }, lines: [] }),
      lines({
        description: '',
        x: { label: '' },
        y: { label: '' },
        lines: [
          {
            name: '',
            points: [
              [3, 3],
              [Number.NaN, 1],
            ],
          },
        ],
      }),
      bars({ label: '', series: ['a'], rows: [] }),
      bars({ label: '', series: ['a'], rows: [{ label: 'x', values: [0] }] }),
      columns({ description: '', x: '', y: '', heights: [] }),
      heatMap({ description: '', rows: '', columns: '', names: ['a'], values: [[0]] }),
    ];
    for (const drawing of drawings)
      expect(page({ title: '', sections: [{ title: '', content: drawing }] })).not.to.match(
        /NaN|Infinity|undefined/,
      );
  });
});
