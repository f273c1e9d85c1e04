import type { IncomingMessage } from 'node:http';
import { BlockList, isIP, isIPv6 } from 'node:net';

/** Longer chains are someone's invention. */
const longestChain = 32;

/**
 * The address that a request comes from. X-Forwarded-For is believed only as far as trusted proxies wrote it: from its end, past
 * every address that is a trusted proxy's; what stands before may be anyone's invention. `trusted` are networks, `10.0.0.0/8`.
 */
export function clientAddresses(trusted: readonly string[]): (request: IncomingMessage) => string {
  const proxies = new BlockList();
  for (const network of trusted) {
    const [address = '', bits = isIPv6(network) ? '128' : '32'] = network.split('/');
    proxies.addSubnet(address, Number(bits), isIPv6(address) ? 'ipv6' : 'ipv4');
  }
  const isProxy = (address: string) => proxies.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');

  return ({ socket, headers }) => {
    let address = plain(socket.remoteAddress ?? '');
    if (trusted.length === 0) return keyOf(address);
    const forwarded = headers['x-forwarded-for'];
    const chain = (Array.isArray(forwarded) ? forwarded.join() : (forwarded ?? '')).split(',');
    for (const before of chain.slice(-longestChain).reverse()) {
      const next = plain(before.trim());
      if (!isProxy(address) || isIP(next) === 0) break;
      address = next;
    }
    return keyOf(address);
  };
}

/** Without the port that some proxies write, and IPv4 as such where a socket of both kinds calls it IPv6. */
function plain(address: string): string {
  const bare = /^\[(.*)\](?::\d+)?$/.exec(address)?.[1] ?? address.replace(/^([\d.]+):\d+$/, '$1');
  return bare.replace(/^::ffff:(?=[\d.]+$)/i, '');
}

/** A household or a machine has a whole /64 of IPv6 to choose from. */
function keyOf(address: string): string {
  if (!isIPv6(address)) return address;
  const [head = '', tail] = address.toLowerCase().split('%')[0]?.split('::') ?? [];
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : 8 - before.length - after.length;
  const groups = [...before, ...Array<string>(Math.max(0, zeros)).fill('0'), ...after];
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`;
}
