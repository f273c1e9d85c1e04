export type Side = 'train' | 'holdout';

/** A row of the source, before its picture was looked at. */
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

/** Where a picture lies in the spool, and what it is. */
export interface SpooledPicture {
  offset: number;
  size: number;
  digest: string;
}

export interface Product extends Row {
  /** sampleKey of the id. */
  key: string;
  picture: SpooledPicture | null;
}

/** A picture of the source that some row names; `load` throws StoreNotFound where it is gone. */
export interface PictureTask {
  row: Row;
  load(): Promise<Buffer>;
}

/** A place from which labelled products come. */
export interface Source {
  kind: 'rakuten' | 'catalog';
  url: string;
  /** What the source calls its columns, for messages. */
  columns: { id: string; designation: string; class: string; picture: string };
  /** Rows as they are: empty and double values are for the reader to notice. */
  rows(): AsyncGenerator<Row>;
  /** A task for each row whose picture is there; a row without one has none. */
  pictures(rows: Row[]): AsyncGenerator<PictureTask>;
}
