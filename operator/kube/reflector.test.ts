import type { ServerResponse } from 'node:http';
import { expect } from 'chai';
import { waitFor } from '../../hack/process/wait.ts';
import { ApiError } from './api-error.ts';
import type { KubernetesObject, Stored } from './object.ts';
import { createReflector, type Reflector, type ReflectorOptions } from './reflector.ts';
import { pods } from './resource.ts';
import { defaultRetries } from './retry.ts';
import {
  answer,
  type Received,
  refuse,
  type ScriptedServer,
  startScriptedServer,
} from './scripted-server.ts';
import { createTransport, type Transport } from './transport.ts';

interface Pod extends KubernetesObject {
  spec?: { nodeName: string };
}

const pod = (name: string, version: string, extra: object = {}) => ({
  metadata: { namespace: 'shop', name, uid: `uid-${name}`, resourceVersion: version, ...extra },
});
const listOf = (version: string, ...items: object[]) => ({
  kind: 'PodList',
  metadata: { resourceVersion: version },
  items,
});
const line = (type: string, object: object) => `${JSON.stringify({ type, object })}\n`;
const bookmark = (version: string) =>
  line('BOOKMARK', { kind: 'Pod', metadata: { resourceVersion: version } });
const gone = line('ERROR', {
  kind: 'Status',
  code: 410,
  reason: 'Expired',
  message: 'too old resource version',
});

/** One step of a script: how the next request is answered, and what it has to be. */
interface Step {
  want: 'list' | 'watch';
  from?: string;
  reply: (response: ServerResponse, request: Received) => void;
}

const list = (...args: Parameters<typeof listOf>): Step => ({
  want: 'list',
  reply: (response) => answer(response, 200, listOf(...args)),
});
/** A watch that says these lines and stays open. */
const watch = (from: string, ...lines: string[]): Step => ({
  want: 'watch',
  from,
  reply: (response) => {
    response.writeHead(200).flushHeaders();
    for (const each of lines) response.write(each);
  },
});
const then = (step: Step, finish: (response: ServerResponse) => void): Step => ({
  ...step,
  reply: (response, request) => {
    step.reply(response, request);
    // After what was written has left: a reset would overtake it.
    response.write('', () => setTimeout(() => finish(response), 20));
  },
});

describe('reflector', () => {
  let server: ScriptedServer;
  let transport: Transport;
  let reflector: Reflector<Pod>;
  let changes: string[];
  let failures: string[];
  let wrong: string[];
  let stop: AbortController;
  let running: Promise<void>;

  async function play(steps: Step[], options: Partial<ReflectorOptions<Pod>> = {}): Promise<void> {
    changes = [];
    failures = [];
    wrong = [];
    server = await startScriptedServer((request, response, number) => {
      const step = steps[number] ?? { ...watch(''), from: undefined };
      const asked = request.url.searchParams;
      const verb = asked.get('watch') === 'true' ? 'watch' : 'list';
      if (verb !== step.want) wrong.push(`request ${number} was ${verb}, not ${step.want}`);
      const from = asked.get('resourceVersion');
      if (step.from !== undefined && from !== step.from)
        wrong.push(`request ${number} was from ${from}, not ${step.from}`);
      step.reply(response, request);
    });
    transport = createTransport({
      connection: server.connection,
      userAgent: 'test',
      retries: { ...defaultRetries, attempts: 1 },
    });
    reflector = createReflector<Pod>({
      transport,
      resource: pods,
      initial: 'pages',
      onChange: ({ object, previous }) => {
        const name = (object ?? previous)?.metadata.name;
        changes.push(`${object ? (previous ? '~' : '+') : '-'}${name}`);
      },
      onFailure: (error) => failures.push(error.reason),
      ...options,
      timing: { baseDelayMs: 1, maximumDelayMs: 5, ...options.timing },
    });
    stop = new AbortController();
    running = reflector.run(stop.signal);
  }

  afterEach(async () => {
    stop.abort();
    await running;
    await transport.close();
    await server.close();
    expect(wrong).to.deep.equal([]);
  });

  const until = (condition: () => boolean) =>
    waitFor(async () => condition() || undefined, {
      what: 'the cache',
      limitMs: 20_000,
      everyMs: 2,
    }).catch((error) => {
      throw new Error(
        `${error.message} Seen: ${JSON.stringify({ changes, failures, wrong, versions: versions() })}`,
      );
    });
  const versions = () =>
    Object.fromEntries(
      reflector.list().map(({ metadata }) => [metadata.name, metadata.resourceVersion]),
    );
  const holds = (wanted: Record<string, string>) =>
    until(
      () =>
        JSON.stringify(Object.entries(versions()).sort()) ===
        JSON.stringify(Object.entries(wanted).sort()),
    );

  it('lists, then follows from the list’s version', async () => {
    await play([
      list('10', pod('a', '1'), pod('b', '2')),
      watch(
        '10',
        line('ADDED', pod('c', '11')),
        line('MODIFIED', pod('a', '12')),
        line('DELETED', pod('b', '13')),
      ),
    ]);
    await holds({ a: '12', c: '11' });
    expect(changes).to.deep.equal(['+a', '+b', '+c', '~a', '-b']);
    expect(failures).to.deep.equal([]);
  });

  it('tells by how much it grew', async () => {
    const grew: number[] = [];
    const deleted = line('DELETED', pod('a', '12'));
    await play(
      [
        list('10', pod('a', '1'), pod('b', '2')),
        watch('10', line('ADDED', pod('c', '11')), line('MODIFIED', pod('c', '11')), deleted),
      ],
      {
        observe: {
          listed: () => undefined,
          failed: () => undefined,
          grew: (_, by) => grew.push(by),
        },
      },
    );
    await holds({ b: '2', c: '11' });
    expect(grew).to.deep.equal([2, 1, 0, -1]);
  });

  it('is not synced before the first complete list, however the server fails', async () => {
    await play([
      { want: 'list', reply: (response) => refuse(response, 503, 'Down', 'no') },
      { want: 'list', reply: (response) => response.socket?.destroy() },
      {
        want: 'list',
        reply: (response) =>
          answer(response, 200, {
            metadata: { resourceVersion: '5', continue: 'more' },
            items: [pod('a', '1')],
          }),
      },
      { want: 'list', reply: (response) => refuse(response, 500, 'Down', 'no') },
      {
        want: 'list',
        reply: (response) => {
          expect(reflector.hasSynced()).to.equal(false);
          answer(response, 200, listOf('6', pod('a', '1')));
        },
      },
    ]);
    await reflector.synced;
    expect(reflector.hasSynced()).to.equal(true);
    expect(reflector.list()).to.have.length(1);
    expect(failures).to.deep.equal(['Down', 'Unreachable', 'Down']);
  });

  it('puts pages together, and asks for the next by its token', async () => {
    const tokens: (string | null)[] = [];
    const page = (token: string | undefined, ...items: object[]): Step => ({
      want: 'list',
      reply: (response, { url }) => {
        tokens.push(url.searchParams.get('continue'));
        answer(response, 200, {
          metadata: { resourceVersion: '9', ...(token ? { continue: token } : {}) },
          items,
        });
      },
    });
    await play([
      page('p2', pod('a', '1')),
      page('p3', pod('b', '2')),
      page(undefined, pod('c', '3')),
      watch('9'),
    ]);
    await holds({ a: '1', b: '2', c: '3' });
    expect(tokens).to.deep.equal([null, 'p2', 'p3']);
  });

  it('takes all in one answer when the pages expire on the way', async () => {
    await play([
      {
        want: 'list',
        reply: (response) =>
          answer(response, 200, {
            metadata: { resourceVersion: '9', continue: 'p2' },
            items: [pod('old', '1')],
          }),
      },
      { want: 'list', reply: (response) => refuse(response, 410, 'Expired', 'token') },
      {
        want: 'list',
        reply: (response, { url }) => {
          expect([url.searchParams.get('limit'), url.searchParams.get('continue')]).to.deep.equal([
            null,
            null,
          ]);
          answer(response, 200, listOf('20', pod('new', '15')));
        },
      },
      watch('20'),
    ]);
    await holds({ new: '15' });
    expect(failures).to.deep.equal([]);
  });

  it('goes on where a watch ended in order, bookmarks included, and asks for bookmarks', async () => {
    await play([
      list('10'),
      then(watch('10', bookmark('17')), (response) => response.end()),
      watch('17', line('ADDED', pod('a', '18'))),
    ]);
    await holds({ a: '18' });
    expect(server.received[1]?.url.searchParams.get('allowWatchBookmarks')).to.equal('true');
    expect(failures).to.deep.equal([]);
  });

  const malformed: Record<string, object | null> = {
    'an event of no object': { type: 'ADDED' },
    'an event of an object without a name': { type: 'ADDED', object: { metadata: {} } },
    'a bookmark without a version': { type: 'BOOKMARK', object: { metadata: null } },
    'an error without an object': { type: 'ERROR' },
    null: null,
  };
  for (const [name, event] of Object.entries(malformed)) {
    it(`takes ${name} for a broken stream, not for a reason to end`, async () => {
      await play([
        list('10'),
        watch('10', `${JSON.stringify(event)}\n`),
        watch('10', line('ADDED', pod('a', '11'))),
      ]);
      await holds({ a: '11' });
      expect(failures).to.have.length(1);
    });
  }

  it('does not take any JSON for a list', async () => {
    const page = (body: unknown): Step => ({
      want: 'list',
      reply: (response) => answer(response, 200, body),
    });
    await play([
      page(null),
      page({ kind: 'Status', metadata: {} }),
      page({ metadata: { resourceVersion: '9' }, items: [{}] }),
      page({ metadata: { resourceVersion: '9' }, items: null }),
    ]);
    await reflector.synced;
    expect(failures).to.deep.equal(['BadResponse', 'BadResponse', 'BadResponse']);
    expect(reflector.list()).to.deep.equal([]);
  });

  it('lists again when versions go backwards: what reorders may have lost something', async () => {
    await play([
      list('10'),
      watch('10', line('ADDED', pod('a', '12')), line('ADDED', pod('b', '11'))),
      list('13', pod('a', '12'), pod('b', '11')),
      watch('13'),
    ]);
    await holds({ a: '12', b: '11' });
    expect(failures).to.deep.equal(['Reordered']);
  });

  it('does not tell twice what it heard twice, nor of what it never knew', async () => {
    const twice = line('MODIFIED', pod('a', '11'));
    const stranger = line('DELETED', pod('x', '12'));
    await play([
      list('10', pod('a', '1')),
      watch('10', twice, twice, stranger, line('ADDED', pod('b', '13'))),
    ]);
    await holds({ a: '11', b: '13' });
    expect(changes).to.deep.equal(['+a', '~a', '+b']);
    expect(failures).to.deep.equal([]);
  });

  it('ends when its listener throws, even an ApiError', async () => {
    await play([list('10', pod('a', '1')), watch('10')], {
      onChange: () => {
        const about = { verb: 'get', resource: 'pods', object: 'shop/a' };
        throw new ApiError({ ...about, status: 503, reason: 'Down', message: 'no.' });
      },
    });
    const error = await running.catch((thrown: Error) => thrown);
    expect(String(error)).to.equal(
      'Error: What listens to changes of pods threw at shop/a: Cannot get pods shop/a: no.',
    );
    running = Promise.resolve();
    expect(failures).to.deep.equal([]);
  });

  describe('with a streamed list', () => {
    const end = (version: string) =>
      line('BOOKMARK', {
        kind: 'Pod',
        metadata: {
          resourceVersion: version,
          annotations: { 'k8s.io/initial-events-end': 'true' },
        },
      });
    const stream = (...lines: string[]): Step => {
      const { reply } = watch('', ...lines);
      return {
        want: 'watch',
        reply: (response, request) => {
          const asked = Object.fromEntries(request.url.searchParams);
          if (asked.sendInitialEvents !== 'true' || asked.resourceVersion !== undefined)
            wrong.push(`asked for ${JSON.stringify(asked)}, not for a streamed list`);
          expect(asked.resourceVersionMatch).to.equal('NotOlderThan');
          reply(response, request);
        },
      };
    };
    const begin = (steps: Step[], options = {}) => play(steps, { initial: 'stream', ...options });
    const added = (name: string, version: string) => line('ADDED', pod(name, version));

    it('holds nothing before all of it came, then goes on in the same watch', async () => {
      let finish: () => void = () => expect.fail('It was not asked yet.');
      await begin([
        {
          ...stream(added('b', '9'), added('a', '1')),
          reply: (response, request) => {
            stream(added('b', '9'), added('a', '1')).reply(response, request);
            finish = () => {
              response.write(line('MODIFIED', pod('a', '11')));
              response.write(line('DELETED', pod('b', '12')));
              response.write(end('12'));
              response.write(added('c', '13'));
            };
          },
        },
      ]);
      await until(() => server.received.length === 1);
      expect(reflector.hasSynced()).to.equal(false);
      finish();
      await holds({ a: '11', c: '13' });
      expect(changes).to.deep.equal(['+a', '+c']);
      expect(server.received).to.have.length(1);
      expect(failures).to.deep.equal([]);
    });

    it('turns to pages for good where streams are refused', async () => {
      const shut = (response: ServerResponse) => response.end();
      await begin([
        {
          want: 'watch',
          reply: (response) => refuse(response, 422, 'Invalid', 'sendInitialEvents: Forbidden'),
        },
        list('10', pod('a', '1')),
        then(watch('10', gone), shut),
        list('20', pod('a', '15')),
        watch('20'),
      ]);
      await holds({ a: '15' });
      expect(failures).to.deep.equal(['Expired']);
    });

    const breaks: Record<string, (response: ServerResponse) => unknown> = {
      'breaks off': (response) => response.socket?.destroy(),
      'ends too early': (response) => response.end(),
      'brings a bookmark that is not the end': (response) => response.write(bookmark('9')),
      expires: (response) => response.write(gone),
    };
    for (const [name, finish] of Object.entries(breaks)) {
      it(`takes pages when the stream ${name}, and streams again the next time`, async () => {
        await begin([
          then(stream(added('old', '1')), finish),
          list('10', pod('a', '2')),
          watch('10', gone),
          stream(added('b', '12'), end('12')),
        ]);
        await holds({ b: '12' });
        expect(changes).to.deep.equal(['+a', '-a', '+b']);
        expect(failures).to.have.length(2);
      });
    }

    it('keeps what was trimmed, frozen', async () => {
      await begin(
        [
          stream(
            line('ADDED', { ...pod('a', '1', { managedFields: [] }), spec: { nodeName: 'n' } }),
            end('1'),
          ),
        ],
        { transform: ({ spec: _, ...rest }: Pod) => rest },
      );
      await reflector.synced;
      expect(reflector.list()).to.deep.equal([pod('a', '1')]);
      expect(Object.isFrozen(reflector.list()[0]?.metadata)).to.equal(true);
    });
  });

  const breaks: { name: string; finish: (response: ServerResponse) => void; reason: string }[] = [
    { name: 'a reset', finish: (response) => response.socket?.destroy(), reason: 'Unreachable' },
    {
      name: 'half a line',
      finish: (response) => response.end('{"type":"ADD'),
      reason: 'BadResponse',
    },
    {
      name: 'a line that is no JSON',
      finish: (response) => response.write('<html>\n'),
      reason: 'BadResponse',
    },
    {
      name: 'an event of unknown type',
      finish: (response) => response.write(line('PATCHED', pod('a', '1'))),
      reason: 'BadResponse',
    },
    {
      name: 'an error in the stream',
      finish: (response) =>
        response.write(
          line('ERROR', { kind: 'Status', code: 500, reason: 'InternalError', message: 'etcd' }),
        ),
      reason: 'InternalError',
    },
  ];
  for (const { name, finish, reason } of breaks) {
    it(`watches again from the last version after ${name}`, async () => {
      await play([
        list('10'),
        then(watch('10', line('ADDED', pod('a', '11'))), finish),
        watch('11', line('ADDED', pod('b', '12'))),
      ]);
      await holds({ a: '11', b: '12' });
      expect(failures).to.deep.equal([reason]);
      expect(changes).to.deep.equal(['+a', '+b']);
    });
  }

  const expired: { name: string; reply: Step['reply'] }[] = [
    { name: 'as an answer', reply: (response) => refuse(response, 410, 'Expired', 'too old') },
    { name: 'in the stream', reply: (response) => void response.writeHead(200).write(gone) },
  ];
  for (const { name, reply } of expired) {
    it(`lists again after 410 ${name}, and tells only what differs`, async () => {
      await play([
        list('10', pod('a', '1'), pod('b', '2'), pod('c', '3')),
        { want: 'watch', from: '10', reply },
        list('50', pod('a', '1'), pod('b', '40'), pod('d', '41')),
        watch('50', line('MODIFIED', pod('d', '51'))),
      ]);
      await holds({ a: '1', b: '40', d: '51' });
      expect(changes).to.deep.equal(['+a', '+b', '+c', '-c', '~b', '+d', '~d']);
    });
  }

  it('notices a connection that went silent', async () => {
    await play([list('10'), watch('10'), watch('10', line('ADDED', pod('a', '11')))], {
      timing: { silenceMs: 500 },
    });
    await holds({ a: '11' });
    expect(failures[0]).to.equal('Timeout');
  });

  it('does not take a connection for silent that says something now and then', async () => {
    const talks: Step = {
      want: 'watch',
      reply: (response) => {
        let version = 10;
        const timer = setInterval(() => response.write(bookmark(`${++version}`)), 50);
        setTimeout(() => {
          clearInterval(timer);
          response.write(line('ADDED', pod('a', '1000')));
        }, 3_000);
      },
    };
    await play([list('10'), talks], { timing: { silenceMs: 2_000 } });
    await holds({ a: '1000' });
    expect(failures).to.deep.equal([]);
  });

  it('lists again when watches keep failing', async () => {
    const down: Step = {
      want: 'watch',
      from: '10',
      reply: (response) => refuse(response, 500, 'Down', 'no'),
    };
    await play([list('10', pod('a', '1')), down, down, down, list('4', pod('a', '3')), watch('4')]);
    await holds({ a: '3' });
    expect(failures).to.deep.equal(['Down', 'Down', 'Down']);
  });

  it('grants the API server the time it asked for, but not for ever', async () => {
    const waits: number[] = [];
    const busy: Step = {
      want: 'list',
      reply: (response) =>
        refuse(response, 429, 'TooManyRequests', 'no', { 'retry-after': '9999999999' }),
    };
    await play([busy, busy], { onFailure: (_, retryInMs) => waits.push(retryInMs) });
    await until(() => waits.length > 0);
    expect(waits).to.deep.equal([300_000]);
  });

  it('goes on from the last version, without a wait that grows, where connections are cut off that served well', async () => {
    const waits: number[] = [];
    const cut = (version: number): Step => ({
      want: 'watch',
      reply: (response) => {
        response.write(line('ADDED', pod(`p${version}`, `${version}`)));
        setTimeout(() => response.destroy(), 600);
      },
    });
    const last = watch('13', line('ADDED', pod('p14', '14')));
    await play([list('10'), cut(11), cut(12), cut(13), last], {
      onFailure: (_, retryInMs) => waits.push(retryInMs),
      timing: { baseDelayMs: 100, maximumDelayMs: 400, random: () => 1 },
    });
    await until(() => reflector.get({ namespace: 'shop', name: 'p14' }) !== undefined);
    expect(waits).to.deep.equal([100, 100, 100]);
  });

  it('takes another history for another one, though its versions are the same', async () => {
    const down: Step = {
      want: 'watch',
      from: '20',
      reply: (response) => refuse(response, 504, 'Timeout', 'Too large resource version'),
    };
    const before = { ...pod('a', '12'), spec: { nodeName: 'before' } };
    const after = { ...pod('a', '12'), spec: { nodeName: 'after' } };
    await play([list('20', before), down, down, down, list('15', after), watch('15')]);
    await until(() => reflector.list()[0]?.spec?.nodeName === 'after');
    expect(changes).to.deep.equal(['+a', '~a']);
  });

  it('takes a watch that ends at once for a failure, not for an invitation', async () => {
    const shut: Step = {
      want: 'watch',
      from: '10',
      reply: (response) => void response.writeHead(200).end(),
    };
    await play([list('10'), shut, shut, watch('10', line('ADDED', pod('a', '11')))]);
    await holds({ a: '11' });
    expect(failures).to.deep.equal(['Unreachable', 'Unreachable']);
  });

  it('takes an object of the same name and version but another UID for another one', async () => {
    await play([
      list('1', pod('a', '1')),
      watch('1', line('MODIFIED', pod('a', '1', { uid: 'other' }))),
    ]);
    await until(() => reflector.get({ namespace: 'shop', name: 'a' })?.metadata.uid === 'other');
  });

  it('keeps objects frozen, without managedFields, with kind and apiVersion, and trimmed as told', async () => {
    await play(
      [
        list('10', {
          ...pod('a', '1', { managedFields: [{ manager: 'x' }] }),
          spec: { nodeName: 'n' },
          status: 'long',
        }),
        watch('10'),
      ],
      {
        transform: ({ apiVersion, kind, metadata, spec }) => ({
          apiVersion,
          kind,
          metadata,
          ...(spec ? { spec } : {}),
        }),
      },
    );
    await reflector.synced;
    const found = reflector.get({ namespace: 'shop', name: 'a' }) as Stored<Pod>;
    expect(found).to.deep.equal({
      apiVersion: 'v1',
      kind: 'Pod',
      ...pod('a', '1'),
      spec: { nodeName: 'n' },
    });
    expect(() => {
      if (found.spec) found.spec.nodeName = 'other';
    }).to.throw(TypeError);
  });

  it('stops at once, in whatever it does', async () => {
    await play([{ want: 'list', reply: () => undefined }]);
    await until(() => server.received.length === 1);
    stop.abort();
    await running;
    expect(failures).to.deep.equal([]);
  });

  it('selects by namespace, labels and fields', async () => {
    await play([list('10'), watch('10')], {
      namespace: 'shop',
      labelSelector: 'a=b',
      fieldSelector: 'spec.nodeName=n',
    });
    await until(() => server.received.length === 2);
    for (const { url } of server.received) {
      expect(url.pathname).to.equal('/api/v1/namespaces/shop/pods');
      expect(url.searchParams.get('labelSelector')).to.equal('a=b');
      expect(url.searchParams.get('fieldSelector')).to.equal('spec.nodeName=n');
    }
  });
});
