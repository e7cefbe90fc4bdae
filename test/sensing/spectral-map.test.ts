import fc from "fast-check";
import { expect, test } from "vitest";
import {
  ArgumentError,
  fromRows,
  identity,
  type Matrix,
  matrix,
  NonFiniteError,
  OptionError,
  ShapeError,
  transpose,
} from "../../src/core/index.js";
import { createRng, normalMatrix } from "../../src/random/index.js";
import {
  oddExtension,
  spectralActivation,
  spectralActivationNames,
  spectralMap,
  spectralMapAdjoint,
  type SpectralActivationName,
} from "../../src/sensing/index.js";
import { frobenius, naiveProduct, tolerance, within } from "../support/compare.js";
import { fixture } from "../support/shared.js";

interface Calculus {
  readonly gamma_table: ReadonlyArray<{
    act: SpectralActivationName;
    a: number;
    b: number;
    gamma_a: number;
    dgamma_a: number;
    Fminus: number;
    Fplus: number | null;
  }>;
  readonly dgamma: ReadonlyArray<{
    act: SpectralActivationName;
    case: string;
    W: number[][];
    G: number[][];
    Gamma: number[][];
    adjoint: number[][];
    tol_abs: number;
  }>;
}
const calculus = fixture<Calculus>("sensing/calculus.json");
const allow = { allowJump: true };

test("activations, their derivatives and divided differences agree with the 30-digit table", () => {
  const RELATIVE = 8 * 2 ** -52;
  for (const row of calculus.gamma_table) {
    const gamma = spectralActivation(row.act, allow);
    for (const [ours, theirs] of [
      [gamma.value(row.a), row.gamma_a],
      [gamma.derivative(row.a), row.dgamma_a],
      [gamma.dividedDifference(row.a, row.b), row.Fminus],
      [gamma.dividedDifference(row.b, row.a), row.Fminus],
    ]) {
      expect(Math.abs(ours - theirs), `${row.act} at ${row.a}, ${row.b}`).toBeLessThanOrEqual(
        RELATIVE * Math.max(Math.abs(theirs), Number.MIN_VALUE),
      );
    }
  }
});

test("divided differences of user functions are good to 1e-15 close by and far apart, where the plain quotient fails", () => {
  const custom = spectralActivation({ value: Math.tanh, derivative: (x) => 1 / Math.cosh(x) ** 2 });
  const exact = spectralActivation("tanh");
  let quotientWorst = 0;
  for (const a of [0, 1e-3, 0.3, 1, 2.5]) {
    for (const delta of [1e-12, 1e-8, 1e-5, 1e-2, 0.0999, 0.1001, 1]) {
      const truth = exact.dividedDifference(a, a + delta);
      expect(Math.abs(custom.dividedDifference(a, a + delta) - truth)).toBeLessThanOrEqual(
        64 * 2 ** -52 * Math.max(truth, 0.1),
      );
      quotientWorst = Math.max(quotientWorst, Math.abs((Math.tanh(a + delta) - Math.tanh(a)) / delta - truth));
    }
  }
  expect(quotientWorst).toBeGreaterThan(1e-6); // negative control: the naive formula is not good enough
});

test("spectral map and adjoint equal the reference, repeated, rank-deficient, tall and wide", () => {
  for (const { act, case: name, W, G, Gamma, adjoint, tol_abs } of calculus.dgamma) {
    const { value, factors } = spectralMap(fromRows(W), act);
    const image = within(value.data, fromRows(Gamma).data, tol_abs);
    expect(image.ok, `${act} ${name} image: ${image.message}`).toBe(true);
    const back = within(spectralMapAdjoint(factors, fromRows(G), act).data, fromRows(adjoint).data, tol_abs);
    expect(back.ok, `${act} ${name} adjoint: ${back.message}`).toBe(true);
  }
});

/** Central difference of ⟨G, Γ(W + tH)⟩. */
function directional(W: Matrix, H: Matrix, G: Matrix, act: SpectralActivationName): number {
  const h = 1e-5;
  const at = (t: number): number => {
    const { value } = spectralMap({ ...W, data: W.data.map((w, i) => w + t * H.data[i]) }, act);
    return value.data.reduce((sum, x, i) => sum + x * G.data[i], 0);
  };
  return (at(h) - at(-h)) / (2 * h);
}

test("adjoint is the derivative and self-adjoint, by differences; the map without its skew part is caught", () => {
  const DIFFERENCE = 1e-8;
  const rng = createRng(3);
  let skewMatters = 0;
  for (const [rows, cols] of [
    [1, 1],
    [3, 3],
    [5, 2],
    [2, 5],
    [6, 6],
  ]) {
    const [W, G, H] = [normalMatrix(rng, rows, cols), normalMatrix(rng, rows, cols), normalMatrix(rng, rows, cols)];
    for (const act of ["tanh", "expsat", "sig0"] as const) {
      const { factors } = spectralMap(W, act);
      const RG = spectralMapAdjoint(factors, G, act);
      const RH = spectralMapAdjoint(factors, H, act);
      const forward = RG.data.reduce((sum, x, i) => sum + x * H.data[i], 0);
      const backward = RH.data.reduce((sum, x, i) => sum + x * G.data[i], 0);
      const scale = frobenius(G) * frobenius(H);
      expect(Math.abs(forward - backward)).toBeLessThanOrEqual(tolerance(32, rows * cols, scale));
      expect(Math.abs(forward - directional(W, H, G, act))).toBeLessThanOrEqual(DIFFERENCE * scale);
      if (rows === cols) {
        // Dropping the skew part is the commonest mistake (it is exact for symmetric W and G only).
        const { u, v, singularValues: s } = factors;
        const T = naiveProduct(naiveProduct(transpose(u), G), v);
        const gamma = spectralActivation(act);
        const R = matrix(
          rows,
          cols,
          T.data.map((_, at) => {
            const i = Math.floor(at / cols);
            const j = at % cols;
            return gamma.dividedDifference(s[i], s[j]) * 0.5 * (T.data[at] + T.data[j * cols + i]);
          }),
        );
        const broken = naiveProduct(naiveProduct(u, R), transpose(v));
        const value = broken.data.reduce((sum, x, i) => sum + x * H.data[i], 0);
        skewMatters = Math.max(skewMatters, Math.abs(value - directional(W, H, G, act)) / scale);
      }
    }
  }
  expect(skewMatters).toBeGreaterThan(1e-2);
});

test("orthogonal covariance, transposition and the odd extension", () => {
  const rng = createRng(11);
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 1, max: 5 }),
      fc.constantFrom(...spectralActivationNames.filter((name) => name !== "sigmoid")),
      fc.constantFrom(1e-150, 1e-8, 1, 1e3),
      (rows, cols, act, scale) => {
        const W = normalMatrix(rng, rows, cols);
        for (let i = 0; i < W.data.length; i++) W.data[i] *= scale;
        if (rows > 1) for (let j = 0; j < cols; j++) W.data[j] = W.data[cols + j]; // repeated row: rank deficient
        const image = spectralMap(W, act);
        const transposed = spectralMap(transpose(W), act);
        // Backward stability: Γ of a matrix within d ε ‖W‖ of W, and sup γ′ <= 1 for all of these.
        const size = Math.max(frobenius(W), Number.MIN_VALUE);
        expect(within(transpose(transposed.value).data, image.value.data, tolerance(64, 5, size)).ok).toBe(true);
        const { factors } = image;
        const gram = naiveProduct(transpose(factors.u), factors.u);
        expect(within(gram.data, identity(factors.singularValues.length).data, tolerance(64, 5)).ok).toBe(true);
      },
    ),
    { numRuns: 60 },
  );
  const signed = spectralMap(
    fromRows([
      [-2, 0],
      [0, 0.5],
    ]),
    "softsat",
  ).value;
  expect(within(signed.data, [-2 / 3, 0, 0, 1 / 3], 4e-16).ok).toBe(true);
  expect(oddExtension(spectralActivation("softsat"), -2)).toBe(-2 / 3);
  expect(oddExtension(spectralActivation("sigmoid", allow), 0)).toBe(0);
});

test("the zero matrix and the scaled identity are exact", () => {
  const G = fromRows([
    [1, 2],
    [3, 4],
  ]);
  const zero = spectralMap(matrix(2, 2), "tanh");
  expect(Array.from(zero.value.data)).toEqual([0, 0, 0, 0]);
  expect(Array.from(spectralMapAdjoint(zero.factors, G, "tanh").data)).toEqual([1, 2, 3, 4]);
  const tiny = spectralMap(
    fromRows([
      [1e-8, 0],
      [0, 1e-8],
    ]),
    "tanh",
  );
  expect(within(spectralMapAdjoint(tiny.factors, G, "tanh").data, G.data, 1e-14).ok).toBe(true);
});

test("γ(0) ≠ 0 is refused with the reason; forced, the derivative blows up like 1/s", () => {
  expect(() => spectralMap(identity(2), "sigmoid")).toThrow(
    'spectralActivation: name must be an activation with γ(0) = 0, got "sigmoid" with γ(0) = 0.5; the map would jump at every rank-deficient matrix and its derivative blow up like γ(0)/s; use sig0 = tanh(x/2) instead of sigmoid, or pass allowJump: true to see it happen',
  );
  const G = fromRows([
    [0, 1],
    [-1, 0],
  ]);
  const norms = [1e-2, 1e-4].map((s) => {
    const { factors } = spectralMap(
      fromRows([
        [s, 0],
        [0, s],
      ]),
      "sigmoid",
      allow,
    );
    return frobenius(spectralMapAdjoint(factors, G, "sigmoid", allow));
  });
  expect(Math.abs(norms[1] / norms[0] - 100)).toBeLessThan(1);
});

test("bad input is refused", () => {
  const { factors } = spectralMap(identity(2), "tanh");
  expect(() => spectralMap(identity(2), "relu" as never)).toThrow(OptionError);
  expect(() => spectralMap(identity(2), { value: (x: number) => x } as never)).toThrow(ArgumentError);
  expect(() => spectralMap(matrix(1, 2, Float64Array.of(NaN, 1)), "tanh")).toThrow(NonFiniteError);
  expect(() => spectralMapAdjoint(factors, matrix(2, 3), "tanh")).toThrow(
    "spectralMapAdjoint: G must be 2 x 2, the shape of W, got 2 x 3",
  );
  expect(() => spectralMapAdjoint(factors, matrix(2, 3), "tanh")).toThrow(ShapeError);
  expect(() => spectralMap(identity(2), "tanh", { force: true } as never)).toThrow(OptionError);
});
