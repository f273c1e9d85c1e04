import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { run } from '../../hack/process/run.ts';
import { pythonEnvironment } from '../../hack/tools/python-environment.ts';
import { noisyJpeg } from '../fixtures/pictures.ts';
import { type TestService, testService } from '../fixtures/service.ts';
import { tinyClasses } from '../fixtures/tiny-bundle.ts';

const requirements = new URL('triton-client/requirements.txt', import.meta.url);
const program = fileURLToPath(new URL('triton-client/ask.py', import.meta.url));

describe("the Open Inference Protocol, as Triton's client speaks it", () => {
  let service: TestService;
  let told: Record<string, Record<string, unknown>>;
  before(async () => {
    const python = join(
      await pythonEnvironment('triton-client', requirements, console.log),
      'bin',
      'python',
    );
    service = await testService();
    const picture = join(service.dir, 'picture.jpg');
    await writeFile(picture, await noisyJpeg());
    const { host } = new URL(service.url);
    const token = service.authorization.replace('Bearer ', '');
    const words = [program, host, token, 'shop', '20261122-030000', picture];
    told = JSON.parse(await run(python, words)) as typeof told;
  });
  after(() => service?.close());

  it('tells health', () => {
    const {
      live,
      ready,
      'model ready': model,
      'version ready': version,
      'other ready': other,
    } = told;
    expect([live, ready, model, version, other]).to.deep.equal([true, true, true, true, false]);
  });

  it('tells what there is', () => {
    expect(told.server).to.include({ name: 'shelfwise' });
    expect(told.server?.extensions).to.include('binary_tensor_data');
    expect(told.model).to.include({ name: 'shop' });
    expect(told.model?.versions).to.deep.equal(['20261122-030000']);
  });

  for (const [name, products, id] of [
    ['binary', 2, undefined],
    ['json', 2, '7'],
    ['picture alone', 1, undefined],
    ['mixed', 1, undefined],
  ] as const) {
    it(`infers: ${name}`, () => {
      const { labels, shape, type, sums, id: echoed } = told[name] as Record<string, unknown>;
      expect(labels).to.have.length(products);
      for (const label of labels as string[]) expect(tinyClasses).to.include(label);
      expect([shape, type]).to.deep.equal([[products, tinyClasses.length], 'float32']);
      for (const sum of sums as number[]) expect(sum).to.be.closeTo(1, 1e-4);
      if (id !== undefined) expect(echoed).to.equal(id);
    });
  }

  for (const [name, status, words] of [
    ['no token', '401', /There is no token/],
    ['other model', '404', /shop is the one that serves/],
    ['no picture', '422', /Product 1: .*none of JPEG, PNG and WebP/],
  ] as const) {
    it(`says why not: ${name}`, () => {
      expect(told[name]).to.have.property('status', status);
      expect(told[name]?.message).to.match(words);
    });
  }
});
