import { type Matrix, UnsupportedError, log2, pow } from "../core/index.js";
import { norms, svd } from "../linalg/index.js";
import type { Network } from "../networks/index.js";

/** The effective weights of a network made of dense layers and activations, biases included. */
export interface EffectiveWeights {
  /** Effective weight matrices (stored times the parameterisation's factor), outputs x inputs. */
  readonly weights: readonly Matrix[];
  /** Effective biases, null where a layer has none. */
  readonly biases: readonly (Float64Array | null)[];
  /** Names of the layers. */
  readonly names: readonly string[];
  /** Names of the activations between them. */
  readonly activations: readonly string[];
}

/** Activations with Lipschitz constant at most 1 and φ(0) = 0, for which the norm-based theorems hold as stated. */
const CONTRACTIVE: readonly string[] = ["relu", "leaky-relu(0.01)", "abs", "identity", "tanh", "sine"];

/** Lipschitz constants of activations that are not 1-Lipschitz, or of which it is worth saying. */
const LIPSCHITZ: Readonly<Record<string, number>> = {
  relu: 1,
  "leaky-relu(0.01)": 1,
  abs: 1,
  identity: 1,
  tanh: 1,
  sine: 1,
  softplus: 1,
  sigmoid: 0.25,
  erf: 2 / Math.sqrt(Math.PI),
  gelu: 1.128904146, // sup of Φ(x) + x φ(x), at x = √2, rounded up
  silu: 1.099839321, // sup of σ(x)(1 + x(1 − σ(x))), rounded up
};

/** Lipschitz constant of a named activation, or null when it is not known. */
export function lipschitzOfActivation(name: string): number | null {
  return LIPSCHITZ[name] ?? null;
}

/** True for activations with |φ(x) − φ(y)| <= |x − y| and φ(0) = 0. */
export function isContractive(name: string): boolean {
  return CONTRACTIVE.includes(name);
}

/**
 * Collects the effective weights of a network of dense layers and activations.
 *
 * @throws {UnsupportedError} for other layers; the message lists them
 */
export function effectiveWeights(net: Network, params: Float64Array, caller: string): EffectiveWeights {
  const other = net.chain.layers.filter((layer) => layer.kind !== "dense" && layer.kind !== "activation");
  if (other.length > 0) {
    throw new UnsupportedError({
      function: caller,
      argument: "net",
      expected: "made of dense layers and activations",
      got: other.map((layer) => `${layer.kind} (${layer.name})`).join(", "),
      remedy: "norm-based bounds are implemented for fully connected networks only",
    });
  }
  const weights: Matrix[] = [];
  const biases: (Float64Array | null)[] = [];
  const names: string[] = [];
  const { layers, sources } = net.chain;
  layers.forEach((layer, index) => {
    // A layer that shares its parameters has those of the first use.
    for (const block of net.blocks.filter((entry) => entry.layer === layers[sources[index]].name)) {
      const values = params
        .slice(block.offset, block.offset + block.length)
        .map((value) => value * block.effectiveScale);
      if (block.role === "weight") {
        weights.push({ rows: block.shape[0], cols: block.shape[1], data: values });
        biases.push(null);
        names.push(layer.name);
      } else biases[biases.length - 1] = values;
    }
  });
  const activations = net.definitions
    .filter((definition) => definition.kind === "activation")
    .map((definition) => String(definition.config["activation"]));
  return { weights, biases, names, activations };
}

/** Norms of one layer that the bounds use. */
export interface LayerNorms {
  /** Largest singular value. */
  readonly spectral: number;
  /** Frobenius norm. */
  readonly frobenius: number;
  /** Sum of the Euclidean norms of the rows, ‖Wᵀ‖_{2,1}. */
  readonly rowSum: number;
  /** All singular values, descending. */
  readonly singularValues: Float64Array;
}

/** Norms of a matrix from one SVD. */
export function layerNorms(W: Matrix): LayerNorms {
  const { singularValues } = svd(W, { vectors: "none" });
  const { frobenius, rowSum } = norms(W);
  return { spectral: singularValues.length === 0 ? 0 : singularValues[0], frobenius, rowSum, singularValues };
}

/**
 * Weights of the bias-free network that computes the same function on (x, 1): a layer with bias b becomes
 * [[W, b], [0, 1]], the last one [W, b]. The unit passes every activation unchanged (activations act by coordinate, and the
 * theorems allow the identity on this one).
 */
export function homogeneousWeights(collected: EffectiveWeights): {
  readonly weights: readonly Matrix[];
  readonly augmented: boolean;
} {
  const { weights, biases } = collected;
  if (biases.every((bias) => bias === null)) return { weights, augmented: false };
  const last = weights.length - 1;
  return {
    augmented: true,
    weights: weights.map((W, l) => {
      const rows = l === last ? W.rows : W.rows + 1;
      const cols = W.cols + 1;
      const data = new Float64Array(rows * cols);
      const bias = biases[l];
      for (let i = 0; i < W.rows; i++) {
        data.set(W.data.subarray(i * W.cols, (i + 1) * W.cols), i * cols);
        if (bias !== null) data[i * cols + W.cols] = bias[i];
      }
      if (l !== last) data[rows * cols - 1] = 1;
      return { rows, cols, data };
    }),
  };
}

/**
 * Path norm of weights in a row: (1ᵀ ∏ |W|^p 1)^{1/p}, the ℓ_p norm over all paths of the products of weights along them.
 *
 * Accuracy: sums of nonnegative terms, relative error a few ε per layer; sums are scaled layer by layer, so that neither
 * squares nor depth overflow.
 * @see [neyshabur2015]
 */
export function pathNorm(weights: readonly Matrix[], order: 1 | 2): number {
  let vector = new Float64Array(weights[0].cols).fill(1);
  // Powers of two carry the scale: products of many layers neither overflow on the way nor lose a bit to it.
  let exponent = 0;
  for (const W of weights) {
    const next = new Float64Array(W.rows);
    let top = 0;
    for (const value of W.data) top = Math.max(top, Math.abs(value));
    if (top === 0) return 0;
    const topExponent = Math.floor(log2(top));
    const unit = pow(2, topExponent);
    for (let i = 0; i < W.rows; i++) {
      for (let j = 0; j < W.cols; j++) {
        const ratio = Math.abs(W.data[i * W.cols + j]) / unit;
        next[i] += (order === 1 ? ratio : ratio * ratio) * vector[j];
      }
    }
    const largest = next.reduce((most, value) => Math.max(most, value), 0);
    if (largest === 0) return 0;
    const shift = Math.floor(log2(largest) / order);
    const scale = pow(2, shift * order);
    exponent += topExponent + shift;
    vector = next.map((value) => value / scale);
  }
  const sum = vector.reduce((total, value) => total + value, 0);
  return (order === 1 ? sum : Math.sqrt(sum)) * pow(2, exponent);
}
