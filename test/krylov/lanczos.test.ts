import fc from "fast-check";
import { expect, test } from "vitest";
import {
  ArgumentError,
  type Matrix,
  NonFiniteError,
  OptionError,
  ShapeError,
  transpose,
} from "../../src/core/index.js";
import {
  type LanczosFactorization,
  type LanczosStepsOptions,
  lanczos,
  lanczosSteps,
  ritzPairs,
} from "../../src/krylov/index.js";
import {
  type SymmetricOperator,
  counted,
  diagonal,
  fromFunction,
  fromMatrix,
  lowRank,
  scale,
  shift,
  toDense,
} from "../../src/operators/index.js";
import { createRng, mulberry32, normalMatrix } from "../../src/random/index.js";
import { naiveProduct, orthogonalityLoss, tolerance, within } from "../support/compare.js";
import { fixture } from "../support/shared.js";

/** Rounding of one step (product, two Gram–Schmidt passes), in multiples of n ε ‖A‖. */
const STEP_FACTOR = 10;

/** T itself depends on rounding more than its Ritz values do: the allowance for comparing two runs entry by entry. */
const SENSITIVITY_FACTOR = 200;

/** Four relations of a factorisation of A, each with its own verdict. */
function relations(A: SymmetricOperator, factorization: LanczosFactorization, norm: number) {
  const { steps: k, basis, diagonal: alpha, offDiagonal, residualNorm, next, matvecs } = factorization;
  const n = A.rows;
  const V = basis!;
  let relation = 0;
  const product = new Float64Array(n);
  for (let j = 0; j < k; j++) {
    // Column j of A Vᵀ − Vᵀ T − β v e_kᵀ, entry by entry.
    A.apply(V.data.subarray(j * n, (j + 1) * n), product);
    for (let i = 0; i < n; i++) {
      let expected = alpha[j] * V.data[j * n + i];
      if (j > 0) expected += offDiagonal[j - 1] * V.data[(j - 1) * n + i];
      if (j < k - 1) expected += offDiagonal[j] * V.data[(j + 1) * n + i];
      else expected += residualNorm * next[i];
      relation = Math.max(relation, Math.abs(product[i] - expected));
    }
  }
  const unit = factorization.invariant ? [] : [next];
  const all: Matrix = { rows: k + unit.length, cols: n, data: new Float64Array((k + unit.length) * n) };
  all.data.set(V.data);
  if (unit.length > 0) all.data.set(next, k * n);
  const orthogonality = orthogonalityLoss(transpose(all));
  const pairs = ritzPairs(factorization, { vectors: true });
  let residual = 0;
  for (let i = 0; i < k; i++) {
    const y = Float64Array.from({ length: n }, (_, row) => pairs.vectors!.data[row * k + i]);
    A.apply(y, product);
    const recomputed = Math.hypot(...product.map((value, row) => value - pairs.values[i] * y[row]));
    residual = Math.max(residual, Math.abs(recomputed - pairs.residualNorms[i]));
  }
  const allowed = tolerance(STEP_FACTOR, n, norm);
  return {
    relation: relation <= allowed,
    orthogonality: orthogonality <= tolerance(STEP_FACTOR, n),
    residuals: residual <= 2 * allowed, // the computed one differs by the rounding of two more products
    matvecs: matvecs === k,
  };
}

const holds = { relation: true, orthogonality: true, residuals: true, matvecs: true };

/** 30 eigenvalues: a cluster of ten within 1e-9, graded ones down to 1e-12, an outlier and a triple. */
const nasty = Float64Array.from({ length: 30 }, (_, i) =>
  i < 10 ? 1 + i * 1e-10 : i < 25 ? 10 ** -(i - 13) : i < 27 ? -40 * (i - 24) : 5,
);

test("the four relations hold at every step, on a spectrum with clusters, graded values and outliers", () => {
  const A = counted(diagonal(nasty));
  let steps = 0;
  for (const factorization of lanczosSteps(A, { rng: createRng(1) })) {
    steps++;
    expect(A.counts.matvecs).toBe(steps);
    expect({ steps, ...relations(diagonal(nasty), factorization, 80) }).toEqual({ steps, ...holds });
  }
  expect(steps).toBeLessThan(30); // the triple eigenvalue and the cluster: an invariant subspace before n steps
});

test("each relation is sensitive: broken factorisations fail it (negative controls)", () => {
  const A = diagonal(nasty);
  const good = lanczos(A, { steps: 12, rng: createRng(1) });
  expect(relations(A, good, 80)).toEqual(holds);
  const alpha = good.diagonal.slice();
  alpha[5] += 1e-9;
  expect(relations(A, { ...good, diagonal: alpha }, 80).relation).toBe(false);
  expect(relations(A, { ...good, residualNorm: 1.001 * good.residualNorm }, 80)).toMatchObject({
    relation: false,
    residuals: false,
  });
  expect(relations(A, { ...good, matvecs: 11 }, 80).matvecs).toBe(false);
  const loose = lanczos(A, { steps: 25, rng: createRng(1), reorthogonalization: "none" });
  expect(relations(A, loose, 80)).toMatchObject({ relation: true, orthogonality: false });
});

test("the relations hold for any spectrum, size and scale (property)", () => {
  const spectrum = fc.oneof(
    fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 1, maxLength: 17 }),
    fc.array(fc.constantFrom(0, 1, 1, -1, 1 + 1e-15), { minLength: 1, maxLength: 17 }), // multiple and almost multiple
    fc.array(
      fc.integer({ min: 0, max: 15 }).map((e) => 10 ** -e),
      { minLength: 1, maxLength: 17 },
    ), // graded
  );
  fc.assert(
    fc.property(spectrum, fc.constantFrom(1, 1e150, 1e-150), fc.nat(1e6), (values, size, seed) => {
      const A = diagonal(values.map((value) => size * value));
      const norm = size * Math.max(...values.map(Math.abs));
      for (const factorization of lanczosSteps(A, { rng: createRng(seed) })) {
        // An invariant subspace is declared at β <= 10 √n ε ‖A‖: the residual term is dropped there, and noted.
        expect(relations(A, factorization, norm)).toEqual(holds);
      }
    }),
    { numRuns: 60 },
  );
});

interface Tridiagonal {
  readonly alpha: number[];
  readonly beta: number[];
  readonly ritz: {
    readonly k: number;
    readonly theta: number[];
    readonly residual_bounds: number[];
    readonly weights: number[];
  }[];
}
interface Reference {
  readonly lanczos_diag20: Tridiagonal;
  readonly lanczos_lap30: Tridiagonal;
  readonly ghost_demo: {
    readonly table: {
      readonly k: number;
      readonly copies_full_reorth: number;
      readonly copies_of_10_no_reorth: number;
    }[];
  };
}
const reference = fixture<Reference>("krylov/reference.json");
const laplacian = (n: number): SymmetricOperator =>
  fromFunction(
    n,
    (x, out) => {
      for (let i = 0; i < n; i++) out[i] = 2 * x[i] - (i > 0 ? x[i - 1] : 0) - (i < n - 1 ? x[i + 1] : 0);
    },
    { symmetric: true },
  );

test.each([
  [
    "diag(1..19, 40) from ones",
    diagonal([...Array.from({ length: 19 }, (_, i) => i + 1), 40]),
    new Float64Array(20).fill(1),
    reference.lanczos_diag20,
    40,
  ],
  [
    "1-D Laplacian of order 30 from (1..30)",
    laplacian(30),
    Float64Array.from({ length: 30 }, (_, i) => i + 1),
    reference.lanczos_lap30,
    4,
  ],
] as const)("%s: T, Ritz values, residuals and weights equal the reference", (_, A, start, expected, norm) => {
  const k = expected.ritz.at(-1)!.k;
  const { diagonal: alpha, offDiagonal } = lanczos(A, { steps: k, start });
  // The map from A to T is ill-conditioned once Ritz values converge: compared up to the last listed Ritz set.
  expect(within(alpha, expected.alpha.slice(0, k), tolerance(SENSITIVITY_FACTOR, A.rows, norm)).ok).toBe(true);
  expect(within(offDiagonal, expected.beta.slice(0, k - 1), tolerance(SENSITIVITY_FACTOR, A.rows, norm)).ok).toBe(true);
  for (const { k, theta, residual_bounds, weights } of expected.ritz) {
    const pairs = ritzPairs(lanczos(A, { steps: k, start }));
    const allowed = tolerance(SENSITIVITY_FACTOR, A.rows, norm);
    expect(within(pairs.values, theta, allowed).ok).toBe(true);
    expect(within(pairs.residualNorms, residual_bounds, allowed).ok).toBe(true);
    expect(within(pairs.weights, weights, allowed).ok).toBe(true);
  }
});

test("ghosts: without reorthogonalisation 10 appears twice or more from 40 steps on, with it once (200 x 200)", () => {
  const A = diagonal(Float64Array.from({ length: 200 }, (_, i) => (i < 199 ? i / 199 : 10)));
  const start = mulberry32(77).normals(200);
  const copies = (k: number, reorthogonalization: "full" | "selective" | "none"): number => {
    const { values } = ritzPairs(lanczos(A, { steps: k, start, reorthogonalization }));
    return values.filter((value) => Math.abs(value - 10) < 1e-6).length;
  };
  for (const { k, copies_full_reorth, copies_of_10_no_reorth } of reference.ghost_demo.table) {
    expect(copies(k, "full")).toBe(copies_full_reorth);
    expect(copies(k, "selective")).toBe(1);
    expect(Math.abs(copies(k, "none") - copies_of_10_no_reorth)).toBeLessThanOrEqual(1); // rounding decides by one
    if (k >= 40) expect(copies(k, "none")).toBeGreaterThanOrEqual(2);
  }
});

test("selective reorthogonalisation keeps overlaps below √ε and the Ritz values of the full one, for fewer passes", () => {
  const A = diagonal(Float64Array.from({ length: 300 }, (_, i) => (i < 290 ? i / 290 : 2 + i)));
  const full = lanczos(A, { steps: 80, rng: createRng(3) });
  const selective = lanczos(A, { steps: 80, rng: createRng(3), reorthogonalization: "selective" });
  expect(orthogonalityLoss(transpose(selective.basis!))).toBeLessThan(Math.sqrt(Number.EPSILON));
  const a = ritzPairs(full);
  const b = ritzPairs(selective);
  const converged = a.residualNorms.map((residual) => (residual < 1e-10 ? 1 : 0));
  const pick = (values: Float64Array): Float64Array => values.filter((_, i) => converged[i] === 1);
  expect(pick(a.values).length).toBeGreaterThan(9);
  expect(within(pick(b.values), pick(a.values), tolerance(STEP_FACTOR, 300, 302)).ok).toBe(true);
});

test("zero, identity, rank one and a start inside an invariant subspace end cleanly and exactly", () => {
  const zero = lanczos(diagonal(new Float64Array(5)), { steps: 5, rng: createRng(1) });
  expect([zero.steps, zero.invariant, zero.diagonal[0], zero.residualNorm, zero.matvecs]).toEqual([1, true, 0, 0, 1]);
  const one = lanczos(diagonal(new Float64Array(5).fill(1)), { steps: 5, rng: createRng(1) });
  expect([one.steps, one.invariant]).toEqual([1, true]);
  expect(Math.abs(one.diagonal[0] - 1)).toBeLessThanOrEqual(tolerance(1, 5));
  const rankOne = lanczos(lowRank(normalMatrix(createRng(2), 40, 1)), { steps: 9, rng: createRng(3) });
  expect([rankOne.steps, rankOne.invariant]).toEqual([2, true]);
  const inside = lanczos(diagonal([1, 2, 3, 4]), { steps: 4, start: Float64Array.of(1, 0, 1, 0) });
  expect([inside.steps, inside.invariant]).toEqual([2, true]);
  expect(within(ritzPairs(inside).values, [1, 3], tolerance(STEP_FACTOR, 4, 4)).ok).toBe(true);
  const single = lanczos(diagonal([7]), { steps: 3, rng: createRng(1) });
  expect([single.steps, single.invariant, single.diagonal[0]]).toEqual([1, true, 7]);
});

test("n steps give all eigenvalues of a matrix with a simple spectrum", () => {
  const G = normalMatrix(createRng(8), 25, 25);
  const A = fromMatrix(naiveProduct(G, transpose(G)), { symmetric: true });
  const all = lanczos(A, { steps: 100, rng: createRng(9) });
  expect([all.steps, all.invariant]).toEqual([25, true]);
  const trace = toDense(A)
    .data.filter((_, i) => i % 26 === 0)
    .reduce((sum, value) => sum + value, 0);
  const sum = ritzPairs(all).values.reduce((total, value) => total + value, 0);
  expect(within(sum, trace, tolerance(STEP_FACTOR, 25, trace)).ok).toBe(true);
});

test("scaling A by a power of two scales T exactly; a shift moves the diagonal and nothing else", () => {
  const A = diagonal(nasty);
  const options: LanczosStepsOptions = { rng: createRng(5) };
  const plain = lanczos(A, { steps: 10, rng: createRng(5) });
  const scaled = lanczos(scale(A, 2 ** 40), { steps: 10, ...options });
  expect(scaled.diagonal).toEqual(plain.diagonal.map((value) => value * 2 ** 40));
  expect(scaled.offDiagonal).toEqual(plain.offDiagonal.map((value) => value * 2 ** 40));
  const shifted = lanczos(shift(A, 3), { steps: 5, rng: createRng(5) });
  expect(
    within(
      shifted.diagonal,
      plain.diagonal.slice(0, 5).map((v) => v + 3),
      tolerance(SENSITIVITY_FACTOR, 30, 83),
    ).ok,
  ).toBe(true);
  expect(within(shifted.offDiagonal, plain.offDiagonal.slice(0, 4), tolerance(SENSITIVITY_FACTOR, 30, 83)).ok).toBe(
    true,
  );
});

test("three vectors without a basis give bit for bit the T of the run that keeps it", () => {
  const A = diagonal(nasty);
  const kept = lanczos(A, { steps: 40, rng: createRng(5), reorthogonalization: "none" });
  const lean = lanczos(A, { steps: 40, rng: createRng(5), reorthogonalization: "none", keepBasis: false });
  expect(lean.basis).toBeNull();
  expect([lean.diagonal, lean.offDiagonal, lean.next]).toEqual([kept.diagonal, kept.offDiagonal, kept.next]);
  expect(() => ritzPairs(lean, { vectors: true })).toThrow("ritzPairs: factorization must be made with keepBasis");
});

test("records of earlier steps stay valid while the factorisation grows", () => {
  const kept: LanczosFactorization[] = [];
  const copies: Float64Array[][] = [];
  for (const record of lanczosSteps(diagonal(nasty), { rng: createRng(6) })) {
    kept.push(record);
    copies.push([record.diagonal, record.offDiagonal, record.next, record.basis!.data].map((values) => values.slice()));
    if (record.steps === 20) break;
  }
  kept.forEach((record, i) => {
    expect([record.diagonal, record.offDiagonal, record.next, record.basis!.data]).toEqual(copies[i]);
  });
});

test("progress is reported after each step and a signal stops between steps", () => {
  const signal = { aborted: false };
  const seen: number[] = [];
  const stopped = lanczos(diagonal(nasty), {
    steps: 10,
    rng: createRng(1),
    signal,
    onProgress: ({ done, total }) => {
      seen.push(done);
      expect(total).toBe(10);
      if (done === 4) signal.aborted = true;
    },
  });
  expect([stopped.steps, stopped.invariant, seen]).toEqual([4, false, [1, 2, 3, 4]]);
});

test("wrong input is refused before any product, by name", () => {
  const A = counted(diagonal([1, 2, 3]));
  const run =
    (options: unknown, operator: unknown = A) =>
    () =>
      lanczos(operator as SymmetricOperator, options as never);
  expect(run({ steps: 2 })).toThrow(
    "lanczos: rng must be given when there is no start vector, got undefined; pass { rng: createRng(seed) } or { start }",
  );
  expect(run({ steps: 0, rng: createRng(1) })).toThrow("lanczos: steps must be an integer >= 1, got 0");
  expect(run({ rng: createRng(1) })).toThrow(ArgumentError);
  expect(run({ steps: 2, start: new Float64Array(3) })).toThrow(
    "lanczos: start must be a vector that is not zero, got zero",
  );
  expect(run({ steps: 2, start: new Float64Array(2) })).toThrow(ShapeError);
  expect(run({ steps: 2, start: Float64Array.of(1, Number.NaN, 0) })).toThrow(NonFiniteError);
  expect(run({ steps: 2, rng: createRng(1), reorthogonalisation: "full" })).toThrow('option "reorthogonalisation"');
  expect(run({ steps: 2, rng: createRng(1), reorthogonalization: "twice" })).toThrow(OptionError);
  expect(run({ steps: 2, rng: createRng(1), keepBasis: false })).toThrow(
    'lanczos: keepBasis must be true with reorthogonalization "full", got false',
  );
  expect(run({ steps: 2, rng: createRng(1) }, diagonal([]))).toThrow("lanczos: A must be of order >= 1, got 0 x 0");
  expect(
    run(
      { steps: 2, rng: createRng(1) },
      fromFunction(3, (x) => x),
    ),
  ).toThrow("lanczos: A must be a symmetric operator");
  expect(
    run(
      { steps: 2, rng: createRng(1) },
      fromFunction(3, (x) => x.slice(0, 2), { rows: 2 }),
    ),
  ).toThrow(ShapeError);
  expect(A.counts.matvecs).toBe(0);
  expect(
    run(
      { steps: 2, rng: createRng(1) },
      fromFunction(2, () => [1, Number.NaN], { symmetric: true }),
    ),
  ).toThrow("lanczos: A must be an operator with finite products, got NaN in product 1");
});
