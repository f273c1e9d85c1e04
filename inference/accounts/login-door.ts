import { randomUUID } from 'node:crypto';
import type { Middleware } from '../http/state.ts';
import type { Logins } from './login.ts';
import { tooManyLogins } from './login-limit.ts';

/**
 * Answers logins of an address that has used up its attempts before anything else is done for them: no body is read, no route
 * looked for, no line logged. A thousand of them a second cost a fraction of what as many answers of the routes would.
 */
export function loginDoor({ limit, addressOf }: Logins, onRefused: () => void): Middleware {
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
