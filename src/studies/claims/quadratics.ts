import { pow, norm } from "../../core/index.js";
import { fillNormal, type Rng } from "../../random/index.js";
import type { LabelledData, Matrix } from "../../core/index.js";
import { initialize, loss as lossOf, mlp, type Network } from "../../networks/index.js";
import type { ActivationName } from "../../special/index.js";
import type { Comparison } from "./claim.js";

/** A comparison with a number. */
export function equals(
  name: string,
  measured: number,
  expected: number,
  tolerance: number,
  source?: number,
): Comparison {
  return { name, measured, expected, tolerance, ...(source === undefined ? {} : { source }) };
}

/** A comparison with an interval. */
export function between(name: string, measured: number, minimum: number, maximum: number, source?: number): Comparison {
  return { name, measured, expected: { minimum, maximum }, tolerance: 0, ...(source === undefined ? {} : { source }) };
}

/** Median of an odd number of values, the upper of the two middle ones else. */
export function medianOf(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

/** ‖θ_t‖/‖θ_0‖ of gradient descent on Σ λ_i θ_i²/2 from the start (1, …, 1). */
export function descentRatio(eigenvalues: readonly number[], stepSize: number, steps: number): number {
  const theta = eigenvalues.map((value) => pow(1 - stepSize * value, steps));
  return norm(Float64Array.from(theta)) / Math.sqrt(eigenvalues.length);
}

/** n equally spaced numbers from a to b. */
export function spaced(a: number, b: number, n: number): number[] {
  return Array.from({ length: n }, (_, i) => a + ((b - a) * i) / (n - 1));
}

/** Steps until ‖θ‖ falls below `tolerance` of its start (1, …, 1) on Σ λ θ²/2, by a rule that updates θ from the gradient. */
export function stepsUntil(
  eigenvalues: readonly number[],
  tolerance: number,
  rule: (theta: Float64Array, gradient: Float64Array) => void,
  limit: number,
): number {
  const theta = new Float64Array(eigenvalues.length).fill(1);
  const start = Math.sqrt(eigenvalues.length);
  for (let step = 0; step < limit; step++) {
    if (norm(Float64Array.from(theta)) / start < tolerance) return step;
    rule(
      theta,
      theta.map((value, i) => eigenvalues[i] * value),
    );
  }
  return limit;
}

/** Conjugate-gradient steps on diag(λ) θ = 0 from the start (1, …, 1) until ‖θ‖ < tolerance ‖θ_0‖, by the textbook recurrence. */
export function conjugateGradientSteps(
  eigenvalues: readonly number[],
  tolerance: number,
  measure: "error" | "residual",
): number {
  const n = eigenvalues.length;
  const theta = new Float64Array(n).fill(1);
  const residual = theta.map((value, i) => -eigenvalues[i] * value);
  const direction = residual.slice();
  const size = (): number => norm(Float64Array.from(measure === "error" ? theta : residual));
  const start = size();
  let rho = residual.reduce((sum, value) => sum + value * value, 0);
  for (let step = 0; step < 10 * n; step++) {
    if (size() < tolerance * start) return step;
    let curvature = 0;
    for (let i = 0; i < n; i++) curvature += eigenvalues[i] * (direction[i] * direction[i]);
    const alpha = rho / curvature;
    for (let i = 0; i < n; i++) {
      theta[i] += alpha * direction[i];
      residual[i] -= alpha * eigenvalues[i] * direction[i];
    }
    const next = residual.reduce((sum, value) => sum + value * value, 0);
    for (let i = 0; i < n; i++) direction[i] = residual[i] + (next / rho) * direction[i];
    rho = next;
  }
  return 10 * n;
}

/** A small seeded network with parameters and data. */
export interface SmallCase {
  readonly net: Network;
  readonly params: Float64Array;
  readonly data: LabelledData;
}

/** A small seeded network with nonzero biases on normal inputs; labels are random classes or normal targets. */
export function smallCase(
  rng: Rng,
  sizes: readonly number[],
  activation: ActivationName,
  loss: "mse" | "cross-entropy",
  n: number,
  bias = true,
): SmallCase {
  const net = mlp({ sizes, activation, loss: lossOf(loss), bias });
  const params = initialize(net, "lecun", rng.fork("parameters"), { biasDeviation: 0.3 });
  const stream = rng.fork("data");
  const inputs = normal(stream, n, net.inputs);
  if (loss === "mse") return { net, params, data: { inputs, targets: normal(stream, n, net.outputs) } };
  const targets: Matrix = { rows: n, cols: net.outputs, data: new Float64Array(n * net.outputs) };
  for (let i = 0; i < n; i++) targets.data[i * net.outputs + (i % net.outputs)] = 1;
  return { net, params, data: { inputs, targets } };
}

/** A matrix of normals. */
export function normal(rng: Rng, rows: number, cols: number): Matrix {
  return { rows, cols, data: fillNormal(rng, new Float64Array(rows * cols)) };
}

/** The one-sample linear network with loss (w1 w2 − 1)²/2. */
export function productNetwork(): SmallCase {
  const net = mlp({ sizes: [1, 1, 1], activation: "identity", bias: false });
  const one: Matrix = { rows: 1, cols: 1, data: Float64Array.of(1) };
  return { net, params: new Float64Array(2), data: { inputs: one, targets: one } };
}
