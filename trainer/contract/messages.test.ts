import { expect } from 'chai';
import fc from 'fast-check';
import { canonicalJson, sha256Of } from './digest.ts';
import {
  exitCodeOf,
  exitCodes,
  failureMessage,
  failureMessageSchema,
  failureTermination,
  StepError,
  type StepReason,
  snapshotMessageSchema,
  successTermination,
  terminationMessageLimitBytes,
} from './messages.ts';
import { StoreConflict, StoreNotFound, StoreUnreachable } from './store-errors.ts';

describe('exit codes', () => {
  it('are those that Jobs are configured with', () => {
    expect(exitCodes).to.deep.equal({
      BadConfiguration: 10,
      BadData: 11,
      Diverged: 12,
      LostRace: 13,
      NoGPU: 14,
      Interrupted: 20,
      StoreUnreachable: 21,
    });
  });

  it('follow from what was thrown', () => {
    for (const reason of Object.keys(exitCodes) as StepReason[]) {
      expect(exitCodeOf(new StepError(reason, 'x'))).to.equal(exitCodes[reason]);
    }
    expect(exitCodeOf(new StoreNotFound('u', 'k'))).to.equal(11);
    expect(exitCodeOf(new StoreConflict('u', 'k'))).to.equal(13);
    expect(exitCodeOf(new StoreUnreachable('x'))).to.equal(21);
    for (const bug of [new Error('x'), 'x', undefined]) expect(exitCodeOf(bug)).to.equal(1);
  });
});

describe('termination message', () => {
  it('of a success is whole or an error', () => {
    expect(successTermination({ step: 'x', ok: true })).to.equal('{"step":"x","ok":true}');
    expect(() => successTermination({ names: 'é'.repeat(2500) })).to.throw(
      StepError,
      /5012 bytes, over the 4096/,
    );
  });

  it('of a failure always fits, is of its schema and begins with the sentence', () => {
    const anySentence = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 9000, size: 'max' }),
      fc
        .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 9000, size: 'max' })
        .map((units) => String.fromCharCode(...units)),
      fc.constantFrom('x', '"', '\0', '\ud800', '🙂').map((piece) => piece.repeat(9000)),
    );
    fc.assert(
      fc.property(anySentence, (sentence) => {
        const text = failureTermination(
          failureMessage('train', new StepError('Diverged', sentence)),
        );
        expect(Buffer.byteLength(text)).to.be.at.most(terminationMessageLimitBytes);
        const { message, ...rest } = failureMessageSchema.parse(JSON.parse(text));
        expect(rest).to.deep.equal({ step: 'train', ok: false, exitCode: 12, reason: 'Diverged' });
        expect(message === sentence || sentence.startsWith(message.slice(0, -1))).to.equal(true);
      }),
      { numRuns: 25 },
    );
  });

  it('uses the room that there is', () => {
    const failure = failureMessage('train', new Error('🙂'.repeat(9000)));
    expect(failure.reason).to.equal('Bug');
    expect(Buffer.byteLength(failureTermination(failure))).to.be.above(
      terminationMessageLimitBytes - 24,
    );
  });

  it('of a snapshot names its digest in full', () => {
    const message = {
      step: 'snapshot',
      ok: true,
      dataset: 'abc',
      products: 1,
      train: 1,
      holdout: 0,
      classes: 1,
      groups: 1,
      invalid: 0,
      invalidExamples: [],
    };
    expect(snapshotMessageSchema.safeParse(message).success).to.equal(false);
    expect(
      snapshotMessageSchema.safeParse({ ...message, dataset: sha256Of('x') }).success,
    ).to.equal(true);
  });
});

describe('canonicalJson', () => {
  it('sorts keys at every depth, and leaves out what is undefined', () => {
    expect(canonicalJson({ b: [{ d: 1, c: null }], a: undefined, é: 'x' })).to.equal(
      '{"b":[{"c":null,"d":1}],"é":"x"}',
    );
  });

  it('is the same for equal values, whatever the order of keys, and parses to them', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = canonicalJson(value);
        expect(JSON.parse(text)).to.deep.equal(JSON.parse(JSON.stringify(value)));
        expect(canonicalJson(reversed(value))).to.equal(text);
      }),
    );
  });

  it('refuses numbers that JSON would turn into null', () => {
    for (const number of [Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => canonicalJson({ a: [number] })).to.throw(/no place in JSON/);
    }
  });
});

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, item]) => [key, reversed(item)]),
  );
}
