/** A command, pinned to one core by taskset(1) where one is given. */
export function pinned(command: readonly string[], core: number | undefined): string[] {
  return core === undefined ? [...command] : ['taskset', '-c', String(core), ...command];
}
