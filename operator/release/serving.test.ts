import { expect } from 'chai';
import { digest } from './fixtures/messages.ts';
import { defaults, modelRelease, spec } from './fixtures/model-release.ts';
import { buildDeployment, buildServices } from './serving.ts';

const servable = {
  release: 'pictograms-20261122-020000',
  digest: digest('a'),
  image: 'registry.example/inference:1',
  template: 1,
  pullPolicy: undefined,
};
const built = (change: Partial<typeof spec.serving> = {}) =>
  buildDeployment(
    modelRelease({ spec: { serving: { ...spec.serving, ...change } } }),
    servable,
    defaults,
  );
const podOf = (deployment: ReturnType<typeof built>) => deployment.spec?.template.spec;
const environment = (deployment: ReturnType<typeof built>) =>
  Object.fromEntries(
    (podOf(deployment)?.containers[0]?.env ?? []).map(({ name, value }) => [name, value]),
  );

describe('serving', () => {
  it('has the frozen parts of a Deployment, around the pod template', () => {
    const { template, ...rest } = built().spec as NonNullable<ReturnType<typeof built>['spec']>;
    expect(template.metadata?.labels).to.include(rest.selector.matchLabels);
    expect(rest).to.deep.equal({
      replicas: 2,
      paused: false,
      progressDeadlineSeconds: 600,
      revisionHistoryLimit: 2,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
      selector: {
        matchLabels: {
          'shelfwise.dev/model-release': 'pictograms',
          'app.kubernetes.io/component': 'inference',
          'shelfwise.dev/track': 'stable',
        },
      },
    });
  });

  it('mounts what accounts need', () => {
    const deployment = built({
      database: { secret: { name: 'shop-db', key: 'url' } },
      auth: {
        signingKeySecret: { name: 'keys' },
        adminSecret: { name: 'admin' },
        serviceAccountNamespaces: ['shop', 'web'],
      },
    });
    expect(environment(deployment)).to.include({
      DATABASE_URL_FILE: '/var/run/shelfwise/database/url',
      TOKEN_KEYS_DIR: '/var/run/shelfwise/token-keys',
      ADMIN_CREDENTIALS_DIR: '/var/run/shelfwise/admin',
      SERVICE_ACCOUNT_NAMESPACES: 'shop,web',
    });
    const secrets = (podOf(deployment)?.volumes ?? []).map(({ secret }) => secret?.secretName);
    expect(secrets).to.include.members(['shop-db', 'keys', 'admin']);
    expect(podOf(deployment)?.containers[0]?.volumeMounts).to.deep.include({
      name: 'token-keys',
      mountPath: '/var/run/shelfwise/token-keys',
      readOnly: true,
    });
  });

  it('tells who else may call where the spec says so, and nothing of it where not', () => {
    const plain = built({ auth: { serviceAccountNamespaces: [] } });
    expect(Object.keys(environment(plain))).to.not.include.members(['OIDC_ISSUER']);
    const asked = built({
      auth: {
        serviceAccountNamespaces: [],
        serviceAccounts: [{ name: 'importer', roles: ['catalogue'] }],
        trustedProxies: ['10.0.0.0/8', '192.0.2.1'],
        oidc: {
          issuer: 'https://id.example',
          audience: 'shelfwise',
          rolesClaim: 'groups',
          roles: { admin: ['owners'] },
        },
      },
    });
    const added = Object.entries(environment(asked)).filter(
      ([name]) => !Object.hasOwn(environment(plain), name),
    );
    expect(Object.fromEntries(added)).to.deep.equal({
      SERVICE_ACCOUNT_ROLES: '[{"namespace":"shop","name":"importer","roles":["catalogue"]}]',
      TRUSTED_PROXIES: '10.0.0.0/8,192.0.2.1',
      OIDC_ISSUER: 'https://id.example',
      OIDC_AUDIENCE: 'shelfwise',
      OIDC_ROLES_CLAIM: 'groups',
      OIDC_ROLES: '{"admin":["owners"]}',
    });
  });

  const affinity = { podAntiAffinity: {} };
  const fields: {
    field: string;
    change: Partial<typeof spec.serving>;
    path: string;
    value: unknown;
  }[] = [
    { field: 'replicas', change: { replicas: 7 }, path: 'spec.replicas', value: 7 },
    {
      field: 'progressDeadlineSeconds',
      change: { progressDeadlineSeconds: 9 },
      path: 'spec.progressDeadlineSeconds',
      value: 9,
    },
    {
      field: 'nodeSelector',
      change: { nodeSelector: { a: 'b' } },
      path: 'spec.template.spec.nodeSelector',
      value: { a: 'b' },
    },
    {
      field: 'tolerations',
      change: { tolerations: [{ operator: 'Exists' }] },
      path: 'spec.template.spec.tolerations',
      value: [{ operator: 'Exists' }],
    },
    {
      field: 'affinity',
      change: { affinity },
      path: 'spec.template.spec.affinity',
      value: affinity,
    },
    {
      field: 'serviceAccountName',
      change: { serviceAccountName: 'x' },
      path: 'spec.template.spec.serviceAccountName',
      value: 'x',
    },
    {
      field: 'imagePullSecrets',
      change: { imagePullSecrets: [{ name: 'x' }] },
      path: 'spec.template.spec.imagePullSecrets',
      value: [{ name: 'x' }],
    },
    {
      field: 'resources',
      change: { resources: { limits: { memory: '1Gi' } } },
      path: 'spec.template.spec.containers[0].resources',
      value: { limits: { memory: '1Gi' } },
    },
  ];
  for (const { field, change, path, value } of fields) {
    it(`passes spec.serving.${field} on, and is seen to be another Deployment`, () => {
      expect(built(change)).to.have.deep.nested.property(path, value);
      const applied = 'shelfwise.dev/applied';
      expect(built(change).metadata.annotations?.[applied]).to.not.equal(
        built().metadata.annotations?.[applied],
      );
    });
  }

  it('has a Service for all traffic and one for the stable track', () => {
    const services = buildServices(modelRelease());
    expect(services.map(({ metadata, spec }) => [metadata.name, spec?.selector])).to.deep.equal([
      [
        'pictograms',
        { 'shelfwise.dev/model-release': 'pictograms', 'app.kubernetes.io/component': 'inference' },
      ],
      [
        'pictograms-stable',
        {
          'shelfwise.dev/model-release': 'pictograms',
          'app.kubernetes.io/component': 'inference',
          'shelfwise.dev/track': 'stable',
        },
      ],
    ]);
    for (const { spec } of services) {
      expect(spec?.ports).to.deep.equal([
        { name: 'http', port: 80, targetPort: 'http', protocol: 'TCP' },
      ]);
    }
  });
});
