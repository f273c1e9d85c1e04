import { asProblem } from '../http/errors.ts';
import { Problem } from '../http/problems.ts';

/** The problem of one product of several: its part is named with the product's place, from 0, as in `image[3]`. */
export function ofProduct(error: unknown, index: number): Problem {
  const { code, message, part, headers } = asProblem(error);
  return new Problem(code, `Product ${index}: ${message}`, {
    ...(part !== undefined && { part: `${part}[${index}]` }),
    headers,
    cause: error,
  });
}
