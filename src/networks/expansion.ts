import { type Matrix, requireInteger, requireOptions, requirePositive, UnsupportedError } from "../core/index.js";
import { chainBackward, chainForward, chainSecondOrder, chainTangents } from "./chain.js";
import type { ChainAdjoint, ChainPass } from "./layer.js";
import { type Loss, type LossLike, loss as lossOf } from "./losses.js";
import { type DataLike, type Network, requireData, requireParameters } from "./network.js";
import { zeros } from "./products.js";

/** Options of every function that works on the loss over data. */
export interface LossOptions {
  /** Loss instead of the network's own. */
  readonly loss?: LossLike;
  /** Samples per chunk; by default as many as fit the memory budget. Results do not depend on it beyond rounding. */
  readonly batchSize?: number;
  /** Bytes for what is kept between products (default 1 GiB). Beyond it each product evaluates the chunks again. */
  readonly memoryBudget?: number;
}

/** Names of the keys of {@link LossOptions}, for functions that extend them. */
export const lossOptionKeys: readonly string[] = ["loss", "batchSize", "memoryBudget"];

/** A metric on the outputs of a chunk of samples: maps directions u_i to M_i u_i, row by row (unscaled). */
export type OutputMetric = (outputs: Matrix, targets: Matrix, directions: Matrix, firstSample: number) => Matrix;

/** The loss around a parameter vector: value and exact derivatives, everything independent of directions computed once. */
export interface LossExpansion {
  /** The network. */
  readonly network: Network;
  /** The parameter vector (not copied: do not change it while the expansion is in use). */
  readonly params: Float64Array;
  /** The loss. */
  readonly loss: Loss;
  /** Number of samples. */
  readonly samples: number;
  /** Mean loss plus penalties. */
  readonly value: number;
  /** Gradient of the value (a copy). */
  gradient(): Float64Array;
  /** Network outputs on all samples, n x outputs. */
  outputs(): Matrix;
  /** out ← H v, by Pearlmutter's exact second-order pass. */
  hvp(v: Float64Array, out: Float64Array): void;
  /** out ← G v with G = (1/n) Σ J_iᵀ M_i J_i; M is the loss curvature Q (the Gauss–Newton matrix) unless given. Penalties do not enter. */
  ggnProduct(v: Float64Array, out: Float64Array, metric?: OutputMetric): void;
  /** out ← R v with R = H − G: the second-order pass without the loss's own curvature, so that nothing cancels. Penalties enter here. */
  residualProduct(v: Float64Array, out: Float64Array): void;
  /** Calls back with one evaluated chunk of samples after the other. */
  forEachChunk(visit: (chunk: ExpansionChunk) => void): void;
}

/** One chunk of samples, evaluated. */
export interface ExpansionChunk {
  /** Index of the first sample. */
  readonly first: number;
  /** Forward pass. */
  readonly pass: ChainPass;
  /** Targets of the chunk. */
  readonly targets: Matrix;
}

interface CachedChunk extends ExpansionChunk {
  adjoint: ChainAdjoint | null;
}

const DEFAULT_MEMORY_BUDGET = 2 ** 30;

/**
 * Evaluates the loss and prepares its derivatives at a parameter vector: the object behind gradient, hvp and the
 * curvature operators.
 *
 * Relation: value = (1/n) Σ ℓ(f(x_i), y_i) + penalties; `hvp` multiplies by its exact Hessian (almost everywhere for
 * activations with kinks), `ggnProduct` by (1/n) Σ J_iᵀ Q_i J_i.
 *
 * @param params parameter vector; must not change while the expansion is in use
 * @throws {ShapeError} when sizes do not fit
 * @throws {ArgumentError} for labels out of range
 * @throws {UnsupportedError} when a layer couples samples and the data would be split into chunks
 *
 * Cost: one forward pass now; a backward pass at the first gradient or hvp; an hvp costs at most two gradients for
 * dense layers because passes, φ′, φ″ and cotangents are kept. Memory: see `memoryBudget`.
 * @see [pearlmutter1994]
 * @see [schraudolph2002]
 *
 * @example
 * ```ts
 * import { expandLoss, mlp } from "eigenscope/networks";
 * const net = mlp({ sizes: [1, 1], bias: false });
 * const point = expandLoss(net, Float64Array.of(2), { inputs: [[3]], targets: [[1]] });
 * console.log(point.value, point.gradient()[0]); // 12.5 15
 * const out = new Float64Array(1);
 * point.hvp(Float64Array.of(1), out);
 * console.log(out[0]); // 9
 * ```
 */
export function expandLoss(
  net: Network,
  params: Float64Array,
  data: DataLike,
  options: LossOptions = {},
): LossExpansion {
  return createExpansion(net, params, data, options, "expandLoss");
}

/** {@link expandLoss} with the caller's name in its errors. */
export function createExpansion(
  net: Network,
  params: Float64Array,
  data: DataLike,
  options: LossOptions,
  caller: string,
): LossExpansion {
  requireOptions(options, lossOptionKeys, caller);
  requireParameters(net, params, caller);
  const lossUsed = options.loss === undefined ? net.loss : lossOf(options.loss);
  const { inputs, targets } = requireData(net, data, lossUsed, caller);
  const samples = inputs.rows;
  const budget = requirePositive(options.memoryBudget ?? DEFAULT_MEMORY_BUDGET, "memoryBudget", caller);
  const perSample = 8 * (net.inputs + net.chain.layers.reduce((sum, layer) => sum + 2 * layer.memoryPerSample, 0));
  const fitting = Math.max(1, Math.floor(budget / perSample));
  const chunkSize = Math.min(
    samples,
    options.batchSize === undefined ? fitting : requireInteger(options.batchSize, "batchSize", caller, 1),
  );
  if (net.couplesSamples && chunkSize < samples) {
    throw new UnsupportedError({
      function: caller,
      argument: "batchSize",
      expected: `at least ${samples} for a network that couples samples (batch normalisation)`,
      got: String(chunkSize),
      remedy: "use one chunk, raise memoryBudget, or take fewer samples",
    });
  }
  const keep = samples <= fitting;
  const kept: CachedChunk[] = [];

  const evaluate = (first: number): CachedChunk => {
    const rows = Math.min(chunkSize, samples - first);
    const view = (A: Matrix): Matrix => ({
      rows,
      cols: A.cols,
      data: A.data.subarray(first * A.cols, (first + rows) * A.cols),
    });
    return { first, pass: chainForward(net.chain, params, view(inputs)), targets: view(targets), adjoint: null };
  };
  const forEachChunk = (visit: (chunk: CachedChunk) => void): void => {
    for (let index = 0; index * chunkSize < samples; index++) {
      const chunk = kept[index] ?? evaluate(index * chunkSize);
      if (keep) kept[index] = chunk;
      visit(chunk);
    }
  };
  const scaled = (A: Matrix): Matrix => {
    for (let i = 0; i < A.data.length; i++) A.data[i] /= samples;
    return A;
  };
  const backward = (chunk: CachedChunk, gradient: Float64Array | null): ChainAdjoint => {
    const cotangent = scaled(lossUsed.gradients(chunk.pass.output, chunk.targets));
    chunk.adjoint = chainBackward(chunk.pass, cotangent, gradient, false);
    return chunk.adjoint;
  };

  let total = 0;
  forEachChunk((chunk) => {
    for (const value of lossUsed.values(chunk.pass.output, chunk.targets)) total += value;
  });
  let value = total / samples;
  for (const penalty of net.penalties) value += penalty.value(net, params);

  let gradientKept: Float64Array | null = null;
  const gradient = (): Float64Array => {
    if (gradientKept === null) {
      const sum = new Float64Array(net.parameterCount);
      forEachChunk((chunk) => backward(chunk, sum));
      for (const penalty of net.penalties) penalty.addGradient(net, params, sum);
      gradientKept = sum;
    }
    return gradientKept.slice();
  };

  /** The second-order pass; without the loss's curvature Q it leaves the residual H − G. */
  const secondOrder = (v: Float64Array, out: Float64Array, withLoss: boolean): void => {
    out.fill(0);
    forEachChunk((chunk) => {
      const adjoint = chunk.adjoint ?? backward(chunk, null);
      const tangents = chainTangents(chunk.pass, v, null);
      const { output } = tangents[tangents.length - 1];
      const curvature = withLoss
        ? scaled(lossUsed.curvature(chunk.pass.output, chunk.targets, output))
        : zeros(output.rows, output.cols);
      chainSecondOrder(chunk.pass, v, null, tangents, adjoint, curvature, out, false);
    });
    for (const penalty of net.penalties) penalty.addHessianProduct(net, params, v, out);
  };

  return {
    network: net,
    params,
    loss: lossUsed,
    samples,
    value,
    gradient,
    forEachChunk,
    outputs() {
      const out = new Float64Array(samples * net.outputs);
      forEachChunk((chunk) => out.set(chunk.pass.output.data, chunk.first * net.outputs));
      return { rows: samples, cols: net.outputs, data: out };
    },
    hvp: (v, out) => secondOrder(v, out, true),
    residualProduct: (v, out) => secondOrder(v, out, false),
    ggnProduct(v, out, metric) {
      out.fill(0);
      forEachChunk((chunk) => {
        const tangents = chainTangents(chunk.pass, v, null);
        const { output } = tangents[tangents.length - 1];
        const mapped =
          metric === undefined
            ? lossUsed.curvature(chunk.pass.output, chunk.targets, output)
            : metric(chunk.pass.output, chunk.targets, output, chunk.first);
        chainBackward(chunk.pass, scaled(mapped), out, false);
      });
    },
  };
}
