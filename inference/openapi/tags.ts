/** The chapters of the document, in the order in which a person would read them. */
export const tags = [
  { name: 'predict', description: 'What a product is: one, many, and why.' },
  { name: 'products', description: 'The catalogue that the next release learns from.' },
  { name: 'releases', description: 'What was trained, and how good it was on held-out products.' },
  { name: 'accounts', description: 'Who may call: tokens, users, service tokens, keys.' },
  {
    name: 'inference protocol',
    description:
      'The Open Inference Protocol, version 2, for clients of KServe, Triton and others.',
  },
  { name: 'operation', description: 'For probes, Prometheus and this document.' },
] as const;

export type Tag = (typeof tags)[number]['name'];
