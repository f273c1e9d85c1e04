/** `npm run generate [-- --check]`: writes what is derived from other files, or says which of it is out of date. */
import { readFile, writeFile } from 'node:fs/promises';
import { stringify } from 'yaml';
import { type CustomResourceDefinition, readCrd } from './crd.ts';
import { problemsPage } from './problems.ts';
import { referenceOf } from './reference.ts';
import { typesOf } from './types.ts';

const root = new URL('../../', import.meta.url);

const derived: {
  path: string;
  /** Of the file that it is derived from, where that is not the CRD. */
  source?: string;
  from: (crd: CustomResourceDefinition) => Promise<string> | string;
}[] = [
  { path: 'operator/api/model-release.gen.ts', from: typesOf },
  { path: 'charts/shelfwise/files/modelreleases.yaml', from: chartCopy },
  { path: 'docs/reference.md', from: referenceOf },
  { path: 'docs/problems.md', source: 'inference/http/problems.ts', from: problemsPage },
];

/** Without anchors and merge keys: what comes between a chart and the API server does not always know them. */
function chartCopy(crd: CustomResourceDefinition): string {
  const comment = '# Generated from crds/modelreleases.yaml by `npm run generate`.\n';
  return comment + stringify(crd, { aliasDuplicateObjects: false, lineWidth: 0 });
}

const check = process.argv.includes('--check');
const crd = await readCrd();
let stale = 0;
for (const { path, source = 'crds/modelreleases.yaml', from } of derived) {
  const file = new URL(path, root);
  const wanted = await from(crd);
  const present = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (present === wanted) continue;
  if (check) {
    stale += 1;
    console.error(`${path} is not what ${source} gives: run npm run generate.`);
  } else {
    await writeFile(file, wanted);
    console.error(`Wrote ${path}.`);
  }
}
process.exitCode = stale > 0 ? 1 : 0;
