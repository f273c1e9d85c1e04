import { expect } from 'chai';
import { readConfig } from './config.ts';

const images = {
  TRAINER_IMAGE: 'r/trainer:1',
  SNAPSHOT_IMAGE: 'r/snapshot:1',
  INFERENCE_IMAGE: 'r/inference:1',
};

describe('the operator’s configuration', () => {
  it('has defaults for all but the images', () => {
    expect(
      readConfig({ ...images, KUBERNETES_SERVICE_HOST: '10.0.0.1', LOG_LEVEL: '' }),
    ).to.deep.equal({
      images: { trainer: 'r/trainer:1', snapshot: 'r/snapshot:1', inference: 'r/inference:1' },
      imagePullPolicy: 'IfNotPresent',
      logLevel: 'info',
      port: 8080,
      namespaces: [],
      pod: 'shelfwise-operator',
      cluster: { inside: { host: '10.0.0.1', port: '443' } },
    });
  });

  it('prefers KUBECONFIG to the pod’s own account', () => {
    const { cluster } = readConfig({
      ...images,
      KUBERNETES_SERVICE_HOST: '10.0.0.1',
      KUBECONFIG: '/a:/b',
    });
    expect(cluster).to.deep.equal({ kubeconfig: ['/a', '/b'] });
  });

  const lists: [string, string[]][] = [
    ['', []],
    ['shop', ['shop']],
    [' shop, store ,', ['shop', 'store']],
    ['shop,shop', ['shop']],
  ];
  for (const [text, names] of lists) {
    it(`watches ${names.join(' and ') || 'all namespaces'} where WATCH_NAMESPACES is "${text}"`, () => {
      const { namespaces } = readConfig({ ...images, WATCH_NAMESPACES: text });
      expect(namespaces).to.deep.equal(names);
    });
  }

  const faults: [string, Record<string, string>, RegExp][] = [
    [
      'a missing image',
      { TRAINER_IMAGE: '' },
      /: TRAINER_IMAGE is not set; it is a reference to a container image\.$/,
    ],
    ['an image with a space', { INFERENCE_IMAGE: 'a b' }, /INFERENCE_IMAGE is not a reference/],
    [
      'a wrong pull policy',
      { IMAGE_PULL_POLICY: 'Sometimes' },
      /IMAGE_PULL_POLICY must be Always, IfNotPresent or Never/,
    ],
    ['a wrong log level', { LOG_LEVEL: 'loud' }, /LOG_LEVEL must be trace/],
    ['a wrong port', { PORT: 'http' }, /PORT must be a port number/],
    [
      'what is no name of a namespace',
      { WATCH_NAMESPACES: 'shop,Shop' },
      /: WATCH_NAMESPACES must be names of namespaces, separated by commas\.$/,
    ],
    ['several faults', { PORT: 'http', LOG_LEVEL: 'loud' }, /LOG_LEVEL .*; PORT /],
  ];
  for (const [name, change, message] of faults) {
    it(`names ${name}`, () => expect(() => readConfig({ ...images, ...change })).to.throw(message));
  }
});
