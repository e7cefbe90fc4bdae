import type { Matrix } from "../../src/core/index.js";
import { expandLoss, gradient, initialize, lossValue, type DataLike, type Network } from "../../src/networks/index.js";
import { createRng, fillNormal, normalMatrix, type Rng } from "../../src/random/index.js";

/** A seeded classification or regression set for a network. */
export function randomData(net: Network, n: number, seed: number): { inputs: Matrix; targets: Matrix } {
  const rng = createRng(seed);
  const inputs = normalMatrix(rng, n, net.inputs);
  if (net.loss.name !== "cross-entropy") return { inputs, targets: normalMatrix(rng, n, net.outputs) };
  const targets = { rows: n, cols: net.outputs, data: new Float64Array(n * net.outputs) };
  for (let i = 0; i < n; i++) targets.data[i * net.outputs + Math.floor(rng.uniform() * net.outputs)] = 1;
  return { inputs, targets };
}

/** Seeded parameters with nonzero biases. */
export function randomParams(net: Network, seed: number): Float64Array {
  return initialize(net, "lecun", createRng(seed), { biasDeviation: 0.3 });
}

/** A standard normal vector. */
export function randomVector(rng: Rng, n: number): Float64Array {
  return fillNormal(rng, new Float64Array(n));
}

export function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, value, i) => sum + value * b[i], 0);
}

export function norm(a: Float64Array): number {
  return Math.sqrt(dot(a, a));
}

export function shifted(a: Float64Array, t: number, v: Float64Array): Float64Array {
  return a.map((value, i) => value + t * v[i]);
}

/** Dense matrix of a product, column by column. */
export function denseOf(n: number, product: (v: Float64Array, out: Float64Array) => void): Matrix {
  const data = new Float64Array(n * n);
  const out = new Float64Array(n);
  for (let j = 0; j < n; j++) {
    const e = new Float64Array(n);
    e[j] = 1;
    product(e, out);
    for (let i = 0; i < n; i++) data[i * n + j] = out[i];
  }
  return { rows: n, cols: n, data };
}

/** Verdicts of the laws that every network's derivatives obey; each is an error relative to its scale. */
export interface DerivativeErrors {
  /** |gᵀv − central difference of the loss| / scale. */
  readonly gradient: number;
  /** ‖Hv − central difference of the gradient‖ / scale. */
  readonly hessian: number;
  /** |uᵀHv − vᵀHu| / scale. */
  readonly symmetry: number;
}

/** Compares gradient and Hessian products with central differences, whose own errors are about h² and ε/h. */
export function derivativeErrors(net: Network, params: Float64Array, data: DataLike, seed: number): DerivativeErrors {
  const rng = createRng(seed);
  const n = net.parameterCount;
  const v = randomVector(rng, n);
  const u = randomVector(rng, n);
  const point = expandLoss(net, params, data);
  const Hv = new Float64Array(n);
  const Hu = new Float64Array(n);
  point.hvp(v, Hv);
  point.hvp(u, Hu);
  const h = 1e-5 / norm(v);
  const difference =
    (lossValue(net, shifted(params, h, v), data) - lossValue(net, shifted(params, -h, v), data)) / (2 * h);
  const plus = gradient(net, shifted(params, h, v), data);
  const minus = gradient(net, shifted(params, -h, v), data);
  const change = plus.map((value, i) => (value - minus[i]) / (2 * h));
  const g = point.gradient();
  return {
    gradient: Math.abs(dot(g, v) - difference) / (norm(g) * norm(v) + Math.abs(point.value) + 1e-300),
    hessian: norm(Hv.map((value, i) => value - change[i])) / (norm(Hv) + norm(g) + 1e-300),
    symmetry: Math.abs(dot(u, Hv) - dot(v, Hu)) / (norm(u) * norm(Hv) + norm(v) * norm(Hu) + 1e-300),
  };
}
