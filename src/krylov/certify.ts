import { type Matrix, axpy, dot, norm } from "../core/index.js";
import { type Basis, basisRow } from "./basis.js";
import { type Coroutine, multiply } from "./products.js";
import { type Which, roundoff } from "./thick-restart.js";

/** Intervals that contain one eigenvalue each. */
export interface EigenvalueIntervals {
  /** Lower ends, in the order of the values. */
  readonly lower: Float64Array;
  /** Upper ends, in the order of the values. */
  readonly upper: Float64Array;
  /**
   * What each interval rests on. "residual": an eigenvalue lies within the residual norm, always. "kato-temple": the
   * square of the residual over the gap to the neighbours found, where that gap exceeds the residual asked for; valid when
   * no eigenvalue between them was missed.
   */
  readonly kind: readonly ("residual" | "kato-temple")[];
}

/** Where unseen eigenvalues may lie relative to sorted ones: what the quadratic bounds may assume. */
interface Surroundings {
  /** Nothing lies below the first value. */
  readonly openBelow: boolean;
  /** Nothing lies above the last value. */
  readonly openAbove: boolean;
  /** Index i such that unseen eigenvalues may lie between values i and i + 1; −1 for none. */
  readonly split: number;
}

/** What certification adds to a set of Ritz pairs. */
export interface Certificate {
  readonly values: Float64Array;
  readonly vectors: Matrix;
  readonly residualNorms: Float64Array;
  readonly intervals: EigenvalueIntervals;
  readonly clusters: readonly (readonly number[])[];
  readonly orthogonalityLoss: number;
  readonly matvecs: number;
}

/**
 * Sorts Ritz pairs, fixes signs, recomputes residuals by one product each (when asked) and bounds the eigenvalues.
 *
 * Relations: residual r_i = ‖A v_i − θ_i v_i‖₂; some eigenvalue lies in [θ_i − r_i, θ_i + r_i] (Weinstein); with no
 * eigenvalue strictly between λ_i and β, θ_i − λ_i <= r_i² / (β − θ_i) (Temple). Both are widened by the rounding of
 * the Rayleigh quotient.
 */
export function* certify(
  found: { readonly values: Float64Array; readonly residualNorms: Float64Array; readonly vectors: Basis },
  settings: {
    readonly n: number;
    readonly which: Which | "nearest";
    readonly scale: number;
    readonly tolerance: number;
    readonly verify: boolean;
  },
): Coroutine<Certificate> {
  const { n, which, scale, tolerance, verify } = settings;
  const count = found.values.length;
  const order = Array.from(found.values, (_, i) => i).sort((a, b) => found.values[a] - found.values[b]);
  const values = Float64Array.from(order, (i) => found.values[i]);
  const residualNorms = Float64Array.from(order, (i) => found.residualNorms[i]);
  const rows = order.map((i) => withPositivePeak(basisRow(found.vectors, i)));
  if (verify) {
    const product = new Float64Array(n);
    for (let i = 0; i < count; i++) {
      yield* multiply(rows[i], product);
      axpy(-values[i], rows[i], product);
      residualNorms[i] = norm(product);
    }
  }
  const floor = roundoff(n, scale);
  const surroundings = surroundingsOf(values, which, count === n);
  const intervals = boundEigenvalues(values, residualNorms, floor, Math.max(tolerance * scale, floor), surroundings);
  const clusters = findClusters(values, residualNorms, floor);
  let orthogonalityLoss = 0;
  for (let i = 0; i < count; i++) {
    for (let j = 0; j <= i; j++) {
      orthogonalityLoss = Math.max(orthogonalityLoss, Math.abs(dot(rows[i], rows[j]) - (i === j ? 1 : 0)));
    }
  }
  const descending = which === "largest";
  const column = (k: number): number => (descending ? count - 1 - k : k);
  const arrange = (list: Float64Array): Float64Array => (descending ? list.reverse() : list);
  const vectors = new Float64Array(n * count);
  for (let k = 0; k < count; k++) {
    const row = rows[column(k)];
    for (let i = 0; i < n; i++) vectors[i * count + k] = row[i];
  }
  return {
    values: arrange(values),
    vectors: { rows: n, cols: count, data: vectors },
    residualNorms: arrange(residualNorms),
    intervals: {
      lower: arrange(intervals.lower),
      upper: arrange(intervals.upper),
      kind: descending ? intervals.kind.reverse() : intervals.kind,
    },
    clusters: descending ? clusters.map((cluster) => cluster.map(column).reverse()).reverse() : clusters,
    orthogonalityLoss,
    matvecs: verify ? count : 0,
  };
}

/** Convention of the library: the entry of largest modulus of an eigenvector is positive (the first one among equals). */
export function withPositivePeak(v: Float64Array): Float64Array {
  let peak = 0;
  for (let i = 0; i < v.length; i++) if (Math.abs(v[i]) > Math.abs(peak)) peak = v[i];
  if (peak < 0) for (let i = 0; i < v.length; i++) v[i] = -v[i];
  return v;
}

function surroundingsOf(values: Float64Array, which: Which | "nearest", all: boolean): Surroundings {
  const count = values.length;
  if (all) return { openBelow: true, openAbove: true, split: -1 };
  if (which === "largest") return { openBelow: false, openAbove: true, split: -1 };
  if (which === "smallest") return { openBelow: true, openAbove: false, split: -1 };
  if (which === "nearest") return { openBelow: false, openAbove: false, split: -1 };
  const below = which === "both" ? Math.floor(count / 2) : values.filter((value) => value < 0).length;
  return { openBelow: below > 0, openAbove: below < count, split: below > 0 && below < count ? below - 1 : -1 };
}

function boundEigenvalues(
  values: Float64Array,
  residualNorms: Float64Array,
  floor: number,
  resolution: number,
  { openBelow, openAbove, split }: Surroundings,
): { lower: Float64Array; upper: Float64Array; kind: ("residual" | "kato-temple")[] } {
  const count = values.length;
  const lower = new Float64Array(count);
  const upper = new Float64Array(count);
  const kind: ("residual" | "kato-temple")[] = [];
  for (let i = 0; i < count; i++) {
    const r = residualNorms[i];
    // Distances to the nearest other eigenvalue below and above; 0 where it is not known.
    let below = i === 0 ? (openBelow ? Infinity : 0) : values[i] - values[i - 1] - residualNorms[i - 1] - 2 * floor;
    let above =
      i === count - 1 ? (openAbove ? Infinity : 0) : values[i + 1] - residualNorms[i + 1] - values[i] - 2 * floor;
    if (i === split) above = 0;
    if (i === split + 1 && split >= 0) below = 0;
    // One-sided knowledge is not enough: a mixture of two close eigenvectors has its Ritz value between them, and the
    // eigenvalue within the residual may be the one on the other side. Nor is a gap known that the run could not resolve:
    // an eigenvalue between two that are closer than the residual asked for may have been missed.
    const resolved =
      (i === 0 || values[i] - values[i - 1] > resolution) &&
      (i === count - 1 || values[i + 1] - values[i] > resolution);
    const separated = resolved && above > r && below > r;
    lower[i] = values[i] - (separated ? (r / above) * r : r) - floor;
    upper[i] = values[i] + (separated ? (r / below) * r : r) + floor;
    kind.push(separated ? "kato-temple" : "residual");
  }
  return { lower, upper, kind };
}

/** Groups of neighbours in ascending values whose distance the residuals and rounding cannot resolve. */
export function findClusters(values: Float64Array, residualNorms: Float64Array, floor: number): number[][] {
  const groups: number[][] = [];
  for (let i = 0; i < values.length; i++) {
    const last = groups.at(-1);
    const joined = i > 0 && values[i] - values[i - 1] <= residualNorms[i] + residualNorms[i - 1] + 2 * floor;
    if (joined && last !== undefined) last.push(i);
    else groups.push([i]);
  }
  return groups.filter((group) => group.length > 1);
}
