import type { Context } from '../http/state.ts';

/** Runs the work with a signal that is aborted when the caller goes away before the answer. */
export async function whileThere<T>(
  ctx: Context,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const gone = new AbortController();
  const onClose = () => gone.abort();
  ctx.res.once('close', onClose);
  try {
    return await work(gone.signal);
  } finally {
    ctx.res.off('close', onClose);
  }
}
