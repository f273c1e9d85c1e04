/** What a person may choose; the rest follows from the number of products. */
export interface Choices {
  epochs?: number | undefined;
  batchSize?: number | undefined;
  learningRate?: number | undefined;
  seed?: number | undefined;
  imageSize?: number | undefined;
}
