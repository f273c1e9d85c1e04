/** For tests: a real API server, a client of it, and ConfigMaps as the simplest objects that there are. */
import { expect } from 'chai';
import { type ControlPlane, startControlPlane } from '../../hack/cluster/control-plane.ts';
import { waitFor } from '../../hack/process/wait.ts';
import { ApiError } from './api-error.ts';
import { type Connection, kubeconfigConnection } from './connection.ts';
import type { KubernetesObject } from './object.ts';
import { createObjects, type Objects } from './objects.ts';
import type { Resource } from './resource.ts';
import { createTransport, type Exchange, type Transport } from './transport.ts';

export interface RealApi {
  plane: ControlPlane;
  connection: Connection;
  transport: Transport;
  objects: Objects;
  exchanges: Exchange[];
  stop(): Promise<void>;
}

export async function startRealApi(): Promise<RealApi> {
  const plane = await startControlPlane();
  const connection = await kubeconfigConnection([plane.kubeconfig]);
  const exchanges: Exchange[] = [];
  const transport = createTransport({
    connection,
    userAgent: 'shelfwise-test',
    observe: (exchange) => exchanges.push(exchange),
  });
  const objects = createObjects({ transport, fieldManager: 'shelfwise-test' });
  return {
    plane,
    connection,
    transport,
    objects,
    exchanges,
    async stop() {
      await transport.close();
      await plane.stop();
    },
  };
}

export interface ConfigMap extends KubernetesObject {
  data?: Record<string, string>;
}

export const configMaps: Resource = { apiVersion: 'v1', kind: 'ConfigMap', plural: 'configmaps' };

export function configMap(name: string, data: Record<string, string> = {}, labels = {}): ConfigMap {
  const metadata = { namespace: 'default', name, labels };
  return { apiVersion: configMaps.apiVersion, kind: configMaps.kind, metadata, data };
}

/** A Job whose pod never gets a node. */
export function job(name: string): KubernetesObject & { spec: object } {
  const containers = [{ name: 'c', image: 'nothing' }];
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { namespace: 'default', name },
    spec: { template: { spec: { restartPolicy: 'Never', containers } } },
  };
}

export async function errorOf(promise: Promise<unknown>): Promise<ApiError> {
  const error = await promise.then(
    (value) => expect.fail(`It succeeded: ${JSON.stringify(value)}`),
    (thrown: unknown) => thrown,
  );
  expect(error).to.be.instanceOf(ApiError);
  return error as ApiError;
}

export function until<T>(
  what: string,
  attempt: () => T | undefined | Promise<T | undefined>,
): Promise<T> {
  return waitFor(async () => attempt(), { what, limitMs: 120_000 });
}
