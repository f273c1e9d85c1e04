/** Shows people how far something is: one line that rewrites itself on a terminal, a line now and then elsewhere. */
export interface Progress {
  update(text: string): void;
  done(text: string): void;
}

const everyMs = 15_000;

/** `subject` begins each line; blanks alone only indent it. */
export function progress(subject: string, out: NodeJS.WriteStream = process.stderr): Progress {
  const prefix = subject.trim() === '' ? subject : `${subject}: `;
  let shown = performance.now();
  return {
    update(text) {
      if (text.trim() === '') return;
      if (out.isTTY) {
        out.write(`\r\x1b[2K${prefix}${text}`.slice(0, (out.columns || 80) + 5));
      } else if (performance.now() - shown >= everyMs) {
        shown = performance.now();
        out.write(`${prefix}${text}\n`);
      }
    },
    done(text) {
      out.write(`${out.isTTY ? '\r\x1b[2K' : ''}${prefix}${text}\n`);
    },
  };
}

/** Seconds since `start` (of performance.now()), for people: "4.2 s", "3 min 10 s". */
export function since(start: number): string {
  const seconds = (performance.now() - start) / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

/** Where lines are not rewritten, each phase is told once, however soon it comes; counts within it now and then. */
export function phases(shown: Progress): (text: string) => void {
  let phase = '';
  return (text) => {
    const next = text.replaceAll(/\d+/g, '');
    if (!process.stderr.isTTY && next !== phase) shown.done(text);
    else shown.update(text);
    phase = next;
  };
}
