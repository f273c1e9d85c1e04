import { usernameForm } from '@shelfwise/inference-contract';
import type { clientAddresses } from '../auth/client-address.ts';
import { Problem } from '../http/problems.ts';
import type { Context } from '../http/state.ts';
import type { Accounts } from './accounts.ts';
import { ask, inTurn, judge } from './asking.ts';
import type { LoginLimit } from './login-limit.ts';
import { findUser, type KeptUser } from './users.ts';

/** What logins are held to, at the door and behind it. */
export interface Logins {
  limit: LoginLimit;
  /** Where a request comes from. */
  addressOf: ReturnType<typeof clientAddresses>;
}

/**
 * The user of that name and password. Throws `too-many-logins` before anything is asked of the database or hashed, and
 * `wrong-credentials`, which says the same of a wrong password, of no such user and of a disabled one.
 */
export async function logIn(
  accounts: Accounts,
  { limit, addressOf }: Logins,
  { req }: Context,
  { username, password }: { username: string; password: string },
): Promise<KeptUser> {
  const address = addressOf(req);
  limit.attempt(username, address);
  let user: KeptUser | undefined;
  try {
    await inTurn(async () => accounts.passwords.expectRoom());
    // What no name can be is not asked for: PostgreSQL fails on some of it.
    const found = usernameForm.test(username)
      ? await ask(accounts, (knex) => findUser(knex, username))
      : undefined;
    user = await judge(accounts, found, password);
  } catch (error) {
    const code = error instanceof Problem ? error.code : undefined;
    if (code === 'overloaded') limit.crowdedOut(username, address);
    // Other errors count as failures: what a caller can bring about must not be free.
    if (code === 'database-unavailable') limit.unjudged(username, address);
    throw error;
  }
  if (!user) {
    throw new Problem('wrong-credentials', 'The user name or the password is wrong.', {
      headers: { 'WWW-Authenticate': 'Bearer realm="shelfwise"' },
    });
  }
  limit.succeeded(username, address);
  return user;
}
