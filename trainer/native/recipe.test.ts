import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { expect } from 'chai';
import { addonName, addonSources, librariesRecipe } from './recipe.ts';

describe('the name of the compiled addon', () => {
  const inputs = {
    sources: new Map([
      ['a.cc', Buffer.from('one')],
      ['b.h', Buffer.from('two')],
    ]),
    headersNapi: '10',
    flags: ['-O2'],
  };
  const same = addonName(inputs);

  it('is the same for the same sources in another order', () => {
    const sources = new Map([...inputs.sources].reverse());
    expect(addonName({ ...inputs, sources })).to.equal(same);
  });

  const others = [
    {
      name: 'a source of another tfjs-node',
      inputs: { ...inputs, sources: new Map(inputs.sources).set('a.cc', Buffer.from('on')) },
    },
    {
      name: 'a new source',
      inputs: { ...inputs, sources: new Map(inputs.sources).set('c.cc', Buffer.alloc(0)) },
    },
    {
      name: 'the end of one source at the beginning of the next',
      inputs: {
        ...inputs,
        sources: new Map([
          ['a.cc', Buffer.from('')],
          ['b.h', Buffer.from('onetwo')],
        ]),
      },
    },
    { name: 'headers of another Node', inputs: { ...inputs, headersNapi: '11' } },
    { name: 'other flags', inputs: { ...inputs, flags: ['-O3'] } },
  ];
  for (const { name, inputs: other } of others)
    it(`is another with ${name}`, () => expect(addonName(other)).to.not.equal(same));

  it('is made of the sources in the package', async () => {
    const home = dirname(
      createRequire(import.meta.url).resolve('@tensorflow/tfjs-node/package.json'),
    );
    expect([...(await addonSources(home)).keys()]).to.include.members([
      'tfjs_backend.cc',
      'tfjs_binding.cc',
      'tfjs_backend.h',
    ]);
  });
});

describe('the recipe of the libraries', () => {
  it('is another for a GPU', () => {
    expect(librariesRecipe('gpu')).to.not.equal(librariesRecipe('cpu'));
  });
});
