import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';

/** One rule of a ClusterRole. */
export interface Rule {
  apiGroups: string[];
  resources: string[];
  verbs: string[];
}

/** A request as RBAC sees it: `list` of `jobs.batch`, `patch` of `modelreleases.shelfwise.dev/status`. */
export interface Request {
  verb: string;
  resource: string;
}

const template = new URL('../../charts/shelfwise/templates/rbac.yaml', import.meta.url);

/** The rules that the chart gives the operator: where ModelReleases are, and for the Lease in its own namespace. */
export async function chartRules(): Promise<Rule[]> {
  const text = await readFile(template, 'utf8');
  const blocks = [...text.matchAll(/^(rules:\n[\s\S]*?)^\{\{- end \}\}$/gm)];
  if (blocks.length !== 2)
    throw new Error(`${template.pathname} has ${blocks.length} blocks of rules, not 2.`);
  return blocks.flatMap(([, rules = '']) => parse(rules).rules);
}

/** What the API server also checks when it is asked for something else. */
const checkedWith: Record<string, string> = {
  // An apply that finds no object creates one.
  'create deployments.apps': 'patch deployments.apps',
  'create services': 'patch services',
  // The plugin OwnerReferencesPermissionEnforcement, of an object that blocks its owner's deletion.
  'update modelreleases.shelfwise.dev/finalizers': 'create jobs.batch',
};

/** What was asked for without being granted, and what is granted without being asked for: as `verb resource`, sorted. */
export function compareWithRules(
  rules: Rule[],
  requests: Iterable<Request>,
): { missing: string[]; unused: string[] } {
  const granted = grantedBy(rules);
  const used = new Set([...requests].map(({ verb, resource }) => `${verb} ${resource}`));
  for (const [checked, request] of Object.entries(checkedWith)) {
    if (used.has(request) && granted.has(checked)) used.add(checked);
  }
  return {
    missing: [...used.difference(granted)].sort(),
    unused: [...granted.difference(used)].sort(),
  };
}

/** All that the rules allow, as `verb resource`. */
export function grantedBy(rules: Rule[]): Set<string> {
  return new Set(rules.flatMap(expand));
}

function expand({ apiGroups, resources, verbs }: Rule): string[] {
  return apiGroups.flatMap((group) =>
    resources.flatMap((resource) => verbs.map((verb) => `${verb} ${fullName(resource, group)}`)),
  );
}

/** The group stands before the subresource: `modelreleases.shelfwise.dev/status`. */
function fullName(resource: string, group: string): string {
  const [plural, ...subresource] = resource.split('/');
  return [group === '' ? plural : `${plural}.${group}`, ...subresource].join('/');
}
