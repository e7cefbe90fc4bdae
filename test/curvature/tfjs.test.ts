import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops.js";
import "@tensorflow/tfjs-core/dist/register_all_gradients.js";
import "@tensorflow/tfjs-backend-cpu";
import { beforeAll, expect, test } from "vitest";
import { ArgumentError, type Matrix } from "../../src/core/index.js";
import { hessian, operatorFromGradient, operatorFromHvp } from "../../src/curvature/index.js";
import { eigsh } from "../../src/krylov/index.js";
import { eigh } from "../../src/linalg/index.js";
import { initialize, mlp, type Network } from "../../src/networks/index.js";
import { toDense } from "../../src/operators/index.js";
import { createRng, normalMatrix } from "../../src/random/index.js";
import type { ActivationLike } from "../../src/special/index.js";
import { spectralDensity } from "../../src/stochastic/index.js";
import { frobenius, within, withinRelative } from "../support/compare.js";
import { norm } from "../networks/support.js";

type Unary = (x: tf.Tensor) => tf.Tensor;

/** tanh and exp whose derivatives are made of operations on the saved input, so that they can be differentiated again. */
const smoothTanh: Unary = tf.customGrad((x, save) => {
  (save as tf.GradSaveFunc)([x as tf.Tensor]);
  return {
    value: tf.tanh(x as tf.Tensor),
    gradFunc: (dy, [s]) => tf.mul(dy, tf.sub(1, tf.square(smoothTanh(s)))),
  };
});
const smoothExp: Unary = tf.customGrad((x, save) => {
  (save as tf.GradSaveFunc)([x as tf.Tensor]);
  return { value: tf.exp(x as tf.Tensor), gradFunc: (dy, [s]) => tf.mul(dy, smoothExp(s)) };
});

beforeAll(async () => {
  tf.enableProdMode(); // no advertisement on the console
  await tf.setBackend("cpu");
});

const n = 12;
const widths = [3, 5, 4, 2];
const data = { inputs: normalMatrix(createRng(1), n, 3), targets: normalMatrix(createRng(2), n, 2) };
const labels = { inputs: data.inputs, targets: Array.from({ length: n }, (_, i) => i % 2) };
const oneHotLabels = (): tf.Tensor2D => tf.oneHot(tf.tensor1d(labels.targets, "int32"), 2) as tf.Tensor2D;

function ours(
  activation: ActivationLike,
  loss: "mse" | "cross-entropy" = "mse",
): { net: Network; params: Float64Array } {
  const net = mlp({ sizes: widths, activation, loss });
  return { net, params: initialize(net, "xavier", createRng(3), { biasDeviation: 0.3, gain: 1.5 }) };
}

/** The same network in tfjs: one tensor of parameters in our order. */
function outputs(theta: tf.Tensor, phi: Unary): tf.Tensor {
  let h: tf.Tensor = tf.tensor2d(Array.from(data.inputs.data), [n, 3]);
  let offset = 0;
  widths.slice(1).forEach((out, l) => {
    const size = out * widths[l];
    const W = tf.reshape(tf.slice(theta, [offset], [size]), [out, widths[l]]);
    h = tf.add(tf.matMul(h as tf.Tensor2D, W as tf.Tensor2D, false, true), tf.slice(theta, [offset + size], [out]));
    offset += size + out;
    if (l < 2) h = phi(h);
  });
  return h;
}

function squaredError(phi: Unary): (theta: tf.Tensor) => tf.Scalar {
  const y = tf.tensor2d(Array.from(data.targets.data), [n, 2]);
  return (theta) => tf.mul(0.5 / n, tf.sum(tf.square(tf.sub(outputs(theta, phi), y))));
}

type Vector = (v: Float64Array) => ArrayLike<number>;

/** Gradient of the gradient's product with v: what tfjs users write. */
function productOf(loss: (theta: tf.Tensor) => tf.Scalar, params: Float64Array): Vector {
  const gradient = tf.grad(loss);
  return (v) =>
    tf.tidy(() => {
      const direction = tf.tensor1d(Array.from(v));
      const along = tf.grad((theta: tf.Tensor) => tf.sum(tf.mul(gradient(theta), direction)));
      return along(tf.tensor1d(Array.from(params))).dataSync();
    });
}

function gradientOf(loss: (theta: tf.Tensor) => tf.Scalar): Vector {
  const gradient = tf.grad(loss);
  return (theta) => tf.tidy(() => gradient(tf.tensor1d(Array.from(theta))).dataSync());
}

function distance(A: Matrix, B: Matrix): number {
  return norm(A.data.map((value, i) => value - B.data[i])) / frobenius(B);
}

test("tfjs 4.22 loses the second derivatives of tanh, sigmoid, exp, softmax and log-softmax in silence, and keeps those of the others tried", () => {
  const s = (x: number): number => 1 / (1 + Math.exp(-x));
  const first = (x: tf.Tensor): tf.Tensor => tf.stack([x, tf.zerosLike(x)]);
  const pick = (x: tf.Tensor): tf.Tensor => tf.reshape(tf.slice(x, [0], [1]), []);
  // f, f′, f″; the loss x f(x) has the second derivative 2 f′ + x f″, of which tfjs keeps 2 f′ where it loses f″.
  const cases: [string, Unary, (x: number) => number, (x: number) => number, boolean][] = [
    ["tanh", tf.tanh, (x) => 1 - Math.tanh(x) ** 2, (x) => -2 * Math.tanh(x) * (1 - Math.tanh(x) ** 2), false],
    ["sigmoid", tf.sigmoid, (x) => s(x) * (1 - s(x)), (x) => s(x) * (1 - s(x)) * (1 - 2 * s(x)), false],
    ["exp", tf.exp, Math.exp, Math.exp, false],
    ["softmax", (x) => pick(tf.softmax(first(x))), (x) => s(x) * s(-x), (x) => s(x) * s(-x) * (1 - 2 * s(x)), false],
    ["log-softmax", (x) => pick(tf.logSoftmax(first(x))), (x) => s(-x), (x) => -s(x) * s(-x), false],
    ["softplus", tf.softplus, s, (x) => s(x) * (1 - s(x)), true],
    [
      "erf",
      tf.erf,
      (x) => 1.1283791670955126 * Math.exp(-x * x),
      (x) => -2.2567583341910251 * x * Math.exp(-x * x),
      true,
    ],
    ["sin", tf.sin, Math.cos, (x) => -Math.sin(x), true],
    ["square", tf.square, (x) => 2 * x, () => 2, true],
    ["relu", tf.relu, (x) => (x > 0 ? 1 : 0), () => 0, true],
    ["own tanh", smoothTanh, (x) => 1 - Math.tanh(x) ** 2, (x) => -2 * Math.tanh(x) * (1 - Math.tanh(x) ** 2), true],
    ["own exp", smoothExp, Math.exp, Math.exp, true],
  ];
  for (const x of [0.7, -0.4]) {
    for (const [name, f, df, d2f, kept] of cases) {
      const gradient = tf.grad((t: tf.Tensor) => tf.mul(t, f(t)) as tf.Scalar);
      const second = tf.tidy(
        () =>
          tf
            .grad((t: tf.Tensor) => gradient(t) as tf.Scalar)(tf.scalar(x))
            .dataSync()[0],
      );
      const verdict = within(second, 2 * df(x) + (kept ? x * d2f(x) : 0), 1e-6);
      expect(verdict.ok, `${name} at ${x}: ${verdict.message}`).toBe(true);
    }
  }
  // Where nothing else depends on x, the loss of the term is an error that names something else.
  const lost = tf.grad((t: tf.Tensor) => tf.grad((u: tf.Tensor) => tf.tanh(u) as tf.Scalar)(t) as tf.Scalar);
  expect(() => lost(tf.scalar(0.7))).toThrow("Cannot compute gradient of y=f(x) with respect to x");
  // elu has no second derivative at all, and says so.
  const elu = tf.grad((t: tf.Tensor) => tf.grad((u: tf.Tensor) => tf.mul(u, tf.elu(u)) as tf.Scalar)(t) as tf.Scalar);
  expect(() => elu(tf.scalar(0.7))).toThrow("gradient function not found for EluGrad");
  const selu = tf.grad((t: tf.Tensor) => tf.grad((u: tf.Tensor) => tf.mul(u, tf.selu(u)) as tf.Scalar)(t) as tf.Scalar);
  expect(() => selu(tf.scalar(0.7))).toThrow("gradient function not found for Greater");
  const lse = (u: tf.Tensor): tf.Scalar => tf.logSumExp(first(u)) as tf.Scalar;
  expect(() => tf.grad((t: tf.Tensor) => tf.grad(lse)(t) as tf.Scalar)(tf.scalar(0.7))).toThrow("not found for Equal");
});

test("the Hessian that tfjs gives of a tanh network is symmetric, and is the one with φ″ = 0", () => {
  const { net, params } = ours("tanh");
  const H = toDense(hessian(net, params, data));
  const product = productOf(squaredError(tf.tanh), params);
  const foreign = operatorFromHvp(params.length, product, { rng: createRng(4), precision: "float32" });
  expect(foreign.asymmetry).toBeLessThan(1e-6); // so the check of symmetry cannot find it
  const M = toDense(foreign);
  expect(distance(M, H)).toBeGreaterThan(0.05);
  const bent = ours({
    name: "no bend",
    value: Math.tanh,
    derivative: (x) => 1 - Math.tanh(x) ** 2,
    secondDerivative: () => 0,
  });
  expect(distance(M, toDense(hessian(bent.net, params, data)))).toBeLessThan(1e-6);
});

test("a reference by differences of gradients refuses it, and accepts the model whose tanh can be differentiated twice", () => {
  const { net, params } = ours("tanh");
  const reference = operatorFromGradient(params, gradientOf(squaredError(tf.tanh)), { precision: "float32" });
  const refused = (): unknown =>
    operatorFromHvp(params.length, productOf(squaredError(tf.tanh), params), {
      rng: createRng(5),
      precision: "float32",
      reference,
    });
  expect(refused).toThrow(ArgumentError);
  expect(refused).toThrow(
    /operatorFromHvp: product must be that of the reference, to .*, got a relative difference of/,
  );
  const H = operatorFromHvp(params.length, productOf(squaredError(smoothTanh), params), {
    rng: createRng(5),
    precision: "float32",
    reference,
  });
  expect(H.disagreement).toBeLessThan(1e-3);
  const exact = hessian(net, params, data);
  expect(distance(toDense(H), toDense(exact))).toBeLessThan(1e-6);
  const { values } = eigh(toDense(exact), { vectors: false, triangle: "lower" });
  const ends = eigsh(H, { count: 2, which: "both", tolerance: 1e-5, rng: createRng(6) });
  expect(ends.status).toBe("converged");
  // Each interval holds an eigenvalue of tfjs's matrix, which lies within float32 rounding of ours.
  const rounding = 1e-6 * values[values.length - 1];
  expect(Math.abs(ends.values[0] - values[0])).toBeLessThan(ends.residualNorms[0] + rounding);
  expect(Math.abs(ends.values[1] - values[values.length - 1])).toBeLessThan(ends.residualNorms[1] + rounding);
  expect(() => operatorFromHvp(3, (v) => v, { rng: createRng(1), reference: hessian(net, params, data) })).toThrow(
    `operatorFromHvp: reference must be of order 3, got order ${params.length}`,
  );
});

test("eigenpairs and density from tfjs gradients alone agree with the float64 Hessian within the stated errors", () => {
  const { net, params } = ours("sigmoid");
  const exact = hessian(net, params, data);
  const { values } = eigh(toDense(exact), { vectors: false, triangle: "lower" });
  const H = operatorFromGradient(params, gradientOf(squaredError(tf.sigmoid)), { precision: "float32" });
  const top = eigsh(H, { count: 2, which: "largest", tolerance: 1e-3, rng: createRng(7) });
  expect(top.status).toBe("converged");
  const scale = values[values.length - 1];
  const allowed = (k: number): number => top.residualNorms[k] + H.largestError() * scale;
  expect(Math.abs(top.values[0] - scale)).toBeLessThan(allowed(0));
  expect(Math.abs(top.values[1] - values[values.length - 2])).toBeLessThan(allowed(1));
  const settings = { steps: 8, probes: 3 };
  const density = spectralDensity(H, { ...settings, rng: createRng(8) });
  const reference = spectralDensity(exact, { ...settings, rng: createRng(8) });
  // Quadrature nodes in the bulk are not determined to more than the products: compare means, which are traces.
  const mean = (d: typeof density): number => d.nodes.reduce((sum, x, i) => sum + x * d.weights[i], 0);
  expect(Math.abs(mean(density) - mean(reference))).toBeLessThan(1e-3 * scale);
  // At the kinks of a rectifier differences of gradients jump; the error estimate says so.
  const rectified = operatorFromGradient(params, gradientOf(squaredError(tf.relu)), {
    precision: "float32",
    step: 0.3,
  });
  toDense(rectified);
  expect(rectified.largestError()).toBeGreaterThan(0.1);
});

test("cross-entropy: log-softmax loses the curvature of the loss; a sum of exponentials with derivatives keeps it", () => {
  const { net, params } = ours("tanh", "cross-entropy");
  const H = toDense(hessian(net, params, labels));
  const y = oneHotLabels();
  const plain = (theta: tf.Tensor): tf.Scalar =>
    tf.mul(-1 / n, tf.sum(tf.mul(y, tf.logSoftmax(outputs(theta, smoothTanh)))));
  const own = (theta: tf.Tensor): tf.Scalar => {
    const f = outputs(theta, smoothTanh);
    return tf.mul(1 / n, tf.sum(tf.sub(tf.log(tf.sum(smoothExp(f), 1)), tf.sum(tf.mul(y, f), 1))));
  };
  const matrix = (loss: (theta: tf.Tensor) => tf.Scalar): Matrix =>
    toDense(operatorFromHvp(params.length, productOf(loss, params), { rng: createRng(9), precision: "float32" }));
  expect(distance(matrix(plain), H)).toBeGreaterThan(0.3);
  expect(distance(matrix(own), H)).toBeLessThan(1e-6);
  // First derivatives are right either way.
  const g = gradientOf(plain)(params);
  expect(withinRelative(norm(Float64Array.from(g)), norm(Float64Array.from(gradientOf(own)(params))), 1e-5).ok).toBe(
    true,
  );
});
