import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { type ControlPlane, startControlPlane } from '../../hack/cluster/control-plane.ts';
import { readConfig } from '../../hack/config.ts';
import { waitFor } from '../../hack/process/wait.ts';
import { tool } from '../../hack/tools/tool.ts';

type Json = Record<string, unknown>;

const good = {
  apiVersion: 'shelfwise.dev/v1alpha1',
  kind: 'ModelRelease',
  metadata: { name: 'pictograms' },
  spec: {
    store: { s3: { bucket: 'models', prefix: 'classifier' } },
    dataset: { rakuten: { prefix: 'rakuten' } },
    gate: { metrics: [{ name: 'accuracy', minimum: '0.76' }] },
  },
};

/** A deep merge in which null removes a field: enough to write one mistake in a line. */
function but(change: Json, object: Json = good): Json {
  const merged: Json = { ...object };
  for (const [key, value] of Object.entries(change)) {
    const before = merged[key];
    if (value === null) delete merged[key];
    else if (isObject(value)) merged[key] = but(value, isObject(before) ? before : {});
    else merged[key] = value;
  }
  return merged;
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Mistakes, and what kubectl says to them: the field, what is wrong, what to write. */
const mistakes: { name: string; change: Json; says: string[] }[] = [
  {
    name: 'a cron of four fields',
    change: { spec: { schedule: { cron: '0 3 * *' } } },
    says: ['spec.schedule.cron', 'must have five fields', 'for example "0 3 * * 0"'],
  },
  {
    name: 'a cron of six fields',
    change: { spec: { schedule: { cron: '0 0 3 * * 0' } } },
    says: ['spec.schedule.cron must have five fields'],
  },
  {
    name: 'a cron of other signs',
    change: { spec: { schedule: { cron: '0 3 * * 0#1' } } },
    says: ['spec.schedule.cron must have five fields'],
  },
  {
    name: 'an empty time zone',
    change: { spec: { schedule: { timeZone: '' } } },
    says: ['spec.schedule.timeZone must be the name of an IANA time zone'],
  },
  {
    name: 'the time zone Local',
    change: { spec: { schedule: { timeZone: 'Local' } } },
    says: ['for example Europe/Paris'],
  },
  {
    name: 'a negative starting deadline',
    change: { spec: { schedule: { startingDeadlineSeconds: -1 } } },
    says: ['spec.schedule.startingDeadlineSeconds', 'greater than or equal to 10'],
  },
  {
    name: 'a negative GPU count',
    change: { spec: { training: { gpu: { count: -1 } } } },
    says: ['spec.training.gpu.count must be 0 (train on the CPU) or more'],
  },
  {
    name: 'half a GPU',
    change: { spec: { training: { gpu: { count: 0.5 } } } },
    says: ['spec.training.gpu.count', 'integer'],
  },
  {
    name: 'a GPU resource without a domain',
    change: { spec: { training: { gpu: { resourceName: 'gpu' } } } },
    says: ['spec.training.gpu.resourceName must be an extended resource', 'nvidia.com/gpu'],
  },
  {
    name: 'a queue that cannot be one',
    change: { spec: { training: { queueName: 'team/gpus' } } },
    says: ['spec.training.queueName must be the name of a Kueue LocalQueue'],
  },
  {
    name: 'a minimum above 1',
    change: { spec: { gate: { metrics: [{ name: 'accuracy', minimum: '1.1' }] } } },
    says: [
      'spec.gate.metrics[0].minimum',
      'must be a decimal from 0 to 1 in quotes, for example "0.76"',
    ],
  },
  {
    name: 'a minimum in percent',
    change: { spec: { gate: { metrics: [{ name: 'accuracy', minimum: '76%' }] } } },
    says: ['must be a decimal from 0 to 1'],
  },
  {
    name: 'a negative minimum',
    change: { spec: { gate: { metrics: [{ name: 'accuracy', minimum: '-0.1' }] } } },
    says: ['must be a decimal from 0 to 1'],
  },
  {
    name: 'a minimum that is a number',
    change: { spec: { gate: { metrics: [{ name: 'accuracy', minimum: 0.76 }] } } },
    says: ['spec.gate.metrics[0].minimum', 'must be of type string'],
  },
  {
    name: 'a metric twice',
    change: {
      spec: {
        gate: {
          metrics: [
            { name: 'accuracy', minimum: '0.7' },
            { name: 'accuracy', minimum: '0.8' },
          ],
        },
      },
    },
    says: ['spec.gate.metrics must name each metric only once'],
  },
  {
    name: 'an unknown metric',
    change: { spec: { gate: { metrics: [{ name: 'precision', minimum: '0.7' }] } } },
    says: ['spec.gate.metrics[0].name', '"accuracy", "macroF1", "weightedF1"'],
  },
  {
    name: 'a gate without metrics',
    change: { spec: { gate: { metrics: [] } } },
    says: ['spec.gate.metrics', 'at least 1 items'],
  },
  { name: 'no gate', change: { spec: { gate: null } }, says: ['spec.gate: Required value'] },
  { name: 'no store', change: { spec: { store: null } }, says: ['spec.store: Required value'] },
  {
    name: 'two dataset sources',
    change: { spec: { dataset: { catalog: { databaseSecret: { name: 'db' } } } } },
    says: ['spec.dataset must have exactly one source, give either rakuten or catalog'],
  },
  {
    name: 'no dataset source',
    change: { spec: { dataset: { rakuten: null } } },
    says: ['spec.dataset must have exactly one source'],
  },
  {
    name: 'nothing held out',
    change: { spec: { dataset: { holdoutPercent: 0 } } },
    says: ['spec.dataset.holdoutPercent', 'greater than or equal to 1'],
  },
  {
    name: 'a bucket with its scheme',
    change: { spec: { store: { s3: { bucket: 's3://models' } } } },
    says: ["spec.store.s3.bucket must be a bucket's name", 'without s3://'],
  },
  {
    name: 'an endpoint without scheme',
    change: { spec: { store: { s3: { endpoint: 's3.shop.svc:7070' } } } },
    says: ['spec.store.s3.endpoint must be a URL that starts with http:// or https://'],
  },
  {
    name: 'a prefix with a slash at its end',
    change: { spec: { store: { s3: { prefix: 'a/' } } } },
    says: ['spec.store.s3.prefix', "without '/' at either end"],
  },
  {
    name: 'a prefix that leaves the bucket',
    change: { spec: { dataset: { rakuten: { prefix: '../other' } } } },
    says: ['spec.dataset.rakuten.prefix', 'a prefix is made of names joined by'],
  },
  {
    name: 'a secret without a name',
    change: { spec: { store: { s3: { credentialsSecret: { name: '' } } } } },
    says: ['spec.store.s3.credentialsSecret.name', 'at least 1 chars'],
  },
  {
    name: 'an unknown picture size',
    change: { spec: { training: { model: { imageSize: 100 } } } },
    says: ['spec.training.model.imageSize', '96'],
  },
  {
    name: 'a learning rate of 0',
    change: { spec: { training: { model: { learningRate: '0.0' } } } },
    says: ['spec.training.model.learningRate must be a decimal above 0'],
  },
  {
    name: 'no epochs',
    change: { spec: { training: { model: { epochs: 0 } } } },
    says: ['spec.training.model.epochs', 'greater than or equal to 1'],
  },
  {
    name: 'an architecture that is none',
    change: { spec: { training: { model: { architecture: 'cnn-lstm' } } } },
    says: ['spec.training.model.architecture', '"conv-fusion", "lstm-cnn"'],
  },
  {
    name: 'a pretrained network for an architecture that has none',
    change: {
      spec: {
        training: {
          model: { architecture: 'lstm-cnn', imageBackbone: 'efficientnet-lite0-int8' },
        },
      },
    },
    says: ['spec.training.model.imageBackbone is of spec.training.model.architecture conv-fusion'],
  },
  {
    name: 'a pretrained network for the text of an architecture that has none',
    change: {
      spec: {
        training: {
          model: {
            architecture: 'lstm-cnn',
            textBackbone: 'universal-sentence-encoder-multilingual',
          },
        },
      },
    },
    says: ['spec.training.model.textBackbone is of spec.training.model.architecture conv-fusion'],
  },
  {
    name: 'no checkpoints',
    change: { spec: { training: { checkpointMinutes: 0 } } },
    says: ['spec.training.checkpointMinutes', 'greater than or equal to 1'],
  },
  {
    name: 'a search of one configuration',
    change: { spec: { training: { search: { configurations: 1 } } } },
    says: ['spec.training.search.configurations', 'greater than or equal to 2'],
  },
  {
    name: 'a search that takes no time',
    change: { spec: { training: { search: { minutes: 0 } } } },
    says: ['spec.training.search.minutes', 'greater than or equal to 1'],
  },
  {
    name: 'a search that is as long as a pod may run',
    change: { spec: { training: { search: { minutes: 60 }, activeDeadlineSeconds: 3600 } } },
    says: ['spec.training.search.minutes must be shorter than spec.training.activeDeadlineSeconds'],
  },
  {
    name: 'a search of an architecture that has nothing to choose from',
    change: {
      spec: { training: { search: {}, model: { architecture: 'lstm-cnn' } } },
    },
    says: ['spec.training.search is of spec.training.model.architecture conv-fusion only'],
  },
  {
    name: 'tracking without a place',
    change: { spec: { training: { tracking: {} } } },
    says: ['spec.training.tracking.mlflow: Required value'],
  },
  {
    name: 'MLflow without an address',
    change: { spec: { training: { tracking: { mlflow: { experiment: 'shop' } } } } },
    says: ['spec.training.tracking.mlflow.uri: Required value'],
  },
  ...[
    'mlflow.shop.svc:5000',
    'sqlite:///mlflow.db',
    'http://',
    'https://me:secret@mlflow',
    'http://m?x=1',
  ].map((uri) => ({
    name: `MLflow at ${uri}`,
    change: { spec: { training: { tracking: { mlflow: { uri } } } } },
    says: ['spec.training.tracking.mlflow.uri must be a URL that starts with http:// or https://'],
  })),
  {
    name: 'an experiment without a name',
    change: {
      spec: { training: { tracking: { mlflow: { uri: 'http://mlflow', experiment: ' ' } } } },
    },
    says: ['spec.training.tracking.mlflow.experiment must be one line that is not blank'],
  },
  {
    name: 'a scratch that is no quantity',
    change: { spec: { training: { scratch: 'much' } } },
    says: ['spec.training.scratch must be a quantity above 0'],
  },
  {
    name: 'a request that is no quantity',
    change: { spec: { training: { resources: { requests: { cpu: 'two' } } } } },
    says: ['spec.training.resources.requests.cpu'],
  },
  {
    name: 'no replica',
    change: { spec: { serving: { replicas: 0 } } },
    says: ['spec.serving.replicas', 'greater than or equal to 1'],
  },
  {
    name: 'a database without signing keys',
    change: { spec: { serving: { database: { secret: { name: 'db' } } } } },
    says: ['spec.serving.database and spec.serving.auth.signingKeySecret belong together'],
  },
  {
    name: 'an administrator without a database',
    change: { spec: { serving: { auth: { adminSecret: { name: 'admin' } } } } },
    says: ['spec.serving.auth.adminSecret needs spec.serving.database'],
  },
  ...[
    [
      'an issuer without https',
      { issuer: 'http://id.example', roles: { admin: ['x'] } },
      'spec.serving.auth.oidc.issuer must be a URL that starts with https://',
    ],
    [
      'an issuer that gives no role',
      { issuer: 'https://id.example', roles: {} },
      'spec.serving.auth.oidc.roles',
    ],
    ['an issuer without roles', { issuer: 'https://id.example' }, 'spec.serving.auth.oidc.roles'],
  ].map(([name, oidc, says]) => ({
    name: name as string,
    change: { spec: { serving: { auth: { oidc } } } },
    says: [says as string],
  })),
  {
    name: 'a proxy that is no address',
    change: { spec: { serving: { auth: { trustedProxies: ['proxy.example'] } } } },
    says: ['spec.serving.auth.trustedProxies[0]', 'must be an address or a network'],
  },
  {
    name: 'a ServiceAccount with a role that there is not',
    change: { spec: { serving: { auth: { serviceAccounts: [{ name: 'x', roles: ['root'] }] } } } },
    says: ['spec.serving.auth.serviceAccounts[0].roles[0]'],
  },
  {
    name: 'a namespace that is none',
    change: { spec: { serving: { auth: { serviceAccountNamespaces: ['Shop'] } } } },
    says: [
      'spec.serving.auth.serviceAccountNamespaces[0]',
      'must be the name of a namespace, or "*" for all',
    ],
  },
  {
    name: 'no history',
    change: { spec: { historyLimit: 0 } },
    says: ['spec.historyLimit', 'greater than or equal to 1'],
  },
  {
    name: 'a name of 33 characters',
    change: { metadata: { name: 'a'.repeat(33) } },
    says: ['metadata.name must be a DNS label of at most 32 characters'],
  },
  {
    name: 'a name with a dot',
    change: { metadata: { name: 'shop.classifier' } },
    says: ['metadata.name must be a DNS label'],
  },
  {
    name: 'a name that no Service can have',
    change: { metadata: { name: '1st' } },
    says: ['metadata.name must be a DNS label', 'starts with a letter'],
  },
  {
    name: 'a misspelt field',
    change: { spec: { shedule: { cron: '0 3 * * 0' } } },
    says: ['unknown field "spec.shedule"'],
  },
  {
    name: 'a misspelt field deep inside',
    change: { spec: { serving: { affinity: { nodeAffinty: {} } } } },
    says: ['unknown field "spec.serving.affinity.nodeAffinty"'],
  },
  {
    name: 'a field of another place',
    change: { spec: { training: { replicas: 1 } } },
    says: ['unknown field "spec.training.replicas"'],
  },
];

describe('the CRD on a real API server', function () {
  this.timeout(1_800_000);
  let plane: ControlPlane;
  let kubectl: string;

  before(async () => {
    kubectl = await tool('kubectl', readConfig());
    plane = await startControlPlane();
    const crd = fileURLToPath(new URL('../../crds/modelreleases.yaml', import.meta.url));
    const applied = await kube(['apply', '-f', crd]);
    expect(applied.code, applied.text).to.equal(0);
    const established = [
      'wait',
      '--for=condition=Established',
      '--timeout=60s',
      'crd/modelreleases.shelfwise.dev',
    ];
    expect((await kube(established)).code).to.equal(0);
    // Its OpenAPI document, from which kubectl knows unknown fields, comes a moment later.
    await waitFor(async () => ((await apply(good)).code === 0 ? true : undefined), {
      what: 'the API to take a ModelRelease',
      limitMs: 300_000,
    });
  });
  after(() => plane?.stop());

  /** kubectl's exit code and all that it said. */
  function kube(args: string[], input = ''): Promise<{ code: number; text: string }> {
    return new Promise((resolve, reject) => {
      const child = spawn(kubectl, [`--kubeconfig=${plane.kubeconfig}`, ...args]);
      let text = '';
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (data) => {
          text += data;
        });
      child.once('error', reject);
      child.once('close', (code) => resolve({ code: code ?? -1, text }));
      child.stdin.end(input);
    });
  }
  const apply = (object: Json) => kube(['apply', '-f', '-'], JSON.stringify(object));

  for (const { name, change, says } of mistakes) {
    it(`refuses ${name}`, async () => {
      // A new object each time, so that no rule about changes answers first.
      const fresh = but({ metadata: { name: 'mistake' } });
      const { code, text } = await apply(but(change, fresh));
      expect(code, text).to.not.equal(0);
      for (const words of says) expect(text).to.include(words);
    });
  }

  for (const change of [
    { bucket: 'others' },
    { prefix: 'other' },
    { region: 'eu-west-3' },
    { endpoint: 'https://s3.example' },
    { forcePathStyle: true },
  ]) {
    it(`refuses another ${Object.keys(change)[0]} of the store`, async () => {
      const { code, text } = await apply(but({ spec: { store: { s3: change } } }));
      expect(code, text).to.not.equal(0);
      expect(text)
        .to.include('spec.store is immutable')
        .and.to.include('create another ModelRelease');
    });
  }

  it('takes other Secrets for the same store', async () => {
    const { code, text } = await apply(
      but({ spec: { store: { s3: { credentialsSecret: { name: 'newer' } } } } }),
    );
    expect(code, text).to.equal(0);
  });

  it('takes a spec that uses every field', async () => {
    const { code, text } = await apply(but(everything, but({ metadata: { name: 'everything' } })));
    expect(code, text).to.equal(0);
  });

  it('fills in every default', async () => {
    const { text } = await kube(['get', 'mr', 'pictograms', '-o', 'json']);
    const { spec } = JSON.parse(text);
    expect(spec.schedule).to.deep.equal({
      cron: '0 3 * * 0',
      timeZone: 'Etc/UTC',
      startingDeadlineSeconds: 3600,
      suspend: false,
    });
    expect(spec.training.checkpointMinutes).to.equal(10);
    expect(spec.training).to.not.have.any.keys('search', 'tracking');
    expect(spec.training.gpu).to.deep.equal({ count: 1, resourceName: 'nvidia.com/gpu' });
    expect(spec.training.model).to.deep.equal({
      architecture: 'conv-fusion',
      imageSize: 128,
      imageBackbone: 'efficientnet-lite0',
      seed: 1,
    });
    expect(spec.serving.auth).to.deep.equal({ serviceAccountNamespaces: [] });
    expect(spec.serving.resources).to.deep.equal({ requests: { cpu: '250m', memory: '1Gi' } });
    expect(spec.historyLimit).to.equal(10);
  });

  it('shows what matters in columns', async () => {
    const { text } = await kube(['get', 'mr', 'pictograms']);
    expect(text.split('\n')[0]?.trim().split(/\s+/)).to.deep.equal([
      'NAME',
      'PHASE',
      'SERVING',
      'CANDIDATE',
      'ACCURACY',
      'GATE',
      'NEXT-RUN',
      'AGE',
    ]);
  });

  it('explains every field to kubectl', async () => {
    const { text } = await kube(['explain', 'mr.spec.gate.metrics.minimum']);
    expect(text).to.include('The lowest value that passes');
  });
});

const terms = [{ matchExpressions: [{ key: 'gpu', operator: 'In', values: ['a100'] }] }];
const everything: Json = {
  spec: {
    schedule: {
      cron: '*/5 8-18 * * MON-FRI',
      timeZone: 'Europe/Paris',
      startingDeadlineSeconds: 60,
      suspend: true,
    },
    store: {
      s3: {
        endpoint: 'https://s3.shop.svc:7070',
        region: 'eu',
        bucket: 'a.b-c',
        prefix: 'a/b',
        forcePathStyle: true,
        caSecret: { name: 'ca' },
        credentialsSecret: { name: 's3' },
      },
    },
    dataset: {
      rakuten: null,
      catalog: { databaseSecret: { name: 'db', key: 'readonly' }, prefix: 'pictures' },
      holdoutPercent: 20,
      maximumInvalidPercent: 0,
    },
    training: {
      image: 'a',
      snapshotImage: 'b',
      imagePullSecrets: [{ name: 'p' }],
      serviceAccountName: 'trainer',
      scratch: '500Mi',
      model: { imageSize: 224, epochs: 3, batchSize: 64, learningRate: '0.04', seed: 7 },
      search: { minutes: 50, configurations: 16 },
      checkpointMinutes: 1,
      tracking: {
        mlflow: {
          uri: 'https://mlflow.shop.svc:5000/base',
          experiment: 'Shop – classifier',
          secret: { name: 'mlflow' },
        },
      },
      gpu: { count: 0, resourceName: 'amd.com/gpu' },
      resources: { requests: { cpu: 2, memory: '4Gi' }, limits: { memory: '8Gi' } },
      nodeSelector: { pool: 'gpu' },
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms },
          preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, preference: terms[0] }],
        },
      },
      tolerations: [{ key: 'gpu', operator: 'Exists', effect: 'NoSchedule' }],
      runtimeClassName: 'nvidia',
      priorityClassName: 'low',
      queueName: 'gpus',
      activeDeadlineSeconds: 7200,
      schedulingTimeoutSeconds: 600,
      backoffLimit: 0,
    },
    gate: {
      metrics: [
        { name: 'accuracy', minimum: '0' },
        { name: 'macroF1', minimum: '1.0' },
        { name: 'weightedF1', minimum: '0.123' },
      ],
    },
    serving: {
      image: 'c',
      imagePullSecrets: [{ name: 'p' }],
      serviceAccountName: 'server',
      replicas: 3,
      resources: {},
      nodeSelector: { pool: 'cpu' },
      tolerations: [],
      affinity: {
        podAntiAffinity: {
          preferredDuringSchedulingIgnoredDuringExecution: [
            {
              weight: 100,
              podAffinityTerm: {
                topologyKey: 'kubernetes.io/hostname',
                labelSelector: { matchLabels: { a: 'b' } },
              },
            },
          ],
        },
      },
      database: { secret: { name: 'db' } },
      auth: {
        signingKeySecret: { name: 'keys' },
        adminSecret: { name: 'admin' },
        serviceAccountNamespaces: ['shop', '*'],
        serviceAccounts: [{ namespace: 'imports', name: 'nightly', roles: ['catalogue', 'admin'] }],
        trustedProxies: ['10.0.0.0/8', 'fd00::/8', '192.0.2.1'],
        oidc: {
          issuer: 'https://id.example/realms/shop',
          audience: 'shop',
          rolesClaim: 'realm_access.roles',
          roles: { predict: ['staff'], catalogue: ['editors'], admin: ['owners'] },
          caSecret: { name: 'ca' },
        },
      },
      progressDeadlineSeconds: 30,
    },
    historyLimit: 3,
  },
};
