import { existsSync } from 'node:fs';
import { glob, readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { expect } from 'chai';
import { Registry } from 'prom-client';
import { createMetrics } from '../../inference/metrics/metrics.ts';
import { watchPredictions } from '../../inference/metrics/predictions.ts';
import { watchWaiting } from '../../inference/metrics/waiting.ts';
import { conditionTypes } from '../../operator/api/conditions.ts';
import { reasons } from '../../operator/api/reasons.ts';
import { createReleaseMetrics } from '../../operator/release/metrics.ts';

const root = resolve(import.meta.dirname, '../..');
const read = (path: string) => readFile(join(root, path), 'utf8');

async function rowsOf(path: string): Promise<string[]> {
  const page = await read(path);
  return [...page.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name ?? '');
}

describe('the page of conditions and reasons', () => {
  it('has every condition and every reason once, and no other', async () => {
    const expected = [...Object.keys(conditionTypes), ...Object.keys(reasons)];
    expect((await rowsOf('docs/conditions.md')).sort()).to.deep.equal(expected.sort());
  });
});

describe('the page of metrics', () => {
  it('has every series of ModelReleases once, and no other', async () => {
    const registry = new Registry();
    createReleaseMetrics(registry, 'shelfwise_operator_', () => []);
    const expected = registry.getMetricsAsArray().map(({ name }) => name);
    expect((await rowsOf('docs/metrics.md')).sort()).to.deep.equal(expected.sort());
  });
});

describe("the page of the inference service's metrics", () => {
  it('has every series once, and no other', async () => {
    const metrics = createMetrics();
    metrics.watchDependencies(() => ({}));
    metrics.watchEngine(() => ({ queued: 0, workers: 0, alive: 0, busy: 0 }));
    watchWaiting(metrics.registry, () => undefined);
    watchPredictions(metrics.registry, { release: '', digest: '', classes: [] });
    const names = metrics.registry.getMetricsAsArray().map(({ name }) => name);
    const expected = names.filter((name) => name.startsWith('shelfwise_'));
    const rows = (await rowsOf('docs/serving.md')).filter((name) => name.startsWith('shelfwise_'));
    expect(rows.sort()).to.deep.equal(expected.sort());
  });
});

describe('the documents', () => {
  it('link only to what is there', async () => {
    const broken: string[] = [];
    for await (const page of glob('{*.md,docs/*.md}', { cwd: root })) {
      const text = await read(page);
      for (const [, target = ''] of text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)) {
        if (/^[a-z]+:/.test(target)) continue;
        if (!existsSync(join(root, dirname(page), target))) broken.push(`${page}: ${target}`);
      }
    }
    expect(broken).to.deep.equal([]);
  });

  it('name only make targets and npm scripts that there are', async () => {
    const { scripts } = JSON.parse(await read('package.json'));
    const makefile = await read('Makefile');
    const unknown: string[] = [];
    for await (const page of glob('{*.md,docs/*.md,manifests/**/*.yaml}', { cwd: root })) {
      const text = await read(page);
      for (const [, target] of text.matchAll(/(?<=^|`|\s)make ([a-z][a-z-]*)(?=`|\s{2,}|$)/gm))
        if (!new RegExp(`^${target}:`, 'm').test(makefile)) unknown.push(`${page}: make ${target}`);
      for (const [, script = ''] of text.matchAll(/npm run -s ([a-z][a-z:-]*)/g))
        if (!(script in scripts)) unknown.push(`${page}: npm run ${script}`);
    }
    expect(unknown).to.deep.equal([]);
  });
});
