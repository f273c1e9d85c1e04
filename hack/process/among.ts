/** Names of a command line, by commas, in its order. Throws naming the option, such as `--only`, where one is not known. */
export function among(option: string, known: readonly string[], list: string): string[] {
  const chosen = list.split(',');
  const unknown = chosen.find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new Error(`${option} has "${unknown}": give some of ${known.join(',')}.`);
  return chosen;
}
