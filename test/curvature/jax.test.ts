import { grad, init, jit, jvp, nn, numpy as np } from "@jax-js/jax";
import { beforeAll, expect, test } from "vitest";
import { AsymmetricError, type Matrix } from "../../src/core/index.js";
import { hessian, operatorFromGradient, operatorFromHvp } from "../../src/curvature/index.js";
import { eigsh } from "../../src/krylov/index.js";
import { initialize, mlp } from "../../src/networks/index.js";
import { fromFunction, toDense } from "../../src/operators/index.js";
import { createRng, normalMatrix } from "../../src/random/index.js";
import { frobenius } from "../support/compare.js";
import { norm } from "../networks/support.js";

type Unary = (x: np.Array) => np.Array;
type Dtype = typeof np.float32 | typeof np.float64;

const n = 12;
const data = { inputs: normalMatrix(createRng(1), n, 3), targets: normalMatrix(createRng(2), n, 2) };
const labels = { inputs: data.inputs, targets: Array.from({ length: n }, (_, i) => i % 2) };
const oneHot = labels.targets.flatMap((label) => (label === 0 ? [1, 0] : [0, 1]));

beforeAll(async () => {
  // Node 20 has neither `navigator` nor Float16Array; jax-js 0.1.25 asks for both without looking first.
  if (typeof navigator === "undefined") await expect(init()).rejects.toThrow("navigator is not defined");
  await init("wasm");
});

/** Runs with a stand-in for Float16Array where the engine has none: without it float64 arrays cannot be made of numbers. */
function withFloat16Array<T>(run: () => T): T {
  const scope = globalThis as { Float16Array?: unknown };
  if (scope.Float16Array !== undefined) return run();
  expect(() => np.array([1, 2], { dtype: np.float64 })).toThrow("Float16Array is not defined");
  scope.Float16Array = class {};
  try {
    return run();
  } finally {
    delete scope.Float16Array;
  }
}

/** The Hessian-vector product that jax-js users write: the derivative of the gradient along v, forward over reverse. */
function productOf(activation: "tanh" | "sigmoid" | "softplus" | "relu", loss: "mse" | "cross-entropy", dtype: Dtype) {
  const net = mlp({ sizes: [3, 4, 2], activation, loss });
  const params = initialize(net, "xavier", createRng(3), { biasDeviation: 0.3, gain: 1.5 });
  const array = (values: ArrayLike<number>): np.Array => np.array(Array.from(values), { dtype });
  const x = array(data.inputs.data).reshape([n, 3]);
  const y = array(loss === "mse" ? data.targets.data : oneHot).reshape([n, 2]);
  const phi: Unary = activation === "tanh" ? np.tanh : nn[activation];
  const lossOf = (theta: np.Array): np.Array => {
    const part = (first: number, end: number): np.Array => theta.ref.slice([first, end]);
    const h = phi(np.dot(x.ref, part(0, 12).reshape([4, 3]).transpose()).add(part(12, 16)));
    const f = np.dot(h, part(16, 24).reshape([2, 4]).transpose()).add(part(24, 26));
    theta.dispose();
    if (loss === "mse")
      return np
        .square(f.sub(y.ref))
        .sum()
        .mul(0.5 / n);
    return nn
      .logSoftmax(f)
      .mul(y.ref)
      .sum()
      .mul(-1 / n);
  };
  const along = (theta: np.Array, v: np.Array): np.Array => jvp(grad(lossOf), [theta], [v])[1];
  const compiled = jit(along);
  const gradient = jit(grad(lossOf));
  return {
    net,
    params,
    plain: (v: Float64Array): ArrayLike<number> => along(array(params), array(v)).dataSync() as Float32Array,
    product: (v: Float64Array): ArrayLike<number> => compiled(array(params), array(v)).dataSync() as Float32Array,
    gradient: (theta: Float64Array): ArrayLike<number> => gradient(array(theta)).dataSync() as Float32Array,
  };
}

function distance(A: Matrix, B: Matrix): number {
  return norm(A.data.map((value, i) => value - B.data[i])) / frobenius(B);
}

test.each([
  ["tanh", "mse", 1e-6],
  ["tanh", "cross-entropy", 1e-6],
  ["sigmoid", "mse", 1e-6],
  ["relu", "cross-entropy", 1e-6],
  // Its softplus itself is good to about 1e-6 only.
  ["softplus", "mse", 2e-5],
] as const)("jax-js 0.1.25: float32 Hessian products of a %s network under %s are right", (activation, loss, bound) => {
  const { net, params, product, gradient } = productOf(activation, loss, np.float32);
  const exact = hessian(net, params, loss === "mse" ? data : labels);
  // Differences of float32 gradients of a rectifier jump at its kinks: no reference there.
  const reference = operatorFromGradient(params, gradient, { precision: "float32" });
  const H = operatorFromHvp(params.length, product, {
    rng: createRng(4),
    precision: "float32",
    ...(activation === "relu" ? {} : { reference }),
  });
  expect(H.variation).toBe(0);
  expect(distance(toDense(H), toDense(exact))).toBeLessThan(bound);
  const [mine, theirs] = [exact, H].map((A) =>
    eigsh(A, { count: 2, which: "both", tolerance: 1e-5, rng: createRng(5) }),
  );
  for (const k of [0, 1]) {
    expect(Math.abs(theirs.values[k] - mine.values[k])).toBeLessThan(
      theirs.residualNorms[k] + mine.residualNorms[k] + bound * frobenius(toDense(exact)),
    );
  }
});

test("float64 arrays of jax-js give float64 products for rectifiers, and float32 accuracy where tanh enters", () => {
  withFloat16Array(() => {
    const error = (activation: "tanh" | "relu"): number => {
      const { net, params, plain } = productOf(activation, "mse", np.float64);
      const H = operatorFromHvp(params.length, plain, { rng: createRng(6) });
      return distance(toDense(H), toDense(hessian(net, params, data)));
    };
    expect(error("relu")).toBeLessThan(1e-14);
    const tanh = error("tanh");
    expect(tanh).toBeLessThan(1e-6);
    expect(tanh).toBeGreaterThan(1e-12); // when this fails, jax-js has a tanh in float64: say so in the tutorial
  });
});

test("compiled by jit, float64 products of jax-js are wrong on Node 20, and are refused", () => {
  const native = "Float16Array" in globalThis; // newer engines: right or refused
  withFloat16Array(() => {
    for (const activation of ["tanh", "relu"] as const) {
      const { net, params, product, plain } = productOf(activation, "mse", np.float64);
      const open = () => operatorFromHvp(params.length, product, { rng: createRng(7) });
      const H = toDense(hessian(net, params, data));
      if (native && distance(toDense(fromFunction(params.length, product, { symmetric: true })), H) < 1e-6) continue;
      expect(open).toThrow(AsymmetricError);
      const reference = operatorFromHvp(params.length, plain, { rng: createRng(7) });
      expect(() => operatorFromHvp(params.length, product, { rng: createRng(7), tolerance: 0.3, reference })).toThrow(
        "product must be",
      );
    }
  });
});
