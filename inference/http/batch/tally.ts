/** How many are under way, of each caller and of all. */
export function createTally() {
  const going = new Map<string, number>();
  let total = 0;
  const of = (caller: string) => going.get(caller) ?? 0;
  return {
    of,
    total: () => total,
    begin(caller: string): void {
      going.set(caller, of(caller) + 1);
      total++;
    },
    end(caller: string): void {
      if (of(caller) > 1) going.set(caller, of(caller) - 1);
      else going.delete(caller);
      total--;
    },
  };
}
