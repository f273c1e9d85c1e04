import type { PictureFormat } from '@shelfwise/trainer-contract';
import type { Place } from './spool.ts';

export type Side = 'train' | 'holdout';

/** A row of the source as it is read. */
export interface Row {
  /** Counts from 1. */
  row: number;
  /** Of the file that it stands in, if it stands in one: its rows may have several lines. */
  line?: number;
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

/** A product that can be used. Its text and where its picture was lie in the spool: those of a large catalogue would fill the memory. */
export interface Product {
  row: number;
  /** sampleKey of the id. */
  key: string;
  class: string;
  wanted: Side | null;
  /** Whether the source names a picture for it. */
  namesPicture: boolean;
  /** Where the spool holds `[id, designation, description, pictureKey]` as JSON. */
  text: Place & TextFacts;
  /** Null where it has none, and until that was looked at. */
  picture: (Place & PictureFacts) | null;
  /** Those that are one and the same for a model have the same; 0 until it is known. */
  group: number;
  /** Train until it is known. */
  side: Side;
}

/** The pictures that rows name, in the order of the rows. */
export interface WantedPictures {
  /** No index is as large. */
  readonly length: number;
  each(): AsyncIterable<{ index: number; pictureKey: string }>;
}

/** A picture of the source that some row names, by its index; `load` throws StoreNotFound where it is gone. */
export interface PictureTask {
  index: number;
  load(): Promise<Buffer>;
  /** Called once its bytes are in memory no more. */
  release(): void;
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
  pictures(wanted: WantedPictures): AsyncGenerator<PictureTask>;
}
