import { delimiter, dirname, join } from 'node:path';
import { type Config, readConfig } from '../config.ts';
import { debianTools, goTools } from './catalogue.ts';
import { requirePrograms } from './debian.ts';
import { goBuild } from './go-build.ts';

/**
 * The path of a program that the project's developers need, built or installed first if it is missing.
 * Throws one sentence when the name is not known, or when what is missing can't be had.
 */
export async function tool(name: string, config: Config = readConfig()): Promise<string> {
  const built = goTools.find(
    (candidate) => candidate.name === name || candidate.links?.includes(name),
  );
  if (built) return join(dirname(await goBuild(built, config)), name);
  const packaged = debianTools[name];
  if (packaged !== undefined) {
    const found = await requirePrograms({ [name]: packaged }, config);
    return found[name] ?? name;
  }
  throw new Error(`There is no tool "${name}"; there are ${toolNames().join(', ')}.`);
}

/** All names that `tool` knows. */
export function toolNames(): string[] {
  return [
    ...goTools.flatMap((entry) => [entry.name, ...(entry.links ?? [])]),
    ...Object.keys(debianTools),
  ];
}

/** PATH with a tool's folder in front, for programs that call it by name. */
export function pathWith(tools: string[], config: Config): string {
  return [...tools.map((path) => dirname(path)), config.inherited.PATH ?? ''].join(delimiter);
}
