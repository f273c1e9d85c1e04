import type { WatchStream } from './proxy.ts';

/** What becomes of the struck line, and of all that follow it in the same stream. */
type Handler = (line: string, stream: WatchStream) => void;

const heldMs = 10_000;
/** Long enough that it is noticed if somebody believes what he sees meanwhile. */
const lateMs = 2_000;

export const watchFaults = {
  'watch-held': () => {
    let waiting: string[] | undefined;
    let over = false;
    return (line, stream) => {
      if (over) return stream.send(line);
      if (waiting) return void waiting.push(line);
      const lines = [line];
      waiting = lines;
      setTimeout(() => {
        over = true;
        for (const each of lines) stream.send(each);
      }, heldMs).unref();
    };
  },
  'watch-cut': () => (_, stream) => stream.cut(),
  'watch-lost-410': () => {
    let lost = false;
    return (line, stream) => {
      if (lost) return stream.send(line);
      lost = true;
      setTimeout(() => fail(stream, 410, 'Expired'), lateMs);
    };
  },
  'watch-reordered': () => {
    let first: string | undefined;
    let over = false;
    return (line, stream) => {
      if (over) return stream.send(line);
      if (first !== undefined) {
        over = true;
        stream.send(line);
        return stream.send(first);
      }
      first = line;
      setTimeout(() => {
        if (!over) stream.send(line);
        over = true;
      }, lateMs);
    };
  },
  'watch-doubled': () => {
    let over = false;
    return (line, stream) => {
      stream.send(line);
      if (!over) stream.send(line);
      over = true;
    };
  },
  'watch-half-a-line': () => (line, stream) => stream.half(line),
  'watch-410': () => (_, stream) => fail(stream, 410, 'Expired'),
  'watch-500': () => (_, stream) => fail(stream, 500, 'InternalError'),
  'watch-silent': () => (_, stream) => stream.silence(),
} satisfies Record<string, () => Handler>;

/** As the API server ends a watch that it cannot go on with. */
function fail(stream: WatchStream, code: number, reason: string): void {
  const message = `${reason}, says the proxy`;
  const object = { apiVersion: 'v1', kind: 'Status', status: 'Failure', code, reason, message };
  stream.send(JSON.stringify({ type: 'ERROR', object }));
  stream.end();
}
