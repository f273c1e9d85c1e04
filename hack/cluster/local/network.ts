import { writeFile } from 'node:fs/promises';
import { CommandFailed, run } from '../../process/run.ts';
import type { LocalLayout } from './layout.ts';

export interface NetworkPrograms {
  ip: string;
  nft: string;
}

/** The table of nftables that is ours, and those of kube-proxy. */
const tables = [
  ['ip', 'shelfwise'],
  ['ip', 'kube-proxy'],
  ['ip6', 'kube-proxy'],
] as const;

/**
 * Makes the interface that holds the address of the API, the DNS and the node, and lets pods out by the host's address.
 * Does nothing that is done already.
 */
export async function createNetwork(
  layout: LocalLayout,
  { ip, nft }: NetworkPrograms,
): Promise<void> {
  const { bridge, address, podCidr } = layout;
  // A bridge without ports, for want of an interface that is everywhere: not all kernels have dummy.
  await unless('File exists', run(ip, ['link', 'add', bridge, 'type', 'bridge']));
  await run(ip, ['address', 'replace', `${address}/32`, 'dev', bridge]);
  await run(ip, ['link', 'set', bridge, 'up']);
  await writeFile('/proc/sys/net/ipv4/ip_forward', '1');
  const rules = `table ip shelfwise {}
delete table ip shelfwise
table ip shelfwise {
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr ${podCidr} ip daddr != 198.18.0.0/15 masquerade
  }
}
`;
  await run(nft, ['-f', '-'], { input: rules });
}

/** Removes the interface and the tables; pods' interfaces went with their network namespaces. */
export async function removeNetwork(
  layout: LocalLayout,
  { ip, nft }: NetworkPrograms,
): Promise<void> {
  await unless('Cannot find device', run(ip, ['link', 'delete', layout.bridge]));
  for (const table of tables) await unless('No such file', run(nft, ['delete', 'table', ...table]));
}

/** Waits for a command whose failure with these words means that it was done before. */
async function unless(words: string, command: Promise<string>): Promise<void> {
  await command.catch((error) => {
    if (!(error instanceof CommandFailed && error.stderr.includes(words))) throw error;
  });
}
