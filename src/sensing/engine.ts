import { ShapeError, requireFinite, requireVector } from "../core/index.js";
import type { Measurements } from "./measurement-operator.js";
import { type SpectralNetwork, spectralLayout } from "./network.js";
import { multiplyInto, multiplyTransposedInto, transposedMultiplyInto } from "./small-products.js";
import { adjointInto, createScratch, imageInto, type Loewner, loewner } from "./spectral-map.js";
import type { SpectralFactors } from "./thin-svd.js";
import { thinSvd } from "./thin-svd.js";

/**
 * Forward pass, gradient and the two Jacobian products of a network under given measurements, on flat parameters.
 * Works on buffers allocated once; `evaluate` must precede the Jacobian products, which refer to its parameters.
 */
export interface SensingEngine {
  /** Network and measurements. */
  readonly network: SpectralNetwork;
  /** Measurements. */
  readonly measurements: Measurements;
  /** Divisor N of the loss: 1 or the number of measurements. */
  readonly divisor: number;
  /** Output X of the last evaluation, row-major. */
  readonly X: Float64Array;
  /** Residual A(X) − y of the last evaluation. */
  readonly residual: Float64Array;
  /** Loss ‖A(X) − y‖² / (2 N), Infinity on overflow; writes its gradient when a buffer is given. */
  evaluate(theta: Float64Array, gradient: Float64Array | null): number;
  /** out ← Jᵀ r with J = ∂A(X)/∂θ (entries of fixed α are zero). */
  jacobianTranspose(r: Float64Array, out: Float64Array): void;
  /** out ← J direction. */
  jacobian(direction: Float64Array, out: Float64Array): void;
  /** Singular values of the argument of Γ of every first-layer neuron, at the last evaluation. */
  singularValues(): Float64Array[];
}

/** One matrix of one layer: its value, its image under the non-linearity and the gradient with respect to the value. */
interface Node {
  readonly value: Float64Array;
  readonly image: Float64Array;
  readonly gradient: Float64Array;
  readonly tangent: Float64Array;
  readonly imageTangent: Float64Array;
  factors: SpectralFactors | null;
  table: Loewner | null;
}

/**
 * Allocates an engine.
 *
 * @throws {ShapeError} when measurements, data and network do not fit
 */
export function createEngine(
  network: SpectralNetwork,
  measurements: Measurements,
  y: Float64Array,
  caller: string,
): SensingEngine {
  const { rows, cols, innerDimension: p, widths, activation: gamma, entrywise } = network;
  if (measurements.shape.rows !== rows || measurements.shape.cols !== cols) {
    throw new ShapeError({
      function: caller,
      argument: "measurements",
      expected: `of ${rows} x ${cols} matrices, as the network`,
      got: `${measurements.shape.rows} x ${measurements.shape.cols}`,
    });
  }
  requireVector(y, measurements.rows, "y", caller);
  requireFinite(y, "y", caller);
  const size = rows * cols;
  const d = Math.min(rows, cols);
  const layout = spectralLayout(network);
  const divisor = network.normalisation === "mean" ? measurements.rows : 1;
  const layers: Node[][] = widths.map((width) =>
    Array.from({ length: width }, () => ({
      value: new Float64Array(size),
      image: new Float64Array(size),
      gradient: new Float64Array(size),
      tangent: new Float64Array(size),
      imageTangent: new Float64Array(size),
      factors: null,
      table: null,
    })),
  );
  const X = new Float64Array(size);
  const outputGradient = new Float64Array(size);
  const outputTangent = new Float64Array(size);
  const residual = new Float64Array(measurements.rows);
  const work = new Float64Array(rows * d);
  const scratch = createScratch(rows, cols);
  const product = new Float64Array(size);
  const current = new Float64Array(network.parameterCount);
  const alphaAt = (l: number, k: number, j: number): number => layout.alpha[l] + k * (widths[l + 1] ?? 1) + j;
  const factorU = (k: number): Float64Array => current.subarray(k * rows * p, (k + 1) * rows * p);
  const factorV = (k: number): Float64Array => current.subarray(layout.v + k * cols * p, layout.v + (k + 1) * cols * p);

  /** Returns false when the argument has overflowed: there is nothing to decompose then. */
  function applyMap(node: Node): boolean {
    let probe = 0;
    for (let i = 0; i < size; i++) probe += node.value[i] - node.value[i];
    if (probe !== 0) return false;
    if (entrywise !== null) {
      for (let i = 0; i < size; i++) node.image[i] = entrywise.value(node.value[i]);
      return true;
    }
    const factors = thinSvd({ rows, cols, data: node.value }, "fast");
    node.factors = factors;
    node.table = null;
    imageInto(node.image, factors, gamma, work);
    return true;
  }

  /** out <- DΓ[direction] at the node; the map is its own adjoint, entrywise or spectral. */
  function derivative(node: Node, direction: Float64Array, out: Float64Array): void {
    if (entrywise !== null) {
      for (let i = 0; i < size; i++) out[i] = entrywise.derivative(node.value[i]) * direction[i];
      return;
    }
    node.table ??= loewner(node.factors!.singularValues, gamma);
    adjointInto(out, node.factors!, node.table, direction, scratch);
  }

  /** Returns false on overflow. */
  function forward(): boolean {
    for (let k = 0; k < widths[0]; k++) {
      multiplyTransposedInto(layers[0][k].value, factorU(k), factorV(k), rows, p, cols);
      if (!applyMap(layers[0][k])) return false;
    }
    for (let l = 0; l < widths.length; l++) {
      const targets = l + 1 < widths.length ? layers[l + 1].map((node) => node.value) : [X];
      targets.forEach((target, j) => {
        target.fill(0);
        for (let k = 0; k < widths[l]; k++) {
          const a = current[alphaAt(l, k, j)];
          const { image } = layers[l][k];
          for (let i = 0; i < size; i++) target[i] += a * image[i];
        }
      });
      if (l + 1 < widths.length && !layers[l + 1].every(applyMap)) return false;
    }
    return true;
  }

  /** Gradient of ⟨outputGradient, X⟩ with respect to all parameters. */
  function backward(out: Float64Array): void {
    for (let l = widths.length - 1; l >= 0; l--) {
      const above = l + 1 < widths.length ? layers[l + 1].map((node) => node.gradient) : [outputGradient];
      layers[l].forEach((node, k) => {
        product.fill(0);
        above.forEach((gradient, j) => {
          const at = alphaAt(l, k, j);
          const a = current[at];
          let sum = 0;
          for (let i = 0; i < size; i++) {
            sum += gradient[i] * node.image[i];
            product[i] += a * gradient[i];
          }
          out[at] = network.alphaTrainable ? sum : 0;
        });
        derivative(node, product, node.gradient);
      });
    }
    for (let k = 0; k < widths[0]; k++) {
      const R = layers[0][k].gradient;
      const atU = k * rows * p;
      const atV = layout.v + k * cols * p;
      multiplyInto(out.subarray(atU, atU + rows * p), R, factorV(k), rows, cols, p);
      transposedMultiplyInto(out.subarray(atV, atV + cols * p), R, factorU(k), cols, rows, p);
    }
  }

  return {
    network,
    measurements,
    divisor,
    X,
    residual,
    evaluate(theta, gradient) {
      current.set(theta);
      if (!forward()) {
        gradient?.fill(Number.NaN);
        return Number.POSITIVE_INFINITY;
      }
      measurements.apply(X, residual);
      let loss = 0;
      for (let i = 0; i < residual.length; i++) {
        residual[i] -= y[i];
        loss += residual[i] * residual[i];
      }
      if (gradient !== null) {
        measurements.applyTranspose(residual, outputGradient);
        if (divisor !== 1) for (let i = 0; i < size; i++) outputGradient[i] /= divisor;
        backward(gradient);
      }
      return loss / (2 * divisor);
    },
    jacobianTranspose(r, out) {
      measurements.applyTranspose(r, outputGradient);
      backward(out);
    },
    jacobian(direction, out) {
      for (let k = 0; k < widths[0]; k++) {
        const dU = direction.subarray(k * rows * p, (k + 1) * rows * p);
        const dV = direction.subarray(layout.v + k * cols * p, layout.v + (k + 1) * cols * p);
        const node = layers[0][k];
        multiplyTransposedInto(node.tangent, dU, factorV(k), rows, p, cols);
        multiplyTransposedInto(product, factorU(k), dV, rows, p, cols);
        for (let i = 0; i < size; i++) node.tangent[i] += product[i];
      }
      for (let l = 0; l < widths.length; l++) {
        for (const node of layers[l]) derivative(node, node.tangent, node.imageTangent);
        const targets = l + 1 < widths.length ? layers[l + 1].map((node) => node.tangent) : [outputTangent];
        targets.forEach((target, j) => {
          target.fill(0);
          for (let k = 0; k < widths[l]; k++) {
            const at = alphaAt(l, k, j);
            const a = current[at];
            const da = network.alphaTrainable ? direction[at] : 0;
            const { image, imageTangent } = layers[l][k];
            for (let i = 0; i < size; i++) target[i] += a * imageTangent[i] + da * image[i];
          }
        });
      }
      measurements.apply(outputTangent, out);
    },
    singularValues() {
      return layers[0].map((node) =>
        node.factors === null
          ? thinSvd({ rows, cols, data: node.value }).singularValues.slice()
          : node.factors.singularValues.slice(),
      );
    },
  };
}
