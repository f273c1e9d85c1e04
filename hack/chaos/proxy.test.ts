import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { Agent, request } from 'undici';
import { createPki } from '../cluster/pki.ts';
import { arm, type Fault, noFault } from './faults.ts';
import { createJournal, describe as inWords, type Journal } from './journal.ts';
import { bad } from './operators.ts';
import { type FaultProxy, startProxy } from './proxy.ts';

const jobs = '/apis/batch/v1/namespaces/life/jobs';

describe('the proxy between operator and API server', () => {
  let directory: string;
  let certificate: { ca: Buffer; cert: Buffer; key: Buffer };
  let server: Server;
  let asked: string[];
  let dispatcher: Agent;
  let journal: Journal;
  let proxy: FaultProxy;
  let killed: string[];

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'chaos-proxy-'));
    await createPki({ directory, addresses: ['127.0.0.1'], names: ['localhost'] });
    const read = (file: string) => readFile(join(directory, file));
    const [ca, cert, key] = [
      await read('ca.crt'),
      await read('server.crt'),
      await read('server.key'),
    ];
    certificate = { ca, cert, key };
    server = createServer({ cert, key }, async (incoming, outgoing) => {
      asked.push(`${incoming.method} ${incoming.url}`);
      if (!incoming.url?.includes('watch=true')) return void outgoing.end('{"kind":"Job"}');
      for (const line of ['1', '2', '3']) outgoing.write(`{"type":"ADDED","object":${line}}\n`);
      outgoing.end();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    dispatcher = new Agent({ connect: { ca } });
  });
  after(async () => {
    await dispatcher.close();
    server.closeAllConnections();
    server.close();
    await rm(directory, { recursive: true });
  });
  beforeEach(() => {
    asked = [];
    killed = [];
    journal = createJournal();
  });
  afterEach(() => proxy.close());

  async function start(fault?: Fault): Promise<void> {
    const hands = {
      kill: async (slot: string) => void killed.push(slot),
      pauseUntilSucceeded: async () => undefined,
    };
    const { ca, ...own } = certificate;
    proxy = await startProxy({
      server: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
      ...{ ca, certificate: own, journal, slot: 'a' },
      strike: fault ? arm(fault, hands) : noFault,
    });
  }

  async function ask(method: 'GET' | 'POST', path: string): Promise<[number, string]> {
    const body = method === 'GET' ? null : '{}';
    const answer = await request(`${proxy.url}${path}`, { method, body, dispatcher });
    return [answer.statusCode, await answer.body.text()];
  }
  const fails = (method: 'GET' | 'POST', path: string) =>
    ask(method, path).then(
      (answer) => expect.fail(`answered ${answer}`),
      () => undefined,
    );

  it('passes on what comes by, and writes it down', async () => {
    await start();
    expect(await ask('POST', jobs)).to.deep.equal([200, '{"kind":"Job"}']);
    expect(await ask('GET', `${jobs}/train`)).to.deep.equal([200, '{"kind":"Job"}']);
    expect(journal.entries.map(inWords)).to.deep.equal([
      'write 1, create jobs.batch life',
      'request 2, get jobs.batch life/train',
    ]);
    expect(journal.entries.map(({ code }) => code)).to.deep.equal([200, 200]);
  });

  it('kills before a write: it never arrives', async () => {
    await start({ kind: 'killed-before', nth: 1 });
    await fails('POST', jobs);
    expect([asked, killed]).to.deep.equal([[], ['a']]);
  });

  it('kills after a write: it arrives', async () => {
    await start({ kind: 'killed-after', nth: 1 });
    await fails('POST', jobs);
    expect([asked, killed]).to.deep.equal([[`POST ${jobs}`], ['a']]);
  });

  it('strikes the n-th write and no other', async () => {
    await start({ kind: 'answer-lost', nth: 2 });
    expect((await ask('POST', jobs))[0]).to.equal(200);
    expect((await ask('GET', jobs))[0]).to.equal(200);
    await fails('POST', jobs);
    expect((await ask('POST', jobs))[0]).to.equal(200);
    expect(asked.filter((each) => each.startsWith('POST'))).to.have.length(3);
  });

  it('answers what it was told to, and asks nobody', async () => {
    await start({ kind: 'busy-429', nth: 1 });
    const answer = await request(`${proxy.url}${jobs}`, { dispatcher });
    expect([answer.statusCode, answer.headers['retry-after']]).to.deep.equal([429, '1']);
    expect(JSON.parse(await answer.body.text())).to.include({ kind: 'Status', code: 429 });
    expect(asked).to.deep.equal([]);
  });

  it('breaks an answer off in its middle', async () => {
    await start({ kind: 'half-an-answer', nth: 1 });
    await fails('GET', jobs);
    expect(asked).to.deep.equal([`GET ${jobs}`]);
  });

  it('lets a fault take a watch over at its n-th event', async () => {
    await start({ kind: 'watch-doubled', nth: 2 });
    const [, text] = await ask('GET', `${jobs}?watch=true`);
    const heard = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).object);
    expect(heard).to.deep.equal([1, 2, 2, 3]);
    expect(journal.events).to.equal(3);
  });

  it('ends a watch once, though more lines come in the same piece', async () => {
    await start({ kind: 'watch-410', nth: 1 });
    const [, text] = await ask('GET', `${jobs}?watch=true`);
    const types = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).type);
    expect(types).to.deep.equal(['ERROR']);
  });

  it('lets a watch fall silent without ending it', async () => {
    await start({ kind: 'watch-silent', nth: 2 });
    const { body } = await request(`${proxy.url}${jobs}?watch=true`, { dispatcher });
    const [first] = await once(body, 'data');
    expect(String(first).trim()).to.equal('{"type":"ADDED","object":1}');
    while (journal.events < 2) await sleep(5);
    expect(body.destroyed).to.equal(false);
    body.on('error', () => undefined).destroy();
  });
});

describe('the log of an operator', () => {
  const cases: [string, string, number][] = [
    ['news', '{"level":30,"msg":"Ready"}', 0],
    ['a bug', '{"level":50,"msg":"A reconcile ended in a bug"}', 1],
    ['a stack trace', 'TypeError: x is not a function\n    at main.ts:1', 2],
    [
      'a lost Lease, as is meant to be',
      '{"level":60,"msg":"The Lease a/b is not held any more: c."}',
      0,
    ],
  ];
  for (const [what, log, complaints] of cases)
    it(`with ${what} has ${complaints} lines to complain of`, () => {
      expect(bad(log)).to.have.length(complaints);
    });
});
