import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { AbandonedError, ItemError, OverloadError, WorkerLostError } from '../engine/errors.ts';
import { Problem } from './problems.ts';
import type { Middleware } from './state.ts';

const safeRequestId = /^[A-Za-z0-9._-]{1,64}$/;

/** Takes the caller's X-Request-Id if it is harmless, else makes one, and gives it back. */
export const requestIds: Middleware = (ctx, next) => {
  const given = ctx.get('X-Request-Id');
  ctx.state.requestId = safeRequestId.test(given) ? given : randomUUID();
  ctx.set('X-Request-Id', ctx.state.requestId);
  return next();
};

/** Turns whatever is thrown below into an RFC 9457 problem document; what is not foreseen is logged and stays vague. */
export function problemResponses(log: Logger): Middleware {
  return async (ctx, next) => {
    try {
      await next();
    } catch (error) {
      const problem = asProblem(error);
      const { requestId } = ctx.state;
      if (problem.status >= 500 && problem.code !== 'overloaded') {
        log.error({ requestId, path: ctx.path, code: problem.code, err: error }, problem.message);
      }
      ctx.status = problem.status;
      ctx.set(problem.headers);
      const document = problem.document(requestId);
      // Where clients of the Open Inference Protocol look for words.
      const protocol = ctx.path.startsWith('/v2/') && { error: problem.message };
      ctx.body = JSON.stringify({ ...document, ...protocol });
      ctx.type = 'application/problem+json';
    }
  };
}

/** The problem that a thrown value stands for. */
export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof OverloadError) {
    const detail = 'The queue of predictions is full: try again after the time in Retry-After.';
    return new Problem('overloaded', detail, {
      retryAfter: error.retryAfterMs / 1000,
      cause: error,
    });
  }
  if (error instanceof ItemError) return itemProblem(error);
  if (error instanceof AbandonedError) {
    return new Problem('bad-request', 'The connection was closed before the answer.', {
      cause: error,
    });
  }
  if (error instanceof WorkerLostError) {
    const detail =
      'The worker that had this product ended before it answered; it is being replaced.';
    return new Problem('internal', detail, { cause: error });
  }
  return new Problem(
    'internal',
    'Something unforeseen happened; the log has it under this request id.',
    {
      cause: error,
    },
  );
}

function itemProblem(error: ItemError): Problem {
  switch (error.fault) {
    case 'picture':
      return new Problem('unusable-part', error.message, { part: 'image', cause: error });
    case 'empty': {
      const detail =
        'The text holds no word that the model knows, and there is no image: give another designation or description, or an image.';
      return new Problem('unusable-part', detail, { part: 'designation', cause: error });
    }
    case 'model':
      return new Problem(
        'model-fault',
        'The model gave numbers that are no probabilities for this product.',
        {
          cause: error,
        },
      );
  }
}
