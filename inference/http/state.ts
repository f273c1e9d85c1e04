import type { Caller } from '@shelfwise/inference-contract';
import type Koa from 'koa';
import type { TokenFacts } from '../auth/issuer.ts';

/** What middlewares leave for those after them. */
export interface RequestState {
  requestId: string;
  caller?: Caller;
  /** Of the token that the caller bore, where it is a JWT. */
  token?: TokenFacts;
}

export type Context = Koa.ParameterizedContext<RequestState>;
export type Middleware = Koa.Middleware<RequestState>;
