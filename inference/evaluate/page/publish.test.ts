import type { Store } from '@shelfwise/trainer-contract';
import { expect } from 'chai';
import { pino } from 'pino';
import { type TinyStore, tinyStore } from '../../fixtures/tiny-store.ts';
import { publishPage } from './publish.ts';

describe('publishing a page', () => {
  let place: TinyStore;
  let said: string[];
  beforeEach(async () => {
    place = await tinyStore();
    said = [];
  });
  afterEach(() => place.remove());

  const key = 'releases/x/report.html';
  const publish = (
    make: (signal: AbortSignal) => Promise<string>,
    {
      store = place.store,
      signal = new AbortController().signal,
    }: { store?: Store; signal?: AbortSignal } = {},
  ) => {
    const log = pino({ base: null }, { write: (line: string) => void said.push(line) });
    return publishPage(make, { store, key, log, signal });
  };
  const stored = async () =>
    (await place.store.stat(key)) && (await place.store.read(key)).toString();

  it('writes it and says where', async () => {
    expect(await publish(async () => '<p>new')).to.equal(`${place.url}/${key}`);
    expect(await stored()).to.equal('<p>new');
    expect(said).to.deep.equal([]);
  });

  it('says why there is none, fails nothing, and leaves no earlier one that tells of other figures', async () => {
    await publish(async () => '<p>old');
    const broken = async () => {
      throw new Error('ran out of ink');
    };
    expect(await publish(broken)).to.equal(null);
    expect(await stored()).to.equal(undefined);
    expect(said.join()).to.include('ran out of ink').and.to.include('was not written');
  });

  it('fails nothing where the store takes no page, nor where it lets none be removed', async () => {
    const refuse = async () => {
      throw new Error('store is gone');
    };
    const store = { ...place.store, write: refuse, remove: refuse };
    expect(await publish(async () => '<p>new', { store })).to.equal(null);
    expect(said.join()).to.include('store is gone').and.to.include('may still be there');
  });

  it('waits no longer for a page once the step is to stop', async () => {
    await publish(async () => '<p>old');
    const stop = new AbortController();
    const never = publish(() => new Promise(() => undefined), { signal: stop.signal });
    stop.abort(new Error('SIGTERM'));
    expect(await never).to.equal(null);
    expect(said.join()).to.include('SIGTERM');
    expect(await stored()).to.equal(undefined);
  });
});
