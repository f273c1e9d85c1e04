import { expect } from 'chai';
import { createEventRecorder, type EventNote, type EventRecorder } from './events.ts';
import { defaultRetries } from './retry.ts';
import { answer, refuse, type ScriptedServer, startScriptedServer } from './scripted-server.ts';
import { createTransport, type Transport } from './transport.ts';

const note: EventNote = {
  regarding: {
    apiVersion: 'shelfwise.dev/v1alpha1',
    kind: 'ModelRelease',
    metadata: { namespace: 'shop', name: 'm', uid: 'u' },
  },
  type: 'Warning',
  reason: 'GateFailed',
  action: 'Judge',
  note: 'accuracy 0.7 is below 0.8',
};

describe('event recorder', () => {
  let server: ScriptedServer;
  let transport: Transport;
  let recorder: EventRecorder;
  let failures: string[];
  let now: number;

  async function start(
    script: Parameters<typeof startScriptedServer>[0] = (_, response) => answer(response, 201, {}),
  ): Promise<void> {
    server = await startScriptedServer(script);
    transport = createTransport({
      connection: server.connection,
      userAgent: 'test',
      retries: { ...defaultRetries, attempts: 1 },
    });
    failures = [];
    now = Date.parse('2026-11-22T03:00:00.123Z');
    recorder = createEventRecorder({
      transport,
      reportingController: 'shelfwise.dev/operator',
      reportingInstance: 'pod-1',
      onFailure: (error) => failures.push(error.message),
      now: () => new Date(now),
    });
  }

  afterEach(async () => {
    await transport.close();
    await server.close();
  });

  const sent = () =>
    server.received.map(({ method, body }) => ({ method, body: JSON.parse(body) }));

  it('writes what the API wants to know', async () => {
    await start();
    recorder.record(note);
    await recorder.flush();
    const [{ body } = { body: undefined }] = sent();
    expect(server.received[0]?.url.pathname).to.equal(
      '/apis/events.k8s.io/v1/namespaces/shop/events',
    );
    expect(body.metadata.name).to.match(/^m\.[0-9a-f]{16}$/);
    expect(body).to.deep.include({
      kind: 'Event',
      eventTime: '2026-11-22T03:00:00.123000Z',
      reportingController: 'shelfwise.dev/operator',
      reportingInstance: 'pod-1',
      type: 'Warning',
      reason: 'GateFailed',
      action: 'Judge',
      note: 'accuracy 0.7 is below 0.8',
      regarding: {
        apiVersion: 'shelfwise.dev/v1alpha1',
        kind: 'ModelRelease',
        namespace: 'shop',
        name: 'm',
        uid: 'u',
      },
    });
  });

  it('counts what repeats: 100 times is one event and 6 patches', async () => {
    await start();
    for (let i = 0; i < 100; i++) recorder.record(note);
    await recorder.flush();
    expect(sent().map(({ method, body }) => [method, body.series?.count])).to.deep.equal([
      ['POST', undefined],
      ...[2, 4, 8, 16, 32, 64].map((count) => ['PATCH', count]),
    ]);
  });

  it('keeps apart what differs, and begins anew after a pause or when the event is gone', async () => {
    await start((request, response) =>
      request.method === 'PATCH'
        ? refuse(response, 404, 'NotFound', 'gone')
        : answer(response, 201, {}),
    );
    recorder.record(note);
    recorder.record({ ...note, note: 'accuracy 0.6 is below 0.8' });
    await recorder.flush();
    now += 7 * 60_000;
    recorder.record(note);
    recorder.record(note);
    await recorder.flush();
    expect(sent().map(({ method }) => method)).to.deep.equal([
      'POST',
      'POST',
      'POST',
      'PATCH',
      'POST',
    ]);
  });

  it('tells of a failure, and goes on', async () => {
    await start((_, response, number) =>
      number === 0
        ? refuse(response, 403, 'Forbidden', 'events is forbidden')
        : answer(response, 201, {}),
    );
    recorder.record(note);
    recorder.record(note);
    await recorder.flush();
    expect(failures).to.deep.equal([
      'Cannot create events.events.k8s.io shop: events is forbidden',
    ]);
    expect(sent()).to.have.length(2);
  });

  it('drops what comes while a thousand wait, and says so', async () => {
    await start();
    for (let i = 0; i < 1_002; i++) recorder.record(note);
    expect(failures).to.deep.equal(new Array(2).fill('1000 events wait to be written already.'));
    await recorder.flush();
    recorder.record(note);
    await recorder.flush();
    expect(failures).to.have.length(2);
  });

  it('tells of an event that is none, too, and goes on: no event may end the process', async () => {
    await start();
    const metadata = { ...note.regarding.metadata, namespace: '' };
    recorder.record({ ...note, regarding: { ...note.regarding, metadata } });
    recorder.record(note);
    await recorder.flush();
    expect(failures).to.deep.equal(['"" is no name of a namespace.']);
    expect(sent()).to.have.length(1);
  });

  it('makes a name that the API takes of each that it knows', async () => {
    await start();
    // At the length where it is cut there may be what no part of a name ends with.
    for (const end of ['-x', '.x', '--.--x', '']) {
      const name = `${'a'.repeat(230 - end.length + 1)}${end}`.padEnd(253, 'y');
      const metadata = { ...note.regarding.metadata, name };
      recorder.record({ ...note, regarding: { ...note.regarding, metadata } });
    }
    await recorder.flush();
    const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
    expect(sent()).to.have.length(4);
    for (const { body } of sent()) expect(body.metadata.name).to.match(subdomain);
  });

  it('cuts a note at 1,024 bytes, between characters', async () => {
    await start();
    recorder.record({ ...note, note: 'é'.repeat(600) });
    await recorder.flush();
    const cut = sent()[0]?.body.note;
    expect(Buffer.byteLength(cut)).to.be.within(1_020, 1_024);
    expect(cut).to.match(/^é+…$/);
  });
});
