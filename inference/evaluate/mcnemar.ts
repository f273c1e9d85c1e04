/**
 * McNemar's exact test, two-sided: the probability of a split of the discordant products at least as uneven as `one` to
 * `other` if each fell to either side with probability 1/2. In logarithms, so that it holds for 10^5 of them as for none
 * (then 1). Source: McNemar 1947, doi:10.1007/BF02295996; the exact form is the sign test.
 */
export function mcnemarExact(one: number, other: number): number {
  const n = one + other;
  const fewer = Math.min(one, other);
  // 2 · P(X ≤ fewer) for X ~ Binomial(n, 1/2), as a multiple of its largest term, P(X = fewer).
  const largest = logChoose(n, fewer) - n * Math.LN2;
  let term = 1;
  let sum = 1;
  for (let k = fewer; k > 0 && term > sum * Number.EPSILON; k--) {
    term *= k / (n - k + 1);
    sum += term;
  }
  return Math.min(1, 2 * Math.exp(largest + Math.log(sum)));
}

function logChoose(n: number, k: number): number {
  return logFactorial(n) - logFactorial(k) - logFactorial(n - k);
}

/** Exact products while they fit a double; Stirling's series beyond, off by less than 1e-16. */
function logFactorial(n: number): number {
  if (n < 20) {
    let product = 1;
    for (let i = 2; i <= n; i++) product *= i;
    return Math.log(product);
  }
  const x = n + 1;
  const series = 1 / (12 * x) - 1 / (360 * x ** 3) + 1 / (1260 * x ** 5) - 1 / (1680 * x ** 7);
  return (x - 0.5) * Math.log(x) - x + 0.5 * Math.log(2 * Math.PI) + series;
}
