import { type Status } from "../core/index.js";
import { type Basis, appendRow, basisRow, createBasis } from "./basis.js";
import type { Coroutine } from "./products.js";
import {
  type ThickRestartSettings,
  type Which,
  createThickRestartState,
  newDirection,
  preference,
  roundoff,
  thickRestart,
} from "./thick-restart.js";

/** Ritz pairs and what they cost. */
export interface FoundPairs {
  readonly status: Status;
  readonly values: Float64Array;
  readonly residualNorms: Float64Array;
  /** Unit vectors as rows. */
  readonly vectors: Basis;
  readonly matvecs: number;
  readonly restarts: number;
  readonly multiplicityChecked: boolean;
}

interface Pair {
  readonly value: number;
  readonly residualNorm: number;
  readonly vector: Float64Array;
}

/**
 * Searches the orthogonal complement of what was found, from random starts, for copies of multiple eigenvalues.
 *
 * A Krylov space holds one vector of each eigenspace; its complement holds the others. A pair found there that is
 * wanted more than the worst one known is a missed copy. The search ends when a fresh random start finds none: then no
 * better pair exists, up to the chance that a random vector is orthogonal to its eigenspace.
 */
export function* findCopies(settings: ThickRestartSettings, first: FoundPairs, scale: number): Coroutine<FoundPairs> {
  const { n, count, which } = settings;
  const rng = settings.rng!;
  let { matvecs, restarts } = first;
  let pairs = Array.from(first.values, (value, i): Pair => ({
    value,
    residualNorm: first.residualNorms[i],
    vector: basisRow(first.vectors, i),
  }));
  const margin = Math.max(settings.tolerance * scale, roundoff(n, scale));
  for (const { end, size } of ends(which, count)) {
    let batch = 1; // doubled while copies turn up, so that a 50-fold eigenvalue takes six searches
    for (let accepted = 1; accepted > 0 && pairs.length < n; batch = Math.min(2 * batch, size)) {
      const found = createBasis(n, pairs.length);
      for (const { vector } of pairs) appendRow(found, vector, 1);
      const start = newDirection(found, rng);
      if (start === null) break; // what was found fills the space
      const free = n - pairs.length;
      const wanted = Math.min(batch, free);
      const krylovDimension = Math.min(free, Math.max(settings.krylovDimension, 2 * wanted + 8));
      const locked = pairs.map(({ vector }) => vector);
      const run = createThickRestartState(start, krylovDimension, true, { locked });
      run.scale = scale; // the tolerance refers to ‖A‖, not to what is left of it
      const maximumMatvecs = Math.max(1, settings.maximumMatvecs - matvecs);
      const outcome = yield* thickRestart(
        { ...settings, count: wanted, which: end, krylovDimension, blockSize: 1, maximumMatvecs },
        run,
      );
      matvecs += run.matvecs;
      restarts += run.restarts;
      if (outcome.status !== "converged") return collect(first, pairs, outcome.status, matvecs, restarts);
      const merits = pairs.map(({ value }) => merit(value, end)).sort((a, b) => b - a);
      const limit = merits[Math.min(size, merits.length) - 1] + margin;
      const better = Array.from(outcome.values, (value, i): Pair => ({
        value,
        residualNorm: outcome.residualNorms[i],
        vector: basisRow(outcome.vectors, i),
      })).filter(({ value }) => merit(value, end) > limit);
      accepted = better.length;
      pairs = keepWanted([...pairs, ...better], which, count);
    }
  }
  return collect(first, pairs, "converged", matvecs, restarts);
}

/** The ends of the spectrum that must be searched, with the number of pairs wanted at each. */
function ends(which: Which, count: number): { end: Which; size: number }[] {
  if (which !== "both") return [{ end: which, size: count }];
  const bottom = Math.floor(count / 2);
  const top: { end: Which; size: number } = { end: "largest", size: count - bottom };
  return bottom === 0 ? [top] : [top, { end: "smallest", size: bottom }];
}

function merit(value: number, end: Which): number {
  if (end === "magnitude") return Math.abs(value);
  return end === "largest" ? value : -value;
}

function keepWanted(pairs: readonly Pair[], which: Which, count: number): Pair[] {
  const ascending = [...pairs].sort((a, b) => a.value - b.value);
  const values = Float64Array.from(ascending, ({ value }) => value);
  return preference(values, which)
    .slice(0, count)
    .map((i) => ascending[i]);
}

function collect(
  first: FoundPairs,
  pairs: readonly Pair[],
  status: Status,
  matvecs: number,
  restarts: number,
): FoundPairs {
  const vectors = createBasis(first.vectors.dimension, pairs.length);
  for (const { vector } of pairs) appendRow(vectors, vector, 1);
  return {
    status,
    values: Float64Array.from(pairs, ({ value }) => value),
    residualNorms: Float64Array.from(pairs, ({ residualNorm }) => residualNorm),
    vectors,
    matvecs,
    restarts,
    multiplicityChecked: status === "converged",
  };
}
