import type { Store } from './store.ts';

export function openFileStore(url: URL): Store {
  throw new Error(`not written yet ${url}`);
}
