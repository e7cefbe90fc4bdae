/** Number of singular values (descending) above `relative` times the largest: those that do not count as zero. */
export function numericalRank(singularValues: Float64Array, relative: number): number {
  const threshold = relative * (singularValues[0] ?? 0);
  return singularValues.reduce((count, value) => count + (value > threshold ? 1 : 0), 0);
}
