/** What a worker makes of each picture: one record of bytes. */
export type PictureTask =
  | { readonly kind: 'pixels'; readonly size: number }
  | {
      readonly kind: 'features';
      readonly size: number;
      /** The ONNX file of the backbone. */
      readonly modelPath: string;
      /** How many features a picture has. */
      readonly width: number;
    };

export function recordBytesOf(task: PictureTask): number {
  // Halves: those of the picture, then those of its mirror image.
  return task.kind === 'features' ? 2 * 2 * task.width : task.size * task.size * 3;
}

export interface ToWorker {
  /** An encoded picture; undefined means that there is no more to do. */
  readonly picture?: Uint8Array;
}

/** Answers come in the order of the pictures. */
export type FromWorker =
  | { readonly kind: 'ready' }
  | { readonly kind: 'record'; readonly record: Uint8Array }
  /** The picture cannot be decoded. */
  | { readonly kind: 'unreadable'; readonly message: string };
