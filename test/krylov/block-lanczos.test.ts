import fc from "fast-check";
import { expect, test } from "vitest";
import { EPSILON, type Matrix, transpose } from "../../src/core/index.js";
import {
  type BlockLanczosFactorization,
  blockLanczos,
  blockRitzPairs,
  eigsh,
  lanczos,
  ritzPairs,
} from "../../src/krylov/index.js";
import { orthogonalMatrix } from "../../src/linalg/index.js";
import { type SymmetricOperator, counted, diagonal, fromMatrix, lowRank } from "../../src/operators/index.js";
import { createRng, normalMatrix } from "../../src/random/index.js";
import { naiveProduct, orthogonalityLoss, tolerance, within } from "../support/compare.js";

/** Rounding of a product and an orthogonalisation, in units of √n ε ‖A‖; the rank decision is at 10. */
const STEP_FACTOR = 20;

const rng = () => createRng(3);

/** The relations a block factorisation promises, each as a verdict. */
function relations(A: SymmetricOperator, f: BlockLanczosFactorization, norm: number): Record<string, boolean> {
  const n = A.rows;
  const { basis, projected: T, next, coupling: C } = f;
  const rows = { rows: basis.rows + next.rows, cols: n, data: new Float64Array((basis.rows + next.rows) * n) };
  rows.data.set(basis.data);
  rows.data.set(next.data, basis.data.length);
  let relation = 0;
  const product = new Float64Array(n);
  for (let j = 0; j < basis.rows; j++) {
    A.apply(basis.data.subarray(j * n, (j + 1) * n), product);
    for (let r = 0; r < rows.rows; r++) {
      const entry = r < T.rows ? T.data[r * T.cols + j] : C.data[(r - T.rows) * C.cols + j];
      for (let i = 0; i < n; i++) product[i] -= entry * rows.data[r * n + i];
    }
    relation = Math.max(relation, Math.hypot(...product));
  }
  let outside = 0; // entries of T beyond the neighbouring blocks
  const blockOf: number[] = f.blockSizes.flatMap((size, block) => new Array<number>(size).fill(block));
  for (let i = 0; i < T.rows; i++) {
    for (let j = 0; j < T.cols; j++) {
      if (Math.abs(blockOf[i] - blockOf[j]) > 1) outside = Math.max(outside, Math.abs(T.data[i * T.cols + j]));
    }
  }
  return {
    relation: relation <= tolerance(STEP_FACTOR, Math.sqrt(n), norm),
    orthogonality: orthogonalityLoss(transpose(rows)) <= tolerance(STEP_FACTOR, Math.sqrt(n)),
    blocks: outside === 0,
    matvecs: f.matvecs === basis.rows && f.invariant === (next.rows === 0),
  };
}

const holds = { relation: true, orthogonality: true, blocks: true, matvecs: true };

function rotated(values: ArrayLike<number>, seed = 1): SymmetricOperator {
  const n = values.length;
  const Q = orthogonalMatrix(createRng(seed), n);
  const scaled: Matrix = { rows: n, cols: n, data: Q.data.map((entry, at) => entry * values[at % n]) };
  return fromMatrix(naiveProduct(scaled, transpose(Q)), { symmetric: true });
}

test("the relations hold at every size of block, on clusters, graded values and outliers; products are counted", () => {
  const nasty = Float64Array.from({ length: 40 }, (_, i) =>
    i < 10 ? 1 + i * 1e-10 : i < 25 ? 10 ** -(i - 13) : i - 20,
  );
  const plain = rotated(nasty);
  const A = counted(plain);
  for (const blockSize of [1, 2, 3, 5, 8]) {
    A.resetCounts();
    const f = blockLanczos(A, { steps: 5, blockSize, rng: rng() });
    expect({ blockSize, ...relations(plain, f, 19) }).toEqual({ blockSize, ...holds });
    expect([A.counts.matvecs, f.blockSizes.length]).toEqual([5 * blockSize, 5]);
  }
});

test("the relations are sensitive (negative controls)", () => {
  const A = diagonal(Float64Array.from({ length: 30 }, (_, i) => i));
  const f = blockLanczos(A, { steps: 4, blockSize: 2, rng: rng() });
  const broken = (data: Float64Array, at: number): Float64Array => data.map((v, i) => (i === at ? v + 1e-9 : v));
  const T = { ...f.projected, data: broken(f.projected.data, 9) };
  expect(relations(A, { ...f, projected: T }, 29).relation).toBe(false);
  const V = { ...f.basis, data: broken(f.basis.data, 5) };
  expect(relations(A, { ...f, basis: V }, 29).orthogonality).toBe(false);
});

test("a block of one is Lanczos: the same Ritz values and residuals", () => {
  const A = rotated(Float64Array.from({ length: 50 }, (_, i) => Math.sin(i) * 4));
  const start = Float64Array.from({ length: 50 }, (_, i) => 1 + (i % 3));
  const one = ritzPairs(lanczos(A, { steps: 12, start }));
  const block = blockRitzPairs(blockLanczos(A, { steps: 12, start: { rows: 50, cols: 1, data: start } }));
  expect(within(block.values, one.values, tolerance(STEP_FACTOR, 50, 4))).toMatchObject({ ok: true });
  expect(within(block.residualNorms, one.residualNorms, tolerance(STEP_FACTOR, 50, 4))).toMatchObject({ ok: true });
});

test("residual norms of Ritz pairs from the factorisation are those of the vectors", () => {
  const A = rotated(Float64Array.from({ length: 60 }, (_, i) => i % 20));
  const { values, residualNorms, vectors } = blockRitzPairs(blockLanczos(A, { steps: 6, blockSize: 3, rng: rng() }), {
    vectors: true,
  });
  const product = new Float64Array(60);
  values.forEach((value, k) => {
    const y = Float64Array.from({ length: 60 }, (_, i) => vectors!.data[i * vectors!.cols + k]);
    A.apply(y, product);
    const residual = Math.hypot(...product.map((entry, i) => entry - value * y[i]));
    expect(Math.abs(residual - residualNorms[k])).toBeLessThanOrEqual(tolerance(STEP_FACTOR, 60, 19));
  });
});

test("missed multiplicity: a block of b holds b copies where one start vector holds one", () => {
  const values = [...new Array<number>(4).fill(7), ...Array.from({ length: 46 }, (_, i) => i / 10)];
  const A = rotated(values);
  const copies = (blockSize: number): number => {
    const f = blockLanczos(A, { steps: 16, blockSize, rng: rng() });
    return blockRitzPairs(f).values.filter((value) => Math.abs(value - 7) < 1e-9).length;
  };
  expect([1, 2, 3, 4, 5].map(copies)).toEqual([1, 2, 3, 4, 4]);
});

test("rank-deficient blocks shrink: dependent start vectors, invariant subspaces, zero, identity and rank one", () => {
  const n = 20;
  const A = diagonal(Float64Array.from({ length: n }, (_, i) => i + 1));
  const column = (i: number, j: number): number => [i < 2 ? 1 : 0, i < 2 ? 2 : 0, i === 5 ? 1 : 0][j];
  const start = {
    rows: n,
    cols: 3,
    data: Float64Array.from({ length: 3 * n }, (_, at) => column(Math.floor(at / 3), at % 3)),
  };
  const f = blockLanczos(A, { steps: 9, start }); // e₀ + e₁ twice, e₅: an invariant subspace of dimension three
  expect([f.blockSizes, f.invariant]).toEqual([[2, 1], true]);
  expect(within(blockRitzPairs(f).values, [1, 2, 6], tolerance(STEP_FACTOR, n, 6)).ok).toBe(true);
  const zero = blockLanczos(diagonal(new Float64Array(6)), { steps: 3, blockSize: 2, rng: rng() });
  expect([zero.invariant, zero.blockSizes, Array.from(blockRitzPairs(zero).values)]).toEqual([true, [2], [0, 0]]);
  const one = blockLanczos(diagonal(new Float64Array(6).fill(1)), { steps: 3, blockSize: 4, rng: rng() });
  expect([one.invariant, one.blockSizes]).toEqual([true, [4]]);
  const u = normalMatrix(rng(), n, 1);
  const squares = u.data.reduce((sum, value) => sum + value * value, 0);
  const rankOne = blockLanczos(lowRank(u), { steps: 5, blockSize: 3, rng: rng() });
  const top = blockRitzPairs(rankOne).values.at(-1)!;
  expect([rankOne.invariant, Math.abs(top - squares) <= tolerance(STEP_FACTOR, n, squares)]).toEqual([true, true]);
  const whole = blockLanczos(diagonal([3, 1, 2]), { steps: 2, blockSize: 3, rng: rng() });
  expect([whole.invariant, whole.matvecs]).toEqual([true, 3]);
});

test("results are sound for any spectrum, block and scale (property; the operator offers only apply)", () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(0, 1, 1, -2, 3.5, 1e-8, 7), { minLength: 1, maxLength: 14 }),
      fc.integer({ min: 1, max: 5 }),
      fc.constantFrom(1, 1e150, 1e-150),
      fc.integer({ min: 0, max: 1e6 }),
      (values, size, scale, seed) => {
        const n = values.length;
        const d = values.map((value) => value * scale);
        const A: SymmetricOperator = {
          rows: n,
          cols: n,
          symmetric: true,
          apply: (x, out) => d.forEach((value, i) => (out[i] = value * x[i])),
        };
        const norm = Math.max(...d.map(Math.abs));
        const f = blockLanczos(A, { steps: 30, blockSize: Math.min(size, n), rng: createRng(seed) });
        expect(f.invariant).toBe(true);
        expect(relations(A, f, norm)).toEqual(holds);
        // Each eigenvalue is there as often as it occurs, up to the size of the block.
        const found = blockRitzPairs(f).values;
        const near = (value: number): number =>
          found.filter((theta) => Math.abs(theta - value) <= 100 * n * EPSILON * norm).length;
        for (const value of new Set(d)) {
          const others = d.some((other) => other !== value && Math.abs(other - value) <= 1e-6 * norm);
          const copies = d.filter((other) => other === value).length;
          if (others) continue;
          expect(near(value)).toBeGreaterThanOrEqual(Math.min(copies, size, n)); // rounding can add copies that exist
          expect(near(value)).toBeLessThanOrEqual(copies);
        }
      },
    ),
    { numRuns: 60 },
  );
});

test("eigsh in blocks: double, triple and 50-fold eigenvalues counted right in one search, and said to be checked", () => {
  for (const [copies, count, blockSize] of [
    [2, 4, 3],
    [3, 5, 4],
    [50, 52, 51],
  ]) {
    const values = [
      ...new Array<number>(copies).fill(5),
      ...Array.from({ length: 120 - copies }, (_, i) => 3 - i / 50),
    ];
    const A = rotated(values, 3);
    const result = eigsh(A, { count, blockSize, rng: rng() });
    expect([result.status, result.multiplicityChecked, result.blockSize]).toEqual(["converged", true, blockSize]);
    expect(within(result.values, [...values].sort((a, b) => b - a).slice(0, count), 1e-10 * 5).ok).toBe(true);
    expect(result.clusters).toEqual([Array.from({ length: copies }, (_, i) => i)]);
    expect(result.orthogonalityLoss).toBeLessThan(1e-13);
  }
  const tooSmall = eigsh(rotated([5, 5, 5, 1, 2, 3, 4, 0, 0.5, 1.5]), { count: 3, blockSize: 2, rng: rng() });
  expect([tooSmall.status, tooSmall.multiplicityChecked]).toEqual(["converged", false]); // it cannot know
});

test("eigsh in blocks gives the values of single vectors for every choice and any size (property)", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 1, max: 6 }),
      fc.constantFrom("largest", "smallest", "both", "magnitude"),
      fc.constantFrom(1, 1e150, 1e-150),
      fc.integer({ min: 0, max: 1e6 }),
      (n, size, which, scale, seed) => {
        const d = Float64Array.from({ length: n }, (_, i) => scale * (((i * 37) % n) - n / 3.17));
        const count = Math.min(3, n);
        const blockSize = Math.min(size, n);
        const krylovDimension = Math.min(n, Math.max(12, count + 1 + blockSize));
        const options = { count, which, krylovDimension } as const;
        const block = eigsh(diagonal(d), { ...options, blockSize, rng: createRng(seed) });
        const single = eigsh(diagonal(d), { ...options, rng: createRng(seed) });
        expect([block.status, single.status]).toEqual(["converged", "converged"]);
        expect(within(block.values, single.values, 1e-10 * n * scale).ok).toBe(true);
      },
    ),
    { numRuns: 40 },
  );
});

test("wrong input is refused by name", () => {
  const A = diagonal([1, 2, 3]);
  expect(() => blockLanczos(A, { steps: 0, blockSize: 1, rng: rng() })).toThrow("blockLanczos: steps must be");
  expect(() => blockLanczos(A, { steps: 1, blockSize: 4, rng: rng() })).toThrow("blockLanczos: blockSize must be");
  expect(() => blockLanczos(A, { steps: 1, blockSize: 2 })).toThrow(
    "blockLanczos: rng must be given when there are no start",
  );
  expect(() => blockLanczos(A, { steps: 1, start: { rows: 3, cols: 1, data: new Float64Array(3) } })).toThrow(
    "blockLanczos: rng must be given",
  );
  expect(() => blockLanczos(A, { steps: 1, start: { rows: 2, cols: 1, data: new Float64Array(2) } })).toThrow(
    "of 3 rows",
  );
  expect(() => eigsh(A, { count: 1, blockSize: 2, start: Float64Array.of(1, 0, 0) })).toThrow(
    "eigsh: rng must be given for blockSize > 1",
  );
  expect(() => blockLanczos(diagonal([]), { steps: 1, blockSize: 1, rng: rng() })).toThrow("of order >= 1");
});
