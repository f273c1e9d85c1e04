import { errors } from 'jose';

/** Why a token is refused, as the rest of "The token is not accepted: …": never what the token holds. */
export class TokenError extends Error {
  constructor(reason: string, options?: ErrorOptions) {
    super(reason, options);
    this.name = 'TokenError';
  }
}

/** By the name of a claim, and jose's word for what is wrong with it. */
const ofClaims: Record<string, string> = {
  'aud missing': 'it is for another audience',
  'aud check_failed': 'it is for another audience',
  'iss check_failed': 'its issuer is not known here',
  'exp missing': 'it does not say when it ends',
  'iat missing': 'it does not say when it was issued',
  'iat check_failed': 'it was issued in the future',
  'nbf check_failed': 'it is not valid yet',
};

/** What an error of jose says about the token; undefined for an error that is not the token's. */
export function reasonOfJose(error: unknown): TokenError | undefined {
  const because = (reason: string) => new TokenError(reason, { cause: error });
  if (error instanceof errors.JWTExpired)
    return because(error.claim === 'iat' ? 'it is older than tokens may be' : 'it has expired');
  if (error instanceof errors.JWTClaimValidationFailed) {
    const known = ofClaims[`${error.claim} ${error.reason}`];
    return because(known ?? `its claim ${error.claim} is not what it has to be`);
  }
  if (error instanceof errors.JOSEAlgNotAllowed)
    return because('its algorithm is not one that is accepted here');
  if (error instanceof errors.JWSSignatureVerificationFailed)
    return because('its signature is wrong');
  if (error instanceof errors.JOSENotSupported)
    return because('its header asks for what is not supported here');
  if (error instanceof errors.JWTInvalid || error instanceof errors.JWSInvalid)
    return because('it is no JWT');
  // The algorithm is one of the issuer's, but the key is of another kind.
  if (error instanceof TypeError) return because('its algorithm is not that of its key');
  return undefined;
}

/** What jsonwebtoken says, as koa-jwt passes it on. */
const ofJsonwebtoken: Record<string, string> = {
  'jwt expired': 'it has expired',
  'maxAge exceeded': 'it is older than tokens may be',
  'iat required when maxAge is specified': 'it does not say when it was issued',
  'jwt not active': 'it is not valid yet',
  'jwt malformed': 'it is no JWT',
  'invalid token': 'it is no JWT',
  'Invalid token': 'it is no JWT',
  'invalid algorithm': 'its algorithm is not one that is accepted here',
  'invalid signature': 'its signature is wrong',
  'jwt signature is required': 'it is not signed',
  'invalid exp value': 'its claim exp is not what it has to be',
  'invalid nbf value': 'its claim nbf is not what it has to be',
};

/** What an error of koa-jwt says about the token; undefined for an error that is not the token's. */
export function reasonOfKoaJwt(error: unknown): TokenError | undefined {
  const original = (error as { originalError?: unknown } | null)?.originalError;
  if (original instanceof TokenError) return original;
  if (!(original instanceof Error)) return undefined;
  const because = (reason: string) => new TokenError(reason, { cause: original });
  if (original.message.startsWith('jwt audience invalid'))
    return because('it is for another audience');
  return because(ofJsonwebtoken[original.message] ?? 'it cannot be verified');
}
