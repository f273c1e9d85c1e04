import type { Caller } from '@shelfwise/inference-contract';
import type Koa from 'koa';

/** What middlewares leave for those after them. */
export interface RequestState {
  requestId: string;
  caller?: Caller;
}

export type Context = Koa.ParameterizedContext<RequestState>;
export type Middleware = Koa.Middleware<RequestState>;
