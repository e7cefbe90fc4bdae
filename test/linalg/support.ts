import fc from "fast-check";
import { EPSILON, type Matrix } from "../../src/core/index.js";
import { createRng, normalMatrix } from "../../src/random/index.js";
import { matmul, norms, orthogonalMatrix } from "../../src/linalg/index.js";
import { naiveProduct } from "../support/compare.js";

/** Sizes around the block edges of the folder: QL leaves 32, panels 32 and 64, GEMM tiles. */
export const EDGE_SIZES: readonly number[] = [0, 1, 2, 3, 7, 8, 31, 32, 33, 63, 64, 65, 97];

/** (A + Aᵀ)/2 of a normal matrix. */
export function randomSymmetric(seed: number, n: number): Matrix {
  return symmetrize(normalMatrix(createRng(seed), n, n));
}

export function symmetrize(G: Matrix): Matrix {
  const n = G.rows;
  return { rows: n, cols: n, data: G.data.map((entry, k) => 0.5 * (entry + G.data[(k % n) * n + Math.floor(k / n)]!)) };
}

/** Q diag(values) Qᵀ with a Haar-random Q. */
export function withSpectrum(seed: number, values: ArrayLike<number>): Matrix {
  const n = values.length;
  const Q = orthogonalMatrix(createRng(seed), n);
  const scaled = { rows: n, cols: n, data: Q.data.map((entry, k) => entry * values[k % n]!) };
  return symmetrize(matmul(scaled, Q, { transposeB: true }));
}

export function scaleMatrix(A: Matrix, factor: number): Matrix {
  return { rows: A.rows, cols: A.cols, data: A.data.map((entry) => entry * factor) };
}

/** Tridiagonal matrix in full. */
export function assemble(diagonal: ArrayLike<number>, offDiagonal: ArrayLike<number>): Matrix {
  const n = diagonal.length;
  const data = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    data[i * n + i] = diagonal[i]!;
    if (i + 1 < n) data[i * n + i + 1] = data[(i + 1) * n + i] = offDiagonal[i]!;
  }
  return { rows: n, cols: n, data };
}

/** max_j ‖A v_j − λ_j v_j‖₂ / (n ε ‖A‖_F), by a plain product; 0 / 0 counts as 0. */
export function residualRatio(A: Matrix, values: Float64Array, V: Matrix): number {
  const n = A.rows;
  const norm = norms(A).frobenius;
  // Brought near one first: the squares of the residuals of a 1e-150 matrix would vanish and prove nothing.
  const scale = norm === 0 ? 1 : 2 ** -Math.max(-1000, Math.min(1000, Math.floor(Math.log2(norm))));
  const product = naiveProduct(scaleMatrix(A, scale), V);
  let worst = 0;
  for (let j = 0; j < V.cols; j++) {
    let sum = 0;
    for (let i = 0; i < n; i++) {
      const entry = product.data[i * V.cols + j]! - values[j]! * scale * V.data[i * V.cols + j]!;
      sum += entry * entry;
    }
    const ratio = sum === 0 ? 0 : Math.sqrt(sum) / (n * EPSILON * norm * scale);
    if (!(ratio <= worst)) worst = Number.isNaN(ratio) ? Infinity : ratio;
  }
  return worst;
}

/** ‖A − B‖_max / (n ε ‖A‖_F); 0 / 0 counts as 0. */
export function differenceRatio(A: Matrix, B: Matrix): number {
  let worst = A.data.length === B.data.length ? 0 : Infinity;
  for (let k = 0; k < A.data.length; k++) {
    const difference = Math.abs(A.data[k]! - B.data[k]!);
    if (!(difference <= worst)) worst = Number.isNaN(difference) ? Infinity : difference;
  }
  if (worst === 0) return 0;
  return worst / (Math.max(A.rows, A.cols) * EPSILON * norms(A).frobenius);
}

export function hilbert(n: number): Matrix {
  return {
    rows: n,
    cols: n,
    data: Float64Array.from({ length: n * n }, (_, k) => 1 / (Math.floor(k / n) + (k % n) + 1)),
  };
}

/** The symmetric matrices on which eigh must hold its bounds, by name. */
export function hardSymmetric(): ReadonlyMap<string, Matrix> {
  const range = (n: number, f: (i: number) => number): number[] => Array.from({ length: n }, (_, i) => f(i));
  const map = new Map<string, Matrix>();
  map.set(
    "Wilkinson W21+",
    assemble(
      range(21, (i) => Math.abs(i - 10)),
      range(20, () => 1),
    ),
  );
  map.set(
    "Wilkinson W101+",
    assemble(
      range(101, (i) => Math.abs(i - 50)),
      range(100, () => 1),
    ),
  );
  map.set(
    "glued Wilkinson",
    assemble(
      range(105, (i) => Math.abs((i % 21) - 10)),
      range(104, (i) => (i % 21 === 20 ? 1e-8 : 1)),
    ),
  );
  map.set("Hilbert 12", hilbert(12));
  map.set("Hilbert 60", hilbert(60));
  map.set(
    "Laplacian 50",
    assemble(
      range(50, () => 2),
      range(49, () => -1),
    ),
  );
  map.set(
    "Clement 40",
    assemble(
      range(40, () => 0),
      range(39, (i) => Math.sqrt((i + 1) * (39 - i))),
    ),
  );
  map.set(
    "graded down",
    assemble(
      range(60, (i) => 10 ** (-i / 2)),
      range(59, (i) => 10 ** (-(i + 0.5) / 2)),
    ),
  );
  map.set(
    "graded up",
    assemble(
      range(60, (i) => 10 ** (-(60 - i) / 2)),
      range(59, (i) => 10 ** (-(60 - i) / 2)),
    ),
  );
  map.set(
    "dense graded",
    withSpectrum(
      1,
      range(70, (i) => 10 ** (-i / 4)),
    ),
  );
  map.set(
    "clustered",
    withSpectrum(
      2,
      range(80, (i) => 1 + 1e-12 * i),
    ),
  );
  map.set(
    "two clusters",
    withSpectrum(
      3,
      range(90, (i) => (i < 45 ? -1 : 1) + 1e-14 * i),
    ),
  );
  map.set(
    "repeated",
    withSpectrum(
      4,
      range(66, (i) => Math.floor(i / 11)),
    ),
  );
  map.set(
    "repeated diagonal",
    assemble(
      range(70, (i) => i % 3),
      range(69, () => 0),
    ),
  );
  map.set(
    "identity",
    assemble(
      range(64, () => 1),
      range(63, () => 0),
    ),
  );
  map.set(
    "zero",
    assemble(
      range(40, () => 0),
      range(39, () => 0),
    ),
  );
  map.set("all ones", { rows: 50, cols: 50, data: new Float64Array(2500).fill(1) });
  map.set(
    "rank 3",
    withSpectrum(
      5,
      range(77, (i) => (i < 3 ? i + 1 : 0)),
    ),
  );
  map.set(
    "one tiny coupling",
    assemble(
      range(70, (i) => (i < 35 ? 1 : 2)),
      range(69, (i) => (i === 34 ? 1e-300 : i % 2 === 0 ? 0.5 : 0)),
    ),
  );
  map.set("1e150", scaleMatrix(randomSymmetric(6, 45), 1e150));
  map.set("1e-150", scaleMatrix(randomSymmetric(7, 45), 1e-150));
  map.set("1e300", scaleMatrix(randomSymmetric(8, 33), 1e300));
  map.set("1e-300", scaleMatrix(randomSymmetric(9, 33), 1e-300));
  for (const n of EDGE_SIZES) map.set(`random ${n}`, randomSymmetric(100 + n, n));
  return map;
}

/** Symmetric matrices for properties: any size up to 70, entries or spectra of many kinds, any scale. */
export const symmetricArbitrary: fc.Arbitrary<Matrix> = fc
  .record({
    n: fc.oneof(fc.constantFrom(0, 1, 2, 3, 31, 32, 33, 64, 65), fc.integer({ min: 0, max: 70 })),
    kind: fc.constantFrom("normal", "clustered", "graded", "deficient", "integers", "sparse"),
    exponent: fc.constantFrom(0, 0, 0, -150, 150),
    seed: fc.integer({ min: 1, max: 1_000_000 }),
  })
  .map(({ n, kind, exponent, seed }) => {
    const rng = createRng(seed);
    const values = Float64Array.from({ length: n }, () => rng.normal());
    let A: Matrix;
    if (kind === "clustered")
      A = withSpectrum(
        seed,
        values.map((v) => Math.round(v) + 1e-13 * v),
      );
    else if (kind === "graded")
      A = withSpectrum(
        seed,
        values.map((v, i) => v * 10 ** (-i / 3)),
      );
    else if (kind === "deficient")
      A = withSpectrum(
        seed,
        values.map((v, i) => (i % 3 === 0 ? v : 0)),
      );
    else if (kind === "integers")
      A = symmetrize({ rows: n, cols: n, data: normalMatrix(rng, n, n).data.map((v) => 2 * Math.round(v)) });
    else if (kind === "sparse")
      A = symmetrize({ rows: n, cols: n, data: normalMatrix(rng, n, n).data.map((v) => (v > 1.5 ? v : 0)) });
    else A = symmetrize(normalMatrix(rng, n, n));
    return scaleMatrix(A, 10 ** exponent);
  });

/** Rectangular matrices for properties. */
export const rectangularArbitrary: fc.Arbitrary<Matrix> = fc
  .record({
    rows: fc.oneof(fc.constantFrom(0, 1, 2, 32, 33, 64), fc.integer({ min: 0, max: 60 })),
    cols: fc.oneof(fc.constantFrom(0, 1, 2, 32, 33), fc.integer({ min: 0, max: 50 })),
    kind: fc.constantFrom("normal", "deficient", "graded", "zero", "repeated"),
    exponent: fc.constantFrom(0, 0, 0, -150, 150),
    seed: fc.integer({ min: 1, max: 1_000_000 }),
  })
  .map(({ rows, cols, kind, exponent, seed }) => {
    const rng = createRng(seed);
    const G = normalMatrix(rng, rows, cols);
    let A = G;
    if (kind === "zero") A = scaleMatrix(G, 0);
    if (kind === "graded") A = { rows, cols, data: G.data.map((v, k) => v * 10 ** (-(k % Math.max(1, cols)) / 2)) };
    if (kind === "repeated")
      A = { rows, cols, data: G.data.map((_, k) => G.data[Math.floor(k / Math.max(1, cols)) * cols]!) };
    if (kind === "deficient") A = matmul(normalMatrix(rng, rows, 2), normalMatrix(rng, 2, cols));
    return scaleMatrix(A, 10 ** exponent);
  });
