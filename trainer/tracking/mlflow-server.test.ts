import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { createPki } from '../../hack/cluster/pki.ts';
import { callMlflow } from './mlflow-server.ts';

describe('MLflow behind TLS, with an authority of the shop’s own', () => {
  let dir: string;
  let server: Server;
  let uri: string;
  let asked: (string | undefined)[];

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'mlflow-tls-'));
    const pki = join(dir, 'pki');
    await createPki({ directory: pki, addresses: ['127.0.0.1'], names: ['localhost'] });
    await mkdir(join(dir, 'secret'));
    await copyFile(join(pki, 'ca.crt'), join(dir, 'secret', 'ca.crt'));
    asked = [];
    server = createServer(
      {
        key: await readFile(join(pki, 'server.key')),
        cert: await readFile(join(pki, 'server.crt')),
      },
      ({ url }, response) => {
        asked.push(url);
        response.end('{"experiment": {}}');
      },
    ).listen(0, '127.0.0.1');
    await once(server, 'listening');
    uri = `https://127.0.0.1:${(server.address() as AddressInfo).port}/base/`;
  });
  after(async () => {
    server.close();
    server.closeAllConnections();
    await rm(dir, { recursive: true });
  });

  const call = (credentialsDir?: string) =>
    callMlflow(
      { uri, experiment: 'e', credentialsDir },
      {
        method: 'GET',
        path: 'experiments/get-by-name',
        body: { experiment_name: 'a/b c' },
        timeoutMs: 30_000,
      },
    );

  it('is trusted by the Secret’s ca.crt, and asked below the path of its address', async () => {
    expect(await call(join(dir, 'secret'))).to.deep.equal({ experiment: {} });
    expect(asked).to.deep.equal([
      '/base/api/2.0/mlflow/experiments/get-by-name?experiment_name=a%2Fb+c',
    ]);
  });

  it('is not trusted without it', async () => {
    const error = await call().catch((e: unknown) => e);
    expect(error).to.match(
      /UNABLE_TO_VERIFY_LEAF_SIGNATURE|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_GET/,
    );
  });
});
