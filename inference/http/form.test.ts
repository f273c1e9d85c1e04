import { expect } from 'chai';
import fc from 'fast-check';
import { FormError, formParts } from './form.ts';

const read = (body: Buffer | string, type = 'multipart/form-data; boundary=b') =>
  [...formParts(Buffer.from(body as string), type)].map(({ name, isFile, content }) => [
    name,
    isFile,
    content.toString('latin1'),
  ]);
const field = (name: string, value: string) =>
  `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;

describe('parts of a form', () => {
  const cases: [string, string, unknown[][]][] = [
    [
      'fields in their order',
      `${field('x', '1')}${field('y', '')}--b--`,
      [
        ['x', false, '1'],
        ['y', false, ''],
      ],
    ],
    ['no part', '--b--\r\n', []],
    [
      'what stands before and after',
      `hello\r\n${field('x', '1')}--b--\r\nbye`,
      [['x', false, '1']],
    ],
    [
      'what looks like a boundary',
      `${field('x', 'x--b\r\n-b')}--b--`,
      [['x', false, 'x--b\r\n-b']],
    ],
    [
      'a name without quotes',
      '--b\r\ncontent-disposition:form-data;name=x\r\n\r\n1\r\n--b--',
      [['x', false, '1']],
    ],
    ['a name with quotes in it', `${field('a\\"b', '1')}--b--`, [['a"b', false, '1']]],
    ['a part without header', '--b\r\n\r\n1\r\n--b--', [['', false, '1']]],
    ['blanks behind a boundary', `--b \t\r\n${field('x', '1').slice(5)}--b--`, [['x', false, '1']]],
    [
      'a file by its name',
      '--b\r\nContent-Type: image/jpeg\r\nContent-Disposition: form-data; name="image"; filename="a; name=b.jpg"\r\n\r\n\0\r\n\xff\r\n--b--',
      [['image', true, '\0\r\n\xff']],
    ],
    [
      'a file by its type',
      '--b\r\nContent-Disposition: form-data; name="image"\r\nContent-Type: application/octet-stream\r\n\r\nx\r\n--b--',
      [['image', true, 'x']],
    ],
  ];
  for (const [name, body, parts] of cases) {
    it(`are ${name}`, () => expect(read(Buffer.from(body, 'latin1'))).to.deep.equal(parts));
  }

  const wrong: [string, string, string?][] = [
    ['without a boundary', '--b--', 'multipart/form-data'],
    ['of nothing', ''],
    ['without an end', field('x', '1')],
    ['that ends in a header', '--b\r\nContent-Disposition: form-data; name="x"'],
    ['with an endless header', `--b\r\nx: ${'y'.repeat(5_000)}\r\n\r\n1\r\n--b--`],
    [
      'with a part that is all header',
      `--b\r\nContent-Disposition: form-data; name="x"\r\n${field('y', '1')}--b--`,
    ],
    ['whose last part is all header', `${field('y', '1')}--b\r\nx: y\r\n--b--\r\n\r\n`],
    [
      'with a boundary of 71 characters',
      `--${'b'.repeat(71)}--`,
      `multipart/form-data; boundary=${'b'.repeat(71)}`,
    ],
    ['of another boundary', '--c\r\n\r\n1\r\n--c--'],
  ];
  for (const [name, body, type] of wrong) {
    it(`are not found in a form ${name}`, () => expect(() => read(body, type)).to.throw(FormError));
  }

  it('are what an ordinary client wrote, whatever the names and bytes', async () => {
    const part = fc.record({
      name: fc.string({ minLength: 1, unit: fc.constantFrom(...'abc -;=é') }),
      bytes: fc.uint8Array({ maxLength: 60 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 5 }), async (parts) => {
        const form = new FormData();
        for (const { name, bytes } of parts) form.append(name, new Blob([bytes.slice()]), 'file');
        const response = new Response(form);
        const type = response.headers.get('content-type') ?? '';
        const seen = [...formParts(Buffer.from(await response.arrayBuffer()), type)];
        expect(seen.map(({ name, isFile, content }) => [name, isFile, [...content]])).to.deep.equal(
          parts.map(({ name, bytes }) => [name, true, [...bytes]]),
        );
      }),
    );
  });

  it('never loop or read beyond the body, whatever it is', () => {
    const pieces = fc.constantFrom(
      '--b',
      '\r\n',
      '--',
      '-',
      'Content-Disposition: form-data; name="x"',
      'x',
      '\r',
      '\n',
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 30 }), (body) => {
        try {
          for (const [, , content] of read(body.join('')))
            expect(body.join('')).to.contain(content);
        } catch (error) {
          expect(error).to.be.instanceOf(FormError);
        }
      }),
    );
  });
});
