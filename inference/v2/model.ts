import { Problem } from '../http/problems.ts';
import { type Loaded, loadedModel, type ServiceState } from '../http/service.ts';

/** As the protocol names what serves: the ModelRelease, and the slot of its release as the version. */
export interface ModelName {
  name: string;
  version: string;
}

/** `shop-20261122-030000` is version `20261122-030000` of `shop`; a release of another form is its own only version. */
function modelName(release: string): ModelName {
  const [, name, slot] = /^(.+)-(\d{8}-\d{6})$/.exec(release) ?? [];
  return name !== undefined && slot !== undefined
    ? { name, version: slot }
    : { name: release, version: release };
}

/** The model that serves, if it is the one that is asked for. Throws `not-ready`, or `not-found` with the name that there is. */
export function modelAsked(
  state: ServiceState,
  asked: { name: string; version?: string | undefined },
): Loaded & ModelName {
  const loaded = loadedModel(state);
  const own = modelName(loaded.served.release);
  if (asked.name !== own.name) {
    const detail = `There is no model of this name: ${own.name} is the one that serves.`;
    throw new Problem('not-found', detail, { part: 'name' });
  }
  if (asked.version !== undefined && asked.version !== own.version) {
    const detail = `There is no such version of ${own.name}: ${own.version} is the one that serves.`;
    throw new Problem('not-found', detail, { part: 'version' });
  }
  return { ...loaded, ...own };
}
