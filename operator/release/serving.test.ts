import { expect } from 'chai';
import { digest } from './fixtures/messages.ts';
import { defaults, modelRelease, spec } from './fixtures/model-release.ts';
import { buildDeployment, buildServices } from './serving.ts';

const servable = {
  release: 'pictograms-20261122-020000',
  digest: digest('a'),
  image: 'registry.example/inference:1',
};
const built = (change: Partial<typeof spec.serving> = {}) =>
  buildDeployment(
    modelRelease({ spec: { serving: { ...spec.serving, ...change } } }),
    servable,
    defaults.imagePullPolicy,
  );
const podOf = (deployment: ReturnType<typeof built>) => deployment.spec?.template.spec;
const environment = (deployment: ReturnType<typeof built>) =>
  Object.fromEntries(
    (podOf(deployment)?.containers[0]?.env ?? []).map(({ name, value }) => [name, value]),
  );

describe('serving', () => {
  it('has the frozen pod template: whoever changes this restarts every serving pod at the next upgrade', () => {
    expect(built().spec).to.deep.equal({
      replicas: 2,
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
      template: {
        metadata: {
          labels: {
            'app.kubernetes.io/name': 'shelfwise',
            'app.kubernetes.io/instance': 'pictograms',
            'app.kubernetes.io/component': 'inference',
            'app.kubernetes.io/managed-by': 'shelfwise',
            'shelfwise.dev/model-release': 'pictograms',
            'shelfwise.dev/track': 'stable',
            'shelfwise.dev/release': 'pictograms-20261122-020000',
          },
          annotations: { 'shelfwise.dev/digest': digest('a') },
        },
        spec: {
          securityContext: {
            runAsNonRoot: true,
            runAsUser: 1000,
            runAsGroup: 1000,
            fsGroup: 1000,
            seccompProfile: { type: 'RuntimeDefault' },
          },
          enableServiceLinks: false,
          automountServiceAccountToken: true,
          terminationGracePeriodSeconds: 60,
          containers: [
            {
              name: 'inference',
              image: 'registry.example/inference:1',
              imagePullPolicy: 'IfNotPresent',
              args: [
                ...['serve', '--store', 's3://models/classifier/shop/pictograms'],
                ...[
                  '--release',
                  'pictograms-20261122-020000',
                  '--digest',
                  digest('a'),
                  '--port',
                  '8080',
                ],
              ],
              env: [
                { name: 'TERMINATION_MESSAGE_PATH', value: '/dev/termination-log' },
                { name: 'AWS_REGION', value: 'us-east-1' },
                { name: 'AWS_ENDPOINT_URL_S3', value: 'https://s3.shop.svc:7070' },
                { name: 'S3_FORCE_PATH_STYLE', value: 'true' },
                { name: 'S3_CA_FILE', value: '/var/run/shelfwise/s3-ca/ca.crt' },
                { name: 'S3_CREDENTIALS_DIR', value: '/var/run/shelfwise/s3' },
                {
                  name: 'POD_NAMESPACE',
                  valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } },
                },
                { name: 'SCRATCH_DIR', value: '/scratch' },
                { name: 'TMPDIR', value: '/scratch' },
                { name: 'HOME', value: '/scratch' },
              ],
              resources: { requests: { cpu: '250m', memory: '512Mi' } },
              volumeMounts: [
                { name: 's3-ca', mountPath: '/var/run/shelfwise/s3-ca', readOnly: true },
                { name: 's3', mountPath: '/var/run/shelfwise/s3', readOnly: true },
                { name: 'scratch', mountPath: '/scratch' },
              ],
              terminationMessagePath: '/dev/termination-log',
              terminationMessagePolicy: 'FallbackToLogsOnError',
              securityContext: {
                allowPrivilegeEscalation: false,
                readOnlyRootFilesystem: true,
                capabilities: { drop: ['ALL'] },
              },
              ports: [{ name: 'http', containerPort: 8080, protocol: 'TCP' }],
              startupProbe: {
                httpGet: { path: '/healthz', port: 'http' },
                timeoutSeconds: 2,
                periodSeconds: 2,
                failureThreshold: 60,
              },
              readinessProbe: {
                httpGet: { path: '/readyz', port: 'http' },
                timeoutSeconds: 2,
                periodSeconds: 2,
                failureThreshold: 2,
              },
              livenessProbe: {
                httpGet: { path: '/healthz', port: 'http' },
                timeoutSeconds: 2,
                periodSeconds: 10,
                failureThreshold: 3,
              },
            },
          ],
          volumes: [
            { name: 's3-ca', secret: { secretName: 's3-ca' } },
            { name: 's3', secret: { secretName: 's3' } },
            { name: 'scratch', emptyDir: { sizeLimit: '4Gi' } },
          ],
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
