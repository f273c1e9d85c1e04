import { createHash } from 'node:crypto';
import { textOf } from '@shelfwise/trainer-contract';
import type { Row, TextFacts } from './product.ts';
import type { Place, Spool } from './spool.ts';

/** A product's text as its author wrote it, and where the source keeps its picture. */
export type Text = Pick<Row, 'id' | 'designation' | 'description' | 'pictureKey'>;

/** Brings a text into the spool. */
export function spoolText(spool: Spool, row: Text): Promise<Place> {
  const { id, designation, description, pictureKey } = row;
  return spool.append(Buffer.from(JSON.stringify([id, designation, description, pictureKey])));
}

/** The text of a product, as it was spooled. */
export async function readText(spool: Spool, { text }: { text: Place }): Promise<Text> {
  const [id, designation, description, pictureKey] = JSON.parse(
    (await spool.read(text)).toString(),
  );
  return { id, designation, description, pictureKey };
}

/** What the split and the report need to know of a text, but for its language. */
export function textFacts({
  designation,
  description,
}: Pick<Text, 'designation' | 'description'>): Omit<TextFacts, 'language'> {
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

/** 16 bytes, as hexadecimal digits, equal for texts that a model cannot tell apart, but for spaces. */
export function textDigest(designation: string, description: string | null): string {
  const text = textOf(designation, description);
  return createHash('sha256').update(text).digest().toString('hex', 0, 16);
}
