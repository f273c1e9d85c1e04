import { randomUUID } from 'node:crypto';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Snapshot } from '@shelfwise/trainer-contract';
import { expect } from 'chai';
import { type S3Service, startVersitygw } from '../../hack/services/versitygw.ts';
import { folderForEach } from '../folder.fixture.ts';
import { layOut, snapshotsIn, type TestProduct, testIo, testProducts } from './fixture.ts';

/** Stands before the S3 server and notes what is written to it. */
async function startWitness(target: string) {
  const written: string[] = [];
  const { hostname, port } = new URL(target);
  const server: Server = createServer((incoming, response) => {
    const { method, url = '', headers } = incoming;
    if (method === 'PUT') written.push(new URL(url, target).pathname);
    const onward = request({ hostname, port, method, path: url, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { endpoint, written, server };
}

describe('the shards of a snapshot in S3', () => {
  let s3: S3Service;
  let witness: Awaited<ReturnType<typeof startWitness>>;
  const folder = folderForEach();
  const { takeLaid } = snapshotsIn(folder);
  before(async () => {
    s3 = await startVersitygw();
    witness = await startWitness(s3.endpoint);
  });
  after(async () => {
    witness?.server.closeAllConnections();
    witness?.server.close();
    await s3?.stop();
  });

  /** Takes a snapshot; returns it and the keys that were written for it, below the store's root. */
  async function take(products: TestProduct[], prefix: string, parent?: Snapshot) {
    const from = randomUUID();
    await layOut(join(folder.path, from), products);
    const { io } = await testIo(folder.path, { ...s3.env, AWS_ENDPOINT_URL_S3: witness.endpoint });
    witness.written.length = 0;
    const snapshot = await takeLaid(
      {
        from: folder.url(from),
        store: `s3://${s3.bucket}/${prefix}`,
        holdoutPercent: 10,
        maximumInvalidPercent: 0,
        parent: parent?.digest,
      },
      io,
    );
    const root = `/${s3.bucket}/${prefix}/`;
    return { snapshot, written: witness.written.map((path) => path.slice(root.length)) };
  }
  const shardsOf = (snapshot: Snapshot) =>
    [...snapshot.shards.train, ...snapshot.shards.holdout].map(({ digest }) => digest);
  const shards = (written: string[]) => written.filter((key) => key.startsWith('shards/'));

  it('are each uploaded once: what did not change is not sent again', async () => {
    const prefix = randomUUID();
    const products: TestProduct[] = await testProducts(1500);
    const first = await take(products, prefix);
    expect(shards(first.written)).to.have.length(shardsOf(first.snapshot).length);
    expect(shardsOf(first.snapshot).length).to.be.at.least(5);

    const again = await take(products, prefix, first.snapshot);
    expect(again.snapshot.digest).to.equal(first.snapshot.digest);
    expect(shards(again.written)).to.deep.equal([]);

    const changed = products.map((product, i) =>
      i === 700 ? { ...product, class: 'jeu' } : product,
    );
    changed[701] = { ...(changed[701] as TestProduct), class: 'jeu' };
    const next = await take(changed, prefix, first.snapshot);
    const before = new Set(shardsOf(first.snapshot));
    const fresh = shardsOf(next.snapshot).filter((digest) => !before.has(digest));
    expect(fresh.length).to.be.within(1, 2);
    expect(shards(next.written)).to.have.members(
      fresh.map((digest) => `shards/${digest.replace('sha256:', '')}.tar`),
    );
  });

  it('come before what names them, and snapshot.json last', async () => {
    const { written } = await take(await testProducts(40), randomUUID());
    const kinds = written.map((key) => key.replace(/[0-9a-f]{64}/, '…'));
    expect(kinds.at(-1)).to.equal('datasets/…/snapshot.json');
    expect(kinds.slice(-4).sort()).to.deep.equal([
      'datasets/…/members.json',
      'datasets/…/report.html',
      'datasets/…/report.json',
      'datasets/…/snapshot.json',
    ]);
    expect(new Set(kinds.slice(0, -4))).to.deep.equal(new Set(['shards/….tar']));
  });
});
