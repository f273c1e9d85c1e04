/** One entry of the list: a token by its jti, or an account's tokens up to a generation. */
export interface Revocation {
  /** `token:<jti>` or `account:<id>`. */
  subject: string;
  /** Of an account: tokens of an older generation are revoked. */
  generation: number;
  /** Milliseconds since the epoch; no token that it is about lives longer. */
  expiresAt: number;
}

export const tokenSubject = (id: string) => `token:${id}`;
export const accountSubject = (id: string) => `account:${id}`;

/**
 * What was revoked in the last minutes, by heart: the database tells it (accounts/accounts.ts), and no request asks for it.
 * While the database is gone, nothing new is revoked, and what was stays so.
 */
export function createRevocations() {
  const known = new Map<string, Revocation>();
  return {
    add(entries: readonly Revocation[]): void {
      for (const entry of entries) {
        const before = known.get(entry.subject);
        if (!before || before.generation <= entry.generation) known.set(entry.subject, entry);
      }
    },
    /** Whether a token of an account was revoked, by itself or with all of its generation. */
    isRevoked(account: string, generation: number, id: string | undefined): boolean {
      if (known.size === 0) return false;
      if (id !== undefined && known.has(tokenSubject(id))) return true;
      const all = known.get(accountSubject(account));
      return all !== undefined && generation < all.generation;
    },
    forgetExpired(): void {
      for (const [subject, { expiresAt }] of known) {
        if (expiresAt <= Date.now()) known.delete(subject);
      }
    },
  };
}

export type Revocations = ReturnType<typeof createRevocations>;
