import type { Matrix } from "../../core/index.js";
import { eigenvaluesOf, features, kernelsOf, tangentKernel, valuesOf } from "./network.js";
import { ks, positivePart } from "./statistics.js";

/** The three spectra of a network: s(W)/√h, s² of the features over h, and eigenvalues of the tangent kernel. */
export interface NetworkSpectra {
  /** Singular values of W over √h, descending. */
  readonly weights: Float64Array;
  /** Nonzero eigenvalues of the conjugate kernel, descending. */
  readonly conjugate: Float64Array;
  /** Eigenvalues of the tangent kernel of both layers, ascending. */
  readonly tangent: Float64Array;
}

/** Kolmogorov–Smirnov distances of the three spectra to those at the start. */
export interface SpectraDistances {
  /** Of the weights. */
  readonly weights: number;
  /** Of the conjugate kernel. */
  readonly conjugate: number;
  /** Of the tangent kernel. */
  readonly tangent: number;
}

/** The three spectra. */
export function spectraOf(W: Matrix, v: Float64Array, X: Matrix): NetworkSpectra {
  const root = Math.sqrt(W.rows);
  return {
    weights: valuesOf(W).map((s) => s / root),
    conjugate: positivePart(valuesOf(features(W, X)).map((s) => (s * s) / W.rows)),
    tangent: eigenvaluesOf(tangentKernel(kernelsOf(W, v, X))),
  };
}

/** KS distances of the three spectra. */
export const distancesBetween = (a: NetworkSpectra, b: NetworkSpectra): SpectraDistances => ({
  weights: ks(a.weights, b.weights),
  conjugate: ks(a.conjugate, b.conjugate),
  tangent: ks(a.tangent, b.tangent),
});
