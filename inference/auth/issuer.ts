import type { KeyObject } from 'node:crypto';
import type { Caller } from '@shelfwise/inference-contract';
import type { Context } from '../http/state.ts';

/** What a verified token says of itself beyond its caller, for those who revoke. */
export interface TokenFacts {
  /** The claim jti: the token's own name. */
  id: string | undefined;
  /** Of the account's tokens: those of an older generation are revoked as one. */
  generation: number;
  /** Seconds since the epoch. */
  expiresAt: number;
}

/** One who vouches for callers with JWTs, and the rules that its tokens are held to. */
export interface Issuer {
  /** The claim iss, to the letter. */
  issuer: string;
  audience: string;
  /** Never taken from the token: with its own choice of algorithm a public key becomes an HMAC's secret. */
  algorithms: readonly string[];
  /** The longest time between iat and exp. */
  lifetimeSeconds: number;
  /** The key to verify with; undefined where the issuer has none of that name. */
  key(kid: string): Promise<KeyObject | undefined> | KeyObject | undefined;
  /** Whether that is still its key of that name: asked again for each use of a token that was verified before. */
  stillHas(kid: string, key: KeyObject): boolean;
  /** Who verified claims speak of; undefined where they lack something. Throws `forbidden` where they may not call. */
  callerOf(claims: Record<string, unknown>): { caller: Caller; generation?: number } | undefined;
  /** Verifies the token of the request's header and gives its claims, where it is not jose that does. Throws TokenError. */
  verify?(ctx: Context): Promise<Record<string, unknown>>;
  isRevoked?(caller: Caller, facts: TokenFacts): boolean;
}

/** The issuer of tokens that claim `iss`. Throws `keys-unavailable` where it is not known yet whether there is one. */
export type FindIssuer = (iss: string) => Promise<Issuer | undefined> | Issuer | undefined;
