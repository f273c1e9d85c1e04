import { readFile } from 'node:fs/promises';
import { type Role, roleSchema } from '@shelfwise/inference-contract';
import type { Logger } from 'pino';
import * as z from 'zod';
import { Problem } from '../http/problems.ts';
import { getJson } from './get-json.ts';
import type { Issuer } from './issuer.ts';
import { createRemoteIssuer, keySetSchema } from './remote-issuer.ts';

export interface OidcSettings {
  /** The issuer's URL, to the letter as its tokens say it. */
  issuer: string;
  audience: string;
  /** Where in the claims the caller's groups or roles are: `roles`, or with dots a way down, `realm_access.roles`. */
  rolesClaim: string;
  /** For each of our roles, the values of the claim that give it. */
  roles: Partial<Record<Role, readonly string[]>>;
  /** Certificate authorities (PEM) instead of the system's. */
  caFile?: string | undefined;
}

/** Asymmetric ones alone, as issuers use them; which of them a key is for, the key says. */
const algorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
];
/** Access tokens usually live for minutes to an hour. */
const lifetimeSeconds = 24 * 3600;

const discoverySchema = z.object({ issuer: z.string(), jwks_uri: z.url() });
const claimsSchema = z.looseObject({
  sub: z.string().min(1).max(255),
  preferred_username: z.string().min(1).max(255).optional().catch(undefined),
  client_id: z.string().min(1).max(255).optional().catch(undefined),
});

/** An OpenID Connect issuer, whose access tokens callers bear instead of those of our own accounts. */
export function createOidcIssuer(settings: OidcSettings, log: Logger) {
  const { issuer, audience } = settings;
  const remote = createRemoteIssuer({ load: () => load(settings), name: issuer, log });
  const rules: Issuer = {
    issuer,
    audience,
    algorithms,
    lifetimeSeconds,
    async key(kid) {
      const key = await remote.key(kid);
      if (!key && !remote.isKnown()) throw keysUnavailable(issuer);
      return key;
    },
    stillHas: remote.stillHas,
    callerOf(claims) {
      const parsed = claimsSchema.safeParse(claims);
      if (!parsed.success) return undefined;
      const { sub, preferred_username: username, client_id: client } = parsed.data;
      const name = username ?? client ?? sub;
      return { caller: { kind: 'oidc', id: sub, name, roles: rolesOf(claims, settings) } };
    },
  };
  return { rules, refresh: remote.refresh, isKnown: remote.isKnown };
}

export type OidcIssuer = ReturnType<typeof createOidcIssuer>;

/** OpenID Connect Discovery 1.0 §4: the document must say the issuer that was asked for. */
async function load(settings: OidcSettings) {
  const base = settings.issuer.replace(/\/$/, '');
  const url = `${base}/.well-known/openid-configuration`;
  const { issuer, jwks_uri } = discoverySchema.parse(await get(url, settings));
  if (issuer !== settings.issuer)
    throw new Error(`${url} is of the issuer ${issuer}, not of ${settings.issuer}`);
  return { issuer, keys: keySetSchema.parse(await get(jwks_uri, settings)).keys };
}

async function get(url: string, { caFile }: OidcSettings): Promise<unknown> {
  return getJson(new URL(url), { ca: caFile === undefined ? undefined : await readFile(caFile) });
}

function rolesOf(claims: unknown, { rolesClaim, roles }: OidcSettings): Role[] {
  const has = new Set(valuesAt(claims, rolesClaim));
  return roleSchema.options.filter((role) => roles[role]?.some((value) => has.has(value)));
}

/** The strings at a claim: a name with dots in it as it stands (a URL), else the way down. */
function valuesAt(claims: unknown, claim: string): string[] {
  const member = (of: unknown, name: string) =>
    typeof of === 'object' && of !== null && Object.hasOwn(of, name)
      ? (of as Record<string, unknown>)[name]
      : undefined;
  const value = member(claims, claim) ?? claim.split('.').reduce(member, claims);
  // RFC 8693 writes a scope as one string with spaces.
  if (typeof value === 'string') return value.split(' ');
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
}

function keysUnavailable(issuer: string): Problem {
  const detail = `The keys of the issuer ${issuer} could not be fetched yet: try again in a moment.`;
  return new Problem('keys-unavailable', detail, { retryAfter: 2 });
}
