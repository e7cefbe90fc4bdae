import { expect, test } from "vitest";
import { type Matrix, NonFiniteError, fromRows, productError } from "../../src/core/index.js";
import {
  type DualActivation,
  type DualSource,
  type DualValue,
  type Kernel,
  type NetworkKernelOptions,
  type PairCovariance,
  covarianceOf,
  dualActivation,
  nngp,
  ntk,
} from "../../src/kernels/index.js";
import { eigh } from "../../src/linalg/index.js";
import { createRng, normalMatrix, spherePoints } from "../../src/random/index.js";
import { setRoutinesBackend } from "../../src/routines/index.js";
import { fixture } from "../support/shared.js";

const table = fixture<{
  pairs: readonly (readonly [number, number, number, 1 | -1])[];
  values: Record<string, readonly (readonly [string, string, string])[]>;
}>("kernels/gaps.json");

const sources: Record<string, DualSource> = {
  relu: "relu",
  "leaky-relu": "leaky-relu",
  abs: "abs",
  erf: "erf",
  gelu: "gelu",
  sine: "sine",
  step: "step",
  polynomial: { polynomial: [0.25, 1, -0.5, 0.125] },
  "power 2": { rectifierPower: 2 },
  "power 3": { rectifierPower: 3 },
};

const empty = (): DualValue => ({
  value: 0,
  derivative: 0,
  gap: 0,
  sum: 0,
  excess: 0,
  sineSquared: 0,
  error: 0,
});

/** The pair with all combinations of full relative accuracy. */
function pairOf(k11: number, k22: number, sineSquared: number, sign: 1 | -1): PairCovariance {
  const scale = Math.sqrt(k11) * Math.sqrt(k22);
  const step = (k11 - k22) / (Math.sqrt(k11) + Math.sqrt(k22));
  const small = (step * step) / 2 + (scale * sineSquared) / (1 + Math.sqrt(1 - sineSquared));
  const large = k11 + k22 - small;
  return {
    k11,
    k22,
    k12: sign * scale * Math.sqrt(1 - sineSquared),
    sineSquared,
    gap: sign > 0 ? small : large,
    sum: sign > 0 ? large : small,
    excess: k11 - k22,
  };
}

/** Relative error allowed: formulas of about ten roundings, some of them with conditions of about ten. */
const RELATIVE = 64 * Number.EPSILON;

for (const [name, source] of Object.entries(sources)) {
  test(`images of pairs, 50 digits: gap, sum and difference of variances of ${name} to ${RELATIVE.toExponential(1)} relative`, () => {
    const dual = dualActivation(source);
    const out = empty();
    let worst = 0;
    table.pairs.forEach(([k11, k22, sineSquared, sign], i) => {
      dual.evaluateInto(pairOf(k11, k22, sineSquared, sign), out);
      const expected = table.values[name][i].map(Number);
      const scale = expected[0] + expected[1];
      [out.gap, out.sum, out.excess].forEach((value, k) => {
        const error =
          expected[k] === 0 || Math.abs(expected[k]) < 1e-100
            ? Math.abs(value) / scale
            : Math.abs(value / expected[k] - 1);
        worst = Math.max(worst, error);
        expect(error, `${["gap", "sum", "excess"][k]} at ${table.pairs[i].join(" ")}`).toBeLessThanOrEqual(RELATIVE);
      });
    });
    expect(worst).toBeGreaterThan(0);
  });
}

test("quadrature duals map gaps like the closed forms, near 0, near the ends and between, for steep functions too", () => {
  const [a, b] = [empty(), empty()];
  for (const name of ["erf", "gelu"] as const) {
    const [closed, integrated] = [dualActivation(name), dualActivation(name, { method: "quadrature" })];
    for (const k of name === "erf" ? [1, 30] : [1]) {
      for (const sineSquared of [1e-18, 1e-3, 0.1, 0.9]) {
        for (const ratio of [0, 1e-9, 0.3]) {
          for (const sign of [1, -1] as const) {
            const pair = pairOf(k * (1 + ratio), k, sineSquared, sign);
            closed.evaluateInto(pair, a);
            integrated.evaluateInto(pair, b);
            const at = `${name} ${k} ${sineSquared} ${ratio} ${sign}`;
            for (const key of ["gap", "sum"] as const) {
              expect(Math.abs(b[key] / a[key] - 1), `${key} ${at}`).toBeLessThan(1e-13);
            }
            expect(Math.abs(b.derivative - a.derivative), at).toBeLessThan(1e-13);
            if (ratio > 0) expect(Math.abs(b.excess / a.excess - 1), at).toBeLessThan(1e-13);
          }
        }
      }
    }
  }
  // Kinks at 0 and elsewhere: a gap 1e18 times smaller is 1e18 times smaller, while the values agree to 16 digits.
  const elu = {
    name: "elu",
    value: (x: number) => (x > 0 ? x : Math.expm1(x)),
    derivative: (x: number) => (x > 0 ? 1 : Math.exp(x)),
    kinks: [0],
  };
  const hard = {
    name: "hard tanh",
    value: (x: number) => Math.max(-1, Math.min(1, x)),
    derivative: (x: number) => (Math.abs(x) < 1 ? 1 : 0),
    kinks: [-1, 1],
  };
  for (const phi of [elu, hard]) {
    const dual = dualActivation(phi);
    dual.evaluateInto(pairOf(2, 2, 1e-20, 1), a);
    dual.varianceInto(2, b);
    // gap → ½ E φ′² E (u − v)²: the pair's own gap times E φ′², up to a relative √gap from the kinks.
    expect(Math.abs(a.gap / (1e-20 * b.derivative) - 1), phi.name).toBeLessThan(1e-8);
  }
});

/** Duplicates, antipodes, parallel points and neighbours at the given distance. */
function crowded(distance: number): Matrix {
  const base = normalMatrix(createRng(3), 10, 3);
  const x = base.data.slice();
  const set = (i: number, f: (j: number) => number): void => {
    for (let j = 0; j < 3; j++) x[3 * i + j] = f(j);
  };
  set(1, (j) => x[j]);
  set(2, (j) => x[j] + distance * (j + 1));
  set(3, (j) => -x[j] - distance * [0.3, 1, 2][j]);
  set(4, (j) => 3 * x[15 + j]);
  set(6, (j) => x[j] * (1 + distance));
  set(7, (j) => 1e-3 * x[24 + j]);
  set(9, (j) => x[j] + distance * [1, -1, 0.5][j]);
  return { rows: 10, cols: 3, data: x };
}

/** Smallest eigenvalue over n times the largest diagonal entry. */
function defectOf(kernel: Kernel, X: Matrix): number {
  const K = kernel.gram(X);
  const n = X.rows;
  let largest = 0;
  for (let i = 0; i < n; i++) largest = Math.max(largest, K.data[i * n + i]);
  const scaled = K.data.map((value) => value / largest);
  return eigh({ rows: n, cols: n, data: scaled }, { vectors: false }).values[0] / n;
}

test("positive semidefinite to −1e-14 n of the largest diagonal entry, to depth 20 and weight variance 100, in both back ends", () => {
  const bounded: DualSource[] = ["relu", "abs", "erf", "gelu", "sine"];
  const all: DualSource[] = [...bounded, "step", { polynomial: [0, 1, 0, -0.1] }, { rectifierPower: 2 }];
  let grams = 0;
  let worst = 0;
  for (const backend of ["js", "wasm"] as const) {
    setRoutinesBackend(backend);
    for (const activation of all) {
      for (const architecture of ["plain", "skip", "concatenation"] as const) {
        for (const weightVariance of [0.5, 30, 100]) {
          for (const depth of bounded.includes(activation) || activation === "step" ? [2, 4, 20] : [2]) {
            for (const biasVariance of [0, 0.1]) {
              for (const kind of activation === "step" ? ([nngp] as const) : ([nngp, ntk] as const)) {
                const options: NetworkKernelOptions = { depth, activation, architecture, weightVariance, biasVariance };
                for (const distance of backend === "js" ? [1e-9, 1e-12] : [1e-6]) {
                  grams++;
                  worst = Math.min(worst, defectOf(kind(options), crowded(distance)));
                }
              }
            }
          }
        }
      }
    }
  }
  setRoutinesBackend("auto");
  expect(grams).toBeGreaterThan(1000);
  expect(worst).toBeGreaterThan(-1e-14);
});

test("integrated activations in chaos: the same bound", () => {
  for (const kernel of [
    ntk({ depth: 3, activation: "tanh", weightVariance: 20 }),
    nngp({ depth: 4, activation: "tanh", weightVariance: 5, biasVariance: 0.1 }),
    ntk({ depth: 3, activation: "silu", weightVariance: 5 }),
  ]) {
    const X = crowded(1e-9);
    expect(defectOf(kernel, { rows: 4, cols: 3, data: X.data.slice(0, 12) }), kernel.name).toBeGreaterThan(-1e-14);
  }
});

test("negative control: with gaps by subtraction the bound fails", () => {
  const erf = dualActivation("erf");
  const subtracting: DualActivation = {
    ...erf,
    evaluateInto(pair, out) {
      erf.evaluateInto(covarianceOf(pair.k11, pair.k12, pair.k22), out);
      const image = covarianceOf((out.sum + out.gap + out.excess) / 2, out.value, (out.sum + out.gap - out.excess) / 2);
      Object.assign(out, { gap: image.gap, sum: image.sum, sineSquared: image.sineSquared });
    },
  };
  const options = { depth: 20, weightVariance: 100 } as const;
  expect(defectOf(nngp({ ...options, activation: subtracting }), crowded(1e-9))).toBeLessThan(-1e-12);
  expect(defectOf(nngp({ ...options, activation: erf }), crowded(1e-9))).toBeGreaterThan(-1e-14);
});

test("parallel points of unequal norms keep their angle of 0, nearly parallel ones theirs", () => {
  const X = fromRows([
    [0.3, -1.7, 0.9],
    [0.6, -3.4, 1.8],
    [0.3 + 1e-10, -1.7, 0.9],
  ]);
  const K = nngp({ depth: 2, activation: "step", weightVariance: 2 }).gram(X).data;
  expect(K[1]).toBe(K[0]);
  // The step's kernel is 1 − θ/π, θ² = |x|²|d|² − (x·d)² over |x|⁴ for d = (1e-10, 0, 0) as rounded.
  const d = 0.3 + 1e-10 - 0.3;
  const squared = 0.09 + 1.7 * 1.7 + 0.81;
  const angle = (d * Math.sqrt(squared - 0.09)) / squared;
  expect(Math.abs((K[0] - K[2]) * Math.PI - angle)).toBeLessThan(4 * Number.EPSILON);
  // Products without rounding are what that rests on.
  const p = 0.1 * 0.3;
  expect(productError(0.1, 0.3, p)).toBe(
    Number(BigInt(3602879701896397) * BigInt(5404319552844595) * 2n ** 4n - BigInt(p * 2 ** 57) * 2n ** 56n) *
      2 ** -113,
  );
});

test("kernels beyond double precision are refused, not NaN", () => {
  const kernel = nngp({ depth: 20, activation: { rectifierPower: 3 }, weightVariance: 5 });
  expect(() => kernel.gram(crowded(1e-9))).toThrow(NonFiniteError);
  expect(() => kernel.diagonal(crowded(1e-9))).toThrow("nngp.diagonal: the kernel must be within the range of double");
  expect(() => kernel.profile(1)).toThrow("lower the weight variance, the depth or the norms");
});

test("integrated duals at variances of any small difference: excess and gap as in closed form, also of antipodal pairs", () => {
  const [a, b] = [empty(), empty()];
  for (const name of ["erf", "gelu", "sine"] as const) {
    const [closed, integrated] = [dualActivation(name), dualActivation(name, { method: "quadrature" })];
    for (const k of [0.1, 1.5]) {
      for (const ratio of [1e-12, 0.9e-8, 1.1e-8, 0.9e-5, 1.1e-5, 1e-3]) {
        for (const sign of [1, -1] as const) {
          for (const sineSquared of [1e-18, 1e-3, 0.5]) {
            const pair = pairOf(k * (1 + ratio), k, sineSquared, sign);
            closed.evaluateInto(pair, a);
            integrated.evaluateInto(pair, b);
            const at = `${name} ${k} ${ratio} ${sineSquared} ${sign}`;
            for (const key of ["gap", "sum"] as const) {
              expect(Math.abs(b[key] / a[key] - 1), `${key} ${at}`).toBeLessThan(2e-13);
            }
            // Pairs far apart in angle have their excess to 1e-11 of itself or to rounding of the variances.
            const close = sineSquared < 0.1;
            const allowed = close ? 2e-13 * Math.abs(a.excess) : 5e-11 * Math.abs(a.excess) + 1e-17 * (a.gap + a.sum);
            expect(Math.abs(b.excess - a.excess), `excess ${at}`).toBeLessThanOrEqual(allowed);
          }
        }
      }
    }
  }
});

test("points of one norm up to rounding: a smooth activation is evaluated per point and layer, not per pair", () => {
  const X = spherePoints(createRng(5), 60, 5);
  const evaluations = (n: number): number => {
    let count = 0;
    const counted = {
      name: "counted tanh",
      value: (x: number): number => {
        count++;
        return Math.tanh(x);
      },
      derivative: (x: number): number => {
        count++;
        return 1 - Math.tanh(x) ** 2;
      },
      kinks: [],
    };
    const points = { rows: n, cols: 5, data: X.data.slice(0, 5 * n) };
    nngp({ depth: 3, activation: counted, weightVariance: 1.5, inputScaling: "unit" }).gram(points);
    return count;
  };
  // Twice the points: twice the work. Integrals for every pair would take four times as much.
  expect(evaluations(60) / evaluations(30)).toBeLessThan(2.4);
});
