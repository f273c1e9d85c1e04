import { expect } from 'chai';
import { ApiError } from './api-error.ts';
import { classify, ReconcileError } from './errors.ts';

const api = (status: number, reason: string, message = 'no') =>
  new ApiError({
    status,
    reason,
    message,
    verb: 'create',
    resource: 'jobs.batch',
    object: 'shop/a',
  });

describe('classify', () => {
  const cases: [unknown, string | undefined, string?][] = [
    [api(0, 'Unreachable'), 'Transient', 'Unreachable'],
    [api(409, 'Conflict'), 'Transient', 'Conflict'],
    [api(409, 'AlreadyExists'), 'Transient', 'AlreadyExists'],
    [api(429, 'TooManyRequests'), 'Transient', 'TooManyRequests'],
    [api(401, 'Unauthorized'), 'Transient', 'Unauthorized'],
    [api(404, 'NotFound'), 'Transient', 'NotFound'],
    [api(500, 'InternalError'), 'Transient', 'InternalError'],
    [api(403, 'Forbidden', 'User "x" cannot create resource "jobs"'), 'Waiting', 'Forbidden'],
    [api(403, 'Forbidden', 'exceeded quota: jobs, requested: 1'), 'Waiting', 'QuotaExceeded'],
    [api(422, 'Invalid'), 'Stalled', 'Invalid'],
    [api(400, 'BadRequest'), 'Stalled', 'BadRequest'],
    [api(413, 'RequestEntityTooLarge'), 'Stalled', 'RequestEntityTooLarge'],
    [new ReconcileError('Waiting', 'NoGpu', 'no GPU is free'), 'Waiting', 'NoGpu'],
    [new TypeError('x is undefined'), undefined],
  ];
  for (const [error, outcome, reason] of cases) {
    it(`${error instanceof ApiError ? `${error.status} ${error.message}` : error} → ${outcome ?? 'a bug'}`, () => {
      const found = classify(error);
      expect(found?.outcome).to.equal(outcome);
      expect(found?.reason).to.equal(reason);
    });
  }
});
