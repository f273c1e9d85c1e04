import type { Store } from './store.ts';
import type { StoreSettings } from './store-settings.ts';

export function openS3Store(url: URL, settings: StoreSettings): Store {
  throw new Error(`not written yet ${url} ${settings.region}`);
}
