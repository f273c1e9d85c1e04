import { expect } from 'chai';
import { readCrd, type Schema, schemaOf } from '../../hack/generate/crd.ts';
import type { ModelReleaseSpec } from '../api/model-release.ts';
import { decide } from './decide.ts';
import { Cluster } from './fixtures/cluster.ts';
import { everything } from './fixtures/everything.ts';
import { modelRelease, spec } from './fixtures/model-release.ts';

/** What a field is set to, and what is to be seen of it then among the facts that are new (`+`) or gone (`-`). */
interface Row {
  to: unknown;
  shows: string[];
  /** Instead of the spec in which every field is set. */
  from?: ModelReleaseSpec;
  /** Instead of the life of a release: what a decision comes to. */
  life?: (spec: ModelReleaseSpec) => string[];
}

const serve = 'Deployment pictograms-stable.spec';
const pod = `${serve}.template.spec`;
const jobPod = (step: string) => `Job ${step}.spec.template.spec`;
const steps = ['snapshot', 'train', 'evaluate'];
/** In every pod, of the steps and of serving. */
const everywhere = (fact: string) => [...steps.map(jobPod), pod].map((at) => `+${at}.${fact}`);
const env = (name: string, value: string) => everywhere(`containers.0.env.${name} = ${value}`);
/** Callers that were not thought of when the first pod template was frozen. */
const otherCallers: ModelReleaseSpec = {
  ...everything,
  serving: {
    ...everything.serving,
    auth: {
      ...everything.serving.auth,
      serviceAccounts: [{ namespace: 'imports', name: 'nightly', roles: ['catalogue'] }],
      trustedProxies: ['10.0.0.0/8'],
      oidc: {
        issuer: 'https://id.example',
        audience: 'shelfwise',
        rolesClaim: 'roles',
        roles: { predict: ['staff'], catalogue: ['editors'], admin: ['owners'] },
        caSecret: { name: 'ca' },
      },
    },
  },
};
const withoutCatalog = { ...everything, dataset: spec.dataset };

const rows: Record<string, Row> = {
  'schedule.cron': { to: '0 4 * * 0', shows: ['+status.nextRun = 2026-11-22T04:00:00Z'] },
  'schedule.timeZone': { to: 'Europe/Paris', shows: ['+status.nextRun = 2026-11-29T02:00:00Z'] },
  'schedule.startingDeadlineSeconds': {
    to: 7_200,
    shows: ['+begins pictograms-20261122-030000'],
    life: anHourAndAHalfLate,
  },
  'schedule.suspend': { to: true, shows: ['-begins pictograms-20261122-020000'], life: applied },

  // Where the store lies is refused when it changes (operator/api/crd.integration.test.ts), and means something when it is created.
  'store.s3.endpoint': { to: 'https://x', shows: env('AWS_ENDPOINT_URL_S3', 'https://x') },
  'store.s3.region': { to: 'eu-west-3', shows: env('AWS_REGION', 'eu-west-3') },
  'store.s3.bucket': { to: 'x', shows: ['+train --store = s3://x/classifier/shop/pictograms'] },
  'store.s3.prefix': { to: 'x', shows: ['+train --store = s3://models/x/shop/pictograms'] },
  'store.s3.forcePathStyle': { to: false, shows: env('S3_FORCE_PATH_STYLE', 'false') },
  'store.s3.caSecret.name': {
    to: 'x',
    shows: everywhere('volumes.s3-ca.secret.secretName = x'),
  },
  'store.s3.credentialsSecret.name': {
    to: 'x',
    shows: everywhere('volumes.s3.secret.secretName = x'),
  },

  'dataset.rakuten.prefix': {
    to: 'x',
    from: withoutCatalog,
    shows: ['+snapshot --from = s3://models/x'],
  },
  'dataset.catalog.databaseSecret.name': {
    to: 'x',
    shows: [`+${jobPod('snapshot')}.volumes.database.secret.secretName = x`],
  },
  'dataset.catalog.databaseSecret.key': {
    to: 'x',
    shows: [`+${jobPod('snapshot')}.volumes.database.secret.items.0.key = x`],
  },
  'dataset.catalog.prefix': { to: 'x', shows: ['+snapshot --from = s3://models/x'] },
  'dataset.holdoutPercent': { to: 25, shows: ['+snapshot --holdout-percent = 25'] },
  'dataset.maximumInvalidPercent': { to: 5, shows: ['+snapshot --maximum-invalid-percent = 5'] },

  'training.image': { to: 'x', shows: [`+${jobPod('train')}.containers.0.image = x`] },
  'training.snapshotImage': { to: 'x', shows: [`+${jobPod('snapshot')}.containers.0.image = x`] },
  'training.imagePullSecrets[].name': {
    to: 'x',
    shows: [
      `+${jobPod('snapshot')}.imagePullSecrets.x.name = x`,
      `+${jobPod('train')}.imagePullSecrets.x.name = x`,
    ],
  },
  'training.serviceAccountName': {
    to: 'x',
    shows: steps.map((step) => `+${jobPod(step)}.serviceAccountName = x`),
  },
  'training.scratch': {
    to: '1Gi',
    shows: steps.map((step) => `+${jobPod(step)}.volumes.scratch.emptyDir.sizeLimit = 1Gi`),
  },
  'training.model.architecture': { to: 'lstm-cnn', shows: ['+train --architecture = lstm-cnn'] },
  'training.model.imageSize': { to: 96, shows: ['+train --image-size = 96'] },
  'training.model.imageBackbone': { to: 'none', shows: ['+train --image-backbone = none'] },
  'training.model.textBackbone': { to: 'none', shows: ['+train --text-backbone = none'] },
  'training.model.epochs': { to: 7, shows: ['+train --epochs = 7'] },
  'training.model.batchSize': { to: 16, shows: ['+train --batch-size = 16'] },
  'training.model.learningRate': { to: '0.01', shows: ['+train --learning-rate = 0.01'] },
  'training.model.seed': { to: 7, shows: ['+train --seed = 7'] },
  'training.search.minutes': { to: 7, shows: ['+train --search-minutes = 7'] },
  'training.search.configurations': { to: 3, shows: ['+train --search-configurations = 3'] },
  'training.checkpointMinutes': { to: 5, shows: ['+train --checkpoint-minutes = 5'] },
  'training.tracking.mlflow.uri': {
    to: 'http://x',
    shows: [`+${jobPod('train')}.containers.0.env.MLFLOW_TRACKING_URI = http://x`],
  },
  'training.tracking.mlflow.experiment': {
    to: 'x',
    shows: [`+${jobPod('train')}.containers.0.env.MLFLOW_EXPERIMENT_NAME = x`],
  },
  'training.tracking.mlflow.secret.name': {
    to: 'x',
    shows: [`+${jobPod('train')}.volumes.mlflow.secret.secretName = x`],
  },
  'training.gpu.count': {
    to: 4,
    shows: [`+${jobPod('train')}.containers.0.resources.limits.nvidia.com/gpu = 4`],
  },
  'training.gpu.resourceName': {
    to: 'amd.com/gpu',
    shows: [`+${jobPod('train')}.containers.0.resources.limits.amd.com/gpu = 1`],
  },
  'training.resources.requests{}': {
    to: { cpu: 3 },
    shows: [`+${jobPod('train')}.containers.0.resources.requests.cpu = 3`],
  },
  'training.resources.limits{}': {
    to: { cpu: 3 },
    shows: [`+${jobPod('train')}.containers.0.resources.limits.cpu = 3`],
  },
  'training.nodeSelector{}': {
    to: { pool: 'x' },
    shows: [`+${jobPod('train')}.nodeSelector.pool = x`],
  },
  ...tolerations('training', jobPod('train')),
  'training.runtimeClassName': { to: 'x', shows: [`+${jobPod('train')}.runtimeClassName = x`] },
  'training.priorityClassName': { to: 'x', shows: [`+${jobPod('train')}.priorityClassName = x`] },
  'training.queueName': {
    to: 'x',
    shows: [
      '+Job train.metadata.labels.kueue.x-k8s.io/queue-name = x',
      '+Job train.spec.suspend = true',
    ],
  },
  'training.activeDeadlineSeconds': {
    to: 60,
    shows: [`+${jobPod('train')}.activeDeadlineSeconds = 60`],
  },
  'training.schedulingTimeoutSeconds': {
    to: 60,
    shows: ['+ends RunFailed Unschedulable'],
    life: withoutANode,
  },
  'training.backoffLimit': { to: 5, shows: ['+Job train.spec.backoffLimit = 5'] },

  'gate.metrics[].name': {
    to: 'macroF1',
    shows: ['+evaluate --gate = {"metrics":[{"minimum":"0.76","name":"macroF1"}]}'],
  },
  'gate.metrics[].minimum': {
    to: '0.9',
    shows: [
      '+evaluate --gate = {"metrics":[{"minimum":"0.9","name":"accuracy"}]}',
      '+status.history.0.outcome = GateFailed',
    ],
  },

  'serving.image': {
    to: 'x',
    shows: [`+${jobPod('evaluate')}.containers.0.image = x`, `+${pod}.containers.0.image = x`],
  },
  'serving.imagePullSecrets[].name': {
    to: 'x',
    shows: [
      `+${jobPod('evaluate')}.imagePullSecrets.x.name = x`,
      `+${pod}.imagePullSecrets.x.name = x`,
    ],
  },
  'serving.serviceAccountName': { to: 'x', shows: [`+${pod}.serviceAccountName = x`] },
  'serving.replicas': { to: 7, shows: [`+${serve}.replicas = 7`] },
  'serving.resources.requests{}': {
    to: { cpu: 3 },
    shows: [`+${pod}.containers.0.resources.requests.cpu = 3`],
  },
  'serving.resources.limits{}': {
    to: { cpu: 3 },
    shows: [`+${pod}.containers.0.resources.limits.cpu = 3`],
  },
  'serving.nodeSelector{}': { to: { pool: 'x' }, shows: [`+${pod}.nodeSelector.pool = x`] },
  ...tolerations('serving', pod),
  'serving.database.secret.name': {
    to: 'x',
    shows: [`+${pod}.volumes.database.secret.secretName = x`],
  },
  'serving.database.secret.key': {
    to: 'x',
    shows: [`+${pod}.volumes.database.secret.items.0.key = x`],
  },
  'serving.auth.signingKeySecret.name': {
    to: 'x',
    shows: [`+${pod}.volumes.token-keys.secret.secretName = x`],
  },
  'serving.auth.adminSecret.name': {
    to: 'x',
    shows: [`+${pod}.volumes.admin.secret.secretName = x`],
  },
  'serving.auth.serviceAccountNamespaces[]': {
    to: 'x',
    shows: [`+${pod}.containers.0.env.SERVICE_ACCOUNT_NAMESPACES = shop,x,*`],
  },
  'serving.auth.serviceAccounts[].namespace': caller(
    'x',
    'SERVICE_ACCOUNT_ROLES',
    accountRoles({ namespace: 'x' }),
  ),
  'serving.auth.serviceAccounts[].name': caller(
    'x',
    'SERVICE_ACCOUNT_ROLES',
    accountRoles({ name: 'x' }),
  ),
  'serving.auth.serviceAccounts[].roles[]': caller(
    'admin',
    'SERVICE_ACCOUNT_ROLES',
    accountRoles({ roles: ['admin'] }),
  ),
  'serving.auth.trustedProxies[]': caller('192.0.2.1', 'TRUSTED_PROXIES', '192.0.2.1'),
  'serving.auth.oidc.issuer': caller('https://x', 'OIDC_ISSUER', 'https://x'),
  'serving.auth.oidc.audience': caller('x', 'OIDC_AUDIENCE', 'x'),
  'serving.auth.oidc.rolesClaim': caller('x', 'OIDC_ROLES_CLAIM', 'x'),
  'serving.auth.oidc.roles.predict[]': caller('x', 'OIDC_ROLES', groupRoles({ predict: ['x'] })),
  'serving.auth.oidc.roles.catalogue[]': caller(
    'x',
    'OIDC_ROLES',
    groupRoles({ catalogue: ['x'] }),
  ),
  'serving.auth.oidc.roles.admin[]': caller('x', 'OIDC_ROLES', groupRoles({ admin: ['x'] })),
  'serving.auth.oidc.caSecret.name': {
    to: 'x',
    from: otherCallers,
    shows: [`+${pod}.volumes.oidc-ca.secret.secretName = x`],
  },
  'serving.progressDeadlineSeconds': { to: 60, shows: [`+${serve}.progressDeadlineSeconds = 60`] },

  historyLimit: {
    to: 1,
    shows: ['-keeps pictograms-20261122-020000', '-tells of 3 runs', '+tells of 1 runs'],
    life: threeFailures,
  },
};

function caller(to: string, variable: string, value: string): Row {
  return { to, from: otherCallers, shows: [`+${pod}.containers.0.env.${variable} = ${value}`] };
}

function accountRoles(change: object): string {
  return JSON.stringify([
    { namespace: 'imports', name: 'nightly', roles: ['catalogue'], ...change },
  ]);
}

function groupRoles(change: object): string {
  return JSON.stringify({
    predict: ['staff'],
    catalogue: ['editors'],
    admin: ['owners'],
    ...change,
  });
}

function tolerations(of: 'training' | 'serving', at: string): Record<string, Row> {
  const values = {
    key: 'x',
    operator: 'Equal',
    value: 'x',
    effect: 'NoSchedule',
    tolerationSeconds: 7,
  };
  return Object.fromEntries(
    Object.entries(values).map(([field, to]): [string, Row] => [
      `${of}.tolerations[].${field}`,
      { to, shows: [`+${at}.tolerations.0.${field} = ${to}`] },
    ]),
  );
}

describe('every field of the spec', () => {
  let schema: Schema;
  before(async () => {
    schema = schemaOf(await readCrd()).properties?.spec as Schema;
  });

  it('has a row here that says what it changes; what is Kubernetes’ own goes into the pod as it is', () => {
    const leaves = [...leavesOf(schema)].filter((path) => !path.includes('.affinity.'));
    expect(leaves.sort()).to.deep.equal(Object.keys(rows).sort());
  });

  for (const [path, { to, shows, from = everything, life = released }] of Object.entries(rows)) {
    it(path, () => {
      const changed = life(set(from, path, to));
      const usual = life(from);
      const facts = [
        ...changed.filter((fact) => !usual.includes(fact)).map((fact) => `+${fact}`),
        ...usual.filter((fact) => !changed.includes(fact)).map((fact) => `-${fact}`),
      ];
      expect(facts).to.include.members(shows);
    });
  }

  for (const part of ['training', 'serving'] as const) {
    it(`${part}.affinity, with every field that the schema has`, () => {
      const affinity = sampleOf(schema.properties?.[part]?.properties?.affinity as Schema);
      const cluster = lived({ ...everything, [part]: { ...everything[part], affinity } });
      const template =
        part === 'training'
          ? cluster.job('train').spec?.template
          : cluster.deployment?.spec?.template;
      expect(template?.spec?.affinity).to.deep.equal(affinity);
    });
  }
});

function* leavesOf(schema: Schema, path = ''): Generator<string> {
  if (schema.properties) {
    for (const [name, each] of Object.entries(schema.properties))
      yield* leavesOf(each, path === '' ? name : `${path}.${name}`);
  } else if (schema.items) yield* leavesOf(schema.items, `${path}[]`);
  else if (typeof schema.additionalProperties === 'object')
    yield* leavesOf(schema.additionalProperties, `${path}{}`);
  else yield path;
}

/** A value in which nothing that the schema knows is left out. */
function sampleOf(schema: Schema): unknown {
  if (schema.properties)
    return Object.fromEntries(
      Object.entries(schema.properties).map(([name, each]) => [name, sampleOf(each)]),
    );
  if (schema.items) return [sampleOf(schema.items)];
  if (typeof schema.additionalProperties === 'object')
    return { x: sampleOf(schema.additionalProperties) };
  return schema.type === 'integer' ? 1 : schema.type === 'boolean' ? true : 'x';
}

/** The spec with this field set: in the first entry of a list, and a map as a whole. */
function set(spec: ModelReleaseSpec, path: string, value: unknown): ModelReleaseSpec {
  const copy = structuredClone(spec);
  // biome-ignore lint/suspicious/noExplicitAny: the path is checked against the schema
  let at: any = copy;
  const names = path.replace('{}', '').replaceAll('[]', '.0').split('.');
  const last = names.pop() as string;
  for (const [index, name] of names.entries()) {
    at[name] ??= /^\d+$/.test(names[index + 1] ?? last) ? [] : {};
    at = at[name];
  }
  at[last] = value;
  return copy;
}

/** A release from its first apply until it serves. */
function lived(given: ModelReleaseSpec): Cluster {
  const cluster = new Cluster(modelRelease({ spec: given }));
  cluster.pass('d', 'a');
  if (cluster.deployment) cluster.becomeReady();
  cluster.step();
  return cluster;
}

function released(given: ModelReleaseSpec): string[] {
  const cluster = lived(given);
  const built = steps.flatMap((step) => {
    const { metadata, spec } = cluster.job(step);
    return [
      ...facts(`Job ${step}`, { metadata: { labels: metadata.labels }, spec }),
      ...options(step, spec?.template.spec?.containers[0]?.args ?? []),
    ];
  });
  const { spec: serving } = cluster.deployment ?? {};
  return [
    ...built,
    ...facts('Deployment pictograms-stable', { spec: serving }),
    ...facts('status', cluster.modelRelease.status),
  ];
}

function options(step: string, args: string[]): string[] {
  return args.flatMap((arg, at) =>
    arg.startsWith('--') ? [`${step} ${arg} = ${args[at + 1]}`] : [],
  );
}

/** One line for each value; entries of a list are named where they have a name, and environment variables have their value. */
function facts(path: string, value: unknown): string[] {
  if (value === undefined) return [];
  if (typeof value !== 'object' || value === null) return [`${path} = ${value}`];
  if (!Array.isArray(value))
    return Object.entries(value).flatMap(([name, each]) => facts(`${path}.${name}`, each));
  return value.flatMap((each, at) => {
    if (path.endsWith('.env') && 'value' in each) return [`${path}.${each.name} = ${each.value}`];
    const named = !path.endsWith('.containers') && typeof each === 'object' && 'name' in each;
    return facts(`${path}.${named ? each.name : at}`, each);
  });
}

const begun = (cluster: Cluster) =>
  cluster.step().begin.map(({ metadata }) => `begins ${metadata.name}`);

function applied(given: ModelReleaseSpec): string[] {
  return begun(new Cluster(modelRelease({ spec: given })));
}

function anHourAndAHalfLate(given: ModelReleaseSpec): string[] {
  const cluster = lived(given);
  cluster.now = new Date('2026-11-22T04:30:00Z');
  return begun(cluster);
}

function withoutANode(given: ModelReleaseSpec): string[] {
  const cluster = new Cluster(modelRelease({ spec: given }));
  cluster.step();
  const unschedulable = {
    type: 'PodScheduled',
    status: 'False',
    reason: 'Unschedulable',
    message: 'No.',
  };
  cluster.stepPod('snapshot', { phase: 'Pending', conditions: [unschedulable] });
  cluster.now = new Date(cluster.now.getTime() + 90_000);
  cluster.step();
  return (cluster.modelRelease.status?.history ?? []).map(
    ({ outcome, reason }) => `ends ${outcome} ${reason}`,
  );
}

function threeFailures(given: ModelReleaseSpec): string[] {
  const cluster = new Cluster(modelRelease({ spec: given }));
  for (const now of ['2026-11-22T02:00:00Z', '2026-11-22T03:00:00Z', '2026-11-29T03:00:00Z']) {
    cluster.now = new Date(now);
    cluster.step();
    cluster.fail('snapshot', { exitCode: 11 });
    cluster.step();
    // An outcome has to be in the records before its run may be pruned.
    cluster.step();
  }
  expect(decide(cluster.look()).remove).to.deep.equal([]);
  const { history = [] } = cluster.modelRelease.status ?? {};
  return [
    ...[...cluster.records.keys()].map((name) => `keeps ${name}`),
    `tells of ${history.length} runs`,
  ];
}
