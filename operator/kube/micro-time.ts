/** metav1.MicroTime wants six digits; Dates have three. */
export function microTime(at: Date): string {
  return at.toISOString().replace('Z', '000Z');
}
