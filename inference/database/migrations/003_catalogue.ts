import type { Knex } from 'knex';

/**
 * Products and what people said of them. A picture's row is there before its object, so that the store never has to be searched
 * for what nobody needs any more, and no product can name a picture without a row.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE shelfwise_catalogue (
      one boolean PRIMARY KEY DEFAULT true CHECK (one),
      store text NOT NULL
    );

    CREATE TABLE shelfwise_pictures (
      sha256 text COLLATE "C" PRIMARY KEY CHECK (sha256 ~ '^[0-9a-f]{64}$'),
      size integer NOT NULL CHECK (size > 0),
      type text NOT NULL,
      needed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
      doomed_at timestamptz
    );
    CREATE INDEX shelfwise_pictures_needed_at ON shelfwise_pictures (needed_at);

    CREATE TABLE shelfwise_products (
      id text COLLATE "C" PRIMARY KEY,
      designation text NOT NULL,
      description text,
      category text,
      picture text COLLATE "C" REFERENCES shelfwise_pictures (sha256),
      correction jsonb,
      label text GENERATED ALWAYS AS (coalesce(correction ->> 'category', category)) STORED,
      prediction jsonb,
      prediction_due boolean NOT NULL DEFAULT false,
      prediction_fault text,
      prediction_attempts smallint NOT NULL DEFAULT 0,
      prediction_claimed_at timestamptz,
      version integer NOT NULL DEFAULT 1,
      created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
      updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
    );
    CREATE INDEX shelfwise_products_label ON shelfwise_products (label, id);
    CREATE INDEX shelfwise_products_picture ON shelfwise_products (picture) WHERE picture IS NOT NULL;
    CREATE INDEX shelfwise_products_corrected ON shelfwise_products (id) WHERE correction IS NOT NULL;
    CREATE INDEX shelfwise_products_updated_at ON shelfwise_products (updated_at);
    CREATE INDEX shelfwise_products_due ON shelfwise_products (updated_at) WHERE prediction_due;

    CREATE TABLE shelfwise_corrections (
      number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      product text COLLATE "C" NOT NULL REFERENCES shelfwise_products (id) ON DELETE CASCADE,
      correction jsonb NOT NULL
    );
    CREATE INDEX shelfwise_corrections_product ON shelfwise_corrections (product, number);

    CREATE TABLE shelfwise_idempotency (
      caller text NOT NULL,
      key text NOT NULL,
      request text NOT NULL,
      answer json NOT NULL,
      created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
      PRIMARY KEY (caller, key)
    );
    CREATE INDEX shelfwise_idempotency_created_at ON shelfwise_idempotency (created_at);
  `);
  // A shop that keeps its products in tables of its own may have this view in the same database: it is theirs.
  await knex.raw(`
    DO $$ BEGIN
      IF to_regclass('shelfwise_training_products_v1') IS NULL THEN
        CREATE VIEW shelfwise_training_products_v1 AS
          SELECT id AS product_id, designation, description, label AS category, 'pictures/' || picture AS picture_key
          FROM shelfwise_products WHERE label IS NOT NULL;
      END IF;
    END $$
  `);
}
