import { Problem } from '../http/problems.ts';
import type { Route } from '../http/route.ts';
import type { Catalogue } from './catalogue.ts';
import { changeRoutes } from './change-routes.ts';
import { correctionRoutes } from './correction-routes.ts';
import { importRoute } from './import-route.ts';
import { claimCatalogue } from './owner.ts';
import { readRoutes } from './read-routes.ts';

/** The endpoints of /v1/products. Without a catalogue they all say so. */
export function catalogueRoutes(catalogue: Catalogue | undefined): Route[] {
  const there = async () => {
    if (catalogue) {
      await claimCatalogue(catalogue);
      return catalogue;
    }
    const detail =
      'This service runs without a database, and so without a catalogue: have spec.serving.database set.';
    throw new Problem('no-catalogue', detail);
  };
  return [
    ...readRoutes(there),
    ...changeRoutes(there),
    ...correctionRoutes(there),
    importRoute(there),
  ];
}
