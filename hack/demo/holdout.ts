import { readSnapshot, type Sample, type Store, samples } from '@shelfwise/trainer-contract';
import type { Product } from '../shop/predict-client.ts';

/** Held-out products of a dataset: the first `count`, no two in a row of one class, as the shop's client sends them. */
export async function heldOut(
  store: Store,
  dataset: string,
  count: number,
): Promise<{ product: Product; sample: Sample }[]> {
  const byClass = new Map<string, Sample[]>();
  for await (const sample of samples(store, await readSnapshot(store, dataset), 'holdout')) {
    const same = byClass.get(sample.class) ?? [];
    byClass.set(sample.class, same);
    if (same.length < count) same.push(sample);
  }
  const chosen: Sample[] = [];
  for (let round = 0; chosen.length < count; round += 1) {
    const next = [...byClass.values()].flatMap((all) => all.slice(round, round + 1));
    if (next.length === 0) break;
    chosen.push(...next);
  }
  return chosen.slice(0, count).map((sample) => ({ sample, product: toProduct(sample) }));
}

export function toProduct({ id, designation, description, picture }: Sample): Product {
  return { id, designation, description, image: picture?.toString('base64') ?? null };
}
