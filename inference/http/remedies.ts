import type { ProblemCode } from './problems.ts';

/** What whoever meets a problem can do about it, beyond what its `detail` says of the case at hand. */
export const remedies: Record<ProblemCode, string> = {
  'bad-request':
    'The body is not what its Content-Type says, or a header is not of its form: `part` names it. Sending the same again gives the same.',
  'nothing-to-classify': 'Send at least one of `designation`, `description` and `image`.',
  'unknown-part':
    'A misspelt name is refused rather than ignored: compare with the documents here.',
  'duplicate-part': 'Send each part once.',
  unauthenticated:
    'Send `Authorization: Bearer TOKEN` with a token that lives: tokens of accounts last 15 minutes, so ask `POST /v1/tokens` for a new one. The detail says why the one at hand was refused.',
  'wrong-credentials': 'The name or the password is wrong; which of them is not told.',
  forbidden:
    'The token is good, but the caller lacks the role that the endpoint names, or is of a namespace that may not call.',
  'not-found': 'Check the path; what was deleted stays away.',
  'accounts-off':
    "The service runs without a database: call it with a ServiceAccount's token, or set `spec.serving.database`.",
  'method-not-allowed': 'The header `Allow` lists the methods that this address takes.',
  'not-acceptable': 'Leave out the header `Accept`, or name a type that the endpoint answers with.',
  'too-slow': 'Send the body faster than in 30 s: a smaller image, or a nearer machine.',
  'no-catalogue':
    'The service runs without a database: set `spec.serving.database` to keep products in it.',
  conflict: 'Something of that name is there already: choose another, or change that one.',
  'last-admin': 'Make somebody else an admin first.',
  'precondition-failed':
    'Somebody else changed it meanwhile: read it again, and send what is to change with its new `ETag`.',
  'too-large': 'Send a smaller image: nothing of the request was kept.',
  'unsupported-media-type':
    'Send one of the types in the header `Accept` of the answer, and no `Content-Encoding`.',
  'unusable-part': '`part` names the field, and `detail` says what is wrong with it.',
  'idempotency-key-reused': 'A key stands for one request. For another one, use another key.',
  'precondition-required':
    'Read it first, and send its `ETag` in `If-Match`: what somebody else changed meanwhile would else be lost.',
  'too-many-logins': 'Wait as long as `Retry-After` says.',
  'headers-too-large': 'Send fewer or shorter headers: 16 KiB in all are taken.',
  internal: 'A fault of the service. Its log has it under `requestId`; asking again may help once.',
  'model-fault': 'The model fails on this product: others are not affected. Report the product.',
  overloaded: 'Ask again after `Retry-After`. If it lasts, the service needs more replicas or CPU.',
  'not-ready': 'The model is being loaded: ask again after `Retry-After`, or look at `/readyz`.',
  'pictures-unavailable':
    'The store of pictures does not answer; nothing was changed. Ask again after `Retry-After`.',
  'store-unavailable':
    'The store of releases does not answer; predictions go on. Ask again after `Retry-After`.',
  'database-unavailable':
    'The database does not answer; predictions go on, nothing was half-written. Ask again after `Retry-After`.',
  'keys-unavailable': "The issuer's keys could not be fetched yet: ask again after `Retry-After`.",
};
