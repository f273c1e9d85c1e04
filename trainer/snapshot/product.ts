import type { PictureFormat } from '@shelfwise/trainer-contract';
import type { Place } from './spool.ts';

export type Side = 'train' | 'holdout';

/** A row of the source as it is read. */
export interface Row {
  /** Counts from 1. */
  row: number;
  id: string;
  designation: string;
  description: string | null;
  class: string;
  /** Where the source keeps the picture; null where the product has none. */
  pictureKey: string | null;
  /** The side that the source itself asks for. */
  wanted: Side | null;
}

/** What stays in memory of a product's text. */
export interface TextFacts {
  /** Of the normalised text (textDigest): equal for texts that are one and the same to a model. */
  digest: string;
  /** ISO 639-1; null where it cannot be told. */
  language: string | null;
  /** Characters of the designation, and of the description; null where there is none. */
  designation: number;
  description: number | null;
  /** Whether letters of it were lost, as of a file that is not UTF-8. */
  damaged: boolean;
}

/** What stays in memory of a product's picture. */
export interface PictureFacts {
  /** SHA-256 of the file's bytes, in hexadecimal digits. */
  digest: string;
  format: PictureFormat;
  /** Pixels, as a person sees it. */
  width: number;
  height: number;
}

/** A row that can be used. Its text lies in the spool: those of a large catalogue would fill the memory. */
export interface ListedRow {
  row: number;
  /** sampleKey of the id. */
  key: string;
  class: string;
  pictureKey: string | null;
  wanted: Side | null;
  /** Where the spool holds `[id, designation, description]` as JSON. */
  text: Place & TextFacts;
}

export interface Product extends ListedRow {
  picture: (Place & PictureFacts) | null;
}

/** A picture of the source that some row names; `load` throws StoreNotFound where it is gone. */
export interface PictureTask {
  row: ListedRow;
  load(): Promise<Buffer>;
}

/** A place from which labelled products come. */
export interface Source {
  kind: 'rakuten' | 'catalog';
  url: string;
  /** What the source calls its columns, for messages. */
  columns: {
    id: string;
    designation: string;
    description: string;
    class: string;
    picture: string;
  };
  /** Rows as they are: empty and double values are for the reader to notice. */
  rows(): AsyncGenerator<Row>;
  /** A task for each row whose picture is there; a row without one has none. */
  pictures(rows: ListedRow[]): AsyncGenerator<PictureTask>;
}
