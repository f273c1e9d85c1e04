import { expect } from 'chai';
import { readConfig } from './config.ts';

const images = {
  TRAINER_IMAGE: 'r/trainer:1',
  SNAPSHOT_IMAGE: 'r/snapshot:1',
  INFERENCE_IMAGE: 'r/inference:1',
};

const inside = { KUBERNETES_SERVICE_HOST: '10.0.0.1', POD_NAMESPACE: 'system' };

describe('the operator’s configuration', () => {
  it('has defaults for all but the images', () => {
    expect(readConfig({ ...images, ...inside, LOG_LEVEL: '' })).to.deep.equal({
      images: { trainer: 'r/trainer:1', snapshot: 'r/snapshot:1', inference: 'r/inference:1' },
      imagePullPolicy: 'IfNotPresent',
      logLevel: 'info',
      port: 8080,
      namespaces: [],
      pod: 'shelfwise-operator',
      leaderElection: {
        namespace: 'system',
        name: 'shelfwise-operator',
        podUid: undefined,
        leaseDurationSeconds: 15,
        renewDeadlineSeconds: 10,
        retryPeriodSeconds: 2,
      },
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

  it('takes the pod’s account from where it is mounted', () => {
    const { cluster } = readConfig({ ...images, ...inside, SERVICE_ACCOUNT_DIR: '/account' });
    expect(cluster).to.deep.equal({
      inside: { host: '10.0.0.1', port: '443', directory: '/account' },
    });
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

  it('elects a leader in a cluster, and elsewhere where it is asked to', () => {
    const elects = (env: Record<string, string>) =>
      readConfig({ ...images, ...env }).leaderElection?.namespace;
    expect(elects({ ...inside, LEADER_ELECTION: 'false' })).to.equal(undefined);
    expect(elects({ KUBECONFIG: '/a' })).to.equal(undefined);
    const chosen = { KUBECONFIG: '/a', LEADER_ELECTION: 'true', LEASE_NAMESPACE: 'mine' };
    expect(elects(chosen)).to.equal('mine');
    expect(elects({ ...inside, LEASE_NAMESPACE: 'mine' })).to.equal('mine');
  });

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
    [
      'a Lease without a namespace',
      { LEADER_ELECTION: 'true' },
      /LEASE_NAMESPACE is not set, nor is POD_NAMESPACE; .* LEADER_ELECTION=false does without\.$/,
    ],
    [
      'a leader that would outlast its Lease, and one that would have one try',
      { ...inside, LEASE_RENEW_DEADLINE_SECONDS: '15', LEASE_RETRY_PERIOD_SECONDS: '8' },
      /LEASE_RENEW_DEADLINE_SECONDS must be less .*; LEASE_RETRY_PERIOD_SECONDS must be at most half/,
    ],
    ['half a second', { LEASE_DURATION_SECONDS: '1.5' }, /LEASE_DURATION_SECONDS must be a whole/],
    ['no time', { LEASE_RETRY_PERIOD_SECONDS: '0' }, /LEASE_RETRY_PERIOD_SECONDS must be more/],
    ['neither yes nor no', { LEADER_ELECTION: 'yes' }, /LEADER_ELECTION must be true or false/],
    ['several faults', { PORT: 'http', LOG_LEVEL: 'loud' }, /LOG_LEVEL .*; PORT /],
  ];
  for (const [name, change, message] of faults) {
    it(`names ${name}`, () => expect(() => readConfig({ ...images, ...change })).to.throw(message));
  }
});
