import * as z from 'zod';

const timesSchema = z.object({ iat: z.number(), exp: z.number() });

/**
 * What jsonwebtoken lets pass: a token without an end, one that ends in ten years, one from the future.
 * Times in seconds. Throws an Error whose message reasonOf() knows.
 */
export function checkLifetime(
  claims: unknown,
  lifetimeSeconds: number,
  toleranceSeconds: number,
): void {
  const times = timesSchema.safeParse(claims);
  if (!times.success) throw new Error('jwt has no times');
  const { iat, exp } = times.data;
  if (exp - iat > lifetimeSeconds + toleranceSeconds) throw new Error('jwt lives too long');
  if (iat > Date.now() / 1000 + toleranceSeconds) throw new Error('jwt is from the future');
}

/** The issuer that a token claims, to choose the rules it is then verified by; undefined when it has none. */
export function unverifiedIssuer(authorization: string): string | undefined {
  const payload = authorization.split('.')[1];
  if (payload === undefined) return undefined;
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
    const issuer = (claims as { iss?: unknown } | null)?.iss;
    return typeof issuer === 'string' ? issuer : undefined;
  } catch {
    return undefined;
  }
}

const reasons: Record<string, string> = {
  'jwt expired': 'it has expired',
  'maxAge exceeded': 'it is older than tokens may be',
  'iat required when maxAge is specified': 'it does not say when it was issued',
  'jwt not active': 'it is not valid yet',
  'jwt issuer invalid': 'its issuer is not known here',
  'jwt malformed': 'it is no JWT',
  'invalid token': 'it is no JWT',
  'Invalid token': 'it is no JWT',
  'invalid algorithm': 'its algorithm is not one that is accepted here',
  'invalid signature': 'its signature is wrong',
  'jwt signature is required': 'it is not signed',
  'no key has this kid': 'no key here has its kid',
  'jwt has no times': 'it does not say when it ends',
  'jwt lives too long': 'it would live longer than tokens may',
  'jwt is from the future': 'it was issued in the future',
  'claims are missing': 'it lacks claims that it needs',
};

/** A few words for the caller on why a token was refused: never what the token holds. */
export function reasonOf(error: unknown): string {
  const original = (error as { originalError?: unknown } | null)?.originalError ?? error;
  const message = original instanceof Error ? original.message : '';
  if (message.startsWith('jwt audience invalid')) return 'it is for another audience';
  if (message.startsWith('Bad Authorization')) return 'the header is not of the form Bearer TOKEN';
  return reasons[message] ?? 'it cannot be verified';
}
