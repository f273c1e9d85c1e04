import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * Linux itself hands out ports from 32768 on (net.ipv4.ip_local_port_range), to whoever listens at any port or connects: one of those
 * could be taken before the program that was told of it listens. NodePorts begin at 30000.
 */
const [first, end] = [20_000, 30_000];
const given = new Set<number>();

/** Ports that nobody listens on now; each is given once only, as long as there are others. */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  while (ports.length < count) {
    if (given.size === end - first) given.clear();
    const port = randomInt(first, end);
    if (given.has(port)) continue;
    given.add(port);
    if (await isFree(port)) ports.push(port);
  }
  return ports;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, () => server.close(() => resolve(true)));
  });
}
