import { expandLoss, gradient, initialize, mlp } from "eigenscope/networks";
import { createRng, fillNormal, normalMatrix } from "eigenscope/random";
import type { BenchCase, Contender } from "../harness.js";

/** The classifier of the performance goals: 784-512-512-10, batch 256. */
function problem() {
  const rng = createRng(1);
  const net = mlp({ sizes: [784, 512, 512, 10], activation: "tanh", loss: "cross-entropy" });
  const params = initialize(net, "xavier", rng);
  const data = { inputs: normalMatrix(rng, 256, 784), targets: Array.from({ length: 256 }, (_, i) => i % 10) };
  const v = fillNormal(rng, new Float64Array(net.parameterCount));
  return { net, params, data, v };
}

/** Step of the central differences: truncation and rounding both near 1e-7 relative in these products. */
const STEP = 1e-5;

function quadraticForm(v: Float64Array, Av: Float64Array): readonly number[] {
  return [v.reduce((sum, value, i) => sum + value * Av[i], 0)];
}

const hessianProduct: BenchCase = {
  name: "curvature-hvp",
  claim: "An exact Hessian product with kept passes costs less than the two gradients of a central difference.",
  input: "784-512-512-10 tanh, cross-entropy, batch 256, 668,682 parameters",
  checksumTolerance: 1e-4,
  rounds: 7,
  contenders: async () => {
    const { net, params, data, v } = problem();
    const point = expandLoss(net, params, data);
    const Hv = new Float64Array(v.length);
    point.hvp(v, Hv); // keeps passes, φ′, φ″ and cotangents
    const at = (t: number): Float64Array =>
      gradient(
        net,
        params.map((value, i) => value + t * v[i]),
        data,
      );
    return {
      contenders: [
        {
          name: "eigenscope, Hessian product, kept passes",
          run: () => {
            point.hvp(v, Hv);
            return quadraticForm(v, Hv);
          },
        },
        {
          name: "two gradients (central difference)",
          run: () => {
            const plus = at(STEP);
            const minus = at(-STEP);
            return quadraticForm(
              v,
              plus.map((value, i) => (value - minus[i]) / (2 * STEP)),
            );
          },
        },
      ],
      missing: ["torch (not on this machine)"],
    };
  },
};

/** A contender that computes its own quantity and checks it against a value found before the timing: 1 when right. */
function checked(name: string, reference: number, run: () => number): Contender {
  return { name, run: () => [Math.abs(run() / reference - 1) < 1e-6 ? 1 : Number.NaN] };
}

function dotProduct(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0);
}

/** A product against one gradient (forward and backward pass) of the same network and batch. */
function againstGradient(
  name: string,
  claim: string,
  what: string,
  product: (setting: ReturnType<typeof problem>, out: Float64Array) => () => void,
): BenchCase {
  return {
    name,
    claim,
    input: "784-512-512-10 tanh, cross-entropy, batch 256, 668,682 parameters",
    checksumTolerance: 0,
    rounds: 9,
    contenders: async () => {
      const setting = problem();
      const { net, params, data, v } = setting;
      const Av = new Float64Array(v.length);
      const multiply = product(setting, Av);
      multiply();
      const form = dotProduct(v, Av);
      const slope = dotProduct(v, gradient(net, params, data));
      return {
        contenders: [
          checked(what, form, () => {
            multiply();
            return dotProduct(v, Av);
          }),
          checked("one gradient", slope, () => dotProduct(v, gradient(net, params, data))),
        ],
        missing: ["torch (not on this machine)"],
      };
    },
  };
}

const freshProduct = againstGradient(
  "curvature-hvp-fresh",
  "A Hessian product from scratch costs at most four gradients.",
  "eigenscope, Hessian product with its forward and backward pass",
  ({ net, params, data, v }, out) =>
    () =>
      expandLoss(net, params, data).hvp(v, out),
);

const keptProduct = againstGradient(
  "curvature-hvp-kept",
  "A Hessian product with kept passes costs at most three gradients.",
  "eigenscope, Hessian product, kept passes",
  ({ net, params, data, v }, out) => {
    const point = expandLoss(net, params, data);
    return () => point.hvp(v, out);
  },
);

const gaussNewton = againstGradient(
  "curvature-ggn",
  "A Gauss-Newton product with kept passes costs at most three gradients.",
  "eigenscope, Gauss-Newton product, kept passes",
  ({ net, params, data, v }, out) => {
    const point = expandLoss(net, params, data);
    return () => point.ggnProduct(v, out);
  },
);

export const cases: readonly BenchCase[] = [hessianProduct, freshProduct, keptProduct, gaussNewton];
