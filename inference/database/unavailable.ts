/** SQLSTATE classes of a statement that is wrong, or of data that it would break: those are for its caller to know. */
const statementIsWrong = /^(0[A-Z]|2[1234]|4[24])/;
const sqlState = /^[0-9A-Z]{5}$/;

/**
 * Whether an error of a query says that the database, or the way to it, is gone, full, or busy for now. Errors of classes of
 * our own and of the language pass for what they are.
 */
export function isUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code } = error as { code?: unknown };
  if (error.name === 'error' && typeof code === 'string' && sqlState.test(code))
    return !statementIsWrong.test(code);
  // knex's own, those of sockets, and those of the driver, which are of no class: "Connection terminated unexpectedly".
  return (
    error.name === 'KnexTimeoutError' ||
    error.constructor === Error ||
    error.constructor === AggregateError
  );
}
