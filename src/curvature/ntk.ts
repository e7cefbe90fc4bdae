import { type Matrix, requireInteger, ResourceError } from "../core/index.js";
import { matmul } from "../linalg/index.js";
import {
  type ChainPass,
  chainBackward,
  chainForward,
  chainTangents,
  type InputsLike,
  type Network,
  requireInputs,
  requireParameters,
  requireUncoupled,
  unitCotangent,
  usesOf,
} from "../networks/index.js";
import type { SymmetricOperator } from "../operators/index.js";

/** The tangent kernel of a finite network at given parameters. */
export interface EmpiricalNtk {
  /** Number of samples n. */
  readonly samples: number;
  /** Number of outputs C. */
  readonly outputs: number;
  /** K = J Jᵀ on R^{nC}, index i · C + k, by one vjp and one jvp per product; K is not divided by n. */
  readonly operator: SymmetricOperator;
  /** K as a dense matrix, (nC) x (nC), index i · C + k. */
  gram(): Matrix;
  /** The n x n block of output k: ⟨∇f_k(x_i), ∇f_k(x_j)⟩. */
  outputGram(k: number): Matrix;
  /** (1/C) Σ_k outputGram(k), n x n. */
  meanGram(): Matrix;
}

/** Entries above which a Gram matrix is refused (4 GiB). */
const MAXIMUM_ENTRIES = 2 ** 29;

/**
 * Empirical neural tangent kernel: inner products of the outputs' gradients in the parameters.
 *
 * Relation: K = J Jᵀ with J = jacobian(net, params, inputs): positive semidefinite, of rank at most the parameter count; its
 * nonzero eigenvalues divided by n are those of the mse Gauss–Newton matrix. No factor 1/n and no average over outputs is applied
 * unless the name says so.
 *
 * @param inputs n samples in rows
 * @throws {UnsupportedError} when a layer couples samples
 * @throws {ShapeError} when sizes do not fit
 *
 * Accuracy: a few ε per inner product. Cost: for dense layers the Gram matrix is assembled from layer-wise products of
 * activations and cotangents, n² (width) per layer and output pair, without forming gradients; other layers form them.
 * @see [jacot2018]
 *
 * @example
 * ```ts
 * import { empiricalNtk } from "eigenscope/curvature";
 * import { mlp } from "eigenscope/networks";
 * const K = empiricalNtk(mlp({ sizes: [2, 1] }), new Float64Array(3), [[1, 0], [1, 2]]);
 * console.log(K.gram().data.join(" ")); // 2 2 2 6
 * ```
 */
export function empiricalNtk(net: Network, params: Float64Array, inputs: InputsLike): EmpiricalNtk {
  const caller = "empiricalNtk";
  requireUncoupled(net, caller);
  requireParameters(net, params, caller);
  const X = requireInputs(net, inputs, caller);
  const pass = chainForward(net.chain, params, X);
  const n = X.rows;
  const C = net.outputs;
  const order = n * C;
  const gradient = new Float64Array(net.parameterCount); // Jᵀ v

  const outputCotangents: (readonly Matrix[] | undefined)[] = [];
  const cotangentsOf = (k: number): readonly Matrix[] =>
    (outputCotangents[k] ??= chainBackward(pass, unitCotangent(n, C, k), null, false).cotangents);

  return {
    samples: n,
    outputs: C,
    operator: {
      rows: order,
      cols: order,
      symmetric: true,
      apply(v, out) {
        gradient.fill(0);
        chainBackward(pass, { rows: n, cols: C, data: v }, gradient, false);
        const tangents = chainTangents(pass, gradient, null);
        out.set(tangents[tangents.length - 1].output.data);
      },
    },
    gram() {
      requireEntries(order, caller);
      const full = new Float64Array(order * order);
      for (let k = 0; k < C; k++) {
        for (let m = k; m < C; m++) {
          const block = pairGram(pass, cotangentsOf(k), cotangentsOf(m));
          for (let i = 0; i < n; i++) {
            for (let j = 0; j < n; j++) {
              const value = block.data[i * n + j];
              full[(i * C + k) * order + j * C + m] = value;
              full[(j * C + m) * order + i * C + k] = value;
            }
          }
        }
      }
      return { rows: order, cols: order, data: full };
    },
    outputGram(k) {
      requireInteger(k, "k", "empiricalNtk.outputGram", 0, C - 1);
      requireEntries(n, caller);
      return pairGram(pass, cotangentsOf(k), cotangentsOf(k));
    },
    meanGram() {
      requireEntries(n, caller);
      // Cotangents of all outputs side by side: their inner products add up to the sum over outputs.
      const stacked = sideBySide(Array.from({ length: C }, (_, k) => cotangentsOf(k)));
      const sum =
        C === 1
          ? pairGram(pass, stacked, stacked)
          : sumGram(
              pass,
              stacked,
              Array.from({ length: C }, (_, k) => cotangentsOf(k)),
            );
      for (let e = 0; e < sum.data.length; e++) sum.data[e] /= C;
      return sum;
    },
  };
}

function requireEntries(order: number, caller: string): void {
  if (order * order > MAXIMUM_ENTRIES) {
    throw new ResourceError({
      function: caller,
      argument: "the Gram matrix",
      expected: `of at most ${MAXIMUM_ENTRIES} entries (4 GiB)`,
      got: `${order} x ${order}`,
      remedy: "use the operator, fewer samples, or meanGram",
    });
  }
}

function sideBySide(groups: readonly (readonly Matrix[])[]): Matrix[] {
  return groups[0].map((first, layer) => {
    if (first === undefined) return first; // layers before the first parameters have no cotangent
    const width = first.cols * groups.length;
    const out = { rows: first.rows, cols: width, data: new Float64Array(first.rows * width) };
    groups.forEach((group, g) => {
      for (let i = 0; i < first.rows; i++) {
        out.data.set(group[layer].data.subarray(i * first.cols, (i + 1) * first.cols), i * width + g * first.cols);
      }
    });
    return out;
  });
}

/** ⟨∂(c_i · f)/∂θ, ∂(c'_j · f)/∂θ⟩ for all pairs of samples, layer by layer. */
function pairGram(pass: ChainPass, left: readonly Matrix[], right: readonly Matrix[]): Matrix {
  const n = pass.input.rows;
  const out = { rows: n, cols: n, data: new Float64Array(n * n) };
  pass.passes.forEach((layer, index) => {
    const uses = usesOf(pass.chain, index);
    if (uses.length === 1 && layer.gram !== undefined) layer.gram(left[index], layer, right[index], out);
    else if (uses.length > 0) addExplicit(pass, uses, left, right, out);
  });
  return out;
}

/** The sum over outputs: layers with a Gram rule take all outputs at once, the others one by one. */
function sumGram(pass: ChainPass, stacked: readonly Matrix[], single: readonly (readonly Matrix[])[]): Matrix {
  const n = pass.input.rows;
  const out = { rows: n, cols: n, data: new Float64Array(n * n) };
  pass.passes.forEach((layer, index) => {
    const uses = usesOf(pass.chain, index);
    if (uses.length === 1 && layer.gram !== undefined) layer.gram(stacked[index], layer, stacked[index], out);
    else if (uses.length > 0) for (const cotangents of single) addExplicit(pass, uses, cotangents, cotangents, out);
  });
  return out;
}

/** By per-sample gradients of one block of parameters; shared ones add up over their uses before the product. */
function addExplicit(
  pass: ChainPass,
  uses: readonly number[],
  left: readonly Matrix[],
  right: readonly Matrix[],
  out: Matrix,
): void {
  const n = out.rows;
  const size = pass.chain.offsets[uses[0] + 1] - pass.chain.offsets[uses[0]];
  const gradients = (cotangents: readonly Matrix[]): Matrix => {
    const rows = { rows: n, cols: size, data: new Float64Array(n * size) };
    for (const use of uses) pass.passes[use].perSample(cotangents[use], rows, 0);
    return rows;
  };
  const a = gradients(left);
  const b = left === right ? a : gradients(right);
  const product = matmul(a, b, { transposeB: true }).data;
  for (let e = 0; e < product.length; e++) out.data[e] += product[e];
}
