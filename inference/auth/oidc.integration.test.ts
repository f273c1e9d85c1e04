import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Role } from '@shelfwise/inference-contract';
import { expect } from 'chai';
import Koa from 'koa';
import Provider from 'oidc-provider';
import { pino } from 'pino';
import { listening } from '../fixtures/listening.ts';
import { problemResponses, requestIds } from '../http/errors.ts';
import type { RequestState } from '../http/state.ts';
import { authenticate } from './authenticate.ts';
import { createOidcIssuer } from './oidc.ts';

const log = pino({ level: 'silent' });
const audience = 'https://shop.example/classifier';

/** A real OpenID Connect server, with a machine client for each group, and its port to come back on. */
async function openIssuer(port = 0): Promise<{ url: string; server: Server }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = (client_id: string) => ({
    client_id,
    client_secret: `secret of ${client_id}`,
    grant_types: ['client_credentials'],
    redirect_uris: [],
    response_types: [],
  });
  const provider = new Provider(url, {
    clients: ['staff', 'editors', 'strangers'].map(client),
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_ctx, resource) => ({
          scope: '',
          audience: resource,
          accessTokenFormat: 'jwt',
          accessTokenTTL: 600,
        }),
      },
    },
    // What a directory would say of the client; with a user it would say it of the user.
    extraTokenClaims: (_ctx, token) => ({ groups: [(token as { clientId?: string }).clientId] }),
  });
  server.on('request', provider.callback());
  return { url, server };
}

async function tokenOf(issuer: string, client: string, resource = audience): Promise<string> {
  const answer = await fetch(`${issuer}/token`, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      authorization: `Basic ${Buffer.from(`${client}:${encodeURIComponent(`secret of ${client}`)}`).toString('base64')}`,
    },
    body: new URLSearchParams({ grant_type: 'client_credentials', resource }),
  });
  const body = (await answer.json()) as { access_token?: string };
  expect(answer.status, JSON.stringify(body)).to.equal(200);
  return body.access_token as string;
}

describe('a real OpenID Connect issuer', () => {
  let issuer: Awaited<ReturnType<typeof openIssuer>>;
  let service: Awaited<ReturnType<typeof listening>>;

  before(async () => {
    issuer = await openIssuer();
    const oidc = createOidcIssuer(
      {
        issuer: issuer.url,
        audience,
        rolesClaim: 'groups',
        roles: { predict: ['staff'], catalogue: ['editors'] },
      },
      log,
    );
    const app = new Koa<RequestState>();
    app.use(requestIds);
    app.use(problemResponses(log));
    app.use(authenticate({ keys: undefined, cluster: undefined, namespaces: [], oidc }));
    app.use((ctx) => {
      ctx.body = ctx.state.caller as object;
    });
    service = await listening(app.callback());
  });
  after(async () => {
    await service?.close();
    issuer?.server.closeAllConnections();
    issuer?.server.close();
  });

  async function ask(token: string) {
    const headers = { authorization: `Bearer ${token}` };
    const answer = await fetch(service.url, { headers });
    // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every kind
    return { status: answer.status, body: (await answer.json()) as any };
  }

  const roles: [client: string, roles: Role[]][] = [
    ['staff', ['predict']],
    ['editors', ['catalogue']],
    ['strangers', []],
  ];
  for (const [client, given] of roles) {
    it(`vouches for ${client}, who have ${given.join() || 'no role'}`, async () => {
      const { status, body } = await ask(await tokenOf(issuer.url, client));
      expect([status, body.kind, body.name, body.roles]).to.deep.equal([
        200,
        'oidc',
        client,
        given,
      ]);
    });
  }

  it('vouches for nobody whose token is for another service', async () => {
    const { status, body } = await ask(await tokenOf(issuer.url, 'staff', 'https://other.example'));
    expect(`${status} ${body.detail}`).to.match(/^401 .*another audience/);
  });

  it('need not be there for its tokens to be taken', async () => {
    const [known, fresh] = await Promise.all([
      tokenOf(issuer.url, 'staff'),
      tokenOf(issuer.url, 'editors'),
    ]);
    expect((await ask(known)).status).to.equal(200);
    issuer.server.closeAllConnections();
    await new Promise((resolve) => issuer.server.close(resolve));
    expect([(await ask(known)).status, (await ask(fresh)).status]).to.deep.equal([200, 200]);
    issuer = await openIssuer(Number(new URL(issuer.url).port));
  });
});
