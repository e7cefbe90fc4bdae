import { expect, test } from "vitest";
import { matrix } from "../../src/core/index.js";
import {
  arcCosineProfile,
  cosineMap,
  deepExpansion,
  dualActivation,
  nngp,
  ntk,
  oneMinusArcCosine,
} from "../../src/kernels/index.js";
import { type Activation, leakyRelu } from "../../src/special/index.js";
import { fixture } from "../support/shared.js";

type Row = Record<string, string>;
interface Cases {
  readonly "S1.kappa": { inputs: { theta: string[] }; outputs: Record<string, string[]>; tolerance: { rel: number } };
  readonly "S1.dual": { outputs: Row[]; tolerance: { abs: number } };
  readonly "S1.pair": {
    inputs: { x: string[]; y: string[] };
    outputs: (Row & { L: number })[];
    tolerance: { rel: number };
  };
  readonly "S2.deep": {
    outputs: { Delta: string; theta0: string; results: (Row & { L: number })[] }[];
    tolerance: { rel: number };
  };
}
const { cases } = fixture<{ cases: Cases }>("kernels/reference.json");

/** An activation a s + b|s| with given Δ. */
function withDelta(delta: number): Activation {
  const a = Math.sqrt(1 - delta);
  const b = Math.sqrt(delta);
  return {
    name: `delta ${delta}`,
    value: (s) => a * s + b * Math.abs(s),
    derivative: (s) => a + b * Math.sign(s),
    secondDerivative: () => 0,
    kinks: [0],
    linearAbsolute: { linear: a, absolute: b },
  };
}

test("S1.kappa: arc-cosine functions and the two-layer NTK, at angles from 1e-12 to π − 1e-8", () => {
  const { inputs, outputs, tolerance } = cases["S1.kappa"];
  inputs.theta.forEach((text, i) => {
    const supplement = text.startsWith("pi-") ? Number(text.slice(3)) : Math.PI - Number(text);
    const theta = text.startsWith("pi-") ? Math.PI - supplement : Number(text);
    const check = (name: string, value: number): void => {
      const expected = Number(outputs[name][i]);
      expect(Math.abs(value - expected), `${name} at ${text}`).toBeLessThanOrEqual(tolerance.rel * Math.abs(expected));
    };
    for (const order of [0, 1, 2] as const) check(`kappa${order}`, arcCosineProfile(order, theta, supplement));
    check("one_minus_kappa1", oneMinusArcCosine(theta));
    check("ntk2_unnormalised", ntk({ depth: 2 }).profile(theta, supplement));
    // Δ = 0 is the identity map: the cosine itself, in both forms.
    const { oneMinusCosine } = cosineMap(theta, 0);
    check("one_minus_t", oneMinusCosine);
    expect(Math.abs(1 - oneMinusCosine - Number(outputs["t"][i]))).toBeLessThanOrEqual(2 * Number.EPSILON);
    check("text_formula", Math.PI * arcCosineProfile(1, theta, supplement)); // the source's "NTK" is π κ₁
  });
});

test("S1.pair: NNGP and NTK with biases and unequal norms, five activations, depths to the table's end", () => {
  const { inputs, outputs, tolerance } = cases["S1.pair"];
  const X = matrix(2, 3, [...inputs.x, ...inputs.y].map(Number));
  let rows = 0;
  for (const row of outputs) {
    if (row.L < 2) continue; // depth 1 has no hidden layer and is refused
    rows++;
    const phi = row["activation"].startsWith("leaky")
      ? leakyRelu(Number(row["activation"].slice(5)))
      : (row["activation"] as "relu");
    const options = {
      depth: row.L,
      activation: phi,
      weightVariance: Number(row["sigma_w2"]),
      biasVariance: Number(row["sigma_b2"]),
    };
    for (const [name, kernel] of [
      ["nngp", nngp(options)],
      ["ntk", ntk(options)],
    ] as const) {
      const G = kernel.gram(X).data;
      const expected = ["xx", "xy", "yy"].map((pair) => Number(row[`${name}_${pair}`]));
      [G[0], G[1], G[3]].forEach((value, k) =>
        expect(Math.abs(value / expected[k] - 1)).toBeLessThanOrEqual(tolerance.rel),
      );
      expect(G[2]).toBe(G[1]);
      expect(kernel.cross(X, X).data[2]).toBeCloseTo(G[1], 12);
      const diagonal = kernel.diagonal(X);
      expect(Math.abs(diagonal[0] / expected[0] - 1)).toBeLessThanOrEqual(tolerance.rel);
      expect(Math.abs(diagonal[1] / expected[2] - 1)).toBeLessThanOrEqual(tolerance.rel);
    }
  }
  expect(rows).toBeGreaterThan(15);
});

test("S1.dual: tanh and sigmoid by quadrature, errors within their own estimates", () => {
  for (const row of cases["S1.dual"].outputs) {
    for (const name of ["tanh", "sigmoid"] as const) {
      const dual = dualActivation(name).evaluate(Number(row["k11"]), Number(row["k12"]), Number(row["k22"]));
      const error = Math.max(
        Math.abs(dual.value - Number(row[name])),
        Math.abs(dual.derivative - Number(row[`${name}_prime`])),
      );
      expect(error).toBeLessThanOrEqual(cases["S1.dual"].tolerance.abs);
      expect(error).toBeLessThanOrEqual(dual.error);
    }
  }
});

test("S2.deep: off-diagonal NTK, angles and affine residuals to depth 1e6", () => {
  const { outputs, tolerance } = cases["S2.deep"];
  for (const { Delta, theta0, results } of outputs) {
    const phi = Number(Delta) === 0.5 ? "relu" : Number(Delta) === 1 ? "abs" : withDelta(Number(Delta));
    for (const row of results) {
      if (row.L < 2) continue;
      const value = ntk({ depth: row.L, activation: phi }).profile(Number(theta0));
      expect(Math.abs(value / Number(row["ntk_offdiag"]) - 1), `L = ${row.L}`).toBeLessThanOrEqual(tolerance.rel);
      const deep = deepExpansion(Number(theta0), { depth: row.L, activation: phi });
      expect(Math.abs(deep.lastAngle / Number(row["theta_Lm1"]) - 1)).toBeLessThanOrEqual(tolerance.rel);
      if (row["one_minus_rho_Lm1"] !== undefined) {
        const gap = 2 * Math.sin(deep.lastAngle / 2) ** 2;
        expect(Math.abs(gap / Number(row["one_minus_rho_Lm1"]) - 1)).toBeLessThanOrEqual(2 * tolerance.rel);
      }
      // Residuals and the constant are differences of numbers of size L, and the file gives 12 digits of them.
      const roundedTo = (text: string): number =>
        1e-11 * Math.max(1, Math.abs(Number(text))) + 4 * tolerance.rel * value;
      const half = (3 * Math.PI) / (16 * deep.delta * Math.sin(deep.lastAngle / 2));
      for (const [name, own] of [
        ["affine_residual", deep.affineResidual],
        ["affine_residual_sin", value - half],
        ["C_est", deep.constant],
      ] as const) {
        if (row[name] !== undefined)
          expect(Math.abs(own - Number(row[name])), name).toBeLessThanOrEqual(roundedTo(row[name]));
      }
    }
  }
});
