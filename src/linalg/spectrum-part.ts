import { TridiagonalCounter, inverseIteration } from "./bisection.js";
import { tridiagonalValues, tridiagonalVectors } from "./tridiagonal-eigh.js";
import type { Tridiagonalization } from "./tridiagonalize.js";

/**
 * Part of a spectrum: by index, counted from 0 in ascending order, both ends included; or by a closed interval, where an
 * eigenvalue within n ε ‖A‖ of an end, which cannot be told from it, counts as inside.
 */
export type EigenvalueRange =
  | {
      /** First and last index. */
      readonly indices: readonly [number, number];
    }
  | {
      /** Lower and upper end; −Infinity and Infinity leave it open. */
      readonly interval: readonly [number, number];
    };

/** Eigenvalues of the scaled matrix, some or all, with their neighbours. */
export interface SpectrumPart {
  /** Ascending. */
  readonly values: Float64Array;
  /** Index of values[0] in the whole spectrum. */
  readonly first: number;
  /** Eigenvectors of T, still to be transformed back, as rows; or null. */
  readonly rows: Float64Array | null;
  /** With rows: the eigenvalue before values[0], or −Infinity. */
  readonly before: number;
  /** With rows: the eigenvalue after the last value, or Infinity. */
  readonly after: number;
  /** Room in the memory of `rows`. */
  readonly scratch?: Float64Array | null;
  /** Gives the memory of both back. */
  readonly release?: () => void;
}

/** A part of the spectrum up to this share of it is found by bisection and inverse iteration. */
const SMALL_SHARE = 0.15;
/** Without vectors bisection, some fifty counts per value, beats all values by QL up to this share only. */
const SMALL_SHARE_OF_VALUES = 0.04;
/** Below this order all values by QL cost nothing. */
const SMALL_ORDER = 48;

/** Solves the tridiagonal problem of a reduction, for the whole spectrum or a range of it; `solve` finds all vectors. */
export function solveTridiagonal(
  reduction: Pick<Tridiagonalization, "n" | "diagonal" | "offDiagonal">,
  range: EigenvalueRange | undefined,
  scale: number,
  wantVectors: boolean,
  solve: typeof tridiagonalVectors = tridiagonalVectors,
): SpectrumPart {
  return wantVectors ? vectorsOf(reduction, range, scale, solve) : valuesOf(reduction, range, scale);
}

/** Indices of a range, as [first, last]; last < first when the interval holds nothing. */
function locate(range: EigenvalueRange, counter: TridiagonalCounter, n: number, scale: number): [number, number] {
  if (n === 0) return [0, -1];
  if ("indices" in range) return [range.indices[0], range.indices[1]];
  // The interval is closed: an eigenvalue that cannot be told from an end lies inside. An end that leaves the double range
  // by the scaling is beyond the whole spectrum.
  const scaled = (end: number): number => Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, end * scale));
  const [lower, upper] = range.interval;
  return [counter.below(scaled(lower) - counter.resolution), counter.below(scaled(upper) + counter.resolution) - 1];
}

function valuesOf(
  reduction: Pick<Tridiagonalization, "n" | "diagonal" | "offDiagonal">,
  range: EigenvalueRange | undefined,
  scale: number,
): SpectrumPart {
  const { n, diagonal, offDiagonal } = reduction;
  const rest = { rows: null, before: -Infinity, after: Infinity };
  if (range === undefined) return { values: tridiagonalValues(n, diagonal, offDiagonal), first: 0, ...rest };
  const counter = new TridiagonalCounter(n, diagonal, offDiagonal);
  const [first, last] = locate(range, counter, n, scale);
  const few = last - first + 1 <= SMALL_SHARE_OF_VALUES * n;
  const values = few ? counter.values(first, last) : tridiagonalValues(n, diagonal, offDiagonal).slice(first, last + 1);
  return { values, first, ...rest };
}

function vectorsOf(
  reduction: Pick<Tridiagonalization, "n" | "diagonal" | "offDiagonal">,
  range: EigenvalueRange | undefined,
  scale: number,
  solve: typeof tridiagonalVectors,
): SpectrumPart {
  const { n, diagonal, offDiagonal } = reduction;
  let first = 0;
  let last = n - 1;
  if (range !== undefined) {
    const counter = new TridiagonalCounter(n, diagonal, offDiagonal);
    [first, last] = locate(range, counter, n, scale);
    const count = last - first + 1;
    if (n > SMALL_ORDER && count <= SMALL_SHARE * n) {
      // One value more on either side, for the gaps of the certificate.
      const from = Math.max(0, first - 1);
      const wide = counter.values(from, Math.min(n - 1, last + 1));
      const values = wide.slice(first - from, first - from + count);
      const rows = inverseIteration(n, diagonal, offDiagonal, values);
      if (rows !== null) {
        const before = first > from ? wide[0] : -Infinity;
        const after = first - from + count < wide.length ? wide[wide.length - 1] : Infinity;
        return { values, first, rows, before, after };
      }
    }
  }
  const { values, rows, scratch, release } = solve(n, diagonal, offDiagonal);
  const wanted = rows.subarray(first * n, (last + 1) * n);
  return {
    scratch,
    release,
    values: values.slice(first, last + 1),
    first,
    rows: wanted,
    before: first > 0 ? values[first - 1] : -Infinity,
    after: last < n - 1 ? values[last + 1] : Infinity,
  };
}
