/** What a cluster of one node can be brought to say of a pod, one cause after the other: the table behind hack/e2e/causes.ts. */
import { execFileSync } from 'node:child_process';
import type { Kubectl } from '../shop/kubectl.ts';

export interface Cause {
  /** The pod's spec. */
  spec: object;
  /** Made before the Job. */
  with?: object[];
  /** Done once its pod runs. */
  meanwhile?: (podName: string) => Promise<unknown> | unknown;
  /** What is waited for: the pod over, a Warning about the pod or the Job, or words in the pod's status. */
  until: 'over' | 'pod event' | 'job event' | RegExp;
}

/** Where they are brought about. */
export interface Place {
  kubectl: Kubectl;
  namespace: string;
  node: string;
  /** Holds node and sh. */
  image: string;
  /** The port of a registry on 127.0.0.1 that lets nobody in. */
  closedRegistry: number;
}

const says = (exitCode: number, error: string, message: string) => [
  'node',
  '-e',
  `require('node:fs').writeFileSync('/dev/termination-log', ${JSON.stringify(
    JSON.stringify({ step: 'train', ok: false, error, message }),
  )}); process.exit(${exitCode})`,
];
/** Stops as a trainer does: exit code 20 once it is told to. */
const obedient = [
  'node',
  '-e',
  `process.on('SIGTERM', () => process.exit(20)); setInterval(() => 0, 1e6)`,
];
const priority = (name: string, value: number) => ({
  apiVersion: 'scheduling.k8s.io/v1',
  kind: 'PriorityClass',
  metadata: { name },
  value,
});
const gpu = { resources: { limits: { 'nvidia.com/gpu': 1 } } };

export function causesAt({
  kubectl,
  namespace,
  node,
  image,
  closedRegistry,
}: Place): Record<string, Cause> {
  const pod = (rest: object = {}, container: object = {}) => ({
    restartPolicy: 'Never',
    terminationGracePeriodSeconds: 5,
    ...rest,
    containers: [{ name: 'step', image, command: ['sh', '-c', 'sleep 600'], ...container }],
  });

  return {
    'image not found': {
      spec: pod({}, { image: image.replace(/[^/]+$/, 'nothing:1') }),
      until: /Back-off/,
    },
    'registry down': { spec: pod({}, { image: '127.0.0.1:9/nothing:1' }), until: /Back-off/ },
    'registry refuses': {
      spec: pod({}, { image: `127.0.0.1:${closedRegistry}/trainer:1` }),
      until: /Back-off/,
    },
    'image invalid': { spec: pod({}, { image: 'UP:er' }), until: /InvalidImageName/ },
    'no node': {
      spec: pod({}, { resources: { limits: { 'nvidia.com/gpu': 99 } } }),
      until: /Insufficient/,
    },
    'out of memory': {
      spec: pod(
        {},
        {
          command: ['node', '-e', 'const a=[];for(;;)a.push(Buffer.alloc(1e7,1))'],
          resources: { limits: { memory: '100Mi' } },
        },
      ),
      until: 'over',
    },
    deadline: { spec: pod({ activeDeadlineSeconds: 3 }, { command: obedient }), until: 'over' },
    'bad configuration': {
      spec: pod({}, { command: says(10, 'BadConfiguration', 'owner.json is of another cluster') }),
      until: 'over',
    },
    'bad data': {
      spec: pod({}, { command: says(11, 'BadData', 'X_train.csv has no column designation') }),
      until: 'over',
    },
    diverged: {
      spec: pod({}, { command: says(12, 'Diverged', 'the loss is NaN in epoch 2') }),
      until: 'over',
    },
    'no gpu': { spec: pod({}, { command: says(14, 'NoGPU', 'no GPU is visible') }), until: 'over' },
    'store unreachable': {
      spec: pod({}, { command: says(21, 'StoreUnreachable', 'bucket models does not exist') }),
      until: 'over',
    },
    crash: {
      spec: pod(
        {},
        {
          command: ['node', '-e', 'undefined.x'],
          terminationMessagePolicy: 'FallbackToLogsOnError',
        },
      ),
      until: 'over',
    },
    drained: {
      spec: pod({}, { command: obedient }),
      meanwhile: (name) =>
        kubectl.run(
          ['create', '--raw', `/api/v1/namespaces/${namespace}/pods/${name}/eviction`, '-f', '-'],
          {
            input: JSON.stringify({
              apiVersion: 'policy/v1',
              kind: 'Eviction',
              metadata: { name, namespace },
            }),
          },
        ),
      until: 'over',
    },
    deleted: {
      spec: pod({}, { command: obedient }),
      meanwhile: (name) => kubectl.run(['delete', 'pod', name, '-n', namespace, '--wait=false']),
      until: 'over',
    },
    killed: {
      spec: pod({}, { command: ['sh', '-c', 'sleep 47110815; :'] }),
      meanwhile: () => {
        const pids = execFileSync('pgrep', ['-f', '^sh -c sleep 47110815'])
          .toString()
          .trim()
          .split('\n');
        for (const pid of pids) process.kill(Number(pid), 'SIGKILL');
      },
      until: 'over',
    },
    preempted: {
      with: [priority('causes-low', 1), priority('causes-high', 1000)],
      spec: pod({ priorityClassName: 'causes-low' }, { command: obedient, ...gpu }),
      meanwhile: () =>
        kubectl.apply([
          {
            apiVersion: 'v1',
            kind: 'Pod',
            metadata: { name: 'important', namespace },
            spec: pod({ priorityClassName: 'causes-high' }, gpu),
          },
        ]),
      until: 'over',
    },
    'scratch full': {
      spec: pod(
        { volumes: [{ name: 'scratch', emptyDir: { sizeLimit: '1Mi' } }] },
        {
          command: ['sh', '-c', 'head -c 30000000 /dev/zero > /scratch/x; sleep 600'],
          volumeMounts: [{ name: 'scratch', mountPath: '/scratch' }],
        },
      ),
      until: 'over',
    },
    'storage limit': {
      spec: pod(
        {},
        {
          command: ['sh', '-c', 'head -c 30000000 /dev/zero > /tmp/x; sleep 600'],
          resources: { limits: { 'ephemeral-storage': '1Mi' } },
        },
      ),
      until: 'over',
    },
    'program missing': { spec: pod({}, { command: ['/no/such/program'] }), until: 'over' },
    'runs as root': {
      spec: pod({ securityContext: { runAsNonRoot: true, runAsUser: 0 } }),
      until: /runAsNonRoot|runAsUser/,
    },
    'init container': {
      spec: {
        ...pod(),
        initContainers: [
          {
            name: 'mesh-init',
            image,
            command: ['sh', '-c', 'echo no iptables; exit 3'],
            terminationMessagePolicy: 'FallbackToLogsOnError',
          },
        ],
      },
      until: 'over',
    },
    'node has no room': {
      spec: pod({ nodeName: node }, { resources: { limits: { 'nvidia.com/gpu': 99 } } }),
      until: 'over',
    },
    'node is another': {
      spec: pod({ nodeName: node, nodeSelector: { pool: 'gpu' } }),
      until: 'over',
    },
    'secret missing': {
      spec: pod(
        { volumes: [{ name: 's3', secret: { secretName: 's3' } }] },
        { volumeMounts: [{ name: 's3', mountPath: '/s3' }] },
      ),
      until: 'pod event',
    },
    'key missing': {
      with: [
        {
          apiVersion: 'v1',
          kind: 'Secret',
          metadata: { name: 'db', namespace },
          stringData: { other: 'x' },
        },
      ],
      spec: pod(
        {
          volumes: [
            { name: 'db', secret: { secretName: 'db', items: [{ key: 'url', path: 'url' }] } },
          ],
        },
        { volumeMounts: [{ name: 'db', mountPath: '/db' }] },
      ),
      until: 'pod event',
    },
    'claim missing': {
      spec: pod(
        { volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }] },
        { volumeMounts: [{ name: 'data', mountPath: '/data' }] },
      ),
      until: /persistentvolumeclaim/,
    },
    'service account missing': { spec: pod({ serviceAccountName: 'trainer' }), until: 'job event' },
    'runtime class missing': { spec: pod({ runtimeClassName: 'nvidia' }), until: 'job event' },
    'priority class missing': { spec: pod({ priorityClassName: 'low' }), until: 'job event' },
    quota: {
      with: [
        {
          apiVersion: 'v1',
          kind: 'ResourceQuota',
          metadata: { name: 'gpus', namespace },
          spec: { hard: { 'requests.nvidia.com/gpu': '0' } },
        },
      ],
      spec: pod({}, gpu),
      until: 'job event',
    },
    'security policy': {
      with: [
        {
          apiVersion: 'v1',
          kind: 'Namespace',
          metadata: {
            name: namespace,
            labels: { 'pod-security.kubernetes.io/enforce': 'restricted' },
          },
        },
      ],
      spec: pod(),
      until: 'job event',
    },
  };
}
