/**
 * The view through which snapshot reads a shop's products: its only contract with the database. The shop has it over tables of its
 * own, or the service makes it over its catalogue.
 */
export const catalogView = {
  name: 'shelfwise_training_products_v1',
  /** All of type text. A product is usable when it has an id, a designation and a category. */
  columns: {
    product_id: 'unique',
    designation: 'what the product is called',
    description: 'null where there is none',
    category: 'the class',
    picture_key: 'key of the picture below the address of pictures; null where there is none',
  },
} as const;
