/** Terms below this part of the sum change nothing that anybody reads. */
const NEGLIGIBLE = 1e-12;

/**
 * The probability that at least `least` of `trials` independent trials succeed, each with `probability`. From the mean
 * on, where the terms fall; below the mean it returns 1, which is an upper bound.
 */
export function binomialTail(trials: number, least: number, probability: number): number {
  if (least <= trials * probability) return 1;
  if (probability <= 0) return 0;
  let logarithm = least * Math.log(probability) + (trials - least) * Math.log1p(-probability);
  for (let k = 1; k <= least; k += 1) logarithm += Math.log((trials - least + k) / k);
  let term = Math.exp(logarithm);
  let sum = term;
  for (let k = least; k < trials && term > sum * NEGLIGIBLE; k += 1) {
    term *= ((trials - k) / (k + 1)) * (probability / (1 - probability));
    sum += term;
  }
  return Math.min(1, sum);
}
