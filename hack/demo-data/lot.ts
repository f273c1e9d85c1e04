import { createHash } from 'node:crypto';

/** A number of 32 bits drawn by hash: the same for the same question and subject, on every machine. */
export function lot(question: string, subject: string): number {
  return createHash('sha256').update(`${question} ${subject}`).digest().readUInt32BE();
}
