import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Matrix, fromRows, identity } from "../../src/core/index.js";
import { createRng, normalMatrix } from "../../src/random/index.js";
import {
  departureFromNormality,
  eig,
  eigh,
  eighHermitian,
  expm,
  generalizedEigh,
  gram,
  matmul,
  matrixFunction,
  norms,
  numericalAbscissa,
  reconstructHermitian,
  orthogonalMatrix,
  spectralRadius,
} from "../../src/linalg/index.js";
import { maxDifference, tolerance, within, withinRelative } from "../support/compare.js";
import { fixture } from "../support/shared.js";
import {
  differenceRatio,
  hilbert,
  randomSymmetric,
  residualRatio,
  scaleMatrix,
  symmetrize,
  withSpectrum,
} from "./support.js";

const BOUND = 20;

describe("eig", () => {
  test("foreign oracle: LAPACK, real and complex", () => {
    const { general } = fixture<{ general: { a: number[][]; real: number[]; imaginary: number[] }[] }>(
      "linalg/lapack.json",
    );
    for (const { a, real, imaginary } of general) {
      const A = fromRows(a);
      const result = eig(A);
      const allowed = tolerance(50, A.rows, norms(A).frobenius);
      expect(within(result.real, real, allowed).ok).toBe(true);
      expect(within(result.imaginary, imaginary, allowed).ok).toBe(true);
      expect(result.vectors).toBeNull();
    }
  });

  test("properties: residuals, unit vectors, pairs, trace, order", () => {
    const arbitrary = fc.record({
      n: fc.integer({ min: 0, max: 40 }),
      kind: fc.constantFrom("normal", "integers", "companion", "graded", "triangular", "sparse"),
      exponent: fc.constantFrom(0, 0, -150, 150),
      seed: fc.integer({ min: 1, max: 1_000_000 }),
    });
    fc.assert(
      fc.property(arbitrary, ({ n, kind, exponent, seed }) => {
        let A: Matrix = normalMatrix(createRng(seed), n, n);
        if (kind === "integers") A = { ...A, data: A.data.map(Math.round) };
        if (kind === "sparse") A = { ...A, data: A.data.map((v) => (v > 1.3 ? v : 0)) }; // often reducible and defective
        if (kind === "graded") A = { ...A, data: A.data.map((v, k) => v * 2 ** (Math.floor(k / n) - (k % n))) };
        if (kind === "triangular") A = { ...A, data: A.data.map((v, k) => (k % n >= Math.floor(k / n) ? v : 0)) };
        if (kind === "companion")
          A = { ...A, data: A.data.map((v, k) => (k < n ? v : Math.floor(k / n) === (k % n) + 1 ? 1 : 0)) };
        A = scaleMatrix(A, 10 ** exponent);
        const { real, imaginary, vectors, residualNorms } = eig(A, { vectors: true });
        const norm = norms(A).frobenius;
        let trace = 0;
        for (let i = 0; i < n; i++) {
          trace += (A.data[i * n + i]! - real[i]!) / (norm || 1);
          // Balancing may pay for small eigenvalues with residuals relative to the norm of the balanced matrix only.
          if (kind !== "graded" && residualNorms[i]! > tolerance(BOUND, n) * norm) return false;
          let squares = 0;
          for (let k = 0; k < n; k++) squares += vectors.re.data[k * n + i]! ** 2 + vectors.im.data[k * n + i]! ** 2;
          if (Math.abs(squares - 1) > tolerance(BOUND, n)) return false;
          if (i > 0 && Math.hypot(real[i]!, imaginary[i]!) > Math.hypot(real[i - 1]!, imaginary[i - 1]!) * (1 + 1e-15))
            return false;
          if (imaginary[i]! > 0 && imaginary[i + 1] !== -imaginary[i]!) return false;
        }
        return Math.abs(trace) <= tolerance(50, n);
      }),
      { numRuns: 80 },
    );
  });

  test("rotation, nilpotent, Jordan, identity, permutation", () => {
    const rotation = eig(
      fromRows([
        [0.6, -0.8],
        [0.8, 0.6],
      ]),
    );
    expect(within(rotation.real, [0.6, 0.6], tolerance(2, 2)).ok).toBe(true);
    expect(within(rotation.imaginary, [0.8, -0.8], tolerance(2, 2)).ok).toBe(true);
    expect(
      Array.from(
        eig(
          fromRows([
            [0, 1],
            [0, 0],
          ]),
        ).real,
      ),
    ).toEqual([0, 0]);
    expect(Array.from(eig(identity(5)).real)).toEqual([1, 1, 1, 1, 1]);
    const zero = eig(scaleMatrix(identity(4), 0), { vectors: true });
    expect(Array.from(zero.residualNorms)).toEqual([0, 0, 0, 0]);
    expect(maxDifference(zero.vectors.re.data, identity(4).data)).toBe(0);
    // Cyclic shift: the n-th roots of unity, all of modulus one; the double shift alone would not move.
    const n = 9;
    const shift = {
      rows: n,
      cols: n,
      data: Float64Array.from({ length: n * n }, (_, k) => (Math.floor(k / n) === ((k % n) + 1) % n ? 1 : 0)),
    };
    const { real, imaginary } = eig(shift);
    for (let j = 0; j < n; j++) {
      const turns = (Math.atan2(imaginary[j]!, real[j]!) * n) / (2 * Math.PI);
      expect(Math.abs(turns - Math.round(turns))).toBeLessThanOrEqual(tolerance(50, n));
      expect(Math.abs(Math.hypot(real[j]!, imaginary[j]!) - 1)).toBeLessThanOrEqual(tolerance(50, n));
    }
  });

  test("Frank 12: ill-conditioned small eigenvalues, to the specification's 1e-5", () => {
    const { frank } = fixture<{ frank: { eigenvalues_desc: number[] } }>("linalg/reference.json");
    const n = 12;
    const data = Float64Array.from({ length: n * n }, (_, k) => {
      const i = Math.floor(k / n) + 1;
      const j = (k % n) + 1;
      return j >= i - 1 ? n + 1 - Math.max(i, j) : 0;
    });
    expect(withinRelative(eig({ rows: n, cols: n, data }).real, frank.eigenvalues_desc, 1e-5).ok).toBe(true);
  });

  test("similarity by a diagonal of 2^±50 changes nothing: balancing undoes it", () => {
    const A = normalMatrix(createRng(5), 12, 12);
    const scaled = { ...A, data: A.data.map((v, k) => v * 2 ** (10 * ((Math.floor(k / 12) % 5) - ((k % 12) % 5)))) };
    const reference = eig(A);
    expect(within(eig(scaled).real, reference.real, tolerance(200, 12, norms(A).frobenius)).ok).toBe(true);
    expect(maxDifference(eig(scaled, { balance: false }).real, reference.real)).toBeGreaterThan(1e-8);
  });
});

describe("reference matrices of the specification", () => {
  const {
    matrices,
    rosser,
    hilbert: hilbert12,
    laplacian,
    graded,
    clustered,
  } = fixture<{
    matrices: Record<string, Record<string, never>>;
    rosser: { A: number[][]; eigenvalues_desc: number[] };
    hilbert: { eigenvalues_desc: number[] };
    laplacian: { eigenvalues_extreme: number[] };
    graded: { eigenvalues_desc: number[] };
    clustered: { diag: number[] };
  }>("linalg/reference.json");
  const relative = 1e-13; // tolerance of the specification's ledger for norms

  test.each(Object.keys(matrices))("%s", (name) => {
    const m = matrices[name] as unknown as Record<string, number> & {
      A: number[][];
      singular_values: number[];
      eigenvalues_re_im_desc_abs?: number[][];
    };
    const A = fromRows(m.A);
    const n = norms(A, { spectral: true });
    const pairs: [number, number][] = [
      [n.frobenius, m["frobenius"]!],
      [n.one, m["norm_1_operator"]!],
      [n.infinity, m["norm_inf_operator"]!],
      [n.columnSum, m["norm_2_1_cols"]!],
      [n.rowSum, m["norm_2_1_rows"]!],
      [n.spectral!, m["spectral_norm"]!],
      [n.nuclear!, m["nuclear"]!],
    ];
    for (const [actual, expected] of pairs)
      expect(Math.abs(actual - expected)).toBeLessThanOrEqual(relative * expected);
    if (m.eigenvalues_re_im_desc_abs === undefined) return;
    // A Jordan block has errors near ε^{1/3}: the specification's 1e-5 for nonnormal_3, 1e-8 elsewhere.
    const eigenvalueTolerance = (name === "nonnormal_3" ? 1e-5 : 1e-8) * n.frobenius;
    expect(Math.abs(spectralRadius(A) - m["spectral_radius"]!)).toBeLessThanOrEqual(eigenvalueTolerance);
    expect(Math.abs(numericalAbscissa(A) - m["numerical_abscissa"]!)).toBeLessThanOrEqual(relative * n.frobenius);
    // The reference subtracts squares, so for normal matrices it is rounding of size sqrt(ε) ‖A‖: the squares agree.
    const { departure, roundingLevel } = departureFromNormality(A);
    const squares = (departure / n.frobenius) ** 2 - (m["departure_from_normality_fro"]! / n.frobenius) ** 2;
    expect(n.frobenius === 0 ? 0 : Math.abs(squares)).toBeLessThanOrEqual(tolerance(BOUND, A.rows));
    if (["identity_4", "rotation_2", "hilbert_6", "diag_neg_dominant", "scalar_neg"].includes(name)) {
      expect(departure).toBeLessThanOrEqual(roundingLevel);
    }
  });

  test("Rosser, Hilbert 12, Laplacian 50, Clement 12, graded 8, clustered", () => {
    const check = (A: Matrix, descending: readonly number[]): void => {
      const verdict = within(eigh(A).values, [...descending].reverse(), tolerance(BOUND, A.rows, norms(A).frobenius));
      expect(verdict.ok, verdict.message).toBe(true);
    };
    check(fromRows(rosser.A), rosser.eigenvalues_desc);
    check(hilbert(12), hilbert12.eigenvalues_desc);
    const tridiagonal = (n: number, d: (i: number) => number, e: (i: number) => number): Matrix => ({
      rows: n,
      cols: n,
      data: Float64Array.from({ length: n * n }, (_, k) => {
        const i = Math.floor(k / n);
        const j = k % n;
        return i === j ? d(i) : Math.abs(i - j) === 1 ? e(Math.min(i, j)) : 0;
      }),
    });
    check(
      tridiagonal(
        12,
        () => 0,
        (i) => Math.sqrt((i + 1) * (11 - i)),
      ),
      [11, 9, 7, 5, 3, 1, -1, -3, -5, -7, -9, -11],
    );
    check(
      tridiagonal(
        8,
        (i) => 10 ** (-2 * i),
        (i) => 10 ** (-2 * i - 1),
      ),
      graded.eigenvalues_desc,
    );
    check(
      tridiagonal(
        12,
        (i) => clustered.diag[i]!,
        () => 0,
      ),
      [...clustered.diag].sort((a, b) => b - a),
    );
    const { values } = eigh(
      tridiagonal(
        50,
        () => 2,
        () => -1,
      ),
    );
    expect(
      within([values[49]!, values[48]!, values[1]!, values[0]!], laplacian.eigenvalues_extreme, tolerance(BOUND, 50, 4))
        .ok,
    ).toBe(true);
  });
});

describe("normality", () => {
  test("inequalities and closed forms", () => {
    for (let seed = 1; seed <= 10; seed++) {
      const A = normalMatrix(createRng(seed), 8, 8);
      const { spectral, frobenius } = norms(A, { spectral: true });
      expect(spectralRadius(A)).toBeLessThanOrEqual(spectral! * (1 + tolerance(BOUND, 8)));
      expect(numericalAbscissa(A)).toBeLessThanOrEqual(spectral! * (1 + tolerance(BOUND, 8)));
      const { real, imaginary } = eig(A);
      const squares = real.reduce((sum, x, i) => sum + x * x + imaginary[i]! ** 2, 0);
      const { departure, relative } = departureFromNormality(A);
      expect(Math.abs(departure ** 2 - (frobenius ** 2 - squares))).toBeLessThanOrEqual(
        tolerance(200, 8, frobenius ** 2),
      );
      expect(relative).toBe(departure / frobenius);
    }
    expect(
      spectralRadius(
        fromRows([
          [1, 0, 0],
          [0, -3, 0],
          [0, 0, 2],
        ]),
      ),
    ).toBe(3);
    expect(spectralRadius(fromRows([]))).toBe(0);
    expect(numericalAbscissa(fromRows([]))).toBe(-Infinity);
    const normal = departureFromNormality(orthogonalMatrix(createRng(3), 20));
    expect(normal.departure).toBeLessThanOrEqual(normal.roundingLevel);
    expect(departureFromNormality(fromRows([[0]])).relative).toBe(0);
  });
});

describe("Hermitian and generalised problems", () => {
  const residual = (re: Matrix, im: Matrix, values: Float64Array, vr: Matrix, vi: Matrix): number => {
    const ar = matmul(re, vr).data.map((entry, k) => entry - matmul(im, vi).data[k]!);
    const ai = matmul(re, vi).data.map((entry, k) => entry + matmul(im, vr).data[k]!);
    const n = values.length;
    let worst = 0;
    for (let k = 0; k < n * n; k++) {
      worst = Math.max(
        worst,
        Math.abs(ar[k]! - values[k % n]! * vr.data[k]!),
        Math.abs(ai[k]! - values[k % n]! * vi.data[k]!),
      );
    }
    return worst;
  };

  test("foreign oracle and identities", () => {
    const { hermitian } = fixture<{ hermitian: { re: number[][]; im: number[][]; values: number[] } }>(
      "linalg/lapack.json",
    );
    const A = { re: fromRows(hermitian.re), im: fromRows(hermitian.im) };
    expect(within(eighHermitian(A).values, hermitian.values, tolerance(BOUND, 7, 10)).ok).toBe(true);
  });

  test.each([[0], [1], [2], [3], [20], [33], [40]])("order %i: A V = V Λ, VᴴV = I, values alone, phases", (n) => {
    const G = normalMatrix(createRng(n + 60), n, n);
    const H = normalMatrix(createRng(n + 61), n, n);
    const re = symmetrize(G);
    const im = { ...H, data: H.data.map((v, k) => 0.5 * (v - H.data[(k % n) * n + Math.floor(k / n)]!)) };
    const result = eighHermitian({ re, im }, { certificate: true });
    const { values, vectors, norm } = result;
    expect(residual(re, im, values, vectors.re, vectors.im)).toBeLessThanOrEqual(tolerance(BOUND, n, norm));
    expect(result.certificate!.backwardError).toBeLessThanOrEqual(tolerance(BOUND, n));
    expect(result.certificate!.orthogonalityLoss).toBeLessThanOrEqual(tolerance(BOUND, n));
    const again = reconstructHermitian(result);
    expect(within(again.re.data, re.data, tolerance(BOUND, n, norm)).ok).toBe(true);
    expect(within(again.im.data, im.data, tolerance(BOUND, n, norm)).ok).toBe(true);
    const gramRe = matmul(vectors.re, vectors.re, { transposeA: true }).data.map(
      (entry, k) => entry + matmul(vectors.im, vectors.im, { transposeA: true }).data[k]!,
    );
    const gramIm = matmul(vectors.re, vectors.im, { transposeA: true }).data.map(
      (entry, k) => entry - matmul(vectors.im, vectors.re, { transposeA: true }).data[k]!,
    );
    expect(within(gramRe, identity(n).data, tolerance(BOUND, n)).ok).toBe(true);
    expect(within(gramIm, new Float64Array(n * n), tolerance(BOUND, n)).ok).toBe(true);
    expect(within(eighHermitian({ re, im }, { vectors: false }).values, values, tolerance(BOUND, n, norm)).ok).toBe(
      true,
    );
    for (let j = 0; j < n; j++) {
      let at = j;
      for (let k = j; k < n * n; k += n) {
        if (
          Math.hypot(vectors.re.data[k]!, vectors.im.data[k]!) >
          Math.hypot(vectors.re.data[at]!, vectors.im.data[at]!) * (1 + 1e-12)
        )
          at = k;
      }
      expect(vectors.re.data[at]!).toBeGreaterThan(0);
      expect(vectors.im.data[at]).toBe(0);
    }
  });

  test("a Hermitian matrix whose columns have tails far below their pivots", () => {
    const n = 6;
    const entry = (i: number, j: number): number => 10 ** (-5 * Math.abs(i - j)) * (1 + 0.1 * (i + j));
    const re = {
      rows: n,
      cols: n,
      data: Float64Array.from({ length: n * n }, (_, k) => entry(Math.floor(k / n), k % n)),
    };
    const im = {
      rows: n,
      cols: n,
      data: Float64Array.from(
        { length: n * n },
        (_, k) => Math.sign((k % n) - Math.floor(k / n)) * entry(Math.floor(k / n), k % n),
      ),
    };
    const { values, vectors, norm } = eighHermitian({ re, im });
    expect(residual(re, im, values, vectors.re, vectors.im)).toBeLessThanOrEqual(tolerance(BOUND, n, norm));
  });

  test("degenerate Hermitian: a multiple pair does not double, a real matrix gives eigh", () => {
    const re = withSpectrum(9, [1, 1, 1, 2, 2]);
    const zero = { rows: 5, cols: 5, data: new Float64Array(25) };
    const { values, vectors } = eighHermitian({ re, im: zero });
    expect(within(values, [1, 1, 1, 2, 2], tolerance(BOUND, 5, 2)).ok).toBe(true);
    expect(residual(re, zero, values, vectors.re, vectors.im)).toBeLessThanOrEqual(tolerance(BOUND, 5, 4));
    const huge = eighHermitian({ re: scaleMatrix(re, 1e200), im: zero });
    expect(
      within(
        huge.values.map((v) => v / 1e200),
        values,
        tolerance(BOUND, 5, 2),
      ).ok,
    ).toBe(true);
  });

  test("pencil: LAPACK values, A X = B X Λ, Xᵀ B X = I, scales", () => {
    const { pencil } = fixture<{ pencil: { a: number[][]; b: number[][]; values: number[] } }>("linalg/lapack.json");
    const A = fromRows(pencil.a);
    const B = fromRows(pencil.b);
    for (const [sa, sb] of [
      [1, 1],
      [1e-150, 1e100],
      [1e120, 1e-120],
    ] as const) {
      const { values, vectors } = generalizedEigh(scaleMatrix(A, sa), scaleMatrix(B, sb));
      expect(
        within(
          values.map((v) => (v / sa) * sb),
          pencil.values,
          tolerance(BOUND, 9, 20),
        ).ok,
      ).toBe(true);
      const BX = matmul(scaleMatrix(B, sb), vectors);
      expect(
        within(
          matmul(vectors, BX, { transposeA: true }).data,
          identity(9).data,
          tolerance(BOUND, 9, norms(B).frobenius),
        ).ok,
      ).toBe(true);
    }
    const { values, vectors, certificate } = generalizedEigh(A, B, { certificate: true });
    expect(certificate!.backwardError).toBeLessThanOrEqual(tolerance(BOUND, 9));
    expect(certificate!.orthogonalityLoss).toBeLessThanOrEqual(tolerance(BOUND, 9, norms(B).frobenius));
    expect(Math.max(...certificate!.residualNorms)).toBeGreaterThan(0);
    const AX = matmul(A, vectors).data;
    const BX = matmul(B, vectors).data.map((entry, k) => entry * values[k % 9]!);
    expect(within(AX, BX, tolerance(BOUND, 9, norms(A).frobenius * 3)).ok).toBe(true);
    expect(generalizedEigh(A, B, { vectors: false }).vectors).toBeNull();
    expect(within(generalizedEigh(A, identity(9)).values, eigh(A).values, tolerance(BOUND, 9, 20)).ok).toBe(true);
  });
});

describe("matrix functions", () => {
  test("expm: SciPy, nilpotent, rotation, inverse, semigroup", () => {
    const { expm: cases } = fixture<{ expm: { a: number[][]; expm: number[][] }[] }>("linalg/lapack.json");
    for (const { a, expm: expected } of cases) {
      const A = fromRows(a);
      const E = fromRows(expected);
      // Condition of the exponential: at most exp of the norm's excess over the abscissa, bounded here by ‖A‖.
      const allowed = tolerance(50, A.rows, norms(E).frobenius * (1 + norms(A).one));
      const verdict = within(expm(A).data, E.data, allowed);
      expect(verdict.ok, verdict.message).toBe(true);
    }
    expect(
      Array.from(
        expm(
          fromRows([
            [0, 3],
            [0, 0],
          ]),
        ).data,
      ),
    ).toEqual([1, 3, 0, 1]);
    expect(
      Array.from(
        expm(
          fromRows([
            [0, 0],
            [0, 0],
          ]),
        ).data,
      ),
    ).toEqual([1, 0, 0, 1]);
    expect(expm(fromRows([])).rows).toBe(0);
    const angle = 20;
    const rotation = expm(
      fromRows([
        [0, -angle],
        [angle, 0],
      ]),
    ).data;
    expect(
      within(rotation, [Math.cos(angle), -Math.sin(angle), Math.sin(angle), Math.cos(angle)], tolerance(50, 2, angle))
        .ok,
    ).toBe(true);
    const A = normalMatrix(createRng(70), 6, 6);
    const product = matmul(expm(A), expm(scaleMatrix(A, -1)));
    expect(
      within(
        product.data,
        identity(6).data,
        tolerance(200, 6, norms(expm(A)).frobenius * norms(expm(scaleMatrix(A, -1))).frobenius),
      ).ok,
    ).toBe(true);
  });

  test("symmetric functions: definitions", () => {
    const P = gram(normalMatrix(createRng(71), 12, 20));
    const n = 12;
    const norm = norms(P).frobenius;
    const root = matrixFunction(P, "sqrt");
    expect(within(matmul(root, root).data, P.data, tolerance(BOUND, n, norm)).ok).toBe(true);
    const inverse = matrixFunction(P, "inverse");
    const cond = norm * norms(inverse).frobenius;
    expect(within(matmul(inverse, P).data, identity(n).data, tolerance(BOUND, n, cond)).ok).toBe(true);
    const half = matrixFunction(P, "inverse-sqrt");
    expect(within(matmul(matmul(half, P), half).data, identity(n).data, tolerance(BOUND, n, cond)).ok).toBe(true);
    const log = matrixFunction(P, "log");
    expect(within(matrixFunction(log, "exp").data, P.data, tolerance(BOUND, n, norm * 10)).ok).toBe(true);
    const S = randomSymmetric(72, n);
    expect(within(matrixFunction(S, "exp").data, expm(S).data, tolerance(BOUND, n, norms(expm(S)).frobenius)).ok).toBe(
      true,
    );
    const sign = matrixFunction(S, "sign");
    expect(within(matmul(sign, sign).data, identity(n).data, tolerance(BOUND, n)).ok).toBe(true);
    expect(
      differenceRatio(
        S,
        matrixFunction(S, (x) => x),
      ),
    ).toBeLessThanOrEqual(BOUND);
    expect(
      maxDifference(
        root.data,
        Float64Array.from(root.data, (_, k) => root.data[(k % n) * n + Math.floor(k / n)]!),
      ),
    ).toBe(0);
    // A rank-deficient square root takes zero where the eigenvalue may be zero.
    const deficient = matrixFunction(
      fromRows([
        [1, 1],
        [1, 1],
      ]),
      "sqrt",
    );
    expect(within(deficient.data, new Array(4).fill(Math.SQRT1_2), tolerance(BOUND, 2)).ok).toBe(true);
  });
});

test("residual helper sees a wrong vector (negative control)", () => {
  const A = randomSymmetric(73, 10);
  const { values, vectors } = eigh(A);
  expect(residualRatio(A, values, { ...vectors, data: vectors.data.map((v) => Math.fround(v)) })).toBeGreaterThan(
    BOUND,
  );
});
