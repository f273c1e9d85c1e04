import { createHash } from 'node:crypto';
import { evaluationSchema } from '@shelfwise/inference-contract';
import { keys, parseDocument, type Store, StoreNotFound } from '@shelfwise/trainer-contract';
import { Problem } from '../http/problems.ts';
import { createRecent } from './recent.ts';

/** Confusion matrices are the bulk of an evaluation: this is one of some 2,000 classes. */
const largestBytes = 32 * 2 ** 20;
/** An evaluation is written once, or seldom again; nobody needs to see that at once. */
const freshMs = 30_000;

/** A document as it goes out. */
export interface Document {
  body: Buffer;
  etag: string;
}

export interface ListedRelease {
  release: string;
  evaluated: boolean;
}

/** What the store tells of releases. Throws `not-found`, `overloaded` or `store-unavailable`. */
export function openShelf(store: Store) {
  const evaluations = createRecent<Document>({ keep: 4, freshMs });
  const lists = createRecent<ListedRelease[]>({ keep: 1, freshMs: 5_000 });
  return {
    evaluation: (release: string) =>
      evaluations.get(release, () => readEvaluation(store, release)).catch(explain),
    /** Newest first, as far as names tell. */
    releases: () => lists.get('', () => list(store)).catch(explain),
  };
}

export type Shelf = ReturnType<typeof openShelf>;

async function readEvaluation(store: Store, release: string): Promise<Document> {
  const key = keys.evaluation(release);
  const bytes = await store.read(key, largestBytes).catch((error: unknown) => {
    if (!(error instanceof StoreNotFound)) throw error;
    const detail = `There is no evaluation of the release ${release}: it is unknown, or was not evaluated.`;
    throw new Problem('not-found', detail, { part: 'release' });
  });
  const body = Buffer.from(JSON.stringify(parseDocument(evaluationSchema, bytes, key)));
  return { body, etag: `"${createHash('sha256').update(body).digest('base64url')}"` };
}

/** One listing: what is below a release's name tells the rest. The manifest is written last, so it is what makes a release. */
async function list(store: Store): Promise<ListedRelease[]> {
  const seen = new Map<string, Set<string>>();
  for await (const { key } of store.list('releases/')) {
    const [, release = '', file = ''] = key.split('/');
    seen.set(release, (seen.get(release) ?? new Set()).add(file));
  }
  return [...seen]
    .filter(([, files]) => files.has('manifest.json'))
    .map(([release, files]) => ({ release, evaluated: files.has('evaluation.json') }))
    .sort((a, b) => (a.release < b.release ? 1 : -1));
}

/** A store that is gone, or refuses us, is no error of ours; what it holds may be one. */
function explain(error: unknown): never {
  if (error instanceof Problem) throw error;
  const { reason } = error as { reason?: string };
  if (reason !== 'StoreUnreachable' && reason !== 'BadConfiguration') throw error;
  const detail = 'The store of releases does not answer: predictions go on, try again in a moment.';
  throw new Problem('store-unavailable', detail, { retryAfter: 5, cause: error });
}
