import { type Progress, progress, since } from '../process/progress.ts';

/** Tells what the demo does while it does it: a heading for each step, its progress, and how long it took. */
export interface Narrator {
  step<T>(title: string, work: (progress: Progress) => Promise<T>): Promise<T>;
  say(text: string): void;
}

export function createNarrator(out: NodeJS.WriteStream = process.stdout): Narrator {
  const bold = (text: string) => (out.isTTY ? `\x1b[1m${text}\x1b[0m` : text);
  let count = 0;
  return {
    async step(title, work) {
      const start = performance.now();
      count += 1;
      out.write(`\n${bold(`${count}. ${title}`)}\n`);
      const line = progress('   ', out);
      const result = await work(line);
      line.done(`done in ${since(start)}`);
      return result;
    },
    say: (text) => out.write(`${text}\n`),
  };
}
