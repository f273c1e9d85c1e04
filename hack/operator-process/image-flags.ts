import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';

const dockerfile = new URL('../../operator/Dockerfile', import.meta.url);
const values = new URL('../../charts/shelfwise/values.yaml', import.meta.url);

const share = '--max-old-space-size-percentage=';

/**
 * The flags that the operator's image gives to node. Shares of the container's memory become sizes, from the chart's limit: a
 * process without a container would take them from the whole machine.
 */
export async function imageFlags(): Promise<string[]> {
  const [, entrypoint] = /^ENTRYPOINT (\[.*\])$/m.exec(await readFile(dockerfile, 'utf8')) ?? [];
  if (entrypoint === undefined)
    throw new Error(`${dockerfile.pathname} has no ENTRYPOINT in JSON.`);
  const words = JSON.parse(entrypoint) as string[];
  const limit = mebibytes(parse(await readFile(values, 'utf8')).resources.limits.memory);
  return words
    .filter((word) => word.startsWith('--'))
    .map((flag) =>
      flag.startsWith(share)
        ? `--max-old-space-size=${Math.floor((limit * Number(flag.slice(share.length))) / 100)}`
        : flag,
    );
}

function mebibytes(quantity: string): number {
  const [, size, unit] = /^(\d+)(Mi|Gi)$/.exec(quantity) ?? [];
  if (size === undefined)
    throw new Error(`resources.limits.memory of the chart is ${quantity}: write it in Mi or Gi.`);
  return Number(size) * (unit === 'Gi' ? 1024 : 1);
}
