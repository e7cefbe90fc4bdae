import {
  ArgumentError,
  type Matrix,
  requireMatrix,
  requireNumber,
  requireOneOf,
  requireOptions,
  ShapeError,
} from "../core/index.js";
import { orthogonalMatrix } from "../linalg/index.js";
import type { Rng } from "../random/index.js";
import { requireNetwork, type SpectralNetwork, type SpectralParameters } from "./network.js";

/** Options of {@link initializeSpectralNetwork}. */
export interface SpectralInitialization {
  /**
   * "identity": U_k = V_k = scale · I. "random": independent normals times scale.
   * "spectral": U_k = Φ diag(u_k) G_kᵀ, V_k = Ψ diag(v_k) G_kᵀ with the same orthogonal G_k, which needs `left` and `right`.
   */
  readonly scheme: "identity" | "random" | "spectral";
  /** Size of the factors, default 0.01; for "spectral" the value of all u and v that are not given. */
  readonly scale?: number;
  /** Φ, for "spectral". */
  readonly left?: Matrix;
  /** Ψ, for "spectral". */
  readonly right?: Matrix;
  /** Diagonals u_k, neurons x min(rows, cols), for "spectral". */
  readonly u?: Matrix;
  /** Diagonals v_k, for "spectral". */
  readonly v?: Matrix;
  /** Adds this times independent normals to every entry of U_k and V_k: how robust is the scheme? Default 0. */
  readonly perturbation?: number;
  /** Adds this times independent normals to the diagonals of "identity", which breaks its symmetry. Default 0. */
  readonly diagonalNoise?: number;
  /** Mixing weights; one number per neuron for a single layer, one matrix per layer in general. */
  readonly alpha?: ArrayLike<number> | readonly Matrix[];
  /** Needed by "random", by noise, by several layers without alpha; draws the G_k of "spectral" when given. */
  readonly rng?: Rng;
}

const CALLER = "initializeSpectralNetwork";

/**
 * Makes initial parameters.
 *
 * Relation: under "spectral" with the singular vectors Φ, Ψ of the measurements, U_k V_kᵀ = Φ diag(u_k v_k) Ψᵀ, and gradient
 * flow and descent stay of that form for ever. Under "identity" with equal α all neurons stay equal (effectively one):
 * the default weights of a single layer are therefore the ramp α_k = 2 (k + 1) / (K (K + 1)), which sums to one.
 *
 * @param network as described by `spectralNetwork`
 * @param options scheme is required
 * @returns parameters in their natural shapes
 * @throws {ArgumentError} when a scheme lacks `left`, `right` or `rng`
 * @throws {ShapeError} when a given matrix does not fit
 * @see [chu2024]
 * @example
 * ```ts
 * import { initializeSpectralNetwork, spectralNetwork } from "eigenscope/sensing";
 * const network = spectralNetwork({ rows: 3, cols: 3, widths: 2 });
 * const { u, alpha } = initializeSpectralNetwork(network, { scheme: "identity", scale: 0.1 });
 * console.log(u[1].data[4], alpha[0].data[1]); // 0.1 0.6666667
 * ```
 */
export function initializeSpectralNetwork(
  network: SpectralNetwork,
  options: SpectralInitialization,
): SpectralParameters {
  requireNetwork(network, CALLER);
  requireOptions(
    options,
    ["scheme", "scale", "left", "right", "u", "v", "perturbation", "diagonalNoise", "alpha", "rng"],
    CALLER,
  );
  const scheme = requireOneOf(options?.scheme, ["identity", "random", "spectral"] as const, "scheme", CALLER);
  const scale = requireNumber(options.scale ?? 0.01, "scale", CALLER, 0);
  const perturbation = requireNumber(options.perturbation ?? 0, "perturbation", CALLER, 0);
  const diagonalNoise = requireNumber(options.diagonalNoise ?? 0, "diagonalNoise", CALLER, 0);
  const { rows, cols, innerDimension: p, widths } = network;
  const rng = options.rng ?? null;
  if (rng === null && (scheme === "random" || perturbation > 0 || diagonalNoise > 0)) {
    const expected = `given for ${scheme === "random" ? 'scheme "random"' : "noise"}`;
    throw new ArgumentError({ function: CALLER, argument: "rng", expected, got: "undefined" });
  }
  const u: Matrix[] = [];
  const v: Matrix[] = [];
  const spectral = scheme === "spectral" ? requireSpectral(network, options, scale) : null;
  for (let k = 0; k < widths[0]; k++) {
    if (spectral !== null) {
      const G = rng === null ? null : orthogonalMatrix(rng.fork(`G${k}`), p);
      u.push(spectralFactor(spectral.left, spectral.u, k, p, G));
      v.push(spectralFactor(spectral.right, spectral.v, k, p, G));
    } else {
      for (const [list, count] of [
        [u, rows],
        [v, cols],
      ] as const) {
        const data = new Float64Array(count * p);
        if (scheme === "random") for (let i = 0; i < data.length; i++) data[i] = scale * rng!.normal();
        else {
          for (let i = 0; i < Math.min(count, p); i++) {
            data[i * p + i] = scale + (diagonalNoise > 0 ? diagonalNoise * rng!.normal() : 0);
          }
        }
        list.push({ rows: count, cols: p, data });
      }
    }
    if (perturbation > 0) {
      for (const factor of [u[k], v[k]]) {
        for (let i = 0; i < factor.data.length; i++) factor.data[i] += perturbation * rng!.normal();
      }
    }
  }
  return { u, v, alpha: mixingWeights(network, options.alpha, rng) };
}

interface SpectralParts {
  readonly left: Matrix;
  readonly right: Matrix;
  readonly u: Matrix;
  readonly v: Matrix;
}

function requireSpectral(network: SpectralNetwork, options: SpectralInitialization, scale: number): SpectralParts {
  const { rows, cols, widths, innerDimension } = network;
  const d = Math.min(rows, cols);
  if (innerDimension < d) {
    const expected = `at least min(rows, cols) = ${d} for scheme "spectral"`;
    throw new ArgumentError({ function: CALLER, argument: "innerDimension", expected, got: String(innerDimension) });
  }
  const diagonal = (given: Matrix | undefined, name: string): Matrix => {
    if (given === undefined) return { rows: widths[0], cols: d, data: new Float64Array(widths[0] * d).fill(scale) };
    return requireShape(given, widths[0], d, name);
  };
  return {
    left: requireShape(options.left, rows, rows, "left"),
    right: requireShape(options.right, cols, cols, "right"),
    u: diagonal(options.u, "u"),
    v: diagonal(options.v, "v"),
  };
}

function requireShape(A: Matrix | undefined, rows: number, cols: number, name: string): Matrix {
  if (A === undefined) {
    const remedy = "recoverSingularBasis finds the singular vectors of commuting measurements";
    const expected = 'given for scheme "spectral"';
    throw new ArgumentError({ function: CALLER, argument: name, expected, got: "undefined", remedy });
  }
  requireMatrix(A, name, CALLER);
  if (A.rows !== rows || A.cols !== cols) {
    const got = `${A.rows} x ${A.cols}`;
    throw new ShapeError({ function: CALLER, argument: name, expected: `${rows} x ${cols}`, got });
  }
  return A;
}

/** Φ diag(values of row k) Gᵀ with the first d columns of Φ and of G (G = identity when absent). */
function spectralFactor(basis: Matrix, values: Matrix, k: number, p: number, G: Matrix | null): Matrix {
  const d = values.cols;
  const data = new Float64Array(basis.rows * p);
  for (let i = 0; i < basis.rows; i++) {
    for (let l = 0; l < d; l++) {
      const entry = basis.data[i * basis.cols + l] * values.data[k * d + l];
      if (G === null) data[i * p + l] = entry;
      else for (let j = 0; j < p; j++) data[i * p + j] += entry * G.data[j * p + l];
    }
  }
  return { rows: basis.rows, cols: p, data };
}

function mixingWeights(
  network: SpectralNetwork,
  given: SpectralInitialization["alpha"],
  rng: Rng | null,
): readonly Matrix[] {
  const { widths } = network;
  if (given !== undefined) {
    if (Array.isArray(given) && typeof given[0] === "object") return given as readonly Matrix[];
    const values = Float64Array.from(given as ArrayLike<number>);
    if (widths.length !== 1 || values.length !== widths[0]) {
      const expected = widths.length === 1 ? `of length ${widths[0]}` : "one matrix per layer";
      throw new ShapeError({ function: CALLER, argument: "alpha", expected, got: `${values.length} numbers` });
    }
    return [{ rows: widths[0], cols: 1, data: values }];
  }
  if (widths.length === 1) {
    const K = widths[0];
    return [{ rows: K, cols: 1, data: Float64Array.from({ length: K }, (_, k) => (2 * (k + 1)) / (K * (K + 1))) }];
  }
  if (rng === null) {
    const expected = "given for several layers without alpha";
    throw new ArgumentError({ function: CALLER, argument: "rng", expected, got: "undefined" });
  }
  // Mean 1/K keeps the scale from layer to layer; the spread keeps neurons of a layer different.
  return widths.map((K, l) => {
    const next = widths[l + 1] ?? 1;
    const data = Float64Array.from({ length: K * next }, () => (0.5 + rng.uniform()) / K);
    return { rows: K, cols: next, data };
  });
}
