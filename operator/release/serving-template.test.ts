import { readFile } from 'node:fs/promises';
import { expect } from 'chai';
import type { ModelReleaseSpec } from '../api/model-release.ts';
import { everything } from './fixtures/everything.ts';
import { digest } from './fixtures/messages.ts';
import { modelRelease, spec } from './fixtures/model-release.ts';
import { servingTemplates } from './serving-template.ts';

const specs: Record<string, ModelReleaseSpec> = { defaults: spec, everything };

describe('the pod templates of serving pods', () => {
  for (const [at, build] of servingTemplates.entries()) {
    for (const [name, given] of Object.entries(specs)) {
      const file = `golden/serving-template-v${at + 1}-${name}.json`;

      it(`version ${at + 1}, ${name}: is what ${file} holds`, async () => {
        const built = build({
          modelRelease: modelRelease({ spec: given }),
          release: 'pictograms-20261122-020000',
          digest: digest('a'),
          image: 'registry.example/inference:1',
          pullPolicy: 'IfNotPresent',
        });
        const frozen = JSON.parse(await readFile(new URL(file, import.meta.url), 'utf8'));
        expect(
          built,
          `this change restarts every serving pod of every cluster when the operator is upgraded: make it a new version at the end of servingTemplates, and leave version ${at + 1} as it was`,
        ).to.deep.equal(frozen);
      });
    }
  }
});
