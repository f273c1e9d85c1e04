import { generateKeyPairSync } from 'node:crypto';
import { expect } from 'chai';
import { pino } from 'pino';
import { createClusterIssuer } from './cluster-issuer.ts';

const log = pino({ level: 'silent' });
const jwks = new Map<string, object>();
function jwk(kid: string): object {
  const made = jwks.get(kid) ?? {
    ...generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' }),
    kid,
  };
  jwks.set(kid, made);
  return made;
}

/** An apiserver whose keys can be changed and which can be gone, and that counts how often it is asked. */
function apiserver() {
  const seen = { asked: 0, gone: false, kids: ['a'], time: 1_000_000 };
  const source = {
    async get(path: string) {
      if (seen.gone) throw new Error('gone');
      if (path === '/.well-known/openid-configuration') return { issuer: 'https://cluster' };
      seen.asked++;
      return { keys: seen.kids.map(jwk) };
    },
  };
  return { seen, issuer: createClusterIssuer(source, log, () => seen.time) };
}

describe("the cluster's issuer", () => {
  it('is asked once for many tokens, also when they come at the same time', async () => {
    const { seen, issuer } = apiserver();
    await Promise.all(Array.from({ length: 20 }, () => issuer.issuer()));
    for (let i = 0; i < 20; i++) expect(await issuer.key('a')).to.not.equal(undefined);
    expect(seen.asked).to.equal(1);
  });

  it('is asked again for an unknown kid, but not for every one', async () => {
    const { seen, issuer } = apiserver();
    await issuer.issuer();
    seen.kids = ['a', 'b'];
    for (let i = 0; i < 50; i++) expect(await issuer.key(`made-up-${i}`)).to.equal(undefined);
    expect(seen.asked).to.equal(1);
    seen.time += 10_000;
    expect(await issuer.key('b')).to.not.equal(undefined);
    expect(seen.asked).to.equal(2);
  });

  it('learns a new key within two seconds of a flood of unknown ones', async () => {
    const { seen, issuer } = apiserver();
    await issuer.issuer();
    for (let at = 0; at < 100; at++) {
      seen.time += 100;
      if (at === 50) seen.kids = ['a', 'b'];
      await issuer.key(`made-up-${at}`);
      if (at >= 70) expect(await issuer.key('b')).to.not.equal(undefined);
    }
    expect(seen.asked).to.be.within(5, 6);
  });

  it('keeps the objects of keys that stay, so that what they verified is known to hold', async () => {
    const { seen, issuer } = apiserver();
    const key = await issuer.key('a');
    if (!key) throw new Error('there is no key a');
    seen.time += 5_000;
    await issuer.refresh();
    expect([seen.asked, await issuer.key('a'), issuer.stillHas('a', key)]).to.deep.equal([
      2,
      key,
      true,
    ]);
    seen.kids = ['b'];
    seen.time += 5_000;
    await issuer.refresh();
    expect(issuer.stillHas('a', key)).to.equal(false);
  });

  it('forgets keys that the cluster has withdrawn, also where each token is a new one', async () => {
    const { seen, issuer } = apiserver();
    await issuer.key('a');
    seen.kids = ['b'];
    seen.time += 10 * 60_000 + 1;
    expect(await issuer.key('a')).to.equal(undefined);
  });

  it('forgets them once it is there again, where it was gone meanwhile', async () => {
    const { seen, issuer } = apiserver();
    await issuer.key('a');
    seen.gone = true;
    seen.kids = ['b'];
    seen.time += 10 * 60_000 + 1;
    expect(await issuer.key('a')).to.not.equal(undefined);
    seen.gone = false;
    seen.time += 2_001;
    await issuer.key('a');
    await issuer.refresh();
    expect(await issuer.key('a')).to.equal(undefined);
  });

  it('keeps the keys it knows while the apiserver is gone', async () => {
    const { seen, issuer } = apiserver();
    await issuer.key('a');
    seen.gone = true;
    seen.time += 60 * 60_000;
    expect(await issuer.key('a')).to.not.equal(undefined);
    await issuer.refresh();
    expect(await issuer.key('a')).to.not.equal(undefined);
  });

  it('is undefined until the apiserver answers, then known', async () => {
    const { seen, issuer } = apiserver();
    seen.gone = true;
    expect(await issuer.issuer()).to.equal(undefined);
    expect(issuer.isKnown()).to.equal(false);
    seen.gone = false;
    seen.time += 10_000;
    expect(await issuer.issuer()).to.equal('https://cluster');
  });
});
