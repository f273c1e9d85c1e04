import { expect } from 'chai';
import type { ModelRelease } from '../../operator/api/model-release.gen.ts';
import type { Kubectl } from './kubectl.ts';
import { followRelease } from './model-release.ts';

describe('following a ModelRelease', () => {
  const at = { namespace: 'shop', name: 'pictograms' };
  const state = (phase: string) => ({ status: { phase } }) as unknown as ModelRelease;
  const options = { what: 'pictograms to serve', limitMs: 60_000 };
  const isServing = (seen: ModelRelease) => seen.status?.phase === 'Serving';

  /** A kubectl whose watches give these states one after the other; each but the last then breaks off. */
  function kubectlOf(watches: ModelRelease[][], present = true): Kubectl & { begun: number } {
    const kubectl = {
      begun: 0,
      async *watch() {
        const states = watches[kubectl.begun++];
        if (!states) throw new Error('more watches than there should be');
        yield* states;
        throw new Error('the watch broke off');
      },
      get: async () => (present ? state('Pending') : undefined),
    };
    return kubectl as unknown as Kubectl & { begun: number };
  }

  it('takes a watch up again that broke off', async () => {
    const kubectl = kubectlOf([[state('Pending')], [state('Training'), state('Serving')]]);
    expect(await followRelease(kubectl, at, isServing, options)).to.deep.equal(state('Serving'));
    expect(kubectl.begun).to.equal(2);
  });

  for (const part of ['done', 'each'] as const)
    it(`ends with what ${part} throws`, async () => {
      const kubectl = kubectlOf([[state('Failed')]]);
      const refuse = () => {
        throw new Error('The run ended: GateFailed.');
      };
      const following =
        part === 'done'
          ? followRelease(kubectl, at, refuse, options)
          : followRelease(kubectl, at, isServing, { ...options, each: refuse });
      const error = await following.catch((thrown) => thrown);
      expect(error.message).to.equal('The run ended: GateFailed.');
    });

  it('ends with the error of the watch when the object is not there', async () => {
    const error = await followRelease(kubectlOf([[]], false), at, isServing, options).catch(
      (thrown) => thrown,
    );
    expect(error.message).to.equal('the watch broke off');
  });
});
