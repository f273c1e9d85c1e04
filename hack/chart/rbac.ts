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

/** The rules that the chart gives the operator. They hold nothing of Helm's language, so that this can read them. */
export async function chartRules(): Promise<Rule[]> {
  const text = await readFile(template, 'utf8');
  const [, rules] = /^(rules:\n[\s\S]*?)^---$/m.exec(text) ?? [];
  if (rules === undefined)
    throw new Error(`${template.pathname} has no rules before its first ---.`);
  return parse(rules).rules;
}

/** Checked by admission when an object is created with an owner; there is no request of this name. */
const neverRequested = ['update modelreleases.shelfwise.dev/finalizers'];

/** What was asked for without being granted, and what is granted without being asked for: as `verb resource`, sorted. */
export function compareWithRules(
  rules: Rule[],
  requests: Iterable<Request>,
): { missing: string[]; unused: string[] } {
  const granted = new Set(rules.flatMap(expand));
  const asked = [...requests].map(({ verb, resource }) => `${verb} ${resource}`);
  const used = new Set([...asked, ...neverRequested.filter((each) => granted.has(each))]);
  return {
    missing: [...used.difference(granted)].sort(),
    unused: [...granted.difference(used)].sort(),
  };
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
