/** A number of things from a command line. Throws naming the option, such as `--rounds`, where it is no whole number above 0. */
export function count(option: string, value: string): number {
  const number = Number(value);
  if (!(Number.isInteger(number) && number > 0))
    throw new Error(`${option} is ${value}: give a whole number above 0.`);
  return number;
}
