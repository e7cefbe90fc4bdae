/** Median of the first `count` of sorted values, either way round: the mean of the middle two of an even number. */
export function medianOfSorted(sorted: Float64Array, count: number = sorted.length): number {
  return count % 2 === 1 ? sorted[(count - 1) / 2] : (sorted[count / 2 - 1] + sorted[count / 2]) / 2;
}
