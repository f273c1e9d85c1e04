import { isIP } from 'node:net';
import { roleSchema } from '@shelfwise/inference-contract';
import * as z from 'zod';

/** A value that comes as JSON in a text. */
function json<S extends z.ZodType>(schema: S) {
  return z
    .string()
    .transform((text, context) => {
      try {
        return JSON.parse(text) as unknown;
      } catch {
        context.addIssue({ code: 'custom', message: 'must be JSON' });
        return z.NEVER;
      }
    })
    .pipe(schema);
}

/** ServiceAccounts that have roles by name: `[{"namespace":"shop","name":"importer","roles":["catalogue"]}]`. */
export const serviceAccountRoles = json(
  z.array(
    z.strictObject({
      namespace: z.string().min(1),
      name: z.string().min(1),
      roles: z.array(roleSchema).min(1),
    }),
  ),
);

/** Which values of an issuer's claim give which role: `{"predict":["staff"]}`. */
export const oidcRoles = json(z.partialRecord(roleSchema, z.array(z.string().min(1))));

const network = z.string().refine(isNetwork, {
  error: 'must be addresses or networks, such as 10.0.0.0/8, with commas between them',
});

/** Networks of proxies, with commas between them. */
export const trustedProxies = z
  .string()
  .transform((list) =>
    list
      .split(',')
      .map((one) => one.trim())
      .filter(Boolean),
  )
  .pipe(z.array(network));

function isNetwork(text: string): boolean {
  const [address = '', bits, more] = text.split('/');
  const kind = isIP(address);
  if (kind === 0 || more !== undefined) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (kind === 4 ? 32 : 128));
}

/** An issuer is an address of https; one of this machine may do without, for those who try it out. */
export const issuerUrl = z.string().refine(isIssuer, { error: 'must be an https address' });

function isIssuer(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  const isHere = ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
  return protocol === 'https:' || (protocol === 'http:' && isHere);
}
