import type { Context } from '../state.ts';

/**
 * Cuts a stream's connection once nothing has moved on it for `limitMs`: a client that neither sends nor reads would hold its
 * place for ever. It then sees an answer that breaks off, which cannot be taken for a whole one.
 */
export function watchStall(ctx: Context, limitMs: number) {
  const timer = setTimeout(() => ctx.req.socket.destroy(), limitMs).unref();
  const moved = () => void timer.refresh();
  ctx.res.once('close', () => clearTimeout(timer));
  return {
    moved,
    /** The body, whose every chunk counts as movement. */
    async *body(): AsyncGenerator<Buffer> {
      for await (const chunk of ctx.req) {
        moved();
        yield chunk as Buffer;
      }
    },
  };
}
