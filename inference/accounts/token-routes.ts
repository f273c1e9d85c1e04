import {
  keySetResponseSchema,
  tokenRequestSchema,
  tokenResponseSchema,
} from '@shelfwise/inference-contract';
import { accountTokens, issueToken } from '../auth/account-tokens.ts';
import { jsonAnswer, jsonBody, type Route, route } from '../http/route.ts';
import { type AccountDependencies, ownAccounts } from './asking.ts';
import { type Logins, logIn } from './login.ts';

/** To log in, and the keys by which others can check who did. */
export function tokenRoutes(dependencies: AccountDependencies, logins: Logins): Route[] {
  const createToken = route({
    method: 'post',
    path: '/v1/tokens',
    id: 'createToken',
    summary: 'Log in',
    description:
      'The token is sent with every request, as `Authorization: Bearer TOKEN`. It lives for 15 minutes: log in again, or use a service token for a machine.',
    tag: 'accounts',
    access: 'public',
    body: jsonBody(tokenRequestSchema, {
      example: { username: 'ada', password: 'correct horse battery' },
    }),
    responses: {
      200: jsonAnswer('A token that lives for some minutes.', tokenResponseSchema),
    },
    problems: ['accounts-off', 'wrong-credentials', 'too-many-logins', 'database-unavailable'],
    async handle({ ctx, body }) {
      const { accounts, keys } = ownAccounts(dependencies);
      const user = await logIn(accounts, logins, ctx, body);
      ctx.set('Cache-Control', 'no-store');
      const { id, username: name, roles, generation } = user;
      return {
        access_token: await issueToken(keys, { id, name, roles, generation }),
        token_type: 'Bearer',
        expires_in: accountTokens.lifetimeSeconds,
      };
    },
  });

  const keySet = route({
    method: 'get',
    path: '/.well-known/jwks.json',
    id: 'getKeySet',
    summary: 'The public keys of tokens',
    description:
      'A JSON Web Key Set (RFC 7517), for services that check tokens themselves: issuer and audience `shelfwise`, ES256. Revoked tokens are known here alone.',
    tag: 'accounts',
    access: 'public',
    responses: {
      200: jsonAnswer('Empty where the service has no accounts of its own.', keySetResponseSchema),
    },
    async handle({ ctx }) {
      // Less than the time that a new key waits before it signs.
      ctx.set('Cache-Control', 'public, max-age=60');
      const keys = dependencies.keys?.all() ?? [];
      return {
        keys: keys.map(({ kid, publicKey }) => ({
          ...publicKey.export({ format: 'jwk' }),
          kid,
          alg: accountTokens.algorithm,
          use: 'sig',
        })),
      };
    },
  });
  return [createToken, keySet];
}
