import Router from '@koa/router';
import { type Access, authorise } from '../auth/authorise.ts';
import type { ByteBudget } from './body.ts';
import { readInput } from './input.ts';
import { Problem } from './problems.ts';
import type { Route } from './route.ts';
import type { Context, Middleware, RequestState } from './state.ts';

export interface MountSettings {
  budget: ByteBudget;
  /** Leaves who asks in `ctx.state.caller`, and refuses whom it doesn't know. */
  authenticate: Middleware;
}

/** Routes as a router: who may call is asked first, then what is asked is validated, then it is handled. */
export function mount(routes: readonly Route[], settings: MountSettings): Router<RequestState> {
  const router = new Router<RequestState>();
  for (const one of routes) {
    const guards = one.access === 'public' ? [] : [settings.authenticate, authorised(one.access)];
    router[one.method](pattern(one.path), ...guards, answer(one, settings.budget));
  }
  return router;
}

/** `/v1/products/{id}` as the router writes it. */
function pattern(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ':$1');
}

function authorised(access: Access): Middleware {
  return (ctx, next) => {
    authorise(ctx.state.caller, access);
    return next();
  };
}

function answer(one: Route, budget: ByteBudget): Middleware {
  const status = Number(Object.keys(one.responses)[0]);
  const types = Object.values(one.responses).flatMap(({ content }) => Object.keys(content ?? {}));
  return async (ctx) => {
    refuseUnacceptable(ctx, types);
    const lease = budget.lease();
    try {
      const input = await readInput(one, ctx, lease);
      ctx.status = status;
      const body = await one.handle({ ctx, lease, ...input });
      if (body !== undefined) ctx.body = body;
    } finally {
      lease.release();
    }
  };
}

/** Whoever asks for a form that there is none of should not be given another one to stumble over. */
function refuseUnacceptable(ctx: Context, types: readonly string[]): void {
  const accept = ctx.get('Accept');
  if (accept === '' || accept.includes('*/*') || types.length === 0) return;
  if (ctx.accepts(...types) !== false) return;
  throw new Problem('not-acceptable', `The answer comes as ${types.join(' or ')} only.`, {
    part: 'Accept',
  });
}
