import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { expect } from 'chai';
import { readConfig } from '../config.ts';
import { createBuilder } from '../images/build.ts';
import { chooseImages } from '../images/catalogue.ts';
import { identify, isAlive, type ProcessIdentity, signal } from '../process/identity.ts';
import { run } from '../process/run.ts';
import { waitFor } from '../process/wait.ts';
import { tool } from '../tools/tool.ts';
import { type Cluster, chooseCluster } from './cluster.ts';
import { hostPicture, processesOf } from './host-picture.ts';
import { localLayout } from './local/layout.ts';

const config = readConfig();
const layout = localLayout(config);

/** A server that the restricted Pod Security Standard admits; it answers with its own name. */
function server(image: string) {
  const program =
    "require('http').createServer((q, r) => r.end('served')).listen(8080); process.on('SIGTERM', () => process.exit())";
  const labels = { app: 'server' };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'server', namespace: 'trial' },
    spec: {
      replicas: 2,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          securityContext: {
            runAsNonRoot: true,
            runAsUser: 1000,
            seccompProfile: { type: 'RuntimeDefault' },
          },
          containers: [
            {
              name: 'server',
              image,
              command: ['node', '-e', program],
              ports: [{ containerPort: 8080 }],
              readinessProbe: { httpGet: { port: 8080 }, periodSeconds: 1 },
              securityContext: {
                allowPrivilegeEscalation: false,
                readOnlyRootFilesystem: true,
                capabilities: { drop: ['ALL'] },
              },
            },
          ],
        },
      },
    },
  };
}

describe('the local cluster', function () {
  this.timeout(1_800_000); // on a fresh machine it builds Kubernetes first
  let cluster: Cluster;
  let kubectlPath: string;
  let picture: Awaited<ReturnType<typeof hostPicture>>;

  const kubectl = (args: string[], input?: string) =>
    run(
      kubectlPath,
      [`--kubeconfig=${layout.kubeconfig}`, ...args],
      input === undefined ? {} : { input },
    );
  const apply = (...objects: object[]) =>
    kubectl(
      ['apply', '--filename=-'],
      JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }),
    );
  const rolledOut = () =>
    kubectl(['-n', 'trial', 'rollout', 'status', 'deployment/server', '--timeout=300s']);
  const ask = (url: string) =>
    kubectl([
      '-n',
      'trial',
      'exec',
      'deployment/server',
      '--',
      'node',
      '-e',
      `fetch('${url}').then((r) => r.text()).then(console.log)`,
    ]);
  const daemons = async () => {
    const { processes = [] } = await cluster.status();
    return processes.flatMap(({ pid }) => identify(pid) ?? []);
  };
  const answers = () =>
    waitFor(
      async () => {
        await rolledOut();
        return (await ask('http://server.trial')).trim() === 'served' ? true : undefined;
      },
      { what: 'the server to answer', limitMs: 300_000, everyMs: 1000 },
    );

  before(async function () {
    cluster = await chooseCluster(config);
    if (cluster.kind !== 'local') this.skip();
    kubectlPath = await tool('kubectl', config);
    await cluster.down();
    picture = await hostPicture(layout);
  });
  after(() => cluster?.down());

  it('starts, and says what it is', async () => {
    await cluster.up({ gpus: 2 });
    const status = await cluster.status();
    expect(status, JSON.stringify(status)).to.include({ running: true, gpus: 2 });
    expect(status.notes.join()).to.include('fake');
  });

  it('runs pods under the restricted standard, from its registry, behind a Service', async () => {
    const build = await createBuilder(cluster, config);
    const [image] = chooseImages(['versitygw']);
    if (!image) throw new Error('the image is not in the catalogue');
    const { reference } = await build(image);
    const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
    await apply(
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'trial', labels } },
      server(reference),
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'server', namespace: 'trial' },
        spec: { selector: { app: 'server' }, ports: [{ port: 80, targetPort: 8080 }] },
      },
    );
    await rolledOut();
    expect((await build(image)).built, 'built again though nothing changed').to.equal(false);
    // kube-proxy learns of ready pods a moment after kubectl does.
    await answers();
    for (let i = 0; i < 10; i++)
      expect((await ask('http://server.trial')).trim()).to.equal('served');
  });

  it('gives a pod its GPUs by number only', async () => {
    const node = JSON.parse(await kubectl(['get', 'node', layout.node, '-o', 'json']));
    expect(node.status.allocatable['nvidia.com/gpu']).to.equal('2');
    await cluster.up({ gpus: 1 });
    const after = JSON.parse(await kubectl(['get', 'node', layout.node, '-o', 'json']));
    expect(after.status.allocatable['nvidia.com/gpu']).to.equal('1');
  });

  it('does nothing when it is started again', async () => {
    const first = await daemons();
    await cluster.up({ gpus: 1 });
    expect(await daemons()).to.deep.equal(first);
  });

  it('goes on where it was after its daemons were killed', async () => {
    await kill(await daemons());
    expect((await cluster.status()).running).to.equal(false);
    await cluster.up({ gpus: 1 });
    await answers();
  });

  it('goes on where it was after every process was killed, those of pods too', async () => {
    await killAll(() => processesOf(layout));
    await cluster.up({ gpus: 1 });
    await answers();
  });

  it('starts empty after the machine was restarted', async () => {
    await killAll(() => processesOf(layout));
    // What is left after a restart, but for the mounts and interfaces, which are the harder for being there.
    await writeFile(join(layout.state, 'boot-id'), 'another-boot');
    const host = JSON.parse(await readFile(join(layout.state, 'host.json'), 'utf8'));
    for (const [name, value] of Object.entries<string>(host.settings))
      await writeFile(join('/proc/sys', name), value);
    await cluster.up({ gpus: 1 });
    expect(await kubectl(['get', 'namespaces', '-o', 'name'])).not.to.include('trial');
    await kubectl(['get', 'serviceaccount', 'default']);
  });

  it('starts empty when its data are damaged', async () => {
    await killAll(() => processesOf(layout));
    await writeFile(join(layout.state, 'etcd', 'member', 'snap', 'db'), 'not a database');
    await cluster.up({ gpus: 1 });
    expect((await cluster.status()).running).to.equal(true);
  });

  it('leaves nothing behind', async () => {
    await cluster.down();
    expect(await processesOf(layout)).to.deep.equal([]);
    expect(existsSync(layout.state)).to.equal(false);
    expect(await hostPicture(layout)).to.deep.equal(picture);
  });

  it('leaves nothing behind when it is stopped after every process was killed', async () => {
    await cluster.up({ gpus: 1 });
    await killAll(() => processesOf(layout));
    await cluster.down();
    expect(await hostPicture(layout)).to.deep.equal(picture);
    await cluster.down();
  });

  it('refuses a registry that is not its own', async () => {
    const other = createServer((_, answer) => answer.end());
    await new Promise<void>((resolve) => other.listen(layout.registry.port, '127.0.0.1', resolve));
    try {
      const error = await cluster.up({ gpus: 1 }).catch((caught) => caught);
      expect(error.message).to.match(/^Port 5000 of 127.0.0.1, .* is taken by another program/);
    } finally {
      await new Promise((resolve) => other.close(resolve));
    }
  });
});

/** Everything at once, as a power cut does: what was being started while others were killed is found at the next look. */
async function killAll(find: () => Promise<ProcessIdentity[]>): Promise<void> {
  for (let found = await find(); found.length > 0; found = await find()) await kill(found);
}

async function kill(identities: ProcessIdentity[]): Promise<void> {
  // Some may end by themselves meanwhile, or with the one before them.
  for (const identity of identities) signal(identity, 'SIGKILL');
  await waitFor(async () => (identities.some(isAlive) ? undefined : true), {
    what: `the end of ${identities.length} killed processes`,
    limitMs: 180_000,
  });
}
