import { expect } from 'chai';
import { keepDigests } from './example.ts';
import {
  type ConfigMap,
  configMap,
  configMaps,
  type RealApi,
  startRealApi,
  until,
} from './real-api.ts';

describe('the example of an operator', () => {
  let api: RealApi;
  const stop = new AbortController();
  const said: string[] = [];
  let running: Promise<void>;

  before(async () => {
    api = await startRealApi();
  });
  after(async () => {
    stop.abort();
    await running;
    await api?.stop();
  });

  const read = (name: string) =>
    api.objects.get<ConfigMap>(configMaps, { namespace: 'default', name });
  const digest = async (name: string) => (await read(`${name}-digest`))?.data?.sha256;
  const wanted = { digest: 'wanted' };

  it('makes what is missing, follows what changes, puts back what was taken, and touches nothing of others', async () => {
    await api.objects.create(configMaps, configMap('early', { a: '1' }, wanted));
    await api.objects.create(configMaps, configMap('taken', { a: '1' }, wanted));
    await api.objects.create(configMaps, configMap('taken-digest', { sha256: 'mine' }));
    running = keepDigests(api.connection, stop.signal, (text) => said.push(text));

    const first = await until('the digest of early', () => digest('early'));
    expect(first).to.match(/^[0-9a-f]{64}$/);
    await api.objects.apply(configMaps, configMap('early', { a: '2' }, wanted));
    const second = await until('another digest', async () => {
      const now = await digest('early');
      return now === first ? undefined : now;
    });

    const made = await read('early-digest');
    if (!made) throw new Error('It is gone.');
    await api.objects.remove(configMaps, made);
    const again = await until('a new one', async () => {
      const now = await read('early-digest');
      return now && now.metadata.uid !== made.metadata.uid ? now : undefined;
    });
    expect(again.data?.sha256).to.equal(second);

    const source = await read('early');
    if (!source) throw new Error('It is gone.');
    await api.objects.remove(configMaps, source);
    await until('the digest to go with its source', async () =>
      (await read('early-digest')) === undefined ? true : undefined,
    );
    expect(said[0]).to.match(/^default\/taken: .*"taken-digest" already exists Next try in \d/);
    expect(await digest('taken')).to.equal('mine');
  });
});
