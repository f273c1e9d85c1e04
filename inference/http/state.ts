import type { Caller } from '@shelfwise/inference-contract';
import type Koa from 'koa';
import type { TokenFacts } from '../auth/issuer.ts';

/** What middlewares leave for those after them. */
export interface RequestState {
  requestId: string;
  caller?: Caller;
  /** Whether the caller's token would still pass, by what this replica knows now: for answers that go on. Costs no I/O. */
  holds?: () => boolean;
  /** Of the token that the caller bore, where it is a JWT. */
  token?: TokenFacts;
}

export type Context = Koa.ParameterizedContext<RequestState>;
export type Middleware = Koa.Middleware<RequestState>;
