import { type Matrix, requireInteger, requireOptions, ShapeError, square, norm } from "../core/index.js";
import { svd } from "../linalg/index.js";
import { densePass } from "./dense.js";
import type { Layer, LayerDefinition, LayerPass, ParameterSpec } from "./layer.js";
import { shapeSize } from "./layer.js";

/** Options of {@link spectralDense}. */
export interface SpectralDenseOptions {
  /** Width of the output. */
  readonly outputs: number;
  /** Width of the input; by default that of the layer before. */
  readonly inputs?: number;
  /** Whether there is a bias (default true). */
  readonly bias?: boolean;
}

/**
 * Defines a fully connected layer whose weight matrix is divided by its spectral norm: s = (W/‖W‖₂) x + b.
 *
 * Relation: the matrix that acts has norm exactly 1 (it is also scaled up to 1), not merely at most an estimate: the top singular pair is
 * iterated to rounding from near the last one (a persistent u), or taken from an SVD when the iteration is slow, so that the result does not
 * depend on what was evaluated before. Derivatives are those of W/‖W‖₂ itself: (G − ⟨G, W_SN⟩ u vᵀ)/σ backward, and the second-order pass moves u and v too.
 * A zero matrix is left unchanged. Where the two largest singular values coincide the derivative is a subgradient.
 *
 * @throws {ArgumentError} when a width is not an integer >= 1
 *
 * Cost: a dense layer plus a few products with W; an SVD at the first second-order pass of each evaluation.
 * @see [miyato2018]
 *
 * @example
 * ```ts
 * import { predict, sequential, spectralDense } from "eigenscope/networks";
 * const net = sequential([spectralDense({ inputs: 2, outputs: 2, bias: false })]);
 * console.log(predict(net, Float64Array.of(4, 0, 0, 2), [[1, 1]]).data.join(" ")); // 1 0.5
 * ```
 */
export function spectralDense(options: SpectralDenseOptions): LayerDefinition {
  requireOptions(options, ["outputs", "inputs", "bias"], "spectralDense", "required");
  const outputs = requireInteger(options.outputs, "outputs", "spectralDense", 1);
  const fixedInputs =
    options.inputs === undefined ? null : requireInteger(options.inputs, "inputs", "spectralDense", 1);
  const bias = options.bias ?? true;
  return {
    kind: "spectralDense",
    inputShape: fixedInputs === null ? null : [fixedInputs],
    config: { outputs, inputs: fixedInputs, bias },
    bind(inputShape, name): Layer {
      const inputs = shapeSize(inputShape);
      if (inputShape.length !== 1 || (fixedInputs !== null && inputs !== fixedInputs)) {
        throw new ShapeError({
          function: "sequential",
          argument: `the input of ${name} (spectralDense)`,
          expected: fixedInputs === null ? "a vector" : `a vector of width ${fixedInputs}`,
          got: `shape ${inputShape.join(" x ")}`,
        });
      }
      const weight: ParameterSpec = {
        name: "weight",
        role: "weight",
        shape: [outputs, inputs],
        fanIn: inputs,
        fanOut: outputs,
        effectiveScale: 1,
      };
      const persistent = new Float64Array(outputs).fill(1 / Math.sqrt(outputs)); // u of the last evaluation
      return {
        kind: "spectralDense",
        name,
        inputShape,
        outputShape: [outputs],
        parameters: bias ? [weight, { ...weight, name: "bias", role: "bias", shape: [outputs] }] : [weight],
        couplesSamples: false,
        memoryPerSample: outputs,
        forward: (parameters, input) => spectralPass(parameters, input, outputs, bias, persistent),
      };
    },
  };
}

/** Top singular triplet of the stored matrix. */
interface TopPair {
  readonly sigma: number;
  readonly u: Float64Array;
  readonly v: Float64Array;
}

/** Norm, roughly, of what is added to the start of the iteration: the pair itself is found again to rounding. */
const SHIFT = 1e-3;
/** Its multiples modulo 1 are the entries of a vector without structure. */
const GOLDEN = (Math.sqrt(5) - 1) / 2;
/** Products before the iteration gives way to an SVD. */
const MAXIMUM_ITERATIONS = 60;
/** Residual, relative to σ, at which the pair counts as exact. */
const CONVERGED = 1e-14;

function topPair(W: Matrix, persistent: Float64Array): TopPair | null {
  const { rows, cols, data } = W;
  // Every singular pair is a fixed point: a start that is one of the others, to rounding, would stay there. The shift has a share of each.
  const u = persistent.map((value, i) => value + (SHIFT / Math.sqrt(rows)) * (((i + 1) * GOLDEN) % 1));
  normalize(u);
  const v = new Float64Array(cols);
  for (let iteration = 0; iteration < MAXIMUM_ITERATIONS; iteration++) {
    v.fill(0);
    for (let i = 0; i < rows; i++) for (let j = 0; j < cols; j++) v[j] += data[i * cols + j] * u[i];
    if (!normalize(v)) break; // u is orthogonal to the range of W: let the SVD decide
    const next = new Float64Array(rows);
    for (let i = 0; i < rows; i++) for (let j = 0; j < cols; j++) next[i] += data[i * cols + j] * v[j];
    const sigma = norm(next);
    if (!normalize(next)) break;
    const change = next.reduce((sum, value, i) => sum + square(value - u[i]), 0);
    u.set(next);
    if (Math.sqrt(change) > CONVERGED * Math.sqrt(rows)) continue;
    persistent.set(u);
    return { sigma, u, v };
  }
  const { u: U, singularValues, v: V } = svd(W, { vectors: "thin" });
  if (!(singularValues[0] > 0)) return null;
  for (let i = 0; i < rows; i++) u[i] = U.data[i * U.cols];
  for (let j = 0; j < cols; j++) v[j] = V.data[j * V.cols];
  persistent.set(u);
  return { sigma: singularValues[0], u, v };
}

function normalize(x: Float64Array): boolean {
  const length = Math.sqrt(x.reduce((sum, value) => sum + value * value, 0));
  if (!(length > 0) || !Number.isFinite(length)) return false;
  for (let i = 0; i < x.length; i++) x[i] /= length;
  return true;
}

function spectralPass(
  parameters: Float64Array,
  input: Matrix,
  outputs: number,
  bias: boolean,
  persistent: Float64Array,
): LayerPass {
  const inputs = input.cols;
  const size = outputs * inputs;
  const W = { rows: outputs, cols: inputs, data: parameters.subarray(0, size) };
  const pair = W.data.every(Number.isFinite) ? topPair(W, persistent) : null;
  if (pair === null) return densePass(parameters, input, outputs, bias, 1, 1); // zero (or diverged) weights are left unchanged
  const { sigma, u, v } = pair;
  const normalized = parameters.slice(); // [W/σ, b]
  for (let e = 0; e < size; e++) normalized[e] /= sigma;
  const inner = densePass(normalized, input, outputs, bias, 1, 1);
  const N = normalized.subarray(0, size);
  const inTop = (G: Float64Array): number => {
    let sum = 0;
    for (let i = 0; i < outputs; i++) for (let j = 0; j < inputs; j++) sum += u[i] * G[i * inputs + j] * v[j];
    return sum;
  };
  const withN = (G: Float64Array): number => {
    let sum = 0;
    for (let e = 0; e < size; e++) sum += G[e] * N[e];
    return sum;
  };
  /** Direction [Ẇ, ḃ] to the direction of [W/σ, b]. */
  const push = (direction: Float64Array): Float64Array => {
    const out = direction.slice();
    const sigmaDot = inTop(direction);
    for (let e = 0; e < size; e++) out[e] = (direction[e] - sigmaDot * N[e]) / sigma;
    return out;
  };
  /** Adds the gradient in [W, b] from that in [W/σ, b]. */
  const pull = (G: Float64Array, gradient: Float64Array, base = 0): void => {
    const along = withN(G);
    for (let i = 0; i < outputs; i++) {
      for (let j = 0; j < inputs; j++)
        gradient[base + i * inputs + j] += (G[i * inputs + j] - along * u[i] * v[j]) / sigma;
    }
    for (let e = size; e < G.length; e++) gradient[base + e] += G[e];
  };
  let factors: ReturnType<typeof thin> | null = null; // SVD of W, at the first second-order pass
  return {
    output: inner.output,
    input,
    jvp: (direction, inputTangent) => inner.jvp(push(direction), inputTangent),
    vjp(cotangent, gradient, needInput) {
      if (gradient === null) return inner.vjp(cotangent, null, needInput);
      const G = new Float64Array(normalized.length);
      const adjoint = inner.vjp(cotangent, G, needInput);
      pull(G, gradient);
      return adjoint;
    },
    secondOrder(given, gradient, needInput) {
      const direction = push(given.parameters);
      const GDot = new Float64Array(normalized.length);
      const back = inner.secondOrder({ ...given, parameters: direction }, GDot, needInput);
      const G = new Float64Array(normalized.length);
      inner.vjp(given.cotangent, G, false);
      // d/dt of (G − ⟨G, N⟩ u vᵀ)/σ.
      pull(GDot, gradient);
      factors ??= thin(W);
      const { uDot, vDot } = pairTangent(factors, given.parameters.subarray(0, size), pair, outputs, inputs);
      const sigmaDot = inTop(given.parameters);
      const along = withN(G);
      let alongDot = 0;
      for (let e = 0; e < size; e++) alongDot += G[e] * direction[e];
      for (let i = 0; i < outputs; i++) {
        for (let j = 0; j < inputs; j++) {
          const e = i * inputs + j;
          const turning = alongDot * u[i] * v[j] + along * (uDot[i] * v[j] + u[i] * vDot[j]);
          gradient[e] -= (turning + (sigmaDot * (G[e] - along * u[i] * v[j])) / sigma) / sigma;
        }
      }
      return back;
    },
    perSample(cotangent, out, offset) {
      const rows = {
        rows: input.rows,
        cols: normalized.length,
        data: new Float64Array(input.rows * normalized.length),
      };
      inner.perSample(cotangent, rows, 0);
      for (let i = 0; i < input.rows; i++) {
        pull(rows.data.subarray(i * rows.cols, (i + 1) * rows.cols), out.data, i * out.cols + offset);
      }
    },
  };
}

function thin(W: Matrix): { readonly u: Matrix; readonly singularValues: Float64Array; readonly v: Matrix } {
  return svd(W, { vectors: "thin" });
}

/** Relative gap below which the top pair is not determined and is held fixed. */
const GAP = 1e-8;

/**
 * Derivatives of the top singular vectors along V. With a_k = u_kᵀ V v_1, b_k = u_1ᵀ V v_k, s = s_1: u̇ = Σ_{k>1} u_k (s a_k + s_k b_k)/(s² − s_k²),
 * v̇ = Σ_{k>1} v_k (s_k a_k + s b_k)/(s² − s_k²); outside the thin factors s_k = 0, so u̇ gains (V v_1)_⊥/s and v̇ gains (Vᵀu_1)_⊥/s.
 */
function pairTangent(
  factors: { readonly u: Matrix; readonly singularValues: Float64Array; readonly v: Matrix },
  V: Float64Array,
  pair: TopPair,
  outputs: number,
  inputs: number,
): { readonly uDot: Float64Array; readonly vDot: Float64Array } {
  const { u: U, v: Vs, singularValues } = factors;
  const { u, v, sigma } = pair;
  const Vv = new Float64Array(outputs);
  const Vu = new Float64Array(inputs);
  for (let i = 0; i < outputs; i++) {
    for (let j = 0; j < inputs; j++) {
      Vv[i] += V[i * inputs + j] * v[j];
      Vu[j] += V[i * inputs + j] * u[i];
    }
  }
  const uDot = new Float64Array(outputs);
  const vDot = new Float64Array(inputs);
  const outsideU = Vv.slice();
  const outsideV = Vu.slice();
  // The SVD's top pair may differ from ours in sign: the sums over k > 1 do not notice.
  for (let k = 0; k < singularValues.length; k++) {
    let a = 0;
    let b = 0;
    for (let i = 0; i < outputs; i++) a += U.data[i * U.cols + k] * Vv[i];
    for (let j = 0; j < inputs; j++) b += Vs.data[j * Vs.cols + k] * Vu[j];
    for (let i = 0; i < outputs; i++) outsideU[i] -= a * U.data[i * U.cols + k];
    for (let j = 0; j < inputs; j++) outsideV[j] -= b * Vs.data[j * Vs.cols + k];
    const sk = singularValues[k];
    if (k === 0 || sigma - sk < GAP * sigma) continue;
    const gap = (sigma - sk) * (sigma + sk);
    for (let i = 0; i < outputs; i++) uDot[i] += (U.data[i * U.cols + k] * (sigma * a + sk * b)) / gap;
    for (let j = 0; j < inputs; j++) vDot[j] += (Vs.data[j * Vs.cols + k] * (sk * a + sigma * b)) / gap;
  }
  for (let i = 0; i < outputs; i++) uDot[i] += outsideU[i] / sigma;
  for (let j = 0; j < inputs; j++) vDot[j] += outsideV[j] / sigma;
  return { uDot, vDot };
}
