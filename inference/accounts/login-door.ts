import { randomUUID } from 'node:crypto';
import type { clientAddresses } from '../auth/client-address.ts';
import { Problem } from '../http/problems.ts';
import type { Middleware } from '../http/state.ts';
import type { LoginLimit } from './login-limit.ts';

/**
 * Answers logins of an address that has used up its attempts before anything else is done for them: no body is read, no route
 * looked for, no line logged. A thousand of them a second cost a fraction of what as many answers of the routes would.
 */
export function loginDoor(
  limit: LoginLimit,
  addressOf: ReturnType<typeof clientAddresses>,
  onRefused: () => void,
): Middleware {
  return (ctx, next) => {
    const { req, res } = ctx;
    if (req.url !== '/v1/tokens' || req.method !== 'POST') return next();
    const waitMs = limit.waitOf(addressOf(req));
    if (waitMs === 0) return next();
    const problem = tooManyLogins(waitMs);
    const requestId = randomUUID();
    const body = JSON.stringify(problem.document(requestId));
    ctx.respond = false;
    res.writeHead(problem.status, {
      'Content-Type': 'application/problem+json',
      'Content-Length': Buffer.byteLength(body),
      'X-Request-Id': requestId,
      'X-Content-Type-Options': 'nosniff',
      ...problem.headers,
    });
    res.end(body);
    onRefused();
  };
}

export function tooManyLogins(waitMs: number): Problem {
  const detail = 'Too many attempts to log in failed: wait for the time in Retry-After.';
  return new Problem('too-many-logins', detail, { retryAfter: waitMs / 1000 });
}
