const z = 1.959964;

/** Wilson's interval of a share of `n`, two-sided 95 %. Source: Wilson 1927, doi:10.1080/01621459.1927.10502953. */
export function wilson(share: number, n: number): [low: number, high: number] {
  const middle = (share + z ** 2 / (2 * n)) / (1 + z ** 2 / n);
  const half =
    (z / (1 + z ** 2 / n)) * Math.sqrt((share * (1 - share)) / n + z ** 2 / (4 * n ** 2));
  return [Math.max(0, Math.min(share, middle - half)), Math.min(1, Math.max(share, middle + half))];
}
