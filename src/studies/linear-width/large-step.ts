import { type Matrix, norm } from "../../core/index.js";
import { eigsh } from "../../krylov/index.js";
import { matmul, svd } from "../../linalg/index.js";
import type { Rng } from "../../random/index.js";
import { bbpRectangular, rowEnergySpike } from "../../rmt/index.js";
import { type LinearWidthCase, drawCase, normalsOf } from "./case.js";
import { features, gradients } from "./network.js";

/** What one large gradient step does to the first layer. Singular values in units of √h. */
export interface LargeStep {
  /** Strength θ of the step: its spectral norm in units of √h. */
  readonly strength: number;
  /** Learning rate that gives it. */
  readonly rate: number;
  /** s_1(W_1). */
  readonly top: number;
  /** s_2(W_1). */
  readonly second: number;
  /** Edge 1 + √(d/h) of the untouched bulk. */
  readonly edge: number;
  /** s_1 by the spiked model with the strength of the step, as if the step were independent of the weights. */
  readonly naive: number;
  /** s_1 by the row-energy formula. */
  readonly predicted: number;
  /** |⟨v_1, β⟩|. */
  readonly alignment: number;
  /** Its prediction: √(predicted overlap of v_1 with the step's direction) times the step's own cosine with β. */
  readonly predictedAlignment: number;
  /** |⟨v_1(gradient), β⟩|. */
  readonly gradientAlignment: number;
  /** Share of the gradient's energy in its leading singular value. */
  readonly rankOneEnergy: number;
  /** s(W_1), descending. */
  readonly singularValues: Float64Array;
  /** W_1. */
  readonly W: Matrix;
}

/** A gradient with its singular vectors, from which steps of any size are taken. */
export interface LargeStepSeries {
  /** Where it starts. */
  readonly start: LinearWidthCase;
  /** The step of a given strength. */
  readonly step: (strength: number) => LargeStep;
}

/** Prepares steps of size θ√h/‖gradient‖₂: each adds a nearly rank-one part of strength θ in units of √h. */
export function largeSteps(start: LinearWidthCase): LargeStepSeries {
  const [h, d] = [start.W.rows, start.W.cols];
  const gradient = gradients(start.W, start.v, start.X, start.y).W;
  const factors = svd(gradient);
  const energies = factors.singularValues;
  const gradientAlignment = Math.abs(along(factors.v, start.beta));
  const rankOneEnergy = (energies[0] * energies[0]) / energies.reduce((sum, value) => sum + value * value, 0);
  const ratio = d / h;
  const root = Math.sqrt(h);
  const step = (strength: number): LargeStep => {
    const rate = (strength * root) / energies[0];
    const W = { ...start.W, data: start.W.data.map((value, e) => value - rate * gradient.data[e]) };
    const { v, singularValues } = svd(W);
    const spike = rowEnergySpike(W, start.v);
    return {
      strength,
      rate,
      top: singularValues[0] / root,
      second: singularValues[1] / root,
      edge: 1 + Math.sqrt(ratio),
      naive: bbpRectangular(strength, { ratio }).location,
      predicted: spike.location / root,
      alignment: Math.abs(along(v, start.beta)),
      predictedAlignment: Math.sqrt(spike.rightOverlap) * gradientAlignment,
      gradientAlignment,
      rankOneEnergy,
      singularValues: singularValues.map((value) => value / root),
      W,
    };
  };
  return { start, step };
}

/** ⟨first column of V, β⟩. */
function along(V: Matrix | null, beta: Float64Array): number {
  let sum = 0;
  if (V !== null) for (let j = 0; j < beta.length; j++) sum += V.data[j * V.cols] * beta[j];
  return sum;
}

/** |⟨y, top eigenvector of the conjugate kernel⟩| / ‖y‖. */
export function kernelAlignment(W: Matrix, X: Matrix, y: Float64Array, rng: Rng): number {
  const hidden = features(W, X);
  const n = X.cols;
  const { vectors } = eigsh(matmul(hidden, hidden, { transposeA: true }), { count: 1, rng });
  let overlap = 0;
  for (let i = 0; i < n; i++) overlap += vectors.data[i * vectors.cols] * y[i];
  return Math.abs(overlap) / norm(y);
}

/** One large step from a small output (v scaled by 0.1, softplus teacher, noise 0.3), as recipe R2. */
export function oneLargeStep(options: {
  readonly rng: Rng;
  readonly d: number;
  readonly h: number;
  readonly n: number;
  readonly strength: number;
}): LargeStep {
  const { rng, d, h, n, strength } = options;
  const shape = { d, h, n, outputScale: 0.1, noise: 0.3, teacher: "softplus" } as const;
  return largeSteps(drawCase(normalsOf(rng), shape)).step(strength);
}
