/** For tests: a real control plane with the CRD, the operator's account under the chart's rules, and played nodes. */
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import { chartRules } from '../hack/chart/rbac.ts';
import { type ControlPlane, startControlPlane } from '../hack/cluster/control-plane.ts';
import { startKwok } from '../hack/cluster/kwok.ts';
import { waitFor } from '../hack/process/wait.ts';
import { type Connection, kubeconfigConnection } from './kube/connection.ts';
import type { KubernetesObject } from './kube/object.ts';
import { createObjects } from './kube/objects.ts';
import type { Resource } from './kube/resource.ts';
import { createTransport, type Transport } from './kube/transport.ts';
import {
  goodMessages,
  type Outcomes,
  type PlayedKubelet,
  playKubelet,
  type Script,
} from './played-kubelet.ts';

/** What a run finds, and how it therefore ends. */
export interface Chapter {
  finds: Outcomes;
  outcome: string;
}

export interface PlayedCluster {
  plane: ControlPlane;
  /** Of an administrator. */
  transport: Transport;
  /** Of the operator: with the rights that the chart gives it, and no others. */
  kubeconfig: string;
  connection: Connection;
  kubelet: PlayedKubelet;
  stop(): Promise<void>;
}

/** The n-th run in each namespace finds what stands in the n-th chapter of the story, or what a script says; without one, kwok plays what datasets tell. */
export async function startPlayedCluster(story?: Chapter[] | Script): Promise<PlayedCluster> {
  const plane = await startControlPlane({ schedulers: story === undefined });
  const transport = createTransport({
    connection: await kubeconfigConnection([plane.kubeconfig]),
    userAgent: 'test',
    rateLimit: false,
  });
  const kubeconfig = join(dirname(plane.kubeconfig), 'operator.kubeconfig');
  const stop = async () => {
    await transport.close();
    await plane.stop();
  };
  try {
    await installCrd(transport);
    const admin = parse(await readFile(plane.kubeconfig, 'utf8'));
    const token = await operatorToken(transport);
    const user = { ...admin.users[0], user: { token } };
    await writeFile(kubeconfig, JSON.stringify({ ...admin, users: [user] }));
    const kubelet = story
      ? playKubelet(transport, Array.isArray(story) ? scriptOf(story) : story)
      : { started: [], ...(await startKwok({ kubeconfig: plane.kubeconfig })) };
    return {
      plane,
      transport,
      kubeconfig,
      connection: await kubeconfigConnection([kubeconfig]),
      kubelet,
      async stop() {
        await kubelet.stop();
        await stop();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function scriptOf(story: Chapter[]): Script {
  const releases = new Map<string, string[]>();
  return (context) => {
    const known = releases.get(context.namespace) ?? [];
    if (!known.includes(context.release)) known.push(context.release);
    releases.set(context.namespace, known);
    const chapter = story[known.indexOf(context.release)];
    if (!chapter)
      throw new Error(`${context.namespace}/${context.release} is a run that nobody asked for.`);
    return goodMessages(context, chapter.finds);
  };
}

const wide = (apiVersion: string, kind: string, plural: string): Resource => ({
  apiVersion,
  kind,
  plural,
  clusterScoped: true,
});
const crds = wide(
  'apiextensions.k8s.io/v1',
  'CustomResourceDefinition',
  'customresourcedefinitions',
);
const rbac = 'rbac.authorization.k8s.io';
const roles = wide(`${rbac}/v1`, 'ClusterRole', 'clusterroles');
const bindings = wide(`${rbac}/v1`, 'ClusterRoleBinding', 'clusterrolebindings');
const serviceAccounts: Resource = {
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  plural: 'serviceaccounts',
};

/** Installs the CustomResourceDefinition and waits until it is served. */
export async function installCrd(transport: Transport): Promise<void> {
  const text = await readFile(new URL('../crds/modelreleases.yaml', import.meta.url), 'utf8');
  // The schema of what occurs several times is written once there.
  const crd = parse(text, { merge: true });
  const objects = createObjects({ transport, fieldManager: 'test' });
  await objects.apply(crds, crd);
  type Crd = KubernetesObject & { status?: { conditions?: { type: string; status: string }[] } };
  await waitFor(
    async () => {
      const { status } = (await objects.get<Crd>(crds, crd.metadata)) ?? {};
      return status?.conditions?.find(
        (each) => each.type === 'Established' && each.status === 'True',
      );
    },
    { what: 'the CRD to be established', limitMs: 240_000 },
  );
}

/** A token of the account `operator` in the namespace default, which has the rights that the chart gives. */
export async function operatorToken(transport: Transport): Promise<string> {
  const objects = createObjects({ transport, fieldManager: 'test' });
  const account = { namespace: 'default', name: 'operator' };
  const of = (
    { apiVersion, kind }: Resource,
    metadata: KubernetesObject['metadata'],
    rest = {},
  ) => ({ apiVersion, kind, metadata, ...rest });
  await objects.apply(serviceAccounts, of(serviceAccounts, account));
  await objects.apply(roles, of(roles, { name: 'operator' }, { rules: await chartRules() }));
  const roleRef = { apiGroup: rbac, kind: roles.kind, name: 'operator' };
  const subjects = [{ kind: serviceAccounts.kind, ...account }];
  await objects.apply(bindings, of(bindings, { name: 'operator' }, { roleRef, subjects }));
  const { status } = await transport.request<{ status: { token: string } }>({
    method: 'POST',
    path: '/api/v1/namespaces/default/serviceaccounts/operator/token',
    body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} },
  });
  return status.token;
}

/**
 * Makes the folder that the kubelet mounts into the operator's pod, for an operator that runs as a process of its own. Returns the
 * token's jti, by which the API server's records tell who asked.
 */
export async function mountAccount(
  plane: ControlPlane,
  admin: Transport,
  directory: string,
): Promise<string> {
  await mkdir(directory, { mode: 0o700 });
  await copyFile(join(dirname(plane.kubeconfig), 'pki', 'ca.crt'), join(directory, 'ca.crt'));
  const token = await operatorToken(admin);
  await writeFile(join(directory, 'token'), token, { mode: 0o600 });
  const [, claims = ''] = token.split('.');
  return JSON.parse(Buffer.from(claims, 'base64url').toString()).jti;
}
