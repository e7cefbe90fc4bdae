import { EPSILON, type Matrix, type Tagged, defined, undefinedBecause } from "../../core/index.js";
import { type KernelConventions, ntk } from "../../kernels/index.js";
import { eigh, matmul } from "../../linalg/index.js";
import type { SettledOptions } from "./options.js";
import type { Problem } from "./problem.js";

/** The infinite-width NTK of the data. */
export interface KernelPart {
  /** Name of the kernel. */
  readonly kernel: string;
  /** Conventions of the kernel. */
  readonly conventions: KernelConventions;
  /** Number of samples n. */
  readonly samples: number;
  /** Eigenvalues of K/n, descending. */
  readonly eigenvalues: Float64Array;
  /** Eigenvalues of K/n below this are rounding: n ε λ₁. */
  readonly resolution: number;
  /** λ₁/λ_n, or why it is unresolved. */
  readonly condition: Tagged;
  /** Share of the centred targets' squared norm in each eigenvector, in the order of the eigenvalues. */
  readonly labelShares: Float64Array;
  /** Share in the ten leading eigenvectors. */
  readonly leadingTen: number;
  /** Smallest number of leading eigenvectors that hold 90 % of it. */
  readonly forNinetyPercent: number;
}

/** Eigenvalues of the closed-form NTK of the network's architecture on the subset, and how the labels project on its eigenvectors. */
export function kernelPart(problem: Problem, settled: SettledOptions): KernelPart {
  const { inputs, targets } = problem.subset;
  const n = inputs.rows;
  // Constant pixels everywhere would give zero rows; standardised data have none, but a user's may.
  const kernel = ntk({ depth: settled.hidden.length + 1, activation: settled.activation, zeroVectors: "zero" });
  const gram = kernel.gram(inputs);
  const scaled: Matrix = { ...gram, data: gram.data.map((value) => value / n) };
  const { values, vectors } = eigh(scaled);
  const eigenvalues = values.slice().reverse();
  const resolution = n * EPSILON * eigenvalues[0];
  const smallest = eigenvalues[n - 1];
  const condition =
    smallest > resolution
      ? defined(eigenvalues[0] / smallest)
      : undefinedBecause(
          `the smallest eigenvalue ${smallest.toExponential(2)} lies below the rounding n ε λ₁ = ${resolution.toExponential(2)}`,
        );
  const labelShares = projectLabels(vectors as Matrix, targets);
  let sum = 0;
  const running = labelShares.map((share) => (sum += share));
  const reached = running.findIndex((value) => value >= 0.9);
  return {
    kernel: kernel.name,
    conventions: kernel.conventions,
    samples: n,
    eigenvalues,
    resolution,
    condition,
    labelShares,
    leadingTen: running[Math.min(10, n) - 1],
    forNinetyPercent: reached < 0 ? n : reached + 1,
  };
}

/** Shares ‖v_iᵀ Y‖² / ‖Y‖_F² of centred targets, leading eigenvector first. The mean is taken out: every kernel of this kind has a nearly constant first eigenvector. */
function projectLabels(vectors: Matrix, targets: Matrix): Float64Array {
  const { rows: n, cols } = targets;
  const centred = targets.data.slice();
  for (let j = 0; j < cols; j++) {
    let mean = 0;
    for (let i = 0; i < n; i++) mean += targets.data[i * cols + j] / n;
    for (let i = 0; i < n; i++) centred[i * cols + j] -= mean;
  }
  const projections = matmul(vectors, { rows: n, cols, data: centred }, { transposeA: true });
  const total = centred.reduce((sum, value) => sum + value * value, 0);
  const shares = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    let squares = 0;
    for (let j = 0; j < cols; j++) squares += projections.data[i * cols + j] * projections.data[i * cols + j];
    shares[n - 1 - i] = total === 0 ? 0 : squares / total; // eigh lists eigenvalues ascending
  }
  return shares;
}
