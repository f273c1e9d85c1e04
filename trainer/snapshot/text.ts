import { createHash } from 'node:crypto';
import { textOf } from '@shelfwise/trainer-contract';
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

/** What the split and the report need to know of a text, but for its language. */
export function textFacts({
  designation,
  description,
}: Omit<Text, 'id'>): Omit<TextFacts, 'language'> {
  return {
    digest: textDigest(designation, description),
    designation: designation.length,
    description: description?.length ?? null,
    damaged: isDamaged(designation) || isDamaged(description ?? ''),
  };
}

/** Whether something in it was no letter in the encoding that it was read by. */
export function isDamaged(text: string): boolean {
  return text.includes('\ufffd');
}

/** 16 bytes, equal for texts that a model cannot tell apart, but for spaces. */
export function textDigest(designation: string, description: string | null): string {
  const text = textOf(designation, description);
  // As characters of one byte: a hexadecimal digest for each of 85,000 products would take 8 MB.
  return createHash('sha256').update(text).digest().toString('latin1', 0, 16);
}
