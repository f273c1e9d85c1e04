import {
  catalogueLimits,
  type ImportResult,
  importLineSchema,
} from '@shelfwise/inference-contract';
import { check } from '../http/input.ts';
import { parseJson } from '../http/json.ts';
import { Problem } from '../http/problems.ts';
import type { Catalogue, Content } from './catalogue.ts';
import { putProduct } from './put.ts';
import { contentOf } from './reading.ts';

/** Lines that are worked on at a time: the store and the database answer several at once, and others want their turn. */
const atATime = 4;

/**
 * Stores products, one JSON object a line, each with its own id; what is there under the id is replaced. A line that cannot be
 * used is left out and told. Everything may be sent again: what is as it was is left alone. Predictions come later, so that
 * those who ask for one do not wait. Throws `too-large` for too many lines, and where the database or the store is gone: lines
 * before that are stored.
 */
export async function importProducts(
  catalogue: Catalogue,
  body: Buffer,
  signal: AbortSignal,
): Promise<ImportResult> {
  const lines = linesOf(body);
  const result: ImportResult = { created: 0, replaced: 0, unchanged: 0, refused: [] };
  const seen = new Map<string, number>();

  async function take({ line, bytes }: Line): Promise<void> {
    let id: string | null = null;
    try {
      const value = parseJson(bytes);
      id = idOf(value);
      const { id: name, ...given } = check(importLineSchema, value, 'line');
      const before = seen.get(name);
      if (before !== undefined) throw twice(name, before);
      seen.set(name, line);
      const content: Content = contentOf(given);
      result[await putProduct(catalogue, name, content, signal)]++;
    } catch (error) {
      if (!(error instanceof Problem) || isForAll(error)) throw error;
      result.refused.push({ line, id, part: error.part ?? 'line', detail: error.message });
    }
  }

  const rest = lines.values();
  let failed = false;
  const worker = async () => {
    for (const line of rest) {
      if (failed) return;
      await take(line).catch((error: unknown) => {
        failed = true;
        throw error;
      });
    }
  };
  const ended = await Promise.allSettled(Array.from({ length: atATime }, worker));
  for (const each of ended) if (each.status === 'rejected') throw each.reason;
  result.refused.sort((a, b) => a.line - b.line);
  return result;
}

/** Whether no other line would fare better. A picture that is being removed is of this line alone: the store and the database are there. */
function isForAll({ status, code, part }: Problem): boolean {
  return status >= 500 && !(code === 'pictures-unavailable' && part === 'image');
}

interface Line {
  /** Counted from 1. */
  line: number;
  bytes: Buffer;
}

const newline = 0x0a;
const blanks = new Set([0x20, 0x09, 0x0d]);

/** The lines that are not blank. */
function linesOf(body: Buffer): Line[] {
  const found: Line[] = [];
  for (let line = 1, from = 0; from < body.length; line++) {
    const end = body.indexOf(newline, from);
    const bytes = body.subarray(from, end === -1 ? body.length : end);
    from += bytes.length + 1;
    if (bytes.every((byte) => blanks.has(byte))) continue;
    if (found.length === catalogueLimits.importLines) throw tooMany();
    found.push({ line, bytes });
  }
  return found;
}

function idOf(value: unknown): string | null {
  const id = (value as { id?: unknown } | null)?.id;
  return typeof id === 'string' ? id.slice(0, catalogueLimits.idCharacters) : null;
}

function twice(id: string, before: number): Problem {
  const detail = `The product ${id} is in line ${before} already: send each product once.`;
  return new Problem('unusable-part', detail, { part: 'id' });
}

function tooMany(): Problem {
  const detail = `The body has more than ${catalogueLimits.importLines} lines: send the products in several requests.`;
  return new Problem('too-large', detail, { part: 'body' });
}
