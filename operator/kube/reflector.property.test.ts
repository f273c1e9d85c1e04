import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import fc from 'fast-check';
import { waitFor } from '../../hack/process/wait.ts';
import type { KubernetesObject } from './object.ts';
import { createReflector } from './reflector.ts';
import { pods } from './resource.ts';
import { answer, type Received, refuse, startScriptedServer } from './scripted-server.ts';
import { createTransport } from './transport.ts';

interface Event {
  type: 'ADDED' | 'MODIFIED' | 'DELETED';
  name: string;
  version: number;
  uid: string;
}

/** What a request may meet. Each of them but `none` is a fault, of the API server or of what stands in between. */
const faults = [
  'none',
  'refused',
  'expired',
  'expired in the stream',
  'reset',
  'reset in the stream',
  'ended at once',
  'half a line',
  'nonsense',
  'error event',
  'every event twice',
  'out of order',
  'no streamed lists',
] as const;
type Fault = (typeof faults)[number];

const names = ['a', 'b', 'c', 'd'];
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('put' as const), name: fc.nat(3) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('delete' as const), name: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('compact' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('bookmark' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('cut' as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('pause' as const), ms: fc.integer({ min: 1, max: 8 }) }),
  },
);

const line = (type: string, object: object) => `${JSON.stringify({ type, object })}\n`;
const objectOf = ({ name, version, uid }: Event) => ({
  metadata: { namespace: 'shop', name, uid, resourceVersion: String(version) },
});

interface Watcher {
  response: ServerResponse;
  fault: Fault;
  held?: Event | undefined;
  /** It was to list, and can't any more. */
  incomplete?: boolean;
}

/** An API server of one collection, with its history, that does to each request what its next fault says. */
function pretendServer(faultOf: (request: number) => Fault) {
  let version = 10;
  let oldest = 10;
  let uids = 0;
  const state = new Map<string, Event>();
  const history: Event[] = [];
  const watchers = new Set<Watcher>();
  const status = (code: number, reason: string) => ({
    kind: 'Status',
    code,
    reason,
    message: 'no',
  });

  const open = ({ writableEnded, destroyed }: ServerResponse) => !writableEnded && !destroyed;
  const say = (response: ServerResponse, text: string) => {
    if (open(response)) response.write(text);
  };
  const tell = ({ response }: Watcher, event: Event) =>
    say(response, line(event.type, objectOf(event)));

  function send(watcher: Watcher, event: Event): void {
    const { response, fault, held } = watcher;
    if (fault === 'out of order' && !held) {
      watcher.held = event;
      return;
    }
    tell(watcher, event);
    if (held) tell(watcher, held);
    watcher.held = undefined;
    if (!open(response)) return;
    if (fault === 'every event twice') tell(watcher, event);
    if (fault === 'reset in the stream') response.write('', () => response.socket?.destroy());
    if (fault === 'half a line') response.end('{"type":');
    if (fault === 'nonsense') response.write('<html>\n');
    if (fault === 'error event') response.write(line('ERROR', status(500, 'InternalError')));
  }

  function watch(response: ServerResponse, asked: URLSearchParams, fault: Fault): void {
    const initial = asked.get('sendInitialEvents') === 'true';
    const from = initial ? version : Number(asked.get('resourceVersion'));
    if (initial && fault === 'no streamed lists') {
      refuse(response, 422, 'Invalid', 'no');
      return;
    }
    response.writeHead(200).flushHeaders();
    if (from < oldest || fault === 'expired in the stream') {
      response.end(line('ERROR', status(410, 'Expired')));
      return;
    }
    const watcher: Watcher = { response, fault };
    if (initial) {
      for (const event of state.values()) send(watcher, { ...event, type: 'ADDED' });
      const annotations = { 'k8s.io/initial-events-end': 'true' };
      const metadata = { resourceVersion: String(from), annotations };
      // A stream that holds an event back can't have said that it is complete.
      if (watcher.held) watcher.incomplete = true;
      else say(response, line('BOOKMARK', { metadata }));
    } else for (const event of history) if (event.version > from) send(watcher, event);
    watchers.add(watcher);
    response.on('close', () => watchers.delete(watcher));
  }

  return {
    state,
    answer(request: Received, response: ServerResponse, number: number): void {
      const fault = faultOf(number);
      const asked = request.url.searchParams;
      if (fault === 'refused') refuse(response, 503, 'Down', 'no');
      else if (fault === 'expired') refuse(response, 410, 'Expired', 'too old');
      else if (fault === 'reset') response.socket?.destroy();
      else if (fault === 'ended at once') response.writeHead(200).end();
      else if (asked.get('watch') === 'true') watch(response, asked, fault);
      else {
        const items = [...state.values()].map(objectOf);
        answer(response, 200, { metadata: { resourceVersion: String(version) }, items });
      }
    },
    change(name: string, type: 'put' | 'delete'): void {
      const before = state.get(name);
      if (type === 'delete' && !before) return;
      version++;
      const uid = before?.uid ?? `uid-${++uids}`;
      const event: Event =
        type === 'delete'
          ? { type: 'DELETED', name, version, uid }
          : { type: before ? 'MODIFIED' : 'ADDED', name, version, uid };
      if (type === 'delete') state.delete(name);
      else state.set(name, event);
      history.push(event);
      for (const watcher of watchers) send(watcher, event);
    },
    compact(): void {
      oldest = version;
    },
    bookmark(): void {
      const metadata = { resourceVersion: String(version) };
      for (const { response, held } of watchers)
        if (!held) say(response, line('BOOKMARK', { metadata }));
    },
    /** From now on all is well, and what was held back comes. */
    heal(): void {
      for (const watcher of watchers) {
        if (watcher.held) tell(watcher, watcher.held);
        watcher.held = undefined;
        watcher.fault = 'none';
        if (watcher.incomplete) watcher.response.end();
      }
    },
    /** Ends all watches; what one of them held back comes first, because what never comes nobody can notice. */
    cut(): void {
      for (const watcher of watchers) {
        if (watcher.held) tell(watcher, watcher.held);
        watcher.response.end();
      }
      watchers.clear();
    },
  };
}

describe('reflector and cache, whatever happens', () => {
  it('end in the state of the server, and what they told on the way adds up to it', function () {
    this.timeout(300_000);
    return fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 12, maxLength: 40 }),
        fc.array(fc.constantFrom(...faults), { minLength: 3, maxLength: 14 }),
        fc.constantFrom('stream' as const, 'pages' as const),
        async (script, met, initial) => {
          let faulty = true;
          const pretend = pretendServer((number) => (faulty ? (met[number] ?? 'none') : 'none'));
          const server = await startScriptedServer((request, response, number) =>
            pretend.answer(request, response, number),
          );
          const transport = createTransport({
            connection: server.connection,
            userAgent: 'test',
            retries: { attempts: 1, baseDelayMs: 1, maximumDelayMs: 1, maximumRetryAfterMs: 1 },
          });
          const told = new Map<string, string>();
          const wrong: string[] = [];
          const reflector = createReflector<KubernetesObject>({
            transport,
            resource: pods,
            initial,
            timing: { baseDelayMs: 1, maximumDelayMs: 2 },
            onChange({ key, object, previous }) {
              const version = (each: KubernetesObject | undefined) =>
                each?.metadata.resourceVersion;
              if (told.get(key) !== version(previous))
                wrong.push(`${key} was ${told.get(key)}, not ${version(previous)}`);
              if (object) told.set(key, version(object) ?? '');
              else told.delete(key);
            },
          });
          const stop = new AbortController();
          const running = reflector.run(stop.signal);
          const wanted = () =>
            Object.fromEntries(
              [...pretend.state.values()].map((each) => [
                `shop/${each.name}`,
                String(each.version),
              ]),
            );
          const held = () =>
            Object.fromEntries(
              reflector
                .list()
                .map(({ metadata }) => [`shop/${metadata.name}`, metadata.resourceVersion]),
            );
          const sorted = (each: object) => JSON.stringify(Object.entries(each).sort());
          try {
            for (const each of script) {
              // Time for some requests, so that the story is not over before the first of them.
              if (each.do === 'pause') await sleep(each.ms);
              else if (each.do === 'compact') pretend.compact();
              else if (each.do === 'bookmark') pretend.bookmark();
              else if (each.do === 'cut') pretend.cut();
              else pretend.change(names[each.name] ?? 'a', each.do);
            }
            faulty = false;
            pretend.heal();
            await waitFor(
              async () =>
                (reflector.hasSynced() && sorted(held()) === sorted(wanted())) || undefined,
              { what: 'the cache', limitMs: 20_000, everyMs: 2 },
            ).catch((error) => {
              throw new Error(`${error.message} ${sorted(held())} is not ${sorted(wanted())}`);
            });
            expect(Object.fromEntries(told)).to.deep.equal(wanted());
            expect(wrong).to.deep.equal([]);
          } finally {
            stop.abort();
            await running;
            await transport.close();
            await server.close();
          }
        },
      ),
      { numRuns: 80 },
    );
  });
});
