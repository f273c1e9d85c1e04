import { joinText, sha256Of } from '@shelfwise/trainer-contract';
import { detectLanguage } from '@shelfwise/trainer-contract/language';
import type { ListedRow, Row, TextFacts } from './product.ts';
import type { Place, Spool } from './spool.ts';

/** A product's text as its author wrote it. */
export type Text = Pick<Row, 'id' | 'designation' | 'description'>;

/** Brings a text into the spool. */
export function spoolText(spool: Spool, { id, designation, description }: Text): Promise<Place> {
  return spool.append(Buffer.from(JSON.stringify([id, designation, description])));
}

/** The text of a product, as it was spooled. */
export async function readText(spool: Spool, { text }: Pick<ListedRow, 'text'>): Promise<Text> {
  const [id, designation, description] = JSON.parse((await spool.read(text)).toString());
  return { id, designation, description };
}

/** What the split and the report need to know of a text. */
export function textFacts({ designation, description }: Omit<Text, 'id'>): TextFacts {
  return {
    digest: textDigest(designation, description),
    language: detectLanguage(`${designation} ${description ?? ''}`),
    designation: designation.length,
    description: description?.length ?? null,
  };
}

/** Equal for texts that a model cannot tell apart, but for spaces. */
export function textDigest(designation: string, description: string | null): string {
  return sha256Of(joinText(designation, description).replace(/\s+/g, ' ').trim());
}
