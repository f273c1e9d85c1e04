import { expect } from 'chai';
import { contextSources, entrypoint } from './dockerfile.ts';

describe('what a Dockerfile takes from its context', () => {
  const cases = [
    { text: 'COPY a b dest/', sources: ['a', 'b'] },
    { text: 'COPY --chown=1:1 --chmod=0644 a /dest', sources: ['a'] },
    { text: 'COPY --from=dependencies /app/node_modules node_modules', sources: [] },
    { text: 'COPY ["with space", "dest"]', sources: ['with space'] },
    { text: 'copy one \\\n  # in between\n  two \\\n  dest', sources: ['one', 'two'] },
    { text: '# COPY no dest\nADD yes dest', sources: ['yes'] },
    {
      text: 'RUN --mount=type=bind,source=package.json,target=/p npm ci',
      sources: ['package.json'],
    },
    {
      text: 'RUN --mount=type=cache,target=/c --mount=type=bind,from=x,source=y,target=/z true',
      sources: [],
    },
    { text: 'RUN echo COPY a b', sources: [] },
    { text: 'COPY a x\nCOPY a y', sources: ['a'] },
  ];
  for (const { text, sources } of cases) {
    it(JSON.stringify(text), () => expect(contextSources(text)).to.deep.equal(sources));
  }
});

describe('the entrypoint of a Dockerfile', () => {
  it('is the last one', () => {
    const text =
      'FROM a\nENTRYPOINT ["b"]\nFROM c\nENTRYPOINT ["node", "--flag=4", "/app/main.ts"]\n';
    expect(entrypoint(text)).to.deep.equal(['node', '--flag=4', '/app/main.ts']);
  });

  it('is missed where there is none', () => {
    expect(() => entrypoint('FROM a\nENTRYPOINT sh\n')).to.throw(/has no ENTRYPOINT/);
  });
});
