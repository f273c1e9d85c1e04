import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { expect } from 'chai';
import { waitFor } from '../../../hack/process/wait.ts';
import type { Context } from '../state.ts';
import { watchStall } from './stall.ts';

const total = 4 * 2 ** 20;

interface Played {
  client: Socket;
  res: ServerResponse;
  /** Lets a whole limit pass. */
  pass(): void;
}

/** Asks for `total` bytes of a server that watches, over a socket of little room: what the kernel holds, nobody can see. */
async function play(test: (played: Played) => Promise<void>): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'stall-'));
  const nothing = () => undefined;
  let pass: () => void = nothing;
  const asked = Promise.withResolvers<ServerResponse>();
  const server = createServer((req: IncomingMessage, res: ServerResponse) => {
    const stall = watchStall({ req, res } as Context, 1, (look) => {
      pass = look;
      return { refresh: nothing, stop: nothing };
    });
    void Array.fromAsync(stall.body());
    Readable.from(pieces(), { objectMode: false, highWaterMark: 2 ** 20 }).pipe(res);
    asked.resolve(res);
  });
  const path = join(dir, 'socket');
  server.listen(path);
  await once(server, 'listening');
  const client = connect(path);
  client.write('GET / HTTP/1.1\r\nHost: shop\r\n\r\n');
  try {
    await test({ client, res: await asked.promise, pass: () => pass() });
  } finally {
    client.destroy();
    server.close();
    server.closeAllConnections();
    await rm(dir, { recursive: true });
  }
}

function* pieces() {
  for (let i = 0; i < total; i += 512) yield Buffer.alloc(512, 'x');
}

describe('a stream on which nothing moves', () => {
  it('goes on while its reader takes something, however little at a time', async () => {
    await play(async ({ client, res, pass }) => {
      const { socket } = res;
      let received = 0;
      const take = async () => {
        const some = client.read(16 * 1024) ?? client.read();
        if (some === null) await once(client, 'readable');
        else received += some.length;
      };
      let limits = 0;
      while (!res.writableFinished) {
        const before = socket?.bytesWritten;
        while (!res.writableFinished && socket?.bytesWritten === before) await take();
        pass();
        limits++;
        expect(socket?.destroyed, `cut after ${limits} limits and ${received} bytes`).to.equal(
          false,
        );
      }
      expect(limits).to.be.above(10);
    });
  });

  it('is cut when its reader takes nothing', async () => {
    await play(async ({ client, res, pass }) => {
      const { socket } = res;
      let limits = 0;
      await waitFor(
        async () => {
          pass();
          limits++;
          return socket?.destroyed ? true : undefined;
        },
        { what: 'the connection to be cut', limitMs: 300_000 },
      );
      expect(limits, 'limits').to.be.above(1);
      expect(client.bytesRead).to.be.below(total);
      expect(res.writableFinished).to.equal(false);
    });
  });
});
