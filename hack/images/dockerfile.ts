/** What a Dockerfile takes from its build context: the sources of COPY, ADD and of bind mounts, as they are written. */
export function contextSources(dockerfile: string): string[] {
  const instructions = dockerfile
    .split('\n')
    .filter((line) => !/^\s*#/.test(line))
    .join('\n')
    .replace(/\\\n/g, ' ')
    .split('\n')
    .map((line) => line.trim());
  const sources = instructions.flatMap((instruction) => {
    const [word = '', ...rest] = instruction.split(/\s+/);
    if (/^(copy|add)$/i.test(word)) return copied(instruction, rest);
    if (/^run$/i.test(word)) return mounted(instruction);
    return [];
  });
  return [...new Set(sources)];
}

/** The program that an image runs and its arguments: the last ENTRYPOINT, written as a list. */
export function entrypoint(dockerfile: string): string[] {
  const [, list] = [...dockerfile.matchAll(/^ENTRYPOINT (\[.*\])$/gm)].at(-1) ?? [];
  if (list === undefined) throw new Error('The Dockerfile has no ENTRYPOINT that is a list.');
  return JSON.parse(list);
}

function copied(instruction: string, words: string[]): string[] {
  const flags = words.filter((word) => word.startsWith('--'));
  if (flags.some((flag) => flag.startsWith('--from='))) return [];
  const bracket = instruction.indexOf('[');
  const operands =
    bracket < 0 ? words.slice(flags.length) : (JSON.parse(instruction.slice(bracket)) as string[]);
  return operands.slice(0, -1);
}

function mounted(instruction: string): string[] {
  return [...instruction.matchAll(/--mount=(\S+)/g)].flatMap(([, options = '']) => {
    const pairs = Object.fromEntries(options.split(',').map((pair) => pair.split('=')));
    const ofContext = (pairs.type ?? 'bind') === 'bind' && pairs.from === undefined;
    return ofContext ? [pairs.source ?? pairs.src ?? '.'] : [];
  });
}
