import { expandLoss, gradient, initialize, mlp } from "eigenscope/networks";
import { createRng, fillNormal, normalMatrix } from "eigenscope/random";
import type { BenchCase } from "../harness.js";

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

export const cases: readonly BenchCase[] = [hessianProduct];
