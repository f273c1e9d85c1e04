import { expect } from 'chai';
import { digest } from './fixtures/messages.ts';
import { spec } from './fixtures/model-release.ts';
import { alreadyAnswered, imageIdentity, inputsOf } from './inputs.ts';
import type { Outcome, Run } from './run.ts';

const base = {
  dataset: digest('d'),
  trainer: 'registry.example/trainer:1',
  model: spec.training.model,
};
const pinned = (registry: string, letter: string) => `${registry}/trainer:1@${digest(letter)}`;

describe('inputs', () => {
  const others = [
    { name: 'another dataset', parts: { ...base, dataset: digest('e') } },
    { name: 'another trainer', parts: { ...base, trainer: 'registry.example/trainer:2' } },
    { name: 'another seed', parts: { ...base, model: { ...base.model, seed: 2 } } },
    {
      name: 'another architecture',
      parts: { ...base, model: { ...base.model, architecture: 'lstm-cnn' as const } },
    },
    { name: 'a search', parts: { ...base, search: { minutes: 30, configurations: 8 } } },
    { name: 'epochs that were not set', parts: { ...base, model: { ...base.model, epochs: 3 } } },
  ];
  for (const { name, parts } of others) {
    it(`differ with ${name}`, () => expect(inputsOf(parts)).to.not.equal(inputsOf(base)));
  }

  it('are those that an older operator recorded, where nothing is searched for', () => {
    const recorded = 'sha256:c0d2657eda6f57ca03ac90d616dca871967efbceb71cafaeb719c2c9bc17bf9f';
    expect(inputsOf({ ...base, search: undefined })).to.equal(recorded);
  });

  it('are equal for equal content in another order', () => {
    const model = Object.fromEntries(Object.entries(base.model).toReversed()) as typeof base.model;
    expect(inputsOf({ ...base, model })).to.equal(inputsOf(base));
  });

  it('know a pinned image by its digest alone', () => {
    expect(imageIdentity(pinned('a', 'f'))).to.equal(digest('f'));
    const one = inputsOf({ ...base, trainer: pinned('a', 'f') });
    expect(inputsOf({ ...base, trainer: pinned('b', 'f') })).to.equal(one);
    expect(inputsOf({ ...base, trainer: pinned('a', '0') })).to.not.equal(one);
  });
});

describe('inputs that were answered before', () => {
  const inputs = digest('1');
  const run = (name: string, change: Partial<Run> = {}): Run =>
    ({
      release: name,
      startedAt: `2026-11-22T02:00:0${name.at(-1)}Z`,
      slot: '2026-11-22T02:00:00Z',
      spec,
      snapshot: { inputs },
      ...change,
    }) as Run;
  const ended = (
    outcome: Outcome['outcome'],
    reason: Outcome['reason'] = 'Served',
  ): Partial<Run> => ({
    verdict: { verdict: outcome === 'GateFailed' ? 'Fail' : 'Pass' } as never,
    evaluation: {} as never,
    outcome: { outcome, reason, step: 'rollout', message: '', finishedAt: '2026-11-22T03:00:00Z' },
  });
  const changedGate = {
    ...spec,
    gate: { metrics: [{ name: 'accuracy' as const, minimum: '0.5' }] },
  };

  const cases: {
    name: string;
    earlier: Run[];
    now?: Partial<Run>;
    answered: string | undefined;
  }[] = [
    { name: 'it serves', earlier: [run('r1', ended('Served'))], answered: 'r1' },
    {
      name: 'it is being rolled out',
      earlier: [run('r1', { verdict: { verdict: 'Pass' } as never })],
      answered: 'r1',
    },
    {
      name: 'its gate failed',
      earlier: [run('r1', ended('GateFailed', 'GateFailed'))],
      answered: 'r1',
    },
    {
      name: 'its gate was inconclusive',
      earlier: [run('r1', ended('GateInconclusive', 'GateInconclusive'))],
      answered: 'r1',
    },
    {
      name: 'pods refused the model',
      earlier: [run('r1', ended('RolledBack', 'ModelRefused'))],
      answered: 'r1',
    },
    {
      name: 'its gate failed, and is another now',
      earlier: [run('r1', ended('GateFailed', 'GateFailed'))],
      now: { spec: changedGate },
      answered: undefined,
    },
    {
      name: 'the cluster had no room for it',
      earlier: [run('r1', ended('RolledBack', 'Unschedulable'))],
      answered: undefined,
    },
    { name: 'it was superseded', earlier: [run('r1', ended('Superseded'))], answered: undefined },
    {
      name: 'it has no verdict',
      earlier: [run('r1', { outcome: { outcome: 'RunFailed' } as never })],
      answered: undefined,
    },
    {
      name: 'its inputs were others',
      earlier: [run('r1', { ...ended('Served'), snapshot: { inputs: digest('2') } as never })],
      answered: undefined,
    },
    {
      name: 'another release has replaced it',
      earlier: [
        run('r1', ended('Served')),
        run('r2', { ...ended('Served'), snapshot: { inputs: digest('2') } as never }),
      ],
      answered: undefined,
    },
    { name: 'the run is itself', earlier: [], answered: undefined },
  ];
  for (const { name, earlier, now, answered } of cases) {
    it(`${answered ? 'stands' : 'does not stand'} where ${name}`, () => {
      const present = run('r9', now);
      expect(alreadyAnswered(present, inputs, [...earlier, present])?.release).to.equal(answered);
    });
  }
});
