import { expect } from 'chai';
import { Cluster } from './fixtures/cluster.ts';
import { digest, snapshotMessage } from './fixtures/messages.ts';
import { modelRelease, spec } from './fixtures/model-release.ts';

type Training = Partial<typeof spec.training>;

/** The Jobs of a first run up to evaluate, for a spec. */
function jobsOf(change: Parameters<typeof modelRelease>[0] = {}) {
  const cluster = new Cluster(modelRelease(change));
  cluster.step();
  cluster.succeed('snapshot', snapshotMessage());
  cluster.step();
  cluster.succeed('train', undefined);
  cluster.step();
  return cluster;
}

const podOf = (cluster: Cluster, step: string) => {
  const pod = cluster.job(step).spec?.template.spec;
  if (!pod) throw new Error(`The ${step} Job has no pod.`);
  return pod;
};
const container = (cluster: Cluster, step: string) => {
  const first = podOf(cluster, step).containers[0];
  if (!first) throw new Error(`The ${step} Job has no container.`);
  return first;
};
const environment = (cluster: Cluster, step: string) =>
  Object.fromEntries((container(cluster, step).env ?? []).map(({ name, value }) => [name, value]));

const store = 's3://models/classifier/shop/pictograms';
const release = 'pictograms-20261122-020000';

describe('jobs', () => {
  it('call the steps as their contracts say', () => {
    const cluster = jobsOf();
    expect(container(cluster, 'snapshot').args).to.deep.equal([
      ...['snapshot', '--from', 's3://models/rakuten', '--store', store, '--source', 'rakuten'],
      ...[
        '--owner-uid',
        'uid-of-pictograms',
        '--holdout-percent',
        '10',
        '--maximum-invalid-percent',
        '1',
      ],
    ]);
    expect(container(cluster, 'train').args).to.deep.equal([
      ...['train', '--store', store, '--dataset', digest('d'), '--release', release],
      ...[
        '--owner-uid',
        'uid-of-pictograms',
        '--architecture',
        'conv-fusion',
        '--image-size',
        '128',
      ],
      ...[
        '--image-backbone',
        'efficientnet-lite0',
        '--seed',
        '1',
        '--checkpoint-minutes',
        '10',
        '--code-image',
        'registry.example/trainer:1',
      ],
    ]);
    expect(container(cluster, 'evaluate').args).to.deep.equal([
      ...['evaluate', '--store', store, '--release', release, '--dataset', digest('d')],
      ...['--gate', '{"metrics":[{"minimum":"0.76","name":"accuracy"}]}'],
    ]);
  });

  it('run in the image of their step: evaluate in that of inference', () => {
    const cluster = jobsOf();
    const images = ['snapshot', 'train', 'evaluate'].map((step) => container(cluster, step).image);
    expect(images).to.deep.equal([
      'registry.example/snapshot:1',
      'registry.example/trainer:1',
      'registry.example/inference:1',
    ]);
    const training = {
      ...spec.training,
      image: 'own/trainer@sha256:1',
      snapshotImage: 'own/snapshot',
    };
    const own = jobsOf({
      spec: { training, serving: { ...spec.serving, image: 'own/inference' } },
    });
    const ownImages = ['snapshot', 'train', 'evaluate'].map((step) => container(own, step).image);
    expect(ownImages).to.deep.equal(['own/snapshot', 'own/trainer@sha256:1', 'own/inference']);
  });

  it('tell the steps where the store is, and mount its Secrets', () => {
    const cluster = jobsOf();
    for (const step of ['snapshot', 'train', 'evaluate']) {
      expect(environment(cluster, step)).to.deep.equal({
        TERMINATION_MESSAGE_PATH: '/dev/termination-log',
        AWS_REGION: 'us-east-1',
        AWS_ENDPOINT_URL_S3: 'https://s3.shop.svc:7070',
        S3_FORCE_PATH_STYLE: 'true',
        S3_CA_FILE: '/var/run/shelfwise/s3-ca/ca.crt',
        S3_CREDENTIALS_DIR: '/var/run/shelfwise/s3',
        SCRATCH_DIR: '/scratch',
        TMPDIR: '/scratch',
        HOME: '/scratch',
      });
      expect(podOf(cluster, step).volumes).to.deep.equal([
        { name: 's3-ca', secret: { secretName: 's3-ca' } },
        { name: 's3', secret: { secretName: 's3' } },
        { name: 'scratch', emptyDir: { sizeLimit: '10Gi' } },
      ]);
    }
  });

  it('use the identity of the pod where no credentials are given', () => {
    const { caSecret: _, credentialsSecret: __, endpoint: ___, ...s3 } = spec.store.s3;
    const cluster = jobsOf({ spec: { store: { s3: { ...s3, prefix: '' } } } });
    expect(environment(cluster, 'train')).to.not.have.any.keys(
      'S3_CREDENTIALS_DIR',
      'S3_CA_FILE',
      'AWS_ENDPOINT_URL_S3',
    );
    expect(container(cluster, 'train').args).to.include('s3://models/shop/pictograms');
  });

  it('read a catalog from its database', () => {
    const catalog = { databaseSecret: { name: 'shop-db', key: 'readonly' }, prefix: 'pictures' };
    const dataset = { holdoutPercent: 20, maximumInvalidPercent: 0, catalog };
    const cluster = jobsOf({ spec: { dataset } });
    expect(container(cluster, 'snapshot').args).to.include.members([
      '--source',
      'catalog',
      '--from',
      's3://models/pictures',
      '--holdout-percent',
      '20',
    ]);
    expect(environment(cluster, 'snapshot').DATABASE_URL_FILE).to.equal(
      '/var/run/shelfwise/database/url',
    );
    expect(podOf(cluster, 'snapshot').volumes?.[2]).to.deep.equal({
      name: 'database',
      secret: { secretName: 'shop-db', items: [{ key: 'readonly', path: 'url' }] },
    });
    expect(environment(cluster, 'train')).to.not.have.property('DATABASE_URL_FILE');
  });

  it('satisfy the restricted Pod Security Standard', () => {
    const cluster = jobsOf();
    for (const step of ['snapshot', 'train', 'evaluate']) {
      expect(podOf(cluster, step).securityContext).to.deep.equal({
        runAsNonRoot: true,
        runAsUser: 1000,
        runAsGroup: 1000,
        fsGroup: 1000,
        seccompProfile: { type: 'RuntimeDefault' },
      });
      expect(container(cluster, step).securityContext).to.deep.equal({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
      expect(podOf(cluster, step).automountServiceAccountToken).to.equal(false);
    }
  });

  it('fail at once on what no other attempt can change, and do not count disruptions', () => {
    const job = jobsOf().job('train').spec;
    expect(job?.podFailurePolicy?.rules).to.deep.equal([
      {
        action: 'FailJob',
        onExitCodes: { containerName: 'step', operator: 'In', values: [10, 11, 12, 14] },
      },
      { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
    ]);
    expect(job?.podReplacementPolicy).to.equal('Failed');
    expect(job?.template.spec?.restartPolicy).to.equal('Never');
    expect(job).to.not.have.property('ttlSecondsAfterFinished');
  });

  it('count the time limit of the pod, not of the Job: the wait for a GPU is not training', () => {
    const job = jobsOf().job('train').spec;
    expect(job).to.not.have.property('activeDeadlineSeconds');
    expect(job?.template.spec?.activeDeadlineSeconds).to.equal(43_200);
  });

  it('ask for GPUs in train alone, and for none where the count is 0', () => {
    const cluster = jobsOf();
    expect(container(cluster, 'train').resources).to.deep.equal({
      limits: { 'nvidia.com/gpu': '1' },
    });
    expect(container(cluster, 'snapshot').resources?.limits).to.equal(undefined);
    expect(container(cluster, 'evaluate').resources?.limits).to.equal(undefined);
    const gpu = { count: 0, resourceName: 'nvidia.com/gpu' };
    expect(
      container(jobsOf({ spec: { training: { ...spec.training, gpu } } }), 'train').resources,
    ).to.deep.equal({});
  });

  const affinity = {
    nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [] } },
  };
  const pods: { field: string; change: Training; path: string; value: unknown }[] = [
    {
      field: 'nodeSelector',
      change: { nodeSelector: { pool: 'gpu' } },
      path: 'nodeSelector',
      value: { pool: 'gpu' },
    },
    {
      field: 'tolerations',
      change: { tolerations: [{ key: 'gpu', operator: 'Exists' }] },
      path: 'tolerations',
      value: [{ key: 'gpu', operator: 'Exists' }],
    },
    { field: 'affinity', change: { affinity }, path: 'affinity', value: affinity },
    {
      field: 'runtimeClassName',
      change: { runtimeClassName: 'nvidia' },
      path: 'runtimeClassName',
      value: 'nvidia',
    },
    {
      field: 'priorityClassName',
      change: { priorityClassName: 'low' },
      path: 'priorityClassName',
      value: 'low',
    },
    {
      field: 'serviceAccountName',
      change: { serviceAccountName: 'trainer' },
      path: 'serviceAccountName',
      value: 'trainer',
    },
    {
      field: 'imagePullSecrets',
      change: { imagePullSecrets: [{ name: 'registry' }] },
      path: 'imagePullSecrets',
      value: [{ name: 'registry' }],
    },
    {
      field: 'activeDeadlineSeconds',
      change: { activeDeadlineSeconds: 60 },
      path: 'activeDeadlineSeconds',
      value: 60,
    },
    {
      field: 'scratch',
      change: { scratch: '1Gi' },
      path: 'volumes',
      value: [
        { name: 's3-ca', secret: { secretName: 's3-ca' } },
        { name: 's3', secret: { secretName: 's3' } },
        { name: 'scratch', emptyDir: { sizeLimit: '1Gi' } },
      ],
    },
  ];
  for (const { field, change, path, value } of pods) {
    it(`pass spec.training.${field} to train's pod`, () => {
      const pod = podOf(jobsOf({ spec: { training: { ...spec.training, ...change } } }), 'train');
      expect(pod).to.have.deep.property(path, value);
    });
  }

  it('wait in a queue of Kueue where spec.training.queueName names one: train alone', () => {
    const cluster = jobsOf({ spec: { training: { ...spec.training, queueName: 'gpus' } } });
    const queued = (step: string) => {
      const { metadata, spec: job } = cluster.job(step);
      const labels = [metadata.labels, job?.template.metadata?.labels];
      return [...labels.map((each) => each?.['kueue.x-k8s.io/queue-name']), job?.suspend];
    };
    expect(queued('train')).to.deep.equal(['gpus', undefined, true]);
    expect(queued('snapshot')).to.deep.equal([undefined, undefined, undefined]);
    expect(queued('evaluate')).to.deep.equal([undefined, undefined, undefined]);
    expect(jobsOf().job('train').metadata.labels).to.not.have.property('kueue.x-k8s.io/queue-name');
    expect(jobsOf().job('train').spec).to.not.have.property('suspend');
  });

  it('pass backoffLimit, resources and the model settings', () => {
    const model = {
      ...spec.training.model,
      epochs: 3,
      batchSize: 64,
      learningRate: '0.02',
      imageSize: 96 as const,
      seed: 7,
    };
    const resources = { requests: { cpu: 2 }, limits: { memory: '8Gi' } };
    const cluster = jobsOf({
      spec: { training: { ...spec.training, model, resources, backoffLimit: 5 } },
    });
    expect(cluster.job('train').spec?.backoffLimit).to.equal(5);
    expect(container(cluster, 'train').resources).to.deep.equal({
      requests: { cpu: '2' },
      limits: { memory: '8Gi', 'nvidia.com/gpu': '1' },
    });
    expect((container(cluster, 'train').args ?? []).join(' ')).to.include(
      '--image-size 96 --image-backbone efficientnet-lite0 --seed 7 --epochs 3 --batch-size 64 --learning-rate 0.02',
    );
  });

  const withTraining = (change: Training) =>
    jobsOf({ spec: { training: { ...spec.training, ...change } } });
  const trainArgs = (cluster: Cluster) => (container(cluster, 'train').args ?? []).join(' ');

  it('tell lstm-cnn of no pretrained network: it has none', () => {
    const args = trainArgs(
      withTraining({ model: { ...spec.training.model, architecture: 'lstm-cnn' } }),
    );
    expect(args).to.include('--architecture lstm-cnn --image-size 128 --seed 1');
    expect(args).to.not.include('--image-backbone');
  });

  it('let train search only where the spec says so', () => {
    expect(trainArgs(withTraining({ search: { minutes: 20, configurations: 4 } }))).to.include(
      '--search-minutes 20 --search-configurations 4',
    );
    expect(trainArgs(jobsOf())).to.not.include('--search');
  });

  it('leave train the time to upload a checkpoint when it is told to stop: train alone', () => {
    const cluster = jobsOf();
    const times = ['snapshot', 'train', 'evaluate'].map(
      (step) => podOf(cluster, step).terminationGracePeriodSeconds,
    );
    expect(times).to.deep.equal([undefined, 120, undefined]);
  });

  it('tell train alone where MLflow is, and mount its Secret', () => {
    const mlflow = { uri: 'https://mlflow:5000', experiment: 'shop', secret: { name: 'mlflow' } };
    const cluster = withTraining({ tracking: { mlflow } });
    expect(environment(cluster, 'train')).to.include({
      MLFLOW_TRACKING_URI: 'https://mlflow:5000',
      MLFLOW_EXPERIMENT_NAME: 'shop',
      MLFLOW_CREDENTIALS_DIR: '/var/run/shelfwise/mlflow',
    });
    expect(podOf(cluster, 'train').volumes).to.deep.include({
      name: 'mlflow',
      secret: { secretName: 'mlflow' },
    });
    for (const step of ['snapshot', 'evaluate'])
      expect(JSON.stringify(podOf(cluster, step))).to.not.match(/mlflow/i);
  });

  it('name the experiment after the ModelRelease where the spec names none, and need no Secret', () => {
    const cluster = withTraining({ tracking: { mlflow: { uri: 'http://mlflow:5000' } } });
    const env = environment(cluster, 'train');
    expect(env.MLFLOW_EXPERIMENT_NAME).to.equal('shop/pictograms');
    expect(env).to.not.have.property('MLFLOW_CREDENTIALS_DIR');
    expect(JSON.stringify(podOf(jobsOf(), 'train'))).to.not.match(/mlflow/i);
  });

  it('keep the holdout of the newest snapshot, and name the release that serves', () => {
    const cluster = jobsOf();
    cluster.fail('evaluate', { exitCode: 11, message: '' });
    cluster.now = new Date('2026-11-22T03:00:00Z');
    cluster.step();
    expect(container(cluster, 'snapshot').args?.slice(-2)).to.deep.equal(['--parent', digest('d')]);
  });

  it('have names and labels that Kubernetes takes, for the longest name', () => {
    const cluster = new Cluster();
    const { metadata } = cluster.modelRelease;
    cluster.modelRelease = {
      ...cluster.modelRelease,
      metadata: { ...metadata, name: 'a'.repeat(32) },
    };
    cluster.step();
    const job = cluster.job('snapshot').metadata;
    expect(job.name.length + '-3'.length).to.be.at.most(63);
    for (const value of Object.values(job.labels ?? {}))
      expect(value).to.match(/^[a-z0-9]([-a-z0-9.]{0,61}[a-z0-9])?$/);
    expect(job.ownerReferences).to.deep.equal([
      {
        apiVersion: 'shelfwise.dev/v1alpha1',
        kind: 'ModelRelease',
        name: 'a'.repeat(32),
        uid: 'uid-of-pictograms',
        controller: true,
        blockOwnerDeletion: true,
      },
    ]);
  });
});
