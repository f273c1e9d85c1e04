import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { failure } from '../fixtures/failure.ts';
import { testEngines, textItem } from '../fixtures/test-engine.ts';
import { colouredPicture } from '../fixtures/tiny-bundle.ts';
import { AbandonedError, ItemError, OverloadError } from './errors.ts';

describe('studies', () => {
  const { start } = testEngines();

  it('answer as predict does, variant by variant', async () => {
    const { predict, study, pictureSize } = await start();
    const picture = new Uint8Array(await colouredPicture('#118833'));
    const whole = { designation: 'garden spade', description: null, picture };
    const hidden = { ...whole, masks: [[0, 0, pictureSize, pictureSize] as const] };
    const nothing = { designation: null, description: null, picture: null };
    const answers = await study([
      whole,
      { ...whole, picture: null },
      nothing,
      hidden,
      hidden,
      whole,
    ]);
    expect(answers).to.have.length(6);
    expect(answers[2]).to.equal(null);
    const copy = { ...whole, picture: new Uint8Array(picture) };
    const grey = await colouredPicture('#7f7f7f', 'png');
    // Sums in batches of other sizes differ in their last bits.
    const numbers = (p: { combined: Float32Array } | null | undefined) =>
      Array.from(p?.combined ?? [], (each) => each.toFixed(5));
    expect(numbers(answers[0])).to.deep.equal(numbers(await predict(copy)));
    expect(numbers(answers[1])).to.deep.equal(numbers(await predict({ ...whole, picture: null })));
    expect(numbers(answers[3])).to.deep.equal(numbers(await predict({ ...whole, picture: grey })));
    expect(numbers(answers[3])).to.not.deep.equal(numbers(answers[0]));
    expect(numbers(answers[5])).to.deep.equal(numbers(answers[0]));
    expect(picture.byteLength).to.be.greaterThan(0);
  });

  it('let every prediction go first', async () => {
    const order: string[] = [];
    const { predict, study } = await start({ workers: 1 });
    const variants = Array.from({ length: 9 }, (_, i) => textItem(`thing ${i}`));
    const studied = study(variants).then(() => order.push('study'));
    const asked = Array.from({ length: 60 }, (_, i) =>
      predict(textItem(`spade ${i}`)).then(() => order.push('predict')),
    );
    await Promise.all([studied, ...asked]);
    expect(order.at(-1)).to.equal('study');
  });

  it('are not prepared where there is no place for them, nor beyond the next batch', async () => {
    const { study, state } = await start({ workers: 1 });
    let prepared = 0;
    async function* endless() {
      for (;;) {
        prepared++;
        yield textItem('thing');
      }
    }
    const gone = new AbortController();
    const four = Array.from({ length: 4 }, () =>
      failure(study(endless(), { signal: gone.signal })),
    );
    expect(state().studies).to.equal(4);
    let asked = 0;
    async function* refused() {
      asked++;
      yield textItem('thing');
    }
    expect(await failure(study(refused()))).to.be.instanceOf(OverloadError);
    expect(asked).to.equal(0);
    gone.abort();
    for (const error of await Promise.all(four)) expect(error).to.be.instanceOf(AbandonedError);
    while (state().busy > 0) await sleep(5);
    expect(prepared).to.be.at.most(8);
  });

  it('fail with what fails in their preparation, and the next are answered', async () => {
    const { study } = await start({ workers: 1 });
    async function* failing() {
      yield textItem('thing');
      throw new Error('no such picture');
    }
    const [error, answers] = await Promise.all([failure(study(failing())), study([textItem('a')])]);
    expect(error).to.have.property('message', 'no such picture');
    expect(answers).to.have.length(1);
    expect(await study([])).to.deep.equal([]);
  });

  it('are refused beyond a few, in time, and where the picture cannot be read', async () => {
    const { study } = await start({ workers: 1 });
    const long = Array.from({ length: 40 }, (_, i) => textItem(`thing ${i}`));
    const six = await Promise.all(Array.from({ length: 6 }, () => failure(study(long))));
    expect(six.filter((error) => error instanceof OverloadError)).to.have.length(2);
    expect(await failure(study(long, { withinMs: 0 }))).to.be.instanceOf(OverloadError);
    const broken = { ...textItem('spade'), picture: new Uint8Array([0xff, 0xd8, 0xff, 0]) };
    expect(await failure(study([broken])))
      .to.be.instanceOf(ItemError)
      .with.property('fault', 'picture');
  });
});
