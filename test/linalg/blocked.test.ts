import { describe, expect, test } from "vitest";
import { EPSILON, type Matrix, fromRows, identity, transpose } from "../../src/core/index.js";
import {
  conditionEstimate,
  eig,
  eigh,
  eighHermitian,
  inertia,
  ldl,
  logDeterminant,
  lu,
  matmul,
  norms,
  orthogonalMatrix,
  pivotedQr,
  qr,
  reconstructHermitian,
  reconstructLdl,
  reconstructLu,
  reconstructPivotedQr,
  schur,
  solve,
  svd,
} from "../../src/linalg/index.js";
import { createRng, normalMatrix } from "../../src/random/index.js";
import { setRoutinesBackend } from "../../src/routines/index.js";
import { tolerance, within } from "../support/compare.js";
import { differenceRatio, hilbert, randomSymmetric, scaleMatrix, symmetrize, withSpectrum } from "./support.js";

const BOUND = 20;

function tabulate(rows: number, cols: number, f: (i: number, j: number) => number): Matrix {
  return { rows, cols, data: Float64Array.from({ length: rows * cols }, (_, k) => f(Math.floor(k / cols), k % cols)) };
}

function sameBits(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  return a.length === b.length && Array.from(a).every((entry, k) => Object.is(entry, b[k]));
}

describe("recursive LU", () => {
  /** Textbook elimination with partial pivoting, row by row. */
  function textbook(A: Matrix): { u: Float64Array; permutation: number[] } {
    const n = A.rows;
    const u = A.data.slice();
    const permutation = Array.from({ length: n }, (_, i) => i);
    for (let k = 0; k < n; k++) {
      let p = k;
      for (let i = k + 1; i < n; i++) if (Math.abs(u[i * n + k]!) > Math.abs(u[p * n + k]!)) p = i;
      [permutation[k], permutation[p]] = [permutation[p]!, permutation[k]!];
      for (let j = 0; j < n; j++) [u[k * n + j], u[p * n + j]] = [u[p * n + j]!, u[k * n + j]!];
      for (let i = k + 1; i < n; i++) {
        const factor = u[i * n + k]! / u[k * n + k]!;
        for (let j = k; j < n; j++) u[i * n + j]! -= factor * u[k * n + j]!;
      }
    }
    return { u, permutation };
  }

  test.each([15, 16, 17, 31, 32, 33, 47, 48, 49, 80, 95, 96, 97, 130].map((n) => [n]))(
    "order %i: pivots and U of textbook elimination",
    (n) => {
      const A = normalMatrix(createRng(n), n, n);
      const { condition } = conditionEstimate(A);
      const { u, permutation } = lu(A);
      const twin = textbook(A);
      expect(Array.from(permutation)).toEqual(twin.permutation);
      const upper = twin.u.map((entry, k) => (k % n >= Math.floor(k / n) ? entry : 0));
      expect(within(u.data, upper, tolerance(BOUND, n, condition)).ok).toBe(true);
      const b = normalMatrix(createRng(n + 1), n, 2);
      const [one, two] = [
        solve(A, b),
        solve(
          A,
          Float64Array.from({ length: n }, (_, i) => b.data[2 * i]!),
        ),
      ];
      const first = Float64Array.from({ length: n }, (_, i) => one.data[2 * i]!);
      expect(within(two, first, tolerance(BOUND, n, condition)).ok).toBe(true);
    },
  );

  test("largest growth: Wilkinson's matrix gives 2^(n − 1), exactly", () => {
    const n = 45;
    const A = tabulate(n, n, (i, j) => (i === j || j === n - 1 ? 1 : i > j ? -1 : 0));
    const f = lu(A);
    expect(f.u.data[n * n - 1]).toBe(2 ** (n - 1));
    expect(sameBits(reconstructLu(f).data, A.data)).toBe(true);
    expect(logDeterminant(A).logModulus).toBeCloseTo((n - 1) * Math.LN2, 12);
  });

  test("a zero column in the middle of a panel is named, and the factors still give A", () => {
    for (const zero of [0, 15, 16, 20, 39]) {
      const A = tabulate(40, 40, (i, j) => (j === zero ? 0 : Math.cos(i * 40 + j)));
      const f = lu(A);
      expect(f.singularAt).toBe(zero);
      expect(differenceRatio(A, reconstructLu(f))).toBeLessThanOrEqual(BOUND);
      expect(logDeterminant(A).sign).toBe(0);
      expect(() => solve(A, A)).toThrow(`a zero at pivot ${zero} of the elimination`);
    }
  });

  test("Hilbert, graded and rank-deficient matrices are reconstructed; so are scales from subnormal to 1e300", () => {
    const graded = tabulate(60, 60, (i, j) => Math.sin(i * 60 + j + 1) * 10 ** (-(i + 2 * j) / 6));
    const flat = matmul(normalMatrix(createRng(3), 50, 7), normalMatrix(createRng(4), 7, 50));
    for (const A of [hilbert(40), graded, flat, normalMatrix(createRng(5), 50, 50)]) {
      for (const factor of [1, 2 ** -500, 2 ** 500, 2 ** -1020, 2 ** 1000]) {
        const scaled = scaleMatrix(A, factor);
        const again = reconstructLu(lu(scaled));
        expect(differenceRatio(scaleMatrix(scaled, 1 / factor), scaleMatrix(again, 1 / factor))).toBeLessThanOrEqual(
          factor === 2 ** -1020 ? 1e3 : BOUND, // U itself is rounded to subnormal numbers there
        );
      }
    }
  });

  test("solutions and determinants do not depend on the scale of A", () => {
    const A = normalMatrix(createRng(6), 40, 40);
    const b = normalMatrix(createRng(7), 40, 3);
    const x = solve(A, b).data;
    const { logModulus } = logDeterminant(A);
    for (const exponent of [-1000, -500, 500, 1000]) {
      const factor = 2 ** exponent;
      expect(sameBits(solve(scaleMatrix(A, factor), scaleMatrix(b, factor)).data, x)).toBe(true);
      const scaled = logDeterminant(scaleMatrix(A, factor)).logModulus;
      expect(Math.abs(scaled - 40 * exponent * Math.LN2 - logModulus)).toBeLessThanOrEqual(1e-10);
    }
  });

  test("negative control: the verdict sees one exchange that was forgotten", () => {
    const A = normalMatrix(createRng(8), 40, 40);
    const f = lu(A);
    const wrong = f.permutation.slice();
    [wrong[17], wrong[18]] = [wrong[18]!, wrong[17]!];
    expect(differenceRatio(A, reconstructLu({ ...f, permutation: wrong }))).toBeGreaterThan(1e6);
  });
});

describe("blocked Hermitian reduction", () => {
  const imaginaryPart = (seed: number, n: number): Matrix => {
    const G = normalMatrix(createRng(seed), n, n);
    const T = transpose(G).data;
    return { rows: n, cols: n, data: G.data.map((v, k) => 0.5 * (v - T[k]!)) };
  };

  /** Largest error of A = V Λ Vᴴ and of Vᴴ V = I, in n ε ‖A‖ and n ε. */
  function verdict(re: Matrix, im: Matrix, result: ReturnType<typeof eighHermitian>): number {
    const n = re.rows;
    const V = result.vectors!;
    const again = reconstructHermitian({ values: result.values, vectors: V });
    const ofIm = matmul(V.im, V.im, { transposeA: true }).data;
    const gramRe = matmul(V.re, V.re, { transposeA: true }).data.map((entry, k) => entry + ofIm[k]!);
    const cross = matmul(V.re, V.im, { transposeA: true });
    let worst = 0;
    for (let k = 0; k < n * n; k++) {
      const mirrored = cross.data[(k % n) * n + Math.floor(k / n)]!;
      worst = Math.max(
        worst,
        Math.abs(gramRe[k]! - (k % (n + 1) === 0 ? 1 : 0)) / (n * EPSILON),
        Math.abs(cross.data[k]! - mirrored) / (n * EPSILON),
      );
      if (result.norm === 0) continue;
      worst = Math.max(worst, Math.abs(again.re.data[k]! - re.data[k]!) / result.norm / (n * EPSILON));
      worst = Math.max(worst, Math.abs(again.im.data[k]! - im.data[k]!) / result.norm / (n * EPSILON));
    }
    return worst;
  }

  test.each([15, 16, 17, 31, 33, 47, 49, 64, 65, 66, 130].map((n) => [n]))(
    "order %i: residual and orthogonality, the same bits in both back ends",
    (n) => {
      const [re, im] = [randomSymmetric(n, n), imaginaryPart(n + 1, n)];
      const fast = eighHermitian({ re, im });
      expect(verdict(re, im, fast)).toBeLessThanOrEqual(BOUND);
      setRoutinesBackend("js");
      const plain = eighHermitian({ re, im });
      setRoutinesBackend("auto");
      expect(sameBits(plain.values, fast.values)).toBe(true);
      expect(sameBits(plain.vectors.re.data, fast.vectors.re.data)).toBe(true);
      expect(sameBits(plain.vectors.im.data, fast.vectors.im.data)).toBe(true);
    },
  );

  test("the spectrum is that of the real embedding, each value once", () => {
    const n = 40;
    const [re, im] = [randomSymmetric(1, n), imaginaryPart(2, n)];
    const doubled = eigh(
      tabulate(2 * n, 2 * n, (i, j) => {
        const part = i < n === j < n ? re : im;
        const entry = part.data[(i % n) * n + (j % n)]!;
        return i < n && j >= n ? -entry : entry;
      }),
      { vectors: false },
    );
    const { values, norm } = eighHermitian({ re, im }, { vectors: false });
    const repeated = Array.from(doubled.values, (_, k) => values[k >> 1]!);
    expect(within(repeated, doubled.values, tolerance(BOUND, n, norm)).ok).toBe(true);
  });

  test("phases: D A Dᴴ has the same spectrum, and an imaginary matrix is as good as a real one", () => {
    const n = 35;
    const S = randomSymmetric(3, n);
    const angle = (i: number): number => i * i * 0.7;
    const re = tabulate(n, n, (i, j) => S.data[i * n + j]! * Math.cos(angle(i) - angle(j)));
    const im = tabulate(n, n, (i, j) => S.data[i * n + j]! * Math.sin(angle(i) - angle(j)));
    const { values, norm } = eigh(S);
    const turned = eighHermitian({ re: symmetrize(re), im });
    expect(within(turned.values, values, tolerance(BOUND, n, norm)).ok).toBe(true);
    expect(verdict(re, im, turned)).toBeLessThanOrEqual(BOUND);
    const only = imaginaryPart(4, n);
    const none = { rows: n, cols: n, data: new Float64Array(n * n) };
    const result = eighHermitian({ re: none, im: only });
    expect(verdict(none, only, result)).toBeLessThanOrEqual(BOUND);
    // The spectrum of i K, K real and antisymmetric, is symmetric about zero.
    const mirrored = result.values.map((value) => -value).reverse();
    expect(within(mirrored, result.values, tolerance(BOUND, n, result.norm)).ok).toBe(true);
  });

  test("degenerate, rank-one, diagonal, decoupled and zero matrices, at scales from subnormal to 1e150", () => {
    const n = 40;
    const u = normalMatrix(createRng(5), n, 2);
    const outer = (i: number, j: number, p: number, q: number): number => u.data[2 * i + p]! * u.data[2 * j + q]!;
    const rankOne = {
      re: tabulate(n, n, (i, j) => outer(i, j, 0, 0) + outer(i, j, 1, 1)),
      im: tabulate(n, n, (i, j) => outer(i, j, 1, 0) - outer(i, j, 0, 1)),
    };
    const reflected = {
      re: tabulate(n, n, (i, j) => (i === j ? 1 : 0) - rankOne.re.data[i * n + j]! / 10),
      im: scaleMatrix(rankOne.im, -0.1),
    };
    const blocks = {
      re: tabulate(n, n, (i, j) => (i === j ? i : 0)),
      im: tabulate(n, n, (i, j) => (i % 3 === 0 && j === i + 1 ? -2 : j % 3 === 0 && i === j + 1 ? 2 : 0)),
    };
    const zero = { re: scaleMatrix(identity(n), 0), im: scaleMatrix(identity(n), 0) };
    const [S, K] = [randomSymmetric(6, n), imaginaryPart(7, n)];
    const graded = {
      re: tabulate(n, n, (i, j) => S.data[i * n + j]! * 10 ** (-(i + j) / 5)),
      im: tabulate(n, n, (i, j) => K.data[i * n + j]! * 10 ** (-(i + j) / 5)),
    };
    for (const { re, im } of [rankOne, reflected, blocks, zero, graded]) {
      for (const factor of [1, 1e-150, 1e150]) {
        const [x, y] = [scaleMatrix(re, factor), scaleMatrix(im, factor)];
        expect(verdict(x, y, eighHermitian({ re: x, im: y }))).toBeLessThanOrEqual(BOUND);
      }
      const tiny = 2 ** -1030; // entries become multiples of the smallest subnormal number
      const [x, y] = [scaleMatrix(re, tiny), scaleMatrix(im, tiny)];
      const { values, vectors } = eighHermitian({ re: x, im: y });
      expect(values.every(Number.isFinite)).toBe(true);
      expect(verdict(zero.re, zero.im, { ...eighHermitian(zero), vectors })).toBeLessThanOrEqual(BOUND);
    }
    expect(eighHermitian(rankOne).resolved.filter(Boolean).length).toBe(1);
  });

  test("entries whose phases are subnormal within a matrix of size one", () => {
    const n = 20;
    const re = tabulate(n, n, (i, j) => (i === j ? 1 + i : Math.abs(i - j) === 1 ? 3e-320 : 0));
    const im = tabulate(n, n, (i, j) =>
      i - j === 1 ? 2e-320 : j - i === 1 ? -2e-320 : i - j === 2 ? 1e-321 : j - i === 2 ? -1e-321 : 0,
    );
    expect(verdict(re, im, eighHermitian({ re, im }))).toBeLessThanOrEqual(BOUND);
  });

  test("negative control: conjugate vectors fail", () => {
    const [re, im] = [randomSymmetric(8, 30), imaginaryPart(9, 30)];
    const result = eighHermitian({ re, im });
    const vectors = { ...result.vectors, im: scaleMatrix(result.vectors.im, -1) };
    expect(verdict(re, im, { ...result, vectors })).toBeGreaterThan(1e6);
  });
});

describe("blocked Bunch–Kaufman", () => {
  const withZeroDiagonal = (seed: number, n: number): Matrix => {
    const S = randomSymmetric(seed, n);
    return { ...S, data: S.data.map((entry, k) => (k % (n + 1) === 0 ? 0 : entry)) };
  };

  test.each([46, 47, 48, 49, 50, 95, 96, 97, 98, 145].map((n) => [n]))(
    "order %i: reconstruction with many 2 x 2 pivots, inertia of the spectrum, the same bits in both back ends",
    (n) => {
      const A = withZeroDiagonal(n, n);
      const f = ldl(A, { certificate: true });
      expect(f.offDiagonal.some((entry) => entry !== 0)).toBe(true);
      expect(differenceRatio(A, reconstructLdl(f))).toBeLessThanOrEqual(BOUND);
      const { values } = eigh(A, { vectors: false });
      const { negative, zero, positive } = inertia(A);
      expect([negative, zero, positive]).toEqual([
        values.filter((v) => v < 0).length,
        0,
        values.filter((v) => v > 0).length,
      ]);
      const middle = 0.5 * (values[n >> 2]! + values[(n >> 2) + 1]!);
      expect(inertia(A, { shift: middle }).negative).toBe((n >> 2) + 1);
      setRoutinesBackend("js");
      const plain = ldl(A);
      setRoutinesBackend("auto");
      expect(sameBits(plain.l.data, f.l.data)).toBe(true);
      expect(sameBits(plain.diagonal, f.diagonal)).toBe(true);
      expect(sameBits(plain.permutation, f.permutation)).toBe(true);
    },
  );

  test("saddle points: [H B; Bᵀ 0] has as many negative eigenvalues as constraints", () => {
    for (const [m, k] of [
      [30, 25],
      [70, 31],
      [100, 100],
    ] as const) {
      const n = m + k;
      const B = normalMatrix(createRng(m), m, k);
      const H = withSpectrum(
        m,
        Array.from({ length: m }, (_, i) => 10 ** (-i / 20)),
      );
      const A = tabulate(n, n, (i, j) => {
        if (i < m && j < m) return H.data[i * m + j]!;
        if (i >= m && j >= m) return 0;
        return i < m ? B.data[i * k + j - m]! : B.data[j * k + i - m]!;
      });
      expect(inertia(A)).toMatchObject({ negative: k, zero: 0, positive: m });
      expect(differenceRatio(A, reconstructLdl(ldl(A)))).toBeLessThanOrEqual(BOUND);
    }
  });

  test("singular matrices: zero eigenvalues are counted as zero, also in pairs", () => {
    for (const [minus, none, plus] of [
      [0, 60, 0],
      [3, 57, 0],
      [20, 40, 20],
      [0, 30, 1],
      [40, 1, 40],
    ] as const) {
      const n = minus + none + plus;
      // B diag(±1, 0) Bᵀ with small integers: exactly singular, exactly represented.
      const Q = tabulate(n, n, (i, j) => (i === j ? 1 : i > j ? ((i * 7 + j * 3) % 3) - 1 : 0));
      const D = (i: number): number => (i < minus ? -1 : i < minus + none ? 0 : 1);
      const order = Array.from({ length: n }, (_, i) => (i * 37) % n);
      const scaled = { ...Q, data: Q.data.map((entry, k) => entry * D(order[k % n]!)) };
      const A = matmul(scaled, Q, { transposeB: true });
      expect(inertia(A), `${minus} ${none} ${plus}`).toMatchObject({ negative: minus, zero: none, positive: plus });
      expect(differenceRatio(A, reconstructLdl(ldl(A)))).toBeLessThanOrEqual(BOUND);
    }
    const antidiagonal = tabulate(51, 51, (i, j) => (i + j === 50 ? 1 : 0));
    expect(inertia(antidiagonal)).toMatchObject({ negative: 25, zero: 0, positive: 26 });
    expect(sameBits(reconstructLdl(ldl(antidiagonal)).data, antidiagonal.data)).toBe(true);
  });

  test("a 2 x 2 pivot far below the rest counts as two zeros", () => {
    const A = fromRows([
      [1, 0, 0],
      [0, 0, 1e-20],
      [0, 1e-20, 0],
    ]);
    expect(inertia(A)).toMatchObject({ negative: 0, zero: 2, positive: 1 });
    expect(inertia(scaleMatrix(A, 1e-150))).toMatchObject({ negative: 0, zero: 2, positive: 1 });
  });

  test("graded and Hilbert matrices at scales 2^±500: reconstruction and signs", () => {
    const S = randomSymmetric(2, 80);
    const graded = tabulate(80, 80, (i, j) => S.data[i * 80 + j]! * 10 ** (-(i + j) / 8));
    for (const A of [graded, hilbert(60), withZeroDiagonal(3, 70)]) {
      for (const factor of [1, 2 ** -500, 2 ** 500]) {
        const scaled = scaleMatrix(A, factor);
        expect(differenceRatio(scaled, reconstructLdl(ldl(scaled)))).toBeLessThanOrEqual(BOUND);
        expect(inertia(scaled).negative).toBe(inertia(A).negative);
      }
    }
  });

  test("negative control: an off-diagonal entry of D that is dropped shows", () => {
    const A = withZeroDiagonal(4, 60);
    const f = ldl(A);
    expect(differenceRatio(A, reconstructLdl({ ...f, offDiagonal: f.offDiagonal.map(() => 0) }))).toBeGreaterThan(1e6);
  });

  test("Sylvester: Q A Qᵀ has the inertia of A", () => {
    const A = withZeroDiagonal(5, 90);
    const Q = orthogonalMatrix(createRng(6), 90);
    const turned = symmetrize(matmul(matmul(Q, A), Q, { transposeB: true }));
    const { negative, positive } = inertia(A);
    expect(inertia(turned)).toMatchObject({ negative, positive });
  });
});

describe("blocked Hessenberg reduction and windows of the QR sweep", () => {
  const companion = (n: number): Matrix => tabulate(n, n, (i, j) => (i === j + 1 ? 1 : j === n - 1 && i === 0 ? 1 : 0));

  test.each([23, 24, 25, 26, 27, 33, 34, 35, 50, 51, 66, 67, 98, 130].map((n) => [n]))(
    "order %i: A = Q T Qᵀ, and eigenvalues alone are those of the form with vectors",
    (n) => {
      const A = normalMatrix(createRng(n), n, n);
      const f = schur(A, { certificate: true });
      expect(f.certificate!.backwardError).toBeLessThanOrEqual(tolerance(BOUND, n));
      expect(f.certificate!.orthogonalityLoss).toBeLessThanOrEqual(tolerance(BOUND, n));
      for (let i = 0; i < n; i++) {
        expect(f.t.data.subarray(i * n, i * n + Math.max(0, i - 1)).every((entry) => entry === 0)).toBe(true);
        if (i > 1) expect(Math.abs(f.t.data[i * n + i - 1]! * f.t.data[(i - 1) * n + i - 2]!)).toBe(0);
      }
      const [full, alone] = [eig(A, { vectors: true }), eig(A)];
      expect(Math.max(...full.residualNorms)).toBeLessThanOrEqual(tolerance(BOUND, n, norms(A).frobenius));
      const { condition } = conditionEstimate({ rows: n, cols: n, data: full.vectors.re.data }); // of the vectors, roughly
      expect(within(alone.real, full.real, tolerance(BOUND, n, condition)).ok).toBe(true);
    },
  );

  test("roots of unity, triangles, already reduced and decoupled matrices", () => {
    const n = 60;
    const roots = eig(companion(n));
    const moduli = Array.from(roots.real, (x, k) => Math.hypot(x, roots.imaginary[k]!));
    expect(within(moduli, new Float64Array(n).fill(1), tolerance(BOUND, n)).ok).toBe(true);
    const G = normalMatrix(createRng(1), n, n);
    const triangle = tabulate(n, n, (i, j) => (i <= j ? G.data[i * n + j]! : 0));
    const diagonal = (A: Matrix): number[] => Array.from({ length: n }, (_, i) => A.data[i * (n + 1)]!);
    expect(diagonal(schur(triangle).t)).toEqual(diagonal(triangle));
    for (const A of [
      triangle,
      tabulate(n, n, (i, j) => (i <= j + 1 ? G.data[i * n + j]! : 0)),
      tabulate(n, n, (i, j) => (i < 30 === j < 30 ? G.data[i * n + j]! : 0)),
      tabulate(n, n, (i, j) => (i + j === n - 1 ? 1 : 0)),
      tabulate(n, n, (i, j) => G.data[i * n + j]! * 10 ** ((i - 2 * j) / 10)),
      matmul(normalMatrix(createRng(2), n, 3), normalMatrix(createRng(3), 3, n)),
    ]) {
      for (const factor of [1, 1e-150, 1e150]) {
        const scaled = scaleMatrix(A, factor);
        const f = schur(scaled, { certificate: true });
        expect(f.certificate!.backwardError).toBeLessThanOrEqual(tolerance(BOUND, n));
        expect(f.certificate!.orthogonalityLoss).toBeLessThanOrEqual(tolerance(BOUND, n));
      }
    }
  });

  test("A similar to a known spectrum, with pairs, repeated and zero eigenvalues", () => {
    const n = 72;
    const Q = orthogonalMatrix(createRng(4), n);
    // Normal: blocks [a b; −b a] on the diagonal, some with b = 0.
    const D = tabulate(n, n, (i, j) => {
      const block = i >> 1;
      if (i === j) return block % 5;
      return i >> 1 === j >> 1 && block % 3 !== 0 ? (i < j ? 1 + block : -1 - block) : 0;
    });
    const A = matmul(matmul(Q, D), Q, { transposeB: true });
    const { real, imaginary } = eig(A);
    const wanted = Array.from({ length: n }, (_, i) => {
      const b = (i >> 1) % 3 === 0 ? 0 : 1 + (i >> 1);
      return [(i >> 1) % 5, i % 2 === 0 ? b : -b] as const;
    });
    // Each wanted eigenvalue takes the nearest one that is left.
    const left = Array.from(real, (x, k) => [x, imaginary[k]!] as const);
    for (const [x, y] of wanted) {
      const distances = left.map(([u, v]) => Math.hypot(u - x, v - y));
      const nearest = distances.indexOf(Math.min(...distances));
      expect(distances[nearest]!).toBeLessThanOrEqual(tolerance(BOUND, n, norms(A).frobenius));
      left.splice(nearest, 1);
    }
  });
});

describe("blocked QR with column pivoting", () => {
  /** Gram–Schmidt twice with exact remaining norms: the pivots of the definition. */
  function textbookPivots(A: Matrix): number[] {
    const { rows, cols } = A;
    const columns = Array.from({ length: cols }, (_, j) =>
      Float64Array.from({ length: rows }, (_, i) => A.data[i * cols + j]!),
    );
    const order = Array.from({ length: cols }, (_, j) => j);
    const inner = (x: Float64Array, y: Float64Array): number => x.reduce((sum, entry, i) => sum + entry * y[i]!, 0);
    for (let k = 0; k < Math.min(rows, cols); k++) {
      const sizes = columns.slice(k).map((x) => inner(x, x));
      const pivot = k + sizes.indexOf(Math.max(...sizes));
      [columns[k], columns[pivot]] = [columns[pivot]!, columns[k]!];
      [order[k], order[pivot]] = [order[pivot]!, order[k]!];
      const size = Math.sqrt(inner(columns[k]!, columns[k]!));
      const q = columns[k]!.map((entry) => entry / size);
      for (let j = k + 1; j < cols; j++) {
        for (let pass = 0; pass < 2; pass++) {
          const share = inner(q, columns[j]!);
          columns[j] = columns[j]!.map((entry, i) => entry - share * q[i]!);
        }
      }
    }
    return order;
  }

  test.each(
    [
      [31, 31],
      [32, 33],
      [33, 32],
      [64, 64],
      [65, 40],
      [40, 97],
      [100, 100],
      [130, 70],
    ].map(([m, n]) => [m!, n!] as const),
  )("%i x %i: the pivots of the definition, A P = Q R, the same bits in both back ends", (m, n) => {
    const A = normalMatrix(createRng(m * n), m, n);
    const f = pivotedQr(A, { certificate: true });
    expect(Array.from(f.permutation)).toEqual(textbookPivots(A));
    expect(f.rank).toBe(Math.min(m, n));
    expect(f.certificate!.backwardError).toBeLessThanOrEqual(tolerance(BOUND, Math.max(m, n)));
    expect(f.certificate!.orthogonalityLoss).toBeLessThanOrEqual(tolerance(BOUND, Math.max(m, n)));
    setRoutinesBackend("js");
    const plain = pivotedQr(A);
    setRoutinesBackend("auto");
    expect(sameBits(plain.r.data, f.r.data)).toBe(true);
    expect(sameBits(plain.q.data, f.q.data)).toBe(true);
  });

  test("ranks, graded columns, Kahan's matrix, and columns whose norms cancel in the middle of a panel", () => {
    const n = 70;
    const G = normalMatrix(createRng(1), n, n);
    const low = matmul(normalMatrix(createRng(2), n, 37), normalMatrix(createRng(3), 37, n));
    expect(pivotedQr(low).rank).toBe(37);
    const [s, c] = [Math.sin(1.2), Math.cos(1.2)];
    const kahan = tabulate(n, n, (i, j) => (i > j ? 0 : s ** i * (i === j ? 1 : -c) * (1 - j * 1e-12)));
    const nearly = tabulate(n, n, (i, j) => G.data[i * n + (j % 20)]! + 1e-9 * G.data[i * n + j]!);
    const graded = tabulate(n, n, (i, j) => G.data[i * n + j]! * 10 ** (-4 * (j % 7)));
    for (const A of [low, kahan, nearly, graded]) {
      for (const factor of [1, 1e-150, 1e150]) {
        const scaled = scaleMatrix(A, factor);
        const { q, r, permutation } = pivotedQr(scaled);
        const again = reconstructPivotedQr({ q, r, permutation });
        let worst = 0; // columnwise
        for (let j = 0; j < n; j++) {
          const column = (M: Matrix): number[] => Array.from({ length: n }, (_, i) => M.data[i * n + j]! / factor);
          const [x, y] = [column(scaled), column(again)];
          worst = Math.max(worst, Math.hypot(...x.map((entry, i) => entry - y[i]!)) / Math.hypot(...x));
        }
        expect(worst).toBeLessThanOrEqual(tolerance(BOUND, n));
        // Each pivot is the largest of what was left: |R_ii|² >= Σ_k>=i R_kj² for every later column.
        const slack = tolerance(BOUND, n, norms(A).frobenius);
        let violations = 0;
        for (let j = 0; j < n; j++) {
          let squares = 0;
          for (let i = j; i >= 0; i--) {
            squares += (r.data[i * n + j]! / factor) ** 2;
            if (Math.sqrt(squares) > (r.data[i * (n + 1)]! / factor) * (1 + 1e-7) + slack) violations++;
          }
        }
        expect(violations).toBe(0);
      }
    }
    // Twenty columns carry everything: the norms of the other fifty drop by 1e9 together, within a panel.
    const f = pivotedQr(nearly, { rankTolerance: 1e-7 });
    expect(f.rank).toBe(20);
    const exact = Math.abs(pivotedQr(nearly).r.data[25 * (n + 1)]!);
    expect(exact).toBeLessThan(1e-7);
    expect(exact).toBeGreaterThan(1e-10);
  });
});

describe("blocked QR and SVD at the edges of their panels", () => {
  test.each(
    [
      [47, 47],
      [48, 48],
      [49, 49],
      [56, 55],
      [57, 96],
      [97, 96],
      [145, 97],
      [129, 128],
    ].map(([m, n]) => [m!, n!] as const),
  )("%i x %i: A = Q R and A = U S Vᵀ with orthonormal factors, the same bits in both back ends", (m, n) => {
    const A = normalMatrix(createRng(m + 1000 * n), m, n);
    const run = (): Float64Array[] => {
      const [f, g] = [qr(A, { certificate: true }), svd(A, { certificate: true })];
      for (const { certificate } of [f, g]) {
        expect(certificate!.backwardError).toBeLessThanOrEqual(tolerance(BOUND, Math.max(m, n)));
        expect(certificate!.orthogonalityLoss).toBeLessThanOrEqual(tolerance(BOUND, Math.max(m, n)));
      }
      return [f.q.data, f.r.data, g.u.data, g.singularValues, g.v.data];
    };
    const fast = run();
    setRoutinesBackend("js");
    const plain = run();
    setRoutinesBackend("auto");
    expect(plain.every((array, k) => sameBits(array, fast[k]!))).toBe(true);
  });
});
