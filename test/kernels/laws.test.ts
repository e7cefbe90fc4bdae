import fc from "fast-check";
import { expect, test } from "vitest";
import {
  ArgumentError,
  type Matrix,
  NonFiniteError,
  OptionError,
  ShapeError,
  fromRows,
  matrix,
} from "../../src/core/index.js";
import {
  type Kernel,
  angleBetween,
  arcCosine,
  requirePoints,
  requireUnitRows,
  cosineMap,
  deepNarrowNtk,
  dualActivation,
  nngp,
  ntk,
  zonalKernel,
} from "../../src/kernels/index.js";
import { createRng, normalMatrix, spherePoints } from "../../src/random/index.js";
import { kernelLaws } from "../support/laws/kernel-laws.js";

/** Distinct points, duplicates, points 1e-9 apart, antipodal and parallel ones. */
function nastyPoints(seed: number, n: number, d: number, unit: boolean): Matrix {
  const base = unit ? spherePoints(createRng(seed), n, d) : normalMatrix(createRng(seed), n, d);
  const data = base.data.slice();
  for (let j = 0; j < d; j++) {
    data[d + j] = data[j]; // duplicate
    data[2 * d + j] = data[j] * (1 + (unit ? 0 : 1e-9));
    data[3 * d + j] = -data[j]; // antipodal
    data[4 * d + j] = data[5 * d + j] * (unit ? 1 : 3); // parallel
  }
  if (unit) {
    data[2 * d] += 1e-9;
    const norm = Math.hypot(...data.subarray(2 * d, 3 * d));
    for (let j = 0; j < d; j++) data[2 * d + j] /= norm;
  }
  return { ...base, data };
}

const members: readonly [string, Kernel, boolean][] = [
  ["arc-cosine 0", arcCosine(0), false],
  ["arc-cosine 1", arcCosine(1), false],
  ["arc-cosine 2", arcCosine(2, { normalised: false }), false],
  ["nngp relu", nngp({ depth: 3 }), false],
  ["ntk relu", ntk({ depth: 3 }), false],
  ["ntk relu deep", ntk({ depth: 200 }), false],
  ["ntk abs", ntk({ depth: 4, activation: "abs" }), false],
  ["ntk leaky with bias", ntk({ depth: 3, activation: "leaky-relu", weightVariance: 1.7, biasVariance: 0.3 }), false],
  ["ntk erf", ntk({ depth: 3, activation: "erf", weightVariance: 1.5, biasVariance: 0.1 }), false],
  ["ntk gelu", ntk({ depth: 2, activation: "gelu" }), false],
  ["ntk sine", ntk({ depth: 2, activation: "sine", weightVariance: 2, biasVariance: 0.2 }), false],
  ["ntk polynomial", ntk({ depth: 2, activation: { polynomial: [0.1, 1, 0, 0.2] } }), false],
  ["ntk relu^3", ntk({ depth: 2, activation: { rectifierPower: 3 }, biasVariance: 0.1 }), false],
  ["ntk skip", ntk({ depth: 5, architecture: "skip", skipScale: 0.7 }), false],
  ["ntk concatenation", ntk({ depth: 4, architecture: "concatenation", weightVariance: 2, biasVariance: 0.1 }), false],
  [
    "ntk standard",
    ntk({ depth: 3, parameterisation: "standard", widths: [5, 7], weightVariance: 2, biasVariance: 0.2 }),
    false,
  ],
  ["deep narrow", deepNarrowNtk({ dimension: 4 }), false],
  ["zonal", zonalKernel((theta) => Math.exp(Math.cos(theta))), true],
];

for (const [name, kernel, unit] of members) {
  test(`laws of a kernel: ${name}, on duplicates and points 1e-9 apart`, () => {
    const defects = kernelLaws(kernel, { points: nastyPoints(3, 14, 4, unit) });
    expect(defects.rotationDefect).toBeLessThan(1e-8); // angles of nearly coincident points move by 1e-16/θ
    kernelLaws(kernel, { points: nastyPoints(4, 14, 4, true) });
  });
}

test("negative control: the laws reject a kernel with a naive acos, and one that is not positive", () => {
  const naive = ntk({ depth: 50 });
  const acos: Kernel = {
    ...naive,
    gram(X) {
      const n = X.rows;
      const data = new Float64Array(n * n);
      for (let i = 0; i < n; i++) {
        for (let j = 0; j < n; j++) {
          let t = 0;
          for (let k = 0; k < X.cols; k++) t += X.data[i * X.cols + k] * X.data[j * X.cols + k];
          data[i * n + j] = naive.profile(Math.acos(Math.max(-1, Math.min(1, t))));
        }
      }
      return { rows: n, cols: n, data };
    },
  };
  expect(() => kernelLaws(acos, { points: nastyPoints(4, 14, 4, true) })).toThrow();
  expect(() =>
    kernelLaws(
      zonalKernel((theta) => -Math.cos(theta)),
      { points: nastyPoints(4, 14, 4, true) },
    ),
  ).toThrow();
});

test("scales from 1e-150 to 1e150: homogeneous kernels scale exactly like the product of norms", () => {
  const X = normalMatrix(createRng(5), 5, 3);
  const kernel = ntk({ depth: 3 });
  const base = kernel.gram(X).data;
  for (const scale of [2 ** -490, 2 ** 490]) {
    const scaled = kernel.gram({ ...X, data: X.data.map((x) => x * scale) }).data;
    base.forEach((value, i) => expect(scaled[i] / scale / scale).toBe(value));
  }
});

test("many points: the table for points of one norm and the products in blocks give what single pairs give", () => {
  const n = 130;
  const members = [
    ntk({ depth: 3, activation: "erf", weightVariance: 1.5, biasVariance: 0.1 }),
    ntk({ depth: 2, activation: { rectifierPower: 2 } }),
    nngp({ depth: 3, activation: "step", biasVariance: 0.1 }),
    ntk({ depth: 4, biasVariance: 0.2, normalised: true }),
    ntk({ depth: 5, architecture: "skip", skipScale: 0.7 }),
    nngp({ depth: 3, activation: "gelu", architecture: "concatenation" }),
    ntk({ depth: 3, parameterisation: "standard", widths: [5, 7], weightVariance: 2, biasVariance: 0.2 }),
  ];
  for (const [d, unit] of [
    [3, true],
    [50, true],
    [3, false],
    [50, false],
  ] as const) {
    const X = nastyPoints(7, n, d, unit);
    for (const kernel of members) {
      const K = kernel.gram(X).data;
      const cross = kernel.cross(X, X).data;
      const diagonal = kernel.diagonal(X);
      const row = (i: number): Matrix => ({ rows: 1, cols: d, data: X.data.slice(i * d, (i + 1) * d) });
      for (let trial = 0; trial < 60; trial++) {
        // The first rows hold duplicates, antipodes and points 1e-9 apart.
        const i = trial < 36 ? trial % 6 : (trial * 37) % n;
        const j = trial < 36 ? Math.floor(trial / 6) : (trial * 61) % n;
        const single = kernel.cross(row(i), row(j)).data[0];
        const scale = Math.max(diagonal[i], diagonal[j]);
        const allowed = 64 * Number.EPSILON * scale * (1 + Math.sqrt(d));
        expect(Math.abs(K[i * n + j] - single), `${kernel.name} ${i} ${j}`).toBeLessThanOrEqual(allowed);
        expect(Math.abs(cross[i * n + j] - single)).toBeLessThanOrEqual(allowed);
        expect(K[j * n + i]).toBe(K[i * n + j]);
      }
    }
  }
});

test("naive twin: the recursion on cosines, where it is accurate", () => {
  const twin = (t0: number, depth: number): number => {
    let rho = t0;
    let theta = t0;
    for (let k = 1; k < depth; k++) {
      const slope = 1 - Math.acos(rho) / Math.PI;
      rho = (Math.sqrt(1 - rho * rho) + (Math.PI - Math.acos(rho)) * rho) / Math.PI;
      theta = rho + slope * theta;
    }
    return theta;
  };
  fc.assert(
    fc.property(fc.double({ min: -0.95, max: 0.95, noNaN: true }), fc.integer({ min: 2, max: 12 }), (t, depth) => {
      return Math.abs(ntk({ depth }).profile(Math.acos(t)) - twin(t, depth)) <= 1e-13 * depth;
    }),
  );
});

test("skip and concatenation: naive recursions with plain covariances", () => {
  const X = fromRows([
    [1, 0.5, -0.2],
    [0.3, -1, 0.7],
  ]);
  const relu = dualActivation("relu");
  const run = (i: number, j: number, skip: number, again: number): number => {
    const dot = (a: number, b: number): number =>
      X.data.subarray(3 * a, 3 * a + 3).reduce((s, x, k) => s + x * X.data[3 * b + k], 0);
    const input = (a: number, b: number): number => (2 * dot(a, b)) / 3;
    const bias = 0.1;
    let K = [input(i, i) + bias, input(i, j) + bias, input(j, j) + bias];
    let T = K[1];
    for (let k = 1; k < 4; k++) {
      const { value, derivative } = relu.evaluate(K[0], Math.min(K[1], Math.sqrt(K[0] * K[2])), K[2]);
      T = 2 * value + bias + again * input(i, j) + (2 * derivative + skip) * T;
      const next = (old: number, dual: number, raw: number): number => 2 * dual + bias + skip * old + again * raw;
      K = [
        next(K[0], relu.evaluate(K[0], K[0], K[0]).value, input(i, i)),
        next(K[1], value, input(i, j)),
        next(K[2], relu.evaluate(K[2], K[2], K[2]).value, input(j, j)),
      ];
    }
    return T;
  };
  const options = { depth: 4, weightVariance: 2, biasVariance: 0.1 } as const;
  const skip = ntk({ ...options, architecture: "skip", skipScale: 0.6 }).gram(X).data;
  const concatenated = ntk({ ...options, architecture: "concatenation" }).gram(X).data;
  for (const [i, j] of [
    [0, 0],
    [0, 1],
    [1, 1],
  ]) {
    expect(Math.abs(skip[2 * i + j] / run(i, j, 0.36, 0) - 1)).toBeLessThan(1e-14);
    expect(Math.abs(concatenated[2 * i + j] / run(i, j, 0, 1) - 1)).toBeLessThan(1e-14);
  }
  // erf takes the general path; a vanishing skip must reproduce the plain kernel on both paths.
  for (const activation of ["relu", "erf"] as const) {
    const plain = ntk({ ...options, activation }).gram(X).data;
    const zero = ntk({ ...options, activation, architecture: "skip", skipScale: 0 }).gram(X).data;
    plain.forEach((value, k) => expect(Math.abs(zero[k] / value - 1)).toBeLessThan(1e-14));
  }
});

test("closed duals against quadrature, error bars included", () => {
  const pairs = [
    [1, 0.5, 1],
    [0.7, -0.2, 1.2],
    [1, 0.999999, 1],
    [1, 1, 1],
    [1, -1, 1],
    [2, 0, 0.5],
    [4, 0.5, 0.1],
  ] as const;
  for (const name of ["relu", "abs", "gelu", "erf", "sine"] as const) {
    for (const [k11, k12, k22] of pairs) {
      const closed = dualActivation(name).evaluate(k11, k12, k22);
      const integrated = dualActivation(name, { method: "quadrature" }).evaluate(k11, k12, k22);
      const error = Math.max(
        Math.abs(closed.value - integrated.value),
        Math.abs(closed.derivative - integrated.derivative),
      );
      expect(error, `${name} ${k11} ${k12} ${k22}`).toBeLessThanOrEqual(closed.error + integrated.error);
      expect(integrated.error).toBeLessThan(1e-12);
    }
  }
  // Variances from where the Hermite expansion converges at once to where the plane is integrated; unequal ones.
  for (const name of ["erf", "gelu", "sine"] as const) {
    const forced = dualActivation(name, { method: "quadrature" });
    for (const [k11, k12, k22] of [
      [0.01, -0.009, 0.01],
      [3, 2.9, 3],
      [6, 1, 0.2],
      [40, 30, 30],
    ]) {
      const closed = dualActivation(name).evaluate(k11, k12, k22);
      const integrated = forced.evaluate(k11, k12, k22);
      expect(Math.abs(closed.value - integrated.value), `${name} ${k11}`).toBeLessThanOrEqual(
        closed.error + integrated.error,
      );
      expect(Math.abs(closed.derivative - integrated.derivative), `${name}′ ${k11}`).toBeLessThanOrEqual(
        closed.error + integrated.error,
      );
    }
  }
  const cube = dualActivation({ polynomial: [0, 0, 0, 1] }).evaluate(2, 0.5, 1.5);
  expect(Math.abs(cube.value - (9 * 0.5 * 2 * 1.5 + 6 * 0.125))).toBeLessThan(1e-14); // E u³v³ = 9 k11 k22 k12 + 6 k12³
  expect(Math.abs(cube.derivative - 9 * (2 * 1.5 + 2 * 0.25))).toBeLessThan(1e-14); // 9 E u²v²
});

test("powers of the rectifier, step, and kinks away from 0: quadrature agrees with closed forms and differences", () => {
  for (const power of [1, 2, 3] as const) {
    const closed = dualActivation({ rectifierPower: power }).evaluate(1, -0.6, 2);
    const f = (x: number): number => Math.max(x, 0) ** power;
    const derivative = (x: number): number => (x > 0 ? power * x ** (power - 1) : 0);
    const integrated = dualActivation(f, { derivative, kinks: [0] }).evaluate(1, -0.6, 2);
    expect(Math.abs(closed.value - integrated.value)).toBeLessThanOrEqual(integrated.error + closed.error);
    expect(Math.abs(closed.derivative - integrated.derivative)).toBeLessThanOrEqual(integrated.error + closed.error);
  }
  const h = 1e-5;
  const step = dualActivation("step");
  const slope = (step.evaluate(1, 0.3 + h, 2).value - step.evaluate(1, 0.3 - h, 2).value) / (2 * h);
  expect(Math.abs(step.evaluate(1, 0.3, 2).derivative - slope)).toBeLessThan(1e-9);
  // Hard tanh: kinks at ±1 take the nested rule; its derivative dual is an orthant-type probability of its own derivative.
  const hard = dualActivation((x) => Math.max(-1, Math.min(1, x)), {
    derivative: (x) => (Math.abs(x) < 1 ? 1 : 0),
    kinks: [-1, 1],
  });
  const value = hard.evaluate(1, 0.5, 1);
  const difference = (hard.evaluate(1, 0.5 + 1e-4, 1).value - hard.evaluate(1, 0.5 - 1e-4, 1).value) / 2e-4;
  expect(Math.abs(value.derivative - difference)).toBeLessThan(1e-7);
  expect(value.error).toBeLessThan(1e-11);
});

test("defaults follow the conventions: value L on the diagonal, echo, and fan-in once variances are given", () => {
  expect(ntk({ depth: 7 }).profile(0)).toBe(7);
  expect(ntk({ depth: 7, normalised: true }).profile(0)).toBe(1);
  const he = ntk({ depth: 3, weightVariance: 2 });
  expect(he.conventions.inputScaling).toBe("fan-in");
  expect(he.conventions.profileNorm).toBe("sqrt(d)");
  expect(he.profile(1)).toBeCloseTo(2 * ntk({ depth: 3 }).profile(1), 14);
  expect(he.gram(fromRows([[1, 2, 2]])).data[0]).toBeCloseTo((2 * 9 * 3) / 3, 13);
  expect(ntk({ depth: 2, activation: "tanh" }).profile(0)).toBeGreaterThan(1);
});

test("angles keep their relative accuracy near 0 and π; points are checked", () => {
  const x = Float64Array.of(1, 0);
  for (const angle of [1e-12, 1e-8, 0.3, 3]) {
    const y = Float64Array.of(5 * Math.cos(angle), 5 * Math.sin(angle));
    expect(Math.abs(angleBetween(x, y) / angle - 1)).toBeLessThan(1e-15);
  }
  expect(angleBetween(x, Float64Array.of(-2, 2e-9))).toBe(Math.PI - 1e-9);
  expect(angleBetween(Float64Array.of(1e-160, 0), Float64Array.of(0, 1e200))).toBeCloseTo(Math.PI / 2, 15);
  expect(() => requireUnitRows(matrix(1, 2, [1, 1]), "X", "caller")).toThrow("caller: X must be of unit rows");
  expect(requirePoints(matrix(1, 2, [1, 1]), "X", "caller").rows).toBe(1);
  expect(() => requirePoints(3, "X", "caller")).toThrow(ArgumentError);
});

test("bad input is refused by name, before any work", () => {
  const X = matrix(2, 2, [1, 0, 0, 1]);
  expect(() => ntk({ depth: 1 })).toThrow("ntk: depth must be an integer >= 2, got 1");
  expect(() => ntk({ depth: 2, biasVariance: -1 })).toThrow(ArgumentError);
  expect(() => ntk({ depth: 2, weightVariance: 0 })).toThrow(ArgumentError);
  expect(() => ntk({ depth: 2, activation: "reluu" as "relu" })).toThrow(OptionError);
  expect(() => ntk({ depth: 2, deep: 3 } as never)).toThrow('ntk: option "deep" must be one of depth');
  expect(() => ntk({ depth: 2, activation: "step" })).toThrow(
    "ntk: activation must be differentiable almost everywhere",
  );
  expect(() => ntk({ depth: 3, parameterisation: "standard" })).toThrow(ShapeError);
  expect(() => ntk({ depth: 3, widths: [4, 4] })).toThrow(OptionError);
  expect(() => nngp({ depth: 3, normalised: true })).toThrow("nngp: option normalised must be given for ntk only");
  expect(() => ntk({ depth: 2 }).gram(matrix(2, 2, [1, 0, 0, 0]))).toThrow(
    "ntk.gram: X must be without zero rows (the angle to the zero vector is undefined), got a zero vector in row 1",
  );
  expect(ntk({ depth: 2, zeroVectors: "zero" }).gram(matrix(2, 2, [1, 0, 0, 0])).data[1]).toBe(0);
  expect(ntk({ depth: 2, biasVariance: 0.1 }).gram(matrix(2, 2, [1, 0, 0, 0])).data[3]).toBeGreaterThan(0);
  expect(() => ntk({ depth: 2 }).gram({ rows: 1, cols: 2, data: Float64Array.of(1, Number.NaN) })).toThrow(
    NonFiniteError,
  );
  expect(() => ntk({ depth: 2 }).cross(X, matrix(1, 3, [1, 2, 3]))).toThrow(
    "ntk.cross: Y must be of 2 columns, as X, got 1 x 3",
  );
  expect(() => ntk({ depth: 2 }).gram(matrix(2, 0))).toThrow(ShapeError);
  expect(() => ntk({ depth: 2 }).profile(4)).toThrow(ArgumentError);
  expect(() => arcCosine(3 as 2)).toThrow(OptionError);
  expect(() => zonalKernel((t) => t).gram(matrix(1, 2, [1, 1]))).toThrow("zonalKernel.gram: X must be of unit rows");
  expect(() => dualActivation("relu").evaluate(1, 1.1, 1)).toThrow(
    "dualActivation: k12 must be at most sqrt(k11 k22) = 1 in modulus",
  );
  expect(() => nngp({ depth: 2, activation: (x: number) => x * x }).gram(X)).not.toThrow();
  expect(() => ntk({ depth: 2, activation: (x: number) => x * x })).toThrow(ArgumentError);
  expect(() => cosineMap(1, "tanh")).toThrow("cosineMap: activation must be of the form a s + b|s|");
  expect(() => deepNarrowNtk({ dimension: 3 }).gram(X)).toThrow(ShapeError);
});
