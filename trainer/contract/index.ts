/** What trainer and inference agree on: the dataset, the model tar, the store that holds them, and how inputs are prepared. */
export * from './bundle.ts';
export * from './bundle-schema.ts';
export * from './digest.ts';
export * from './layout.ts';
export * from './manifest.ts';
export * from './messages.ts';
export * from './owner.ts';
export * from './parse.ts';
export * from './picture.ts';
export * from './samples.ts';
export * from './snapshot.ts';
export * from './store.ts';
export * from './store-errors.ts';
export * from './store-settings.ts';
export * from './text.ts';
export * from './text-file.ts';
export * from './text-normalise.ts';
