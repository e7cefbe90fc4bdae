import { type Matrix, norm } from "../../core/index.js";
import { levyDistance, spectrumMoveBounds } from "../../rmt/index.js";
import { spectralDistance } from "../../spectra/index.js";
import type { LinearWidthCase } from "./case.js";
import { SCALE, SLOPE_LIPSCHITZ, difference, features, kernelsOf, slopes, tangentKernel, valuesOf } from "./network.js";
import type { NetworkSpectra } from "./network-spectra.js";
import type { Trained } from "./training.js";

/** A number beside the bounds that the proposition proves for it. */
export interface Bounded {
  /** On the run. */
  readonly measured: number;
  /** Bound by the change of the matrix itself (Hoffman–Wielandt). */
  readonly direct: number;
  /** Bound by ‖W_t − W₀‖_F alone, through Lipschitz constants. */
  readonly bound: number;
}

/** The provable bounds evaluated on one run. */
export interface MoveBounds {
  /** Upper bound on λ_max of the first layer's tangent kernel that holds along the whole run. */
  readonly kernelNorm: number;
  /** ‖W_t − W₀‖_F/‖W₀‖_F at the end; direct: the length of the way; bound: by the losses. */
  readonly relativeMove: Bounded;
  /** Wasserstein-2 distance of the singular values of W/√h. */
  readonly weights: Bounded;
  /** Lévy distance of the same. */
  readonly levy: Bounded;
  /** Wasserstein-2 distance of the singular values of the features over √h. */
  readonly features: Bounded;
  /** Wasserstein-2 distance of the eigenvalues of the tangent kernel. */
  readonly tangent: Bounded;
}

/** λ_max(K_W) <= max_i (Σ_k v_k² σ′²)/h · ‖X‖₂²/d, with |σ′| <= SCALE: the Schur product bound, whatever W is. */
export function kernelNormBound({ v, X, W }: LinearWidthCase): number {
  const size = norm(v);
  const top = valuesOf(X)[0];
  return ((SCALE * SCALE * size * size) / W.rows) * ((top * top) / X.rows);
}

/** The chain of bounds: weights by Hoffman–Wielandt, features by the Lipschitz constant of σ, tangent kernel by Schur products. */
export function moveBounds(
  start: LinearWidthCase,
  trained: Trained,
  before: NetworkSpectra,
  after: NetworkSpectra,
  kernelNorm: number,
  lossBound: number,
): MoveBounds {
  const { X, W, v } = start;
  const [h, d, n] = [W.rows, W.cols, X.cols];
  const root = Math.sqrt(h);
  const size = norm(W.data);
  const change = difference(trained.W, W);
  const move = norm(change.data);
  const scaled = spectrumMoveBounds({ ...change, data: change.data.map((value) => value / root) });
  const inputNorm = valuesOf(X)[0];
  // ‖ΔΦ‖_F <= Lip(σ) ‖ΔW‖_F ‖X‖₂/√d, over √h; p = min(h, n) singular values.
  const featureMove = (SCALE * move * inputNorm) / Math.sqrt(h * d);
  const featureValues = (M: Matrix): Float64Array => valuesOf(features(M, X)).map((s) => s / root);
  const [phi0, phi1] = [featureValues(W), featureValues(trained.W)];
  // ‖ΔS‖_F <= max|v| Lip(σ′) ‖ΔW‖_F ‖X‖₂/√d, over √h; then ΔK_W = (XᵀX/d) ∘ Δ(SᵀS).
  const slopeNorm = (M: Matrix): number => valuesOf(slopes(features(M, X), v))[0] / root;
  const largest = v.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
  const slopeMove = (largest * SLOPE_LIPSCHITZ * move * inputNorm) / Math.sqrt(h * d);
  let longest = 0;
  for (let i = 0; i < n; i++) {
    let square = 0;
    for (let j = 0; j < d; j++) square += X.data[j * n + i] * X.data[j * n + i];
    longest = Math.max(longest, square / d);
  }
  const kernelMove = (phi0[0] + phi1[0]) * featureMove + longest * (slopeNorm(W) + slopeNorm(trained.W)) * slopeMove;
  const moveOf = (A: Matrix, B: Matrix): number => norm(difference(A, B).data);
  const w2 = (a: Float64Array, b: Float64Array): number => spectralDistance(a, b).wasserstein2;
  return {
    kernelNorm,
    relativeMove: {
      measured: move / size,
      direct: trained.stepNorms.reduce((sum, step) => sum + step, 0) / size,
      bound: lossBound / size,
    },
    weights: { measured: w2(after.weights, before.weights), direct: scaled.wasserstein2, bound: scaled.wasserstein2 },
    levy: { measured: levyDistance(after.weights, before.weights), direct: scaled.levy, bound: scaled.levy },
    features: {
      measured: w2(phi1, phi0),
      direct: moveOf(features(trained.W, X), features(W, X)) / Math.sqrt(h * phi0.length),
      bound: featureMove / Math.sqrt(phi0.length),
    },
    tangent: {
      measured: w2(after.tangent, before.tangent),
      direct: moveOf(tangentKernel(kernelsOf(trained.W, v, X)), tangentKernel(kernelsOf(W, v, X))) / Math.sqrt(n),
      bound: kernelMove / Math.sqrt(n),
    },
  };
}
