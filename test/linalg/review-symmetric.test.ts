import { describe, expect, test } from "vitest";
import {
  EPSILON,
  type Matrix,
  NonFiniteError,
  OptionError,
  ResourceError,
  ShapeError,
  fromRows,
  identity,
} from "../../src/core/index.js";
import { createRng, normalMatrix } from "../../src/random/index.js";
import {
  eigh,
  eighHermitian,
  generalizedEigh,
  gram,
  ldl,
  norms,
  reconstructEigh,
  reconstructHermitian,
  reconstructLdl,
  reconstructPencil,
  tridiagonalEigh,
} from "../../src/linalg/index.js";
import { certifyEigen } from "../../src/linalg/eigh-certificate.js";
import { norm2 } from "../../src/linalg/input.js";
import { solveSecular } from "../../src/linalg/secular.js";
import { certifyHermitian, certifyPencil } from "../../src/linalg/vector-certificate.js";
import { naiveProduct, tolerance, within } from "../support/compare.js";
import { fixture } from "../support/shared.js";
import { assemble, randomSymmetric, scaleMatrix, withSpectrum } from "./support.js";

const BOUND = 20;

describe("certificates of eigh", () => {
  test("shifts of subnormal matrices are numbers at which the count is what the certificate says", () => {
    for (let seed = 1; seed <= 40; seed++) {
      const n = 1 + (seed % 4);
      // Integers times the smallest number: the scaled integers have the same eigenvalues, and digits for them.
      const integers = Float64Array.from(randomSymmetric(seed, n).data, (v) => Math.round(9 * v));
      const tiny = { rows: n, cols: n, data: integers.map((v) => v * Number.MIN_VALUE) };
      const exact = eigh({ rows: n, cols: n, data: integers }).values;
      const { certificate } = eigh(tiny, { certificate: true });
      expect(certificate!.complete).toBe(true);
      for (const { shift, expected, found } of certificate!.counts) {
        expect(found).toBe(expected);
        expect(exact.filter((value) => value < shift / Number.MIN_VALUE - 1e-9).length).toBe(expected);
        for (const value of exact) expect(Math.abs(value - shift / Number.MIN_VALUE)).toBeGreaterThan(0.5);
      }
    }
  });

  test("counts in gaps a little wider than the bounds: a pivot may be smaller than the distance to the spectrum", () => {
    const n = 56;
    const wilkinson = assemble(
      Float64Array.from({ length: n }, (_, i) => Math.abs(i - (n - 1) / 2)),
      new Float64Array(n - 1).fill(1),
    );
    const glued = assemble(
      Float64Array.from({ length: 84 }, (_, i) => Math.abs((i % 5) - 2)),
      Float64Array.from({ length: 83 }, (_, i) => (i % 5 === 4 ? 1e-9 : 1)),
    );
    for (const A of [wilkinson, glued]) {
      const { values } = eigh(A, { vectors: false });
      for (let k = 0; k + 4 < A.rows; k += 2) {
        const { certificate } = eigh(A, { range: { indices: [k, k + 3] }, certificate: true });
        const bound = certificate!.errorBounds[0]!;
        const isClear = [k, k + 4].every((j) => j === 0 || values[j]! - values[j - 1]! > 20 * bound);
        if (isClear) expect(certificate!.complete).toBe(true);
        for (const { expected, found } of certificate!.counts) expect(found).toBe(expected);
      }
    }
  });

  test("no shift is reported that leaves the double range", () => {
    const { certificate } = eigh(fromRows([[Number.MAX_VALUE]]), { certificate: true });
    for (const { shift } of certificate!.counts) expect(Number.isFinite(shift)).toBe(true);
    expect(certificate!.complete).toBe(false);
    expect(certificate!.errorBounds.every(Number.isFinite)).toBe(true);
  });

  test("the bound of a part holds for vectors that share one eigenvalue's neighbourhood", () => {
    // Eigenvalues −1, −1, −1, 3 and 100. Unit vectors have Rayleigh quotients 0 and residuals √3, but 3 is farther away.
    const A = fromRows([
      [0, 1, 1, 1, 0],
      [1, 0, 1, 1, 0],
      [1, 1, 0, 1, 0],
      [1, 1, 1, 0, 0],
      [0, 0, 0, 0, 100],
    ]);
    const vectors = { rows: 5, cols: 4, data: identity(5).data.filter((_, k) => k % 5 < 4) };
    const part = { values: new Float64Array(4), first: 0, before: -Infinity, after: 100 };
    const { residualNorms, errorBounds, complete } = certifyEigen(A, norm2(A.data, 0, 25), part, vectors, 1);
    expect(residualNorms[3]).toBeCloseTo(Math.sqrt(3), 12);
    expect(complete).toBe(true);
    for (let j = 0; j < 4; j++) expect(errorBounds[j]).toBeGreaterThanOrEqual(j < 3 ? 1 : 3);
  });
});

describe("foreign oracle: eigenvalues to 60 digits", () => {
  interface Case {
    readonly name: string;
    readonly a: number[][];
    readonly im?: number[][];
    readonly values: [number, number][];
  }
  const { cases } = fixture<{ cases: Case[] }>("linalg/symmetric.json");
  /** |value − exact|, the exact value being the sum of two numbers. */
  const errorOf = (value: number, [near, rest]: [number, number]): number => Math.abs(value - near - rest);

  test.each(cases.filter(({ im }) => im === undefined).map((one) => [one.name, one] as const))("%s", (_name, one) => {
    const A = fromRows(one.a);
    const n = A.rows;
    const scale = tolerance(BOUND, n, eigh(A).norm) + Number.MIN_VALUE;
    eigh(A, { vectors: false }).values.forEach((value, k) => {
      expect(errorOf(value, one.values[k]!)).toBeLessThanOrEqual(scale);
    });
    for (let first = 0; first < n; first++) {
      const range = { indices: [first, Math.max(first, n - 1 - (first >> 1))] } as const;
      const { values, certificate, resolved, norm } = eigh(
        A,
        first === 0 ? { certificate: true } : { certificate: true, range },
      );
      // Nearer to the threshold the flag may fall either way.
      const ratios = one.values.map(([near]) => Math.abs(near) / (n * EPSILON * norm));
      values.forEach((value, k) => {
        const exact = one.values[first + k]!;
        expect(errorOf(value, exact)).toBeLessThanOrEqual(certificate!.errorBounds[k]!);
        expect(certificate!.errorBounds[k]!).toBeLessThanOrEqual(scale + Number.MIN_VALUE);
        const ratio = ratios[first + k]!;
        if (ratio < 0.3 || ratio > 3) expect(resolved[k]).toBe(ratio > 1);
      });
      for (const { shift, expected, found } of certificate!.counts) {
        expect(found).toBe(expected);
        expect(one.values.filter(([near]) => near < shift).length).toBe(expected);
      }
      if (first === 0) expect(certificate!.complete).toBe(true);
    }
  });

  test.each(cases.filter(({ im }) => im !== undefined).map((one) => [one.name, one] as const))("%s", (_name, one) => {
    const A = { re: fromRows(one.a), im: fromRows(one.im!) };
    const { values, certificate, norm } = eighHermitian(A, { certificate: true });
    values.forEach((value, k) => {
      expect(errorOf(value, one.values[k]!)).toBeLessThanOrEqual(certificate!.errorBounds[k]!);
      expect(certificate!.errorBounds[k]!).toBeLessThanOrEqual(
        tolerance(BOUND, A.re.rows, norm) + 2 * Number.MIN_VALUE,
      );
    });
  });
});

describe("ranges", () => {
  test("values of a wide range are those of the whole spectrum", () => {
    for (const n of [1, 3, 40, 130]) {
      const A = randomSymmetric(n, n);
      const all = eigh(A, { vectors: false }).values;
      const half = eigh(A, { vectors: false, range: { indices: [0, n >> 1] } });
      expect(Array.from(half.values)).toEqual(Array.from(all.subarray(0, (n >> 1) + 1)));
      const open = eigh(A, { vectors: false, range: { interval: [-Infinity, Infinity] } });
      expect(Array.from(open.values)).toEqual(Array.from(all));
      expect(open.first).toBe(0);
    }
  });

  test("a zero eigenvalue is +0, however it was found", () => {
    for (const n of [1, 5, 60]) {
      const zero = { rows: n, cols: n, data: new Float64Array(n * n) };
      for (const vectors of [true, false]) {
        const { values } = eigh(zero, { range: { indices: [0, 0] }, vectors });
        expect(Object.is(values[0], 0)).toBe(true);
      }
    }
  });
});

test("the secular equation with poles and weights over fifteen decades: every root to the last digits", () => {
  for (let seed = 1; seed <= 400; seed++) {
    const rng = createRng(seed);
    const count = 2 + (seed % 7);
    const d = Float64Array.from({ length: count }, () => (rng.uniform() < 0.5 ? -1 : 1) * 10 ** (-14 * rng.uniform()));
    d.sort();
    const z = Float64Array.from({ length: count }, () => 10 ** (-13 * rng.uniform()));
    const norm = norm2(z, 0, count);
    for (let j = 0; j < count; j++) z[j]! /= norm;
    if (d.some((value, j) => j > 0 && value - d[j - 1]! < 1e-13)) continue;
    const differences = new Float64Array(count);
    const root = { origin: 0, offset: 0 };
    for (let i = 0; i < count; i++) {
      solveSecular({ count, d, z, inverseRho: 1, squared: false }, i, root, differences, 0);
      // f changes sign within a few roundings of its own terms.
      let value = 1;
      let size = 1;
      let slope = 0;
      for (let j = 0; j < count; j++) {
        const term = (z[j]! * z[j]!) / differences[j]!;
        value += term;
        size += Math.abs(term);
        slope += Math.abs(term / differences[j]!);
      }
      expect(Math.abs(value)).toBeLessThanOrEqual(BOUND * count * EPSILON * (size + slope * Math.abs(root.offset)));
      for (let j = 0; j < count; j++) expect(differences[j]! < 0).toBe(j <= i);
    }
  }
});

describe("certificates of tridiagonal and Hermitian matrices", () => {
  const exact = (n: number): Float64Array =>
    Float64Array.from({ length: n }, (_, k) => 4 * Math.sin(((k + 1) * Math.PI) / (2 * n + 2)) ** 2);

  test.each([0, 1, 2, 31, 70])("second differences of order %i", (n) => {
    const diagonal = new Float64Array(n).fill(2);
    const beside = new Float64Array(Math.max(0, n - 1)).fill(-1);
    const T = tridiagonalEigh(diagonal, beside, { vectors: "full", certificate: true });
    // The same eigenvalues: i and −i beside the diagonal.
    const re = assemble(
      diagonal,
      beside.map(() => 0),
    );
    const im = {
      ...re,
      data: assemble(
        new Float64Array(n),
        beside.map(() => 1),
      ).data,
    };
    for (let i = 1; i < n; i++) im.data[i * n + i - 1] = -1;
    const H = eighHermitian({ re, im }, { certificate: true });
    expect(T.certificate!.complete).toBe(true);
    for (const { values, certificate } of [T, H]) {
      expect(certificate!.backwardError).toBeLessThanOrEqual(tolerance(BOUND, n));
      expect(certificate!.orthogonalityLoss).toBeLessThanOrEqual(tolerance(BOUND, n));
      expect(certificate!.errorBounds.length).toBe(n);
      exact(n).forEach((value, k) => {
        expect(Math.abs(values[k]! - value)).toBeLessThanOrEqual(certificate!.errorBounds[k]!);
        expect(certificate!.errorBounds[k]!).toBeLessThanOrEqual(tolerance(BOUND, n, 3 * Math.sqrt(6 * n)));
      });
    }
  });

  test("in the units of the matrix, subnormal ones too", () => {
    for (const scale of [1e-320, 1e-200, 1e200]) {
      const off = Float64Array.of(scale);
      const { certificate, values } = tridiagonalEigh(Float64Array.of(scale, scale), off, {
        vectors: "full",
        certificate: true,
      });
      expect(certificate!.complete).toBe(true);
      expect(Math.abs(values[1]! - 2 * scale)).toBeLessThanOrEqual(certificate!.errorBounds[1]!);
      expect(certificate!.errorBounds[1]!).toBeLessThanOrEqual(1e-14 * scale + Number.MIN_VALUE);
      const [re, im] = [assemble([scale, scale], [0]), assemble([0, 0], [scale])];
      im.data[2] = -scale;
      const h = eighHermitian({ re, im }, { certificate: true });
      expect(Math.abs(h.values[1]! - 2 * scale)).toBeLessThanOrEqual(h.certificate!.errorBounds[1]!);
      expect(h.certificate!.errorBounds[1]!).toBeLessThanOrEqual(1e-14 * scale + Number.MIN_VALUE);
    }
  });

  test("a wrong value or vector enters the bound", () => {
    const A = { re: randomSymmetric(4, 8), im: { rows: 8, cols: 8, data: new Float64Array(64) } };
    const { values, vectors, norm } = eighHermitian(A);
    const wrong = values.slice();
    wrong[3]! += 1e-5;
    expect(certifyHermitian(A, norm, wrong, vectors).errorBounds[3]).toBeGreaterThan(1e-5);
    const doubled = { re: { ...vectors.re, data: vectors.re.data.map((v) => 2 * v) }, im: vectors.im };
    expect(certifyHermitian(A, norm, values, doubled).errorBounds[0]).toBeGreaterThan(norm);
  });

  test("asked for without vectors it is refused, and never given unasked", () => {
    const [d, e] = [Float64Array.of(1, 2), Float64Array.of(1)];
    for (const vectors of ["none", "first-row"] as const) {
      expect(() => tridiagonalEigh(d, e, { vectors, certificate: true })).toThrow(OptionError);
      expect(() => tridiagonalEigh(d, e, { vectors, certificate: true })).toThrow(
        `tridiagonalEigh: option "certificate" must be used with vectors: "full" (residuals need them), got vectors: "${vectors}"`,
      );
    }
    expect(() => tridiagonalEigh(d, e, { certificate: "no" as never })).toThrow("must be true or false");
    for (const vectors of ["none", "first-row", "full"] as const) {
      expect(tridiagonalEigh(d, e, { vectors }).certificate).toBeNull();
    }
  });
});

describe("certificates of pencils", () => {
  const B = gram(normalMatrix(createRng(2), 6, 20));

  test("a value that underflowed to zero shows", () => {
    const A = scaleMatrix(randomSymmetric(1, 6), 1e-300);
    const { values, certificate } = generalizedEigh(A, scaleMatrix(B, 1e120), { certificate: true });
    expect(Array.from(values, Math.abs)).toEqual([0, 0, 0, 0, 0, 0]);
    expect(certificate!.backwardError).toBeGreaterThan(0.1);
  });

  test("scales at which residuals or norms leave the double range", () => {
    for (const [left, right] of [
      [1e-310, 1],
      [1e-150, 1e150],
      [1e-160, 1e-160],
      [1e150, 1e-150],
      [5e307, 1],
      [5e307, 1e300],
    ] as const) {
      const A = scaleMatrix(randomSymmetric(1, 6), left);
      const scaled = scaleMatrix(B, right);
      const { values, vectors, certificate } = generalizedEigh(A, scaled, { certificate: true });
      const rounding = left < 1e-300 ? 1e-12 : tolerance(BOUND, 6); // of values that are subnormal themselves
      expect(certificate!.backwardError).toBeLessThanOrEqual(rounding);
      const wrong = values.slice();
      wrong[3]! += 1e-3 * values[5]!;
      expect(certifyPencil(A, scaled, wrong, vectors).backwardError).toBeGreaterThan(1e-6);
    }
  });
});

describe("reconstruct… refuses factors that do not fit together", () => {
  const { values, vectors } = eighHermitian({ re: identity(3), im: scaleMatrix(identity(3), 0) });

  test("reconstructHermitian", () => {
    expect(() => reconstructHermitian({ values: values.slice(1), vectors })).toThrow(ShapeError);
    expect(() => reconstructHermitian({ values: values.slice(1), vectors })).toThrow(
      "reconstructHermitian: decomposition.values must be of length 3, one per vector, got length 2",
    );
    const narrow = { re: vectors.re, im: { rows: 2, cols: 2, data: new Float64Array(4) } };
    expect(() => reconstructHermitian({ values, vectors: narrow })).toThrow(
      "reconstructHermitian: decomposition.vectors.im must be 3 x 3, as decomposition.vectors.re, got 2 x 2",
    );
  });

  test("reconstructHermitian of some of the vectors keeps their number of rows", () => {
    const two = (part: Matrix): Matrix => ({ rows: 3, cols: 2, data: part.data.filter((_, k) => k % 3 < 2) });
    const { re } = reconstructHermitian({
      values: values.slice(0, 2),
      vectors: { re: two(vectors.re), im: two(vectors.im) },
    });
    expect([re.rows, re.cols, re.data.length]).toEqual([3, 3, 9]);
  });

  test("reconstructLdl", () => {
    const factors = ldl(randomSymmetric(3, 4));
    expect(() => reconstructLdl({ ...factors, offDiagonal: new Float64Array(1) })).toThrow(
      "reconstructLdl: factorization.offDiagonal must be of length 3, got length 1",
    );
    expect(() => reconstructLdl({ ...factors, l: { rows: 4, cols: 3, data: new Float64Array(12) } })).toThrow(
      "reconstructLdl: factorization.l must be square, got 4 x 3",
    );
    for (const permutation of [Uint32Array.of(0, 1, 2), Uint32Array.of(0, 1, 1, 2), Uint32Array.of(0, 1, 2, 4)]) {
      expect(() => reconstructLdl({ ...factors, permutation })).toThrow(
        "reconstructLdl: factorization.permutation must be a permutation of 0 … 3",
      );
    }
    expect(() => reconstructLdl({ ...factors, permutation: undefined as never })).toThrow("factorization.permutation");
  });

  test("reconstructPencil", () => {
    const pencil = generalizedEigh(randomSymmetric(5, 3), identity(3));
    expect(() => reconstructPencil(pencil, identity(4))).toThrow(
      "reconstructPencil: decomposition.vectors must be 4 x 4, as B, got 3 x 3",
    );
  });

  test("an overflow speaks in the name of the function that was called", () => {
    const huge = { values: Float64Array.of(1e308), vectors: fromRows([[10]]) };
    expect(() => reconstructEigh(huge)).toThrow(NonFiniteError);
    expect(() => reconstructEigh(huge)).toThrow(/^reconstructEigh: /);
    expect(() => reconstructPencil(huge, fromRows([[10]]))).toThrow(/^reconstructPencil: /);
    const im = { rows: 1, cols: 1, data: new Float64Array(1) };
    const complex = { values: huge.values, vectors: { re: huge.vectors, im } };
    expect(() => reconstructHermitian(complex)).toThrow(/^reconstructHermitian: /);
  });
});

test("vectors beyond memory are refused in the name of the function", () => {
  const n = 400_000;
  const [d, e] = [new Float64Array(n), new Float64Array(n - 1)];
  for (const certificate of [false, true]) {
    expect(() => tridiagonalEigh(d, e, { vectors: "full", certificate })).toThrow(ResourceError);
    expect(() => tridiagonalEigh(d, e, { vectors: "full", certificate })).toThrow(
      /^tridiagonalEigh: the (work space|result) must be small enough to allocate, got \d+ numbers/,
    );
  }
});

test("bounds of ranges against the closed form of the second difference", () => {
  const n = 150;
  const A = assemble(new Float64Array(n).fill(2), new Float64Array(n - 1).fill(-1));
  for (const indices of [
    [0, 9],
    [70, 80],
    [140, 149],
  ] as const) {
    const { values, certificate, first } = eigh(A, { range: { indices }, certificate: true });
    expect(certificate!.complete).toBe(true);
    const exact = Float64Array.from(values, (_, k) => 4 * Math.sin(((first + k + 1) * Math.PI) / (2 * n + 2)) ** 2);
    for (let k = 0; k < exact.length; k++) {
      expect(Math.abs(values[k]! - exact[k]!)).toBeLessThanOrEqual(certificate!.errorBounds[k]!);
    }
    expect(within(values, exact, tolerance(BOUND, n, norms(A).frobenius)).ok).toBe(true);
  }
  const clustered = withSpectrum(
    7,
    Array.from({ length: 60 }, (_, i) => (i < 6 ? 1 + 1e-14 * i : 2 + i)),
  );
  const { values, vectors } = eigh(clustered, { range: { indices: [0, 5] }, certificate: true });
  const image = naiveProduct(clustered, vectors);
  for (let k = 0; k < 6 * 60; k++) {
    expect(Math.abs(image.data[k]! - values[k % 6]! * vectors.data[k]!)).toBeLessThanOrEqual(tolerance(BOUND, 60, 300));
  }
});
