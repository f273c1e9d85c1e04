/** The mean of a normal distribution whose values below `low` and above `high` are moved there. */
export function cutNormalMean(mean: number, deviation: number, low: number, high: number): number {
  if (deviation === 0) return Math.min(Math.max(mean, low), high);
  const [a, b] = [(low - mean) / deviation, (high - mean) / deviation];
  const between = mean * (below(b) - below(a)) + deviation * (density(a) - density(b));
  return low * below(a) + between + high * (1 - below(b));
}

function density(z: number): number {
  return Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
}

/** The standard normal distribution's cumulative function, to 7 decimals. Source: Abramowitz and Stegun, 26.2.17. */
function below(z: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(z));
  const polynomial = [0.31938153, -0.356563782, 1.781477937, -1.821255978, 1.330274429];
  const tail = density(z) * polynomial.reduceRight((sum, factor) => (sum + factor) * t, 0);
  return z > 0 ? 1 - tail : tail;
}
