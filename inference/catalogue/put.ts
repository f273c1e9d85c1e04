import { Problem } from '../http/problems.ts';
import type { Catalogue, Content } from './catalogue.ts';
import { patchProduct } from './change.ts';
import { addProduct } from './create.ts';
import { pictureOf } from './pictures.ts';
import { findProduct } from './products.ts';

/** How often others may add or remove the product in between. */
const mostAttempts = 3;

/** Makes the product be as the content says, whether there was one or not; what is to be predicted is predicted later. */
export async function putProduct(
  catalogue: Catalogue,
  id: string,
  content: Content,
  signal: AbortSignal,
): Promise<'created' | 'replaced' | 'unchanged'> {
  for (let attempt = 1; ; attempt++) {
    const before = await catalogue.database.query((knex) => findProduct(knex, id));
    try {
      if (!before) {
        const { image, ...texts } = content;
        const picture = image && pictureOf(image);
        const outcome = { status: 'pending', lost: false } as const;
        await addProduct(catalogue, { id, texts, picture, outcome });
        return 'created';
      }
      const changing = { id, wanted: 'any', signal, later: true } as const;
      const after = await patchProduct(catalogue, changing, content);
      return after.version === before.version ? 'unchanged' : 'replaced';
    } catch (error) {
      const overtaken =
        error instanceof Problem && (error.code === 'conflict' || error.code === 'not-found');
      if (!overtaken || attempt === mostAttempts) throw error;
    }
  }
}
