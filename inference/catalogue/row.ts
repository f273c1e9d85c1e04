import type { Correction, Product, ProductPrediction } from '@shelfwise/inference-contract';

export const productsTable = 'shelfwise_products';

/** A product as the database holds it, with what is said of its picture there. */
export interface ProductRow {
  id: string;
  designation: string;
  description: string | null;
  category: string | null;
  picture: string | null;
  picture_size: number | null;
  picture_type: string | null;
  correction: Correction | null;
  label: string | null;
  prediction: Predicted | null;
  prediction_due: boolean;
  prediction_fault: string | null;
  version: number;
  created_at: Date;
  updated_at: Date;
}

export type Predicted = Omit<Extract<ProductPrediction, { status: 'done' }>, 'status'>;

/** A product as callers see it. */
export function toProduct(row: ProductRow): Product {
  const { picture, picture_size: size, picture_type: type } = row;
  return {
    id: row.id,
    designation: row.designation,
    description: row.description,
    image: picture && size && type ? { sha256: picture, size, type } : null,
    category: row.category,
    correction: row.correction,
    label: row.label,
    prediction: predictionOf(row),
    version: row.version,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
  };
}

function predictionOf(row: ProductRow): ProductPrediction {
  if (row.prediction) return { status: 'done', ...row.prediction };
  if (row.prediction_due) return { status: 'pending' };
  return { status: 'none', reason: row.prediction_fault ?? 'Nothing was predicted.' };
}
