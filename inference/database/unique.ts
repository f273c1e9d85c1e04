/** unique_violation: https://www.postgresql.org/docs/current/errcodes-appendix.html. */
const uniqueViolation = '23505';

/** Whether a row could not be written because there is one of its key already. */
export function isThereAlready(error: unknown): boolean {
  return (error as { code?: string }).code === uniqueViolation;
}
