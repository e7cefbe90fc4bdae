import { sin, cos } from "../../core/index.js";
import type { LabelledData, Matrix } from "../../core/index.js";
import { empiricalNtk } from "../../curvature/index.js";
import { eigh } from "../../linalg/index.js";
import { initialize, mlp, type Network } from "../../networks/index.js";
import { mulberry32, type Rng, spherePoints } from "../../random/index.js";
import { normal } from "./quadratics.js";

/** The 1-16-16-1 tanh regression of the edge-of-stability recipe. */
export function edgeRecipe(seed: number): { net: Network; params: Float64Array; data: LabelledData } {
  const net = mlp({ sizes: [1, 16, 16, 1], activation: "tanh" });
  const stream = mulberry32(seed);
  const params = new Float64Array(net.parameterCount);
  for (const { role, offset, length, fanIn } of net.blocks) {
    if (role === "weight") for (let i = 0; i < length; i++) params[offset + i] = stream.normal() / Math.sqrt(fanIn);
  }
  const x = Float64Array.from({ length: 40 }, (_, i) => -1 + (2 * (i + 0.5)) / 40);
  const column = (data: Float64Array): Matrix => ({ rows: 40, cols: 1, data });
  return {
    net,
    params,
    data: { inputs: column(x), targets: column(x.map((v) => sin(3 * v) + 0.3 * cos(7 * v))) },
  };
}

/** A wide tanh network in the NTK parameterisation that starts at f = 0, on twenty points of the sphere of radius √5. */
export function antisymmetricRun(
  rng: Rng,
  width: number,
): {
  net: Network;
  params: Float64Array;
  data: LabelledData;
  stepSize: number;
  modes: { values: Float64Array; vectors: Matrix };
} {
  const n = 20;
  const d = 5;
  const inputs = spherePoints(rng.fork("inputs"), n, d);
  for (let e = 0; e < inputs.data.length; e++) inputs.data[e] *= Math.sqrt(d);
  const targets = normal(rng.fork("targets"), n, 1);
  const net = mlp({ sizes: [d, width, 1], activation: "tanh", parameterisation: "ntk", bias: false });
  const params = initialize(net, "ntk", rng.fork("parameters"));
  const half = width / 2;
  // Twin hidden units with opposite output weights cancel.
  params.copyWithin(half * d, 0, half * d);
  for (let k = 0; k < half; k++) params[width * d + half + k] = -params[width * d + k];
  const { values, vectors } = eigh(empiricalNtk(net, params, inputs).gram());
  return { net, params, data: { inputs, targets }, stepSize: (0.5 * n) / values[n - 1], modes: { values, vectors } };
}
