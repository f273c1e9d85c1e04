import { productSchema } from '@shelfwise/inference-contract';
import type { ProblemCode } from '../http/problems.ts';
import { jsonAnswer } from '../http/route.ts';

/* What several routes of the catalogue say alike in the document. */

export const tag = 'products';
export const access = ['catalogue'] as const;

/** Of all routes. */
export const always: readonly ProblemCode[] = ['no-catalogue', 'database-unavailable'];

/** Of those that change a product that is there. */
export const ofChanges: readonly ProblemCode[] = [
  ...always,
  'not-found',
  'precondition-required',
  'precondition-failed',
];

/** Of those that take a picture. */
export const ofPictures: readonly ProblemCode[] = ['duplicate-part', 'pictures-unavailable'];

export const etagHeader = { ETag: "The product's version." };

/** What those that change a product answer. */
export const changed = {
  200: jsonAnswer('The product as it is now.', productSchema, { headers: etagHeader }),
};

export const exampleProduct = {
  designation: 'Spade with a wooden handle',
  description: '<p>Ash, 1.2 m.</p>',
  category: 'garden',
};
