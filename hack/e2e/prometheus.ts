import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '../cluster/free-ports.ts';
import { hasEnded } from '../process/ended.ts';
import { waitFor } from '../process/wait.ts';
import type { Kubectl } from '../shop/kubectl.ts';
import { operatorNamespace } from '../shop/operator.ts';
import { tool } from '../tools/tool.ts';

export interface Prometheus {
  /** True when the expression has a result now, undefined when it has none. */
  query(expression: string): Promise<true | undefined>;
  stop(): Promise<void>;
}

interface Targets {
  data: { activeTargets: { scrapeUrl: string; health: string; lastError: string }[] };
}

/** A Prometheus on this machine that scrapes the pods of operator and shop, through the apiserver's proxy. */
export async function startPrometheus(kubectl: Kubectl, namespace: string): Promise<Prometheus> {
  const dir = await mkdtemp(join(tmpdir(), 'shelfwise-prometheus-'));
  const [port = 0] = await freePorts(1);
  await writeConfiguration(kubectl, dir, [operatorNamespace, namespace]);
  const child = spawn(
    await tool('prometheus'),
    [
      `--config.file=${dir}/prometheus.yml`,
      `--storage.tsdb.path=${dir}/data`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let words = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    words = (words + text).slice(-4000);
  });
  const ended = new Promise((resolve) => child.once('close', resolve));
  const url = `http://127.0.0.1:${port}`;
  await waitFor(async () => (await fetch(`${url}/-/ready`)).ok || undefined, {
    ...{ what: 'Prometheus to be ready', limitMs: 300_000 },
    hopeless: () => (hasEnded(child) ? `Prometheus ended: ${words}` : undefined),
  });
  return {
    async query(expression) {
      const response = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(expression)}`);
      const answer = (await response.json()) as { data?: { result?: unknown[] } };
      if (answer.data?.result?.length) return true;
      const targets = (await (await fetch(`${url}/api/v1/targets`)).json()) as Targets;
      const seen = targets.data.activeTargets.map(
        ({ scrapeUrl, health, lastError }) => `${scrapeUrl} ${health} ${lastError}`,
      );
      throw new Error(`${JSON.stringify(answer)}; targets: ${seen.join('; ')}`);
    },
    async stop() {
      child.kill('SIGTERM');
      await ended;
      await rm(dir, { recursive: true });
    },
  };
}

async function writeConfiguration(kubectl: Kubectl, dir: string, namespaces: string[]) {
  const selector = 'app.kubernetes.io/component in (operator, inference)';
  const listed = namespaces.map((namespace) => kubectl.list('pods', namespace, selector));
  const pods = (await Promise.all(listed)).flat();
  const raw = JSON.parse(await kubectl.run(['config', 'view', '--raw', '--flatten', '-o', 'json']));
  const { server, 'certificate-authority-data': ca } = raw.clusters[0].cluster;
  const { 'client-certificate-data': certificate, 'client-key-data': key } = raw.users[0].user;
  const file = async (name: string, base64: string) => {
    await writeFile(join(dir, name), Buffer.from(base64, 'base64'), { mode: 0o600 });
    return join(dir, name);
  };
  const tls = {
    ca_file: await file('ca.crt', ca),
    cert_file: await file('client.crt', certificate),
    key_file: await file('client.key', key),
  };
  // Debian builds Prometheus without the discovery of pods, so they are named one by one.
  const configuration = {
    global: { scrape_interval: '1s' },
    scrape_configs: pods.map(({ metadata }) => ({
      job_name: metadata.name,
      scheme: 'https',
      tls_config: tls,
      metrics_path: `/api/v1/namespaces/${metadata.namespace}/pods/${metadata.name}:8080/proxy/metrics`,
      static_configs: [
        {
          targets: [new URL(server).host],
          labels: { component: metadata.labels['app.kubernetes.io/component'] },
        },
      ],
    })),
  };
  await writeFile(join(dir, 'prometheus.yml'), JSON.stringify(configuration));
}
