/**
 * What other programs may know of the inference program: the facts that `evaluate` reports to the
 * operator and the documents that the HTTP API speaks. It depends on zod alone, so that the operator
 * can import it without an engine, a database client or a picture library.
 */
export * from './accounts.ts';
export * from './caller.ts';
export * from './catalogue.ts';
export * from './evaluation.ts';
export * from './explain.ts';
export * from './facts.ts';
export * from './http.ts';
export * from './problem.ts';
export * from './releases.ts';
export * from './score.ts';
