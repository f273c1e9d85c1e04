import { expect } from 'chai';
import { chartRules, compareWithRules, type Request, type Rule } from './rbac.ts';

const rules: Rule[] = [
  { apiGroups: [''], resources: ['pods'], verbs: ['list', 'watch'] },
  { apiGroups: ['shelfwise.dev'], resources: ['modelreleases/status'], verbs: ['patch'] },
];
const all: Request[] = [
  { verb: 'list', resource: 'pods' },
  { verb: 'watch', resource: 'pods' },
  { verb: 'patch', resource: 'modelreleases.shelfwise.dev/status' },
];

describe('compareWithRules', () => {
  const cases = [
    { name: 'all used', requests: all, missing: [], unused: [] },
    { name: 'a verb not used', requests: all.slice(1), missing: [], unused: ['list pods'] },
    {
      name: 'a verb not granted',
      requests: [...all, { verb: 'get', resource: 'secrets' }],
      missing: ['get secrets'],
      unused: [],
    },
    {
      name: 'another group and the parent of a subresource are other resources',
      requests: [...all, { verb: 'patch', resource: 'modelreleases.shelfwise.dev' }],
      missing: ['patch modelreleases.shelfwise.dev'],
      unused: [],
    },
  ];
  for (const { name, requests, missing, unused } of cases) {
    it(name, () => expect(compareWithRules(rules, requests)).to.deep.equal({ missing, unused }));
  }
});

it('compareWithRules counts create as used where an apply may need it, and only there', () => {
  const apply: Rule[] = [
    { apiGroups: ['apps'], resources: ['deployments'], verbs: ['create', 'patch'] },
    { apiGroups: ['batch'], resources: ['jobs'], verbs: ['create', 'patch'] },
  ];
  const requests = [
    { verb: 'patch', resource: 'deployments.apps' },
    { verb: 'patch', resource: 'jobs.batch' },
  ];
  expect(compareWithRules(apply, requests)).to.deep.equal({
    missing: [],
    unused: ['create jobs.batch'],
  });
});

describe('the rules of the chart', () => {
  it('grant nothing by wildcard, no Secrets, and no write to the spec of a ModelRelease', async () => {
    const granted = compareWithRules(await chartRules(), []).unused;
    expect(granted).to.include('list modelreleases.shelfwise.dev');
    const tooMuch = granted.filter(
      (each) =>
        each.includes('*') ||
        each.endsWith(' secrets') ||
        /^(create|update|patch|delete)\w* modelreleases\.shelfwise\.dev$/.test(each),
    );
    expect(tooMuch).to.deep.equal([]);
  });
});
