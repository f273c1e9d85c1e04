import {
  type Explanation,
  type PredictResponse,
  predictResponseSchema,
  problemSchema,
} from '@shelfwise/inference-contract';
import { expect } from 'chai';
import sharp from 'sharp';
import { type TestService, testService } from '../fixtures/service.ts';
import { tinyPreprocessing } from '../fixtures/tiny-bundle.ts';

const { size } = tinyPreprocessing.image;

describe('an explained prediction', () => {
  let service: TestService;
  before(async () => {
    service = await testService();
  });
  after(() => service?.close());

  const ask = (body: unknown, path = '/v1/predict') =>
    fetch(service.url + path, {
      method: 'POST',
      headers: { authorization: service.authorization, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  async function answer(body: object): Promise<PredictResponse> {
    const response = await ask({ ...body, top: 100 });
    expect(response.status).to.equal(200);
    return predictResponseSchema.parse(await response.json());
  }
  const probability = ({ classes }: PredictResponse, name: string) =>
    classes.find((one) => one.class === name)?.probability;

  it('says of each word and region what the model answers without it', async () => {
    const noise = Buffer.from(Array.from({ length: size * size * 3 }, (_, i) => (i * 97) % 256));
    const raw = { raw: { width: size, height: size, channels: 3 as const } };
    const picture = async (pixels: Buffer) =>
      (await sharp(pixels, raw).png().toBuffer()).toString('base64');
    const product = {
      designation: 'red spade',
      description: 'a spade',
      image: await picture(noise),
    };
    const whole = await answer({ ...product, explain: true });
    const said = whole.explanation as Explanation;
    expect(said.class).to.equal(whole.classes[0]?.class);
    expect(said.probability).to.equal(whole.classes[0]?.probability);
    expect(said.words.map(({ text }) => text)).to.deep.equal(['red', 'spade', 'a']);

    const noSpade = await answer({ ...product, designation: 'red  ', description: 'a  ' });
    expect(said.words[1]?.without).to.be.closeTo(probability(noSpade, said.class) as number, 1e-4);

    const [left, top, width, height] = said.regions[0]?.region ?? [];
    expect([left, top]).to.deep.equal([0, 0]);
    const painted = Buffer.from(noise);
    for (let y = 0; y < Math.round((height as number) * size); y++)
      painted.fill(127, y * size * 3, (y * size + Math.round((width as number) * size)) * 3);
    const masked = await answer({ ...product, image: await picture(painted) });
    expect(said.regions[0]?.without).to.be.closeTo(probability(masked, said.class) as number, 1e-4);
    const odds = (p: number) => Math.log(p / (1 - p));
    expect(said.regions[0]?.contribution).to.be.closeTo(
      odds(said.probability) - odds(said.regions[0]?.without as number),
      1e-3,
    );
  });

  it('says null where nothing would be left', async () => {
    const { explanation } = await answer({ designation: 'spade', explain: true });
    expect(explanation?.words).to.deep.equal([
      {
        text: 'spade',
        at: [{ part: 'designation', start: 0, end: 5 }],
        without: null,
        contribution: null,
      },
    ]);
    expect(explanation?.regions).to.deep.equal([]);
  });

  it('is asked for in a form, too, and not given unasked', async () => {
    const form = new FormData();
    form.set('designation', 'red spade');
    form.set('explain', 'true');
    const headers = { authorization: service.authorization };
    const url = `${service.url}/v1/predict`;
    const explained = await fetch(url, { method: 'POST', headers, body: form });
    expect(predictResponseSchema.parse(await explained.json()).explanation?.words).to.have.length(
      2,
    );
    form.set('explain', 'false');
    const plain = await fetch(url, { method: 'POST', headers, body: form });
    expect(await plain.json()).to.not.have.property('explanation');
    form.set('explain', 'perhaps');
    const wrong = await fetch(url, { method: 'POST', headers, body: form });
    expect(problemSchema.parse(await wrong.json()).part).to.equal('explain');
  });

  it('is refused while others are explained, and predictions go on', async () => {
    const long = Array.from({ length: 48 }, (_, i) => `word${i}`).join(' ');
    const many = Array.from({ length: 24 }, () => ask({ designation: long, explain: true }));
    const plain = await ask({ designation: 'spade' });
    expect(plain.status).to.equal(200);
    const answers = await Promise.all(many);
    expect(new Set(answers.map(({ status }) => status))).to.deep.equal(new Set([200, 503]));
    const refused = answers.find(({ status }) => status === 503);
    expect(Number(refused?.headers.get('retry-after'))).to.be.at.least(1);
  });

  it('is no matter of batches', async () => {
    const response = await fetch(`${service.url}/v1/predict/batch`, {
      method: 'POST',
      headers: { authorization: service.authorization, 'content-type': 'application/x-ndjson' },
      body: '{"designation":"spade","explain":true}\n',
    });
    expect(JSON.parse(await response.text()).problem.part).to.equal('explain');
  });
});
