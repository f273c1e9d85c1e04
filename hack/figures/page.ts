import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const page = fileURLToPath(new URL('../../docs/performance.md', import.meta.url));

/**
 * The page with what a command found in the place that its section keeps for it, between two comments. Throws where the
 * page keeps none: figures are written by who measured them, never by hand.
 */
export function withSection(text: string, name: string, found: string): string {
  const [begin, end] = [`<!-- ${name}: written by the command -->`, `<!-- end of ${name} -->`];
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`docs/performance.md has no place for ${name}.`);
  return `${text.slice(0, from + begin.length)}\n\n${found.trim()}\n\n${text.slice(to)}`;
}

/** Writes tables for people into docs/performance.md, with the command line that gave them. */
export async function writeFound(
  name: string,
  { args, machine, tables }: { args: string[]; machine: string; tables: string },
): Promise<void> {
  const options = args.filter((arg) => arg !== '--write').join(' ');
  const command = `make ${name}${options === '' ? '' : ` ARGS='${options}'`}`;
  const found = `\`${command}\`, ${machine}\n\n\`\`\`\n${tables.trimEnd()}\n\`\`\``;
  await writeFile(page, withSection(await readFile(page, 'utf8'), name, found));
}
