import type Koa from 'koa';
import type { Caller } from '../auth/caller.ts';

/** What middlewares leave for those after them. */
export interface RequestState {
  requestId: string;
  caller?: Caller;
}

export type Context = Koa.ParameterizedContext<RequestState>;
export type Middleware = Koa.Middleware<RequestState>;
