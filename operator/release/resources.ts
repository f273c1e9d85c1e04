import type { Container } from '../api/kubernetes.ts';

type Quantities = { [resource: string]: string | number };

/** As in the spec: the API takes 2 for "2" and answers with what it was given. */
export interface Resources {
  requests?: Quantities;
  limits?: Quantities;
}

type ContainerResources = NonNullable<Container['resources']>;

/** Requests and limits as Kubernetes keeps them: strings, and nothing where nothing is asked for. */
export function withoutEmpty({ requests = {}, limits = {} }: Resources): ContainerResources {
  return {
    ...(Object.keys(requests).length > 0 ? { requests: asStrings(requests) } : {}),
    ...(Object.keys(limits).length > 0 ? { limits: asStrings(limits) } : {}),
  };
}

/** Adds GPUs: an extended resource is set as a limit, and the API server makes the request equal. */
export function withGpus(
  resources: Resources,
  gpu: { count: number; resourceName: string },
): Resources {
  if (gpu.count === 0) return resources;
  return { ...resources, limits: { ...resources.limits, [gpu.resourceName]: String(gpu.count) } };
}

function asStrings(quantities: Quantities): Record<string, string> {
  return Object.fromEntries(
    Object.entries(quantities).map(([name, value]) => [name, String(value)]),
  );
}

const suffixes: Record<string, number> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** Whether two quantities mean the same amount: the API server may answer 500m where 0.5 was asked for. */
export function sameQuantity(one: unknown, other: unknown): boolean {
  const [a, b] = [amount(one), amount(other)];
  // Relative, because 0.1 and 100m do not meet exactly in binary.
  return (
    a !== undefined &&
    b !== undefined &&
    Math.abs(a - b) <= 1e-9 * Math.max(Math.abs(a), Math.abs(b))
  );
}

function amount(quantity: unknown): number | undefined {
  const match = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(n|u|m|k|[KMGTPE]i?)?$/.exec(
    String(quantity),
  );
  const factor = suffixes[match?.[2] ?? ''];
  return match?.[1] === undefined || factor === undefined ? undefined : Number(match[1]) * factor;
}
