import { expect } from 'chai';
import { covers, differences } from './drift.ts';
import { sameQuantity } from './resources.ts';

describe('drift', () => {
  const cases: { name: string; live: unknown; wanted: unknown; covered: boolean }[] = [
    {
      name: 'what the API server filled in',
      live: { a: 1, protocol: 'TCP' },
      wanted: { a: 1 },
      covered: true,
    },
    {
      name: 'a key more in a selector',
      live: { selector: { app: 'a', also: 'b' }, metadata: { also: 'theirs' } },
      wanted: { selector: { app: 'a' }, metadata: {} },
      covered: false,
    },
    { name: 'another value', live: { a: 2 }, wanted: { a: 1 }, covered: false },
    { name: 'a field that is missing', live: {}, wanted: { a: 1 }, covered: false },
    {
      name: 'what the API server leaves out because it is empty',
      live: { operator: 'Exists' },
      wanted: { key: '', operator: 'Exists', values: [], matchLabels: {}, optional: false },
      covered: true,
    },
    { name: 'a list that is missing', live: {}, wanted: { a: ['b'] }, covered: false },
    { name: 'an object that is missing', live: undefined, wanted: { a: 1 }, covered: false },
    {
      name: 'a field that nobody wants',
      live: { a: 1 },
      wanted: { a: 1, b: undefined },
      covered: true,
    },
    { name: 'arguments in another order', live: ['b', 'a'], wanted: ['a', 'b'], covered: false },
    { name: 'a further argument', live: ['a', 'b'], wanted: ['a'], covered: false },
    {
      name: 'a container that was injected',
      live: [{ name: 'proxy' }, { name: 'a', image: 'x' }],
      wanted: [{ name: 'a' }],
      covered: true,
    },
    {
      name: 'a container that was taken out',
      live: [{ name: 'proxy' }],
      wanted: [{ name: 'a' }],
      covered: false,
    },
    {
      name: 'two mounts of one volume',
      live: [
        { name: 'v', mountPath: '/a' },
        { name: 'v', mountPath: '/b' },
      ],
      wanted: [{ name: 'v', mountPath: '/b' }],
      covered: true,
    },
    {
      name: 'a further toleration',
      live: [{ key: 'a' }, { key: 'b' }],
      wanted: [{ key: 'a' }],
      covered: false,
    },
    {
      name: 'an owner more, of the same name, which was there before',
      live: [
        { name: 'a', uid: 'old' },
        { name: 'a', uid: 'new', controller: true },
      ],
      wanted: [{ name: 'a', uid: 'new', controller: true }],
      covered: true,
    },
    { name: 'entries where none are wanted', live: ['a'], wanted: [], covered: false },
    {
      name: 'a quantity written otherwise',
      live: { requests: { cpu: '500m' } },
      wanted: { requests: { cpu: '0.5' } },
      covered: true,
    },
    {
      name: 'another quantity',
      live: { requests: { cpu: '501m' } },
      wanted: { requests: { cpu: '0.5' } },
      covered: false,
    },
    {
      name: 'equal amounts that are no quantities',
      live: { image: '1.0' },
      wanted: { image: '1' },
      covered: false,
    },
  ];
  for (const { name, live, wanted, covered } of cases) {
    it(`${covered ? 'leaves' : 'corrects'} ${name}`, () =>
      expect(covers(live, wanted)).to.equal(covered));
  }

  const named: { name: string; live: object; wanted: object; fields: string[] }[] = [
    {
      name: 'a selector as a whole',
      live: { spec: { selector: { app: 'a', also: 'b' } } },
      wanted: { spec: { selector: { app: 'a' } } },
      fields: ['spec.selector'],
    },
    { name: 'none', live: { a: 1, b: 2 }, wanted: { a: 1 }, fields: [] },
    {
      name: 'a value, a missing field and a label',
      live: { spec: { replicas: 0 }, metadata: { labels: { a: 'x' } } },
      wanted: { spec: { replicas: 2, paused: true }, metadata: { labels: { a: 'y' } } },
      fields: ['spec.replicas', 'spec.paused', 'metadata.labels.a'],
    },
    {
      name: 'a field of a named entry',
      live: { containers: [{ name: 'proxy' }, { name: 'a', image: 'x', ports: [] }] },
      wanted: { containers: [{ name: 'a', image: 'y', ports: [{ name: 'http', port: 1 }] }] },
      fields: ['containers[a].image', 'containers[a].ports[http]'],
    },
    {
      name: 'a list as a whole',
      live: { args: ['a', 'b'] },
      wanted: { args: ['a'] },
      fields: ['args'],
    },
    {
      name: 'a quantity',
      live: { requests: { cpu: '500m', memory: '1Gi' } },
      wanted: { requests: { cpu: '0.5', memory: '2Gi' } },
      fields: ['requests.memory'],
    },
    {
      name: 'what is no object any more',
      live: { a: 'x' },
      wanted: { a: { b: 1 } },
      fields: ['a'],
    },
  ];
  for (const { name, live, wanted, fields } of named) {
    it(`names ${name}`, () => expect(differences(live, wanted)).to.deep.equal(fields));
  }

  const equal = [
    ['1', '1000m'],
    ['0.1', '100m'],
    ['1024Mi', '1Gi'],
    ['1e3', '1k'],
    ['2', 2],
    ['.5', '500m'],
    ['1G', '1000000000'],
  ];
  for (const [one, other] of equal) {
    it(`${one} is ${other}`, () => expect(sameQuantity(one, other)).to.equal(true));
  }
  for (const [one, other] of [
    ['1', '1001m'],
    ['1G', '1Gi'],
    ['x', 'x'],
    ['1', undefined],
    ['1', '1x'],
  ]) {
    it(`${one} is not ${other}`, () => expect(sameQuantity(one, other)).to.equal(false));
  }
});
