/** What goes in: each a BYTES tensor of shape [N] or [N, 1]; a product has any of them, an empty element stands for none. */
export const inputNames = ['designation', 'description', 'image'] as const;

/**
 * What comes out: the likeliest class of each product, the calibrated probabilities of all classes, and the names of the classes
 * in the order of these. The last only where it is asked for: it is the same for a release's lifetime.
 */
export const outputNames = ['label', 'probabilities', 'classes'] as const;

export type InputName = (typeof inputNames)[number];
export type OutputName = (typeof outputNames)[number];

/** Answered where the request names none. */
export const usualOutputs: readonly OutputName[] = ['label', 'probabilities'];
