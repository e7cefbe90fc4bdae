// Factors, eigenbases, operator and quality report read the same block layout: apart they would repeat it.
import {
  type Estimate,
  type ExactSpectrum,
  EPSILON,
  type Matrix,
  norm,
  requireInteger,
  requireNumber,
  requireOneOf,
  requireOptions,
  SingularError,
  log,
  square,
} from "../core/index.js";
import { eigh, matmul } from "../linalg/index.js";
import {
  type DataLike,
  type LossExpansion,
  type LossOptions,
  type Network,
  requireUncoupled,
} from "../networks/index.js";
import type { SymmetricOperator } from "../operators/index.js";
import { fillRademacher, requireRng, type Rng } from "../random/index.js";
import { ggnTraceOf } from "./gradient-norms.js";
import { ggn, lossOptionsOf } from "./operators.js";
import { forEachWeightSite } from "./weight-sites.js";

/** Options of {@link kfac}. */
export interface KfacOptions extends LossOptions {
  /** "kfac" (default): Kronecker products. "ekfac": their eigenbasis with exact second moments in it. */
  readonly variant?: "kfac" | "ekfac";
  /** Weight sharing: "expand" (default) treats positions as samples, "reduce" sums them within a sample. No difference for dense layers. */
  readonly sharing?: "expand" | "reduce";
}

/** The Kronecker factors of one layer. */
export interface KfacBlock {
  /** Name of the layer. */
  readonly layer: string;
  /** A = mean of ā āᵀ over the rows that the weights act on; the homogeneous coordinate (bias) is last. */
  readonly inputFactor: Matrix;
  /** Mean over samples of Σ_k δ_k δ_kᵀ, δ_k the backward images of the roots of the loss curvature. */
  readonly outputFactor: Matrix;
  /** Eigenvalues of the block in its Kronecker eigenbasis: entry (i, j), outputs x inputs, row-major. */
  readonly eigenvalues: Matrix;
  /** Eigenvectors of the input factor, columns. */
  readonly inputVectors: Matrix;
  /** Eigenvectors of the output factor, columns. */
  readonly outputVectors: Matrix;
  /** Index of the layer's first parameter. */
  readonly offset: number;
  /** Whether the layer has a bias. */
  readonly bias: boolean;
}

/** How well a Kronecker approximation matches the Gauss–Newton matrix. */
export interface KfacQuality {
  /** Estimate of ‖G − K‖²_F over ‖G‖²_F from random sign probes, K block diagonal: includes what the blocks leave out. */
  readonly relativeSquaredError: Estimate;
  /** tr K over tr G; EKFAC and dense layers of K-FAC with independent factors give 1. */
  readonly traceRatio: number;
  /** tr G, exact. */
  readonly ggnTrace: number;
}

/** A Kronecker-factored approximation of the Gauss–Newton matrix. */
export interface Kfac {
  /** Which variant. */
  readonly variant: "kfac" | "ekfac";
  /** How shared weights were treated. */
  readonly sharing: "expand" | "reduce";
  /** The factors, layer by layer. */
  readonly blocks: readonly KfacBlock[];
  /** The approximation as an operator in the parameter order of the network, with its exact spectrum. */
  readonly operator: SymmetricOperator;
  /** All eigenvalues, ascending, from those of the factors: nothing is assembled. */
  spectrum(): ExactSpectrum;
  /** (K + damping I)⁻¹ as an operator. */
  inverse(damping: number): SymmetricOperator;
  /** log det(K + damping I). */
  logDeterminant(damping: number): number;
  /** Compares with the true Gauss–Newton matrix on random probes. */
  quality(options: { readonly rng: Rng; readonly probes?: number }): KfacQuality;
}

/**
 * Kronecker-factored approximation of the Gauss–Newton matrix: K-FAC or EKFAC.
 *
 * Relation: the block of a layer is outputFactor ⊗ inputFactor on [W b] read row by row. It equals the Gauss–Newton block for a single
 * sample, and whenever activations and backward images are independent. EKFAC keeps the eigenbasis and replaces the eigenvalues by
 * the exact second moments, the best diagonal there. Blocks between layers are zero. Layers inside residual blocks have blocks of their own,
 * and uses of shared parameters count as positions.
 *
 * @throws {UnsupportedError} for layers with parameters that are not one weight matrix applied to rows, or that couple samples
 * @throws {SingularError} from `inverse` and `logDeterminant` when damping does not make the matrix positive definite
 *
 * Cost: one backward pass per output, two Gram products and two dense eigenproblems (widths of the layer) per layer.
 * @see [martens2015]
 * @see [george2018]
 *
 * @example
 * ```ts
 * import { kfac } from "eigenscope/curvature";
 * import { mlp } from "eigenscope/networks";
 * const net = mlp({ sizes: [2, 1], bias: false });
 * const K = kfac(net, new Float64Array(2), { inputs: [[1, 1], [1, -1]], targets: [[0], [0]] });
 * console.log(K.spectrum().values.join(" "), K.logDeterminant(1).toFixed(6)); // 1 1 1.386294
 * ```
 */
export function kfac(net: Network, params: Float64Array, data: DataLike, options: KfacOptions = {}): Kfac {
  const caller = "kfac";
  requireOptions(options, ["variant", "sharing", "loss", "batchSize", "memoryBudget"], caller);
  const variant = requireOneOf(options.variant ?? "kfac", ["kfac", "ekfac"] as const, "variant", caller);
  const sharing = requireOneOf(options.sharing ?? "expand", ["expand", "reduce"] as const, "sharing", caller);
  requireUncoupled(net, caller);
  const G = ggn(net, params, data, lossOptionsOf(options));
  const blocks = computeBlocks(G.expansion, variant, sharing, caller);
  const order = net.parameterCount;
  const values = (): Float64Array => {
    const all = new Float64Array(order);
    let next = 0;
    for (const block of blocks) {
      all.set(block.eigenvalues.data, next);
      next += block.eigenvalues.data.length;
    }
    return all.sort();
  };
  const spectrum = (): ExactSpectrum => {
    const sorted = values();
    const top = sorted.length === 0 ? 0 : sorted[sorted.length - 1];
    const width = Math.max(0, ...blocks.map((block) => Math.max(block.eigenvalues.rows, block.eigenvalues.cols)));
    return { kind: "exact", values: sorted, errorBound: 4 * width * EPSILON * top };
  };
  const requireDamping = (damping: number, name: string): void => {
    requireNumber(damping, "damping", name);
    const { values: sorted, errorBound } = spectrum();
    const least = order === 0 ? 1 : sorted[0];
    if (least + damping > errorBound) return;
    throw new SingularError({
      function: name,
      argument: "K + damping I",
      expected: "positive definite to rounding",
      got: `a smallest eigenvalue of ${least + damping}`,
      remedy: "pass a damping > 0",
    });
  };
  return {
    variant,
    sharing,
    blocks,
    operator: { ...blockOperator(order, blocks, (value) => value), exactSpectrum: spectrum },
    spectrum,
    inverse(damping) {
      requireDamping(damping, "Kfac.inverse");
      return blockOperator(order, blocks, (value) => 1 / (value + damping));
    },
    logDeterminant(damping) {
      requireDamping(damping, "Kfac.logDeterminant");
      return values().reduce((sum, value) => sum + log(value + damping), 0);
    },
    quality(given) {
      requireOptions(given, ["rng", "probes"], "Kfac.quality");
      requireRng(given?.rng, "Kfac.quality");
      const probes = requireInteger(given.probes ?? 20, "probes", "Kfac.quality", 2);
      return compare(
        G,
        blockOperator(order, blocks, (value) => value),
        values(),
        given.rng,
        probes,
      );
    },
  };
}

/** What one pass over the data accumulates for a layer. */
interface Moments {
  readonly layer: string;
  readonly offset: number;
  readonly bias: boolean;
  /** Σ ā āᵀ. */
  readonly input: Float64Array;
  /** Σ δ δᵀ. */
  readonly output: Float64Array;
  readonly inputs: number;
  readonly outputs: number;
}

function computeBlocks(
  point: LossExpansion,
  variant: "kfac" | "ekfac",
  sharing: "expand" | "reduce",
  caller: string,
): KfacBlock[] {
  const moments = new Map<number, Moments>(); // by the index of the first parameter, in parameter order
  forEachWeightSite(point, sharing, caller, ({ layer, offset, bias, positions, rows, cotangents }) => {
    const outputs = cotangents[0].cols;
    const found = moments.get(offset) ?? {
      layer,
      offset,
      bias,
      inputs: rows.cols,
      outputs,
      input: new Float64Array(rows.cols * rows.cols),
      output: new Float64Array(outputs * outputs),
    };
    moments.set(offset, found);
    addGram(rows, found.input, 1 / (point.samples * positions));
    for (const cotangent of cotangents) addGram(cotangent, found.output, 1 / point.samples);
  });
  const bases = new Map<number, { A: Matrix; G: Matrix; a: ReturnType<typeof eigh>; g: ReturnType<typeof eigh> }>();
  for (const [offset, m] of moments) {
    const A = { rows: m.inputs, cols: m.inputs, data: m.input };
    const G = { rows: m.outputs, cols: m.outputs, data: m.output };
    bases.set(offset, { A, G, a: eigh(A, { triangle: "lower" }), g: eigh(G, { triangle: "lower" }) });
  }
  const corrected = variant === "ekfac" ? exactMoments(point, caller, sharing, bases) : null;
  return Array.from(moments.values(), (m) => {
    const { A, G, a, g } = bases.get(m.offset)!;
    const eigenvalues =
      corrected?.get(m.offset) ??
      Float64Array.from(
        { length: m.outputs * m.inputs },
        (_, e) => g.values[Math.floor(e / m.inputs)] * a.values[e % m.inputs],
      );
    return {
      layer: m.layer,
      inputFactor: A,
      outputFactor: G,
      eigenvalues: { rows: m.outputs, cols: m.inputs, data: eigenvalues },
      inputVectors: a.vectors as Matrix,
      outputVectors: g.vectors as Matrix,
      offset: m.offset,
      bias: m.bias,
    };
  });
}

function addGram(A: Matrix, out: Float64Array, factor: number): void {
  const product = matmul(A, A, { transposeA: true }).data;
  for (let e = 0; e < out.length; e++) out[e] += factor * product[e];
}

/** Second moments of the per-sample, per-root gradients in the Kronecker eigenbasis: Σ ((U_Gᵀ D)∘² ᵀ (U_Aᵀ A)∘²)/n for single rows. */
function exactMoments(
  point: LossExpansion,
  caller: string,
  sharing: "expand" | "reduce",
  bases: ReadonlyMap<
    number,
    { readonly a: { readonly vectors: Matrix | null }; readonly g: { readonly vectors: Matrix | null } }
  >,
): Map<number, Float64Array> {
  const result = new Map<number, Float64Array>();
  forEachWeightSite(point, sharing, caller, ({ offset, positions, rows, cotangents }) => {
    const { a, g } = bases.get(offset)!;
    const features = matmul(rows, a.vectors as Matrix);
    for (const cotangent of cotangents) {
      const deltas = matmul(cotangent, g.vectors as Matrix);
      const sum = result.get(offset) ?? new Float64Array(deltas.cols * features.cols);
      result.set(offset, sum);
      if (positions === 1) addGramOfSquares(deltas, features, sum, 1 / point.samples);
      else addSharedSquares(deltas, features, positions, sum, 1 / point.samples);
    }
  });
  return result;
}

function addGramOfSquares(D: Matrix, A: Matrix, out: Float64Array, factor: number): void {
  const squares = (M: Matrix): Matrix => ({ ...M, data: M.data.map((value) => value * value) });
  const product = matmul(squares(D), squares(A), { transposeA: true }).data;
  for (let e = 0; e < out.length; e++) out[e] += factor * product[e];
}

/** With shared weights the gradient of a sample is the sum over its positions, squared afterwards. */
function addSharedSquares(D: Matrix, A: Matrix, positions: number, out: Float64Array, factor: number): void {
  const view = (M: Matrix, i: number): Matrix => ({
    rows: positions,
    cols: M.cols,
    data: M.data.subarray(i * positions * M.cols, (i + 1) * positions * M.cols),
  });
  for (let i = 0; i * positions < D.rows; i++) {
    const gradient = matmul(view(D, i), view(A, i), { transposeA: true }).data;
    for (let e = 0; e < out.length; e++) out[e] += factor * gradient[e] * gradient[e];
  }
}

/** Σ over blocks of (U_G ⊗ U_A) diag(f(λ)) (U_G ⊗ U_A)ᵀ. */
function blockOperator(order: number, blocks: readonly KfacBlock[], f: (value: number) => number): SymmetricOperator {
  return {
    rows: order,
    cols: order,
    symmetric: true,
    apply(v, out) {
      for (const block of blocks) {
        const V = joinBias(block, v);
        const inner = matmul(matmul(block.outputVectors, V, { transposeA: true }), block.inputVectors);
        for (let e = 0; e < inner.data.length; e++) inner.data[e] *= f(block.eigenvalues.data[e]);
        splitBias(block, matmul(matmul(block.outputVectors, inner), block.inputVectors, { transposeB: true }), out);
      }
    },
  };
}

/** The layer's parameters as the matrix [W b]. */
function joinBias(block: KfacBlock, v: Float64Array): Matrix {
  const { rows, cols } = block.eigenvalues;
  const inputs = cols - (block.bias ? 1 : 0);
  const data = new Float64Array(rows * cols);
  for (let i = 0; i < rows; i++) {
    data.set(v.subarray(block.offset + i * inputs, block.offset + (i + 1) * inputs), i * cols);
    if (block.bias) data[i * cols + inputs] = v[block.offset + rows * inputs + i];
  }
  return { rows, cols, data };
}

function splitBias(block: KfacBlock, M: Matrix, out: Float64Array): void {
  const { rows, cols } = M;
  const inputs = cols - (block.bias ? 1 : 0);
  for (let i = 0; i < rows; i++) {
    out.set(M.data.subarray(i * cols, i * cols + inputs), block.offset + i * inputs);
    if (block.bias) out[block.offset + rows * inputs + i] = M.data[i * cols + inputs];
  }
}

function compare(
  G: SymmetricOperator & { readonly expansion: LossExpansion },
  K: SymmetricOperator,
  eigenvalues: Float64Array,
  rng: Rng,
  probes: number,
): KfacQuality {
  const n = G.rows;
  const v = new Float64Array(n);
  const Gv = new Float64Array(n);
  const Kv = new Float64Array(n);
  const errors: number[] = [];
  const sizes: number[] = [];
  for (let probe = 0; probe < probes; probe++) {
    fillRademacher(rng, v);
    G.apply(v, Gv);
    K.apply(v, Kv);
    sizes.push(square(norm(Gv)));
    for (let i = 0; i < n; i++) Gv[i] -= Kv[i];
    errors.push(square(norm(Gv)));
  }
  const total = (list: readonly number[]): number => list.reduce((sum, value) => sum + value, 0);
  const mean = total(sizes) === 0 ? 0 : total(errors) / total(sizes);
  // Ratio estimator: linearised standard error from the deviations errors − mean · sizes.
  const spread = errors.reduce((sum, value, i) => sum + square(value - mean * sizes[i]), 0);
  const standardError = total(sizes) === 0 ? 0 : Math.sqrt((spread * probes) / (probes - 1)) / total(sizes);
  const ggnTrace = ggnTraceOf(G.expansion);
  return {
    relativeSquaredError: { mean, standardError, samples: probes, matvecs: probes },
    traceRatio: ggnTrace === 0 ? 1 : total(Array.from(eigenvalues)) / ggnTrace,
    ggnTrace,
  };
}
