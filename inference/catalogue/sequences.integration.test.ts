import { expect } from 'chai';
import fc from 'fast-check';
import type { Knex } from 'knex';
import { json } from '../fixtures/requests.ts';
import { colouredPicture } from '../fixtures/tiny-bundle.ts';
import { type Answer, matching, openShop, type Replica, type Shop } from './fixture.ts';
import { pictureOf } from './pictures.ts';

/** What a product is to the model of the catalogue that the test keeps beside the real one. */
interface Known {
  designation: string;
  description: string | null;
  category: string | null;
  picture: number | null;
  correction: string | null;
  history: (string | null)[];
  version: number;
}

const id = fc.constantFrom('a', 'B', 'c-1');
const words = fc.constantFrom('spade', 'rake', 'pan');
const some = fc.constantFrom('garden', 'toys');
const picture = fc.constantFrom(0, 1, 2);
const orNull = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: null, freq: 2 });
/** The version that a caller names: the right one, the one before, or any. */
const seen = fc.constantFrom('now', 'now', 'now', 'before', '*');
const content = fc.record({
  designation: words,
  description: orNull(words),
  category: orNull(some),
  picture: orNull(picture),
});
const patch = fc.record(
  {
    designation: words,
    description: orNull(words),
    category: orNull(some),
    picture: orNull(picture),
  },
  { requiredKeys: [] },
);
const operation = fc.oneof(
  fc.record({ kind: fc.constant('create' as const), id, content }),
  fc.record({ kind: fc.constant('import' as const), id, content }),
  fc.record({ kind: fc.constant('put' as const), id, seen, content }),
  fc.record({ kind: fc.constant('patch' as const), id, seen, patch }),
  fc.record({ kind: fc.constant('correct' as const), id, seen, category: some }),
  fc.record({ kind: fc.constant('withdraw' as const), id, seen }),
  fc.record({ kind: fc.constant('delete' as const), id, seen }),
);
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

describe('any sequence of changes to the catalogue', () => {
  let shop: Shop;
  let replicas: Replica[];
  let pictures: Buffer[];
  before(async () => {
    shop = await openShop();
    replicas = await Promise.all([shop.replica(), shop.replica()]);
    pictures = await Promise.all(['red', 'green', 'blue'].map((colour) => colouredPicture(colour)));
  });
  after(() => shop?.close());

  const sent = ({ picture: which, ...texts }: { picture?: number | null }) => ({
    ...texts,
    ...(which !== undefined && {
      image: which === null ? null : (pictures[which] as Buffer).toString('base64'),
    }),
  });

  async function perform(
    call: Replica['call'],
    operation: Operation,
    version: number,
  ): Promise<Answer> {
    const path = `/v1/products/${operation.id}`;
    const tag =
      'seen' in operation
        ? { now: `"${version}"`, before: `"${version - 1}"`, '*': '*' }[operation.seen]
        : '';
    switch (operation.kind) {
      case 'create':
        return call('POST', '/v1/products', json({ id: operation.id, ...sent(operation.content) }));
      case 'import':
        return call('POST', '/v1/products/import', {
          headers: { 'content-type': 'application/x-ndjson' },
          body: JSON.stringify({ id: operation.id, ...sent(operation.content) }),
        });
      case 'put':
        return call('PUT', path, matching(tag as string, json(sent(operation.content))));
      case 'patch':
        return call('PATCH', path, matching(tag as string, json(sent(operation.patch))));
      case 'correct':
        return call(
          'PUT',
          `${path}/category`,
          matching(tag as string, json({ category: operation.category })),
        );
      case 'withdraw':
        return call('DELETE', `${path}/category`, matching(tag as string));
      case 'delete':
        return call('DELETE', path, matching(tag as string));
    }
  }

  /** What the operation comes to, by the rules alone. Gives the status that is due. */
  function follow(known: Map<string, Known>, operation: Operation): number {
    const there = known.get(operation.id);
    const anew = (of: Partial<Known>) => {
      const after = { ...(there as Known), ...of };
      const same = (['designation', 'description', 'category', 'picture'] as const).every(
        (name) => after[name] === there?.[name],
      );
      if (!same) known.set(operation.id, { ...after, version: after.version + 1 });
    };
    if (operation.kind === 'create' || operation.kind === 'import') {
      if (there && operation.kind === 'create') return 409;
      if (there) anew(operation.content);
      else
        known.set(operation.id, {
          ...operation.content,
          correction: null,
          history: [],
          version: 1,
        });
      return operation.kind === 'create' ? 201 : 200;
    }
    if (!there) return 404;
    if (operation.seen === 'before') return 412;
    if (operation.kind === 'put') anew(operation.content);
    if (operation.kind === 'patch') anew(operation.patch);
    if (operation.kind === 'delete') known.delete(operation.id);
    if (operation.kind === 'withdraw' && there.correction === null) return 404;
    if (operation.kind === 'withdraw' || operation.kind === 'correct') {
      const correction = operation.kind === 'correct' ? operation.category : null;
      if (correction !== there.correction)
        known.set(operation.id, {
          ...{ ...there, correction, version: there.version + 1 },
          history: [correction, ...there.history],
        });
    }
    return operation.kind === 'delete' ? 204 : 200;
  }

  async function compare(known: Map<string, Known>): Promise<void> {
    const { body } = await (replicas[0] as Replica).call('GET', '/v1/products');
    const found = new Map<string, Known>();
    for (const product of body.products) {
      const { designation, description, category, correction, version } = product;
      const history = await (replicas[1] as Replica).call(
        'GET',
        `/v1/products/${product.id}/corrections`,
      );
      const which = pictures.findIndex(
        (bytes) => pictureOf(bytes).sha256 === product.image?.sha256,
      );
      found.set(product.id, {
        ...{ designation, description, category, version, picture: which === -1 ? null : which },
        correction: correction?.category ?? null,
        history: history.body.corrections.map((each: { category: string | null }) => each.category),
      });
      expect(product.label).to.equal(correction?.category ?? category);
      if (product.image === null) continue;
      const stored = await shop.store.read(`pictures/${product.image.sha256}`);
      expect(stored.equals(pictures[which] as Buffer)).to.equal(true);
    }
    expect(found).to.deep.equal(known);
    const knex = shop.database.ready() as Knex;
    const view = await knex('shelfwise_training_products_v1').orderBy('product_id');
    expect(view.map(({ product_id: name, category }) => [name, category])).to.deep.equal(
      [...known]
        .map(([name, { correction, category }]) => [name, correction ?? category])
        .filter(([, label]) => label !== null)
        .sort(([a = ''], [b = '']) => ((a as string) < (b as string) ? -1 : 1)),
    );
  }

  it('comes to what the rules say, whichever replica is asked', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(operation, fc.constantFrom(0, 1)), { minLength: 1, maxLength: 30 }),
        async (steps) => {
          await (shop.database.ready() as Knex).raw('TRUNCATE shelfwise_products CASCADE');
          const known = new Map<string, Known>();
          for (const [step, at] of steps) {
            const version = known.get(step.id)?.version ?? 1;
            const { status, body } = await perform((replicas[at] as Replica).call, step, version);
            expect(status, `${JSON.stringify(step)}: ${JSON.stringify(body)}`).to.equal(
              follow(known, step),
            );
          }
          await compare(known);
        },
      ),
      { numRuns: 40 },
    );
  });
});
