import { log, exp } from "../core/index.js";

/** Which deviations of the empirical distribution count. */
export type KsVariant = "two-sided" | "one-sided";

/** A power law with its lower cut-off. */
export interface TailFit {
  /** Index of xmin in the sorted values: the tail begins there. */
  readonly start: number;
  /** Exponent of the density x^{−α}; Infinity when all tail values are equal. */
  readonly alpha: number;
  /** Kolmogorov–Smirnov distance of the tail to the fit. */
  readonly distance: number;
}

/** Blocks of at most this many values are scanned instead of split. */
const LEAF = 12;

/** How many earlier places of the largest deviation are tried first. */
const MEMORY = 6;

/**
 * Finds the cut-off that minimises the KS distance, over all different values but the largest: the same answer as the
 * full scan, ties going to the smaller cut-off.
 *
 * A candidate is dropped as soon as one deviation exceeds the best distance so far. The places where earlier candidates
 * deviated most are tried first, which settles nearly all candidates in O(1); what remains is searched by branch and
 * bound: between two evaluated indices both distribution functions are monotone, which bounds every deviation there.
 * Worst case O(n²), when the distances of most candidates are nearly equal; about n log n on samples.
 *
 * @param values sorted ascending, positive
 */
export function scanContinuous(values: Float64Array, variant: KsVariant): TailFit {
  const n = values.length;
  const logs = values.map(log);
  const excess = excessSums(logs);
  const search = createSearch(logs, variant);
  let best: TailFit = { start: 0, alpha: Infinity, distance: Infinity };
  const visit = (i: number): void => {
    if (i > 0 && values[i] === values[i - 1]) return; // not the first of its value
    if (values[i] === values[n - 1]) return; // nothing but the largest value
    const beta = (n - i) / excess[i];
    const distance = search(i, beta, best.distance);
    if (distance < best.distance || (distance === best.distance && i < best.start))
      best = { start: i, alpha: 1 + beta, distance };
  };
  // A coarse round first: the sooner a good distance is known, the more is dropped.
  const stride = Math.max(1, Math.floor(n / 128));
  for (let i = 0; i < n; i += stride) visit(i);
  if (stride > 1) for (let i = 0; i < n; i++) if (i % stride !== 0) visit(i);
  return best;
}

/** Fits with a given cut-off. */
export function fitContinuousAt(values: Float64Array, start: number, variant: KsVariant): TailFit {
  const logs = values.map(log);
  const excess = excessSums(logs)[start];
  const beta = (values.length - start) / excess;
  if (excess === 0) return { start, alpha: Infinity, distance: 0 };
  return { start, alpha: 1 + beta, distance: createSearch(logs, variant)(start, beta, Infinity) };
}

/** T_i = Σ_{j>=i} (ln x_j − ln x_i) by T_i = T_{i+1} + (n − i − 1)(ln x_{i+1} − ln x_i): no cancellation. */
function excessSums(logs: Float64Array): Float64Array {
  const n = logs.length;
  const sums = new Float64Array(n);
  for (let i = n - 2; i >= 0; i--) sums[i] = sums[i + 1] + (n - i - 1) * (logs[i + 1] - logs[i]);
  return sums;
}

/** Returns the distance of candidate i, or any number above `limit` when it exceeds the limit. */
function createSearch(logs: Float64Array, variant: KsVariant): (i: number, beta: number, limit: number) => number {
  const n = logs.length;
  const twoSided = variant === "two-sided";
  const memory = new Int32Array(MEMORY).fill(n - 1);
  const stackFrom = new Int32Array(128); // block ends, and the fitted distribution function there
  const stackTo = new Int32Array(128);
  const stackLow = new Float64Array(128);
  const stackHigh = new Float64Array(128);
  return (i, beta, limit) => {
    const size = n - i;
    const fitted = (j: number): number => 1 - exp(beta * (logs[i] - logs[j]));
    const deviation = (j: number, F: number): number =>
      twoSided ? Math.max(F - (j - i) / size, (j - i + 1) / size - F) : Math.abs(F - (j - i) / size);
    for (let m = 0; m < MEMORY; m++) {
      const j = memory[m];
      if (j < i) continue;
      const found = deviation(j, fitted(j));
      if (found > limit) return found;
    }
    const low = fitted(i);
    const high = fitted(n - 1);
    let largest = deviation(i, low);
    let place = i;
    const atEnd = deviation(n - 1, high);
    if (atEnd > largest) [largest, place] = [atEnd, n - 1];
    const step = twoSided ? 0 : 1;
    let top = 0;
    stackFrom[0] = i;
    stackTo[0] = n - 1;
    stackLow[0] = low;
    stackHigh[0] = high;
    while (top >= 0 && largest <= limit) {
      const from = stackFrom[top];
      const to = stackTo[top];
      const lower = stackLow[top];
      const upper = stackHigh[top];
      top--;
      // Strictly between: F <= upper at an empirical level >= (from + 1 − i)/size, and F >= lower at one <= (to − i)/size.
      if (Math.max(upper - (from + 1 - i) / size, (to - step - i) / size - lower) <= largest) continue;
      if (to - from <= LEAF) {
        for (let j = from + 1; j < to; j++) {
          const found = deviation(j, fitted(j));
          if (found > largest) [largest, place] = [found, j];
        }
        continue;
      }
      const middle = (from + to) >> 1;
      const F = fitted(middle);
      const found = deviation(middle, F);
      if (found > largest) [largest, place] = [found, middle];
      // Depth first, left half on top: at most one waiting block per level.
      top++;
      stackFrom[top] = middle;
      stackTo[top] = to;
      stackLow[top] = F;
      stackHigh[top] = upper;
      top++;
      stackFrom[top] = from;
      stackTo[top] = middle;
      stackLow[top] = lower;
      stackHigh[top] = F;
    }
    if (!memory.includes(place)) {
      memory.copyWithin(1, 0, MEMORY - 1);
      memory[0] = place;
    }
    return largest;
  };
}
