import type { Store } from '@shelfwise/trainer-contract';
import type { Database } from '../database/database.ts';
import type { ServiceState } from '../http/service.ts';

/** What the catalogue works with. */
export interface Catalogue {
  database: Database;
  /** Where pictures lie: the ModelRelease's own folder. */
  store: Store;
  /** The release that predicts. */
  state: ServiceState;
  /** How long a caller waits for the prediction of a product; beyond that it comes later. */
  predictWithinMs: number;
}

/** What a shop says of a product. */
export interface Content {
  designation: string;
  description: string | null;
  category: string | null;
  image: Uint8Array | null;
}

/** What is there is changed; null removes. */
export type Patch = Partial<Content>;
