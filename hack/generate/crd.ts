import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';

/** A schema as CustomResourceDefinitions hold it: OpenAPI v3 and Kubernetes' extensions. */
export interface Schema {
  type?: string;
  description?: string;
  default?: unknown;
  enum?: unknown[];
  minimum?: number;
  maximum?: number;
  required?: string[];
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
  items?: Schema;
  anyOf?: Schema[];
  [extension: `x-kubernetes-${string}`]: unknown;
}

export interface CustomResourceDefinition {
  spec: {
    names: { kind: string };
    versions: { name: string; schema: { openAPIV3Schema: Schema } }[];
  };
  [field: string]: unknown;
}

export const crdPath = new URL('../../crds/modelreleases.yaml', import.meta.url);

/** The CRD with its YAML anchors and merge keys resolved. */
export async function readCrd(path: URL = crdPath): Promise<CustomResourceDefinition> {
  return parse(await readFile(path, 'utf8'), { merge: true });
}

/** The schema of the one version that is served. */
export function schemaOf(crd: CustomResourceDefinition): Schema {
  const version = crd.spec.versions[0];
  if (!version) throw new Error('The CustomResourceDefinition has no version.');
  return version.schema.openAPIV3Schema;
}
