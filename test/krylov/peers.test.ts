// Tests that at least one existing system would fail, named after what they catch. The table at the end says where each
// numbered test of the survey stands that concerns operators, Krylov methods and stochastic estimation.
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Matrix, column, transpose } from "../../src/core/index.js";
import {
  blockLanczos,
  blockRitzPairs,
  cg,
  chebyshevSubspace,
  eigsh,
  expmv,
  lanczos,
  lobpcg,
  lsmr,
  minres,
  powerIteration,
  ritzPairs,
  svds,
} from "../../src/krylov/index.js";
import { eigh, orthogonalMatrix } from "../../src/linalg/index.js";
import {
  type LinearOperator,
  type SymmetricOperator,
  diagonal,
  fromFunction,
  fromMatrix,
  lowRank,
  toDense,
} from "../../src/operators/index.js";
import { createRng, normalMatrix } from "../../src/random/index.js";
import { naiveProduct, tolerance, within } from "../support/compare.js";

/** Test 9: eigenvalues are asserted to this share of ‖A‖, never more loosely. */
const VALUE_ACCURACY = 1e-10;

const rng = () => createRng(11);

function rotated(values: ArrayLike<number>, seed = 1): SymmetricOperator {
  const n = values.length;
  const Q = orthogonalMatrix(createRng(seed), n);
  const scaled: Matrix = { rows: n, cols: n, data: Q.data.map((entry, at) => entry * values[at % n]) };
  return fromMatrix(naiveProduct(scaled, transpose(Q)), { symmetric: true });
}

test("momentum-shifted quotients (3): whatever accelerates a method, the values are eigenvalues of A, by the dense oracle", () => {
  const A = rotated([5, 3, 1, 0.5, -2, -2.5, 0.1, 4.2]);
  const oracle = eigh(toDense(A)).values;
  const near = (value: number): number => Math.min(...Array.from(oracle, (exact) => Math.abs(exact - value)));
  const found: Record<string, ArrayLike<number>> = {
    shifted: [powerIteration(A, { shift: 3, rng: rng(), tolerance: 1e-12 }).value],
    deflated: [
      powerIteration(A, { deflate: eigsh(A, { count: 1, rng: rng() }).vectors, rng: rng(), tolerance: 1e-12 }).value,
    ],
    filtered: chebyshevSubspace(A, { interval: [0.4, 1.2], rng: rng() }).values,
    inverted: eigsh(A, { count: 2, nearest: { target: 0.8, solve: inverse(A, 0.8) }, rng: rng() }).values,
    preconditioned: lobpcg(A, {
      count: 2,
      preconditioner: (r, out) => r.forEach((x, i) => (out[i] = x / (i + 1))),
      rng: rng(),
    }).values,
    restarted: eigsh(A, { count: 3, which: "both", krylovDimension: 5, rng: rng() }).values,
    block: eigsh(A, { count: 3, blockSize: 2, rng: rng() }).values,
  };
  for (const [name, values] of Object.entries(found)) {
    expect({ name, worst: Math.max(...Array.from(values, near)) < VALUE_ACCURACY * 5 }).toEqual({ name, worst: true });
  }
  // Negative control: the quotient of the momentum recurrence x₊ = A x − m x₋ converges to something else.
  const d = [5, 3, 1, 0.5];
  let [before, x] = [new Float64Array(4), Float64Array.of(1, 1, 1, 1)];
  let length = 1;
  for (let k = 0; k < 60; k++) {
    const next = x.map((value, i) => d[i] * value - 0.9 * before[i]);
    const size = Math.hypot(...next);
    length = size; // "the eigenvalue" of the rule: the growth of the recurrence
    [before, x] = [x.map((value) => value / size), next.map((value) => value / size)];
  }
  expect(Math.min(...d.map((value) => Math.abs(value - length)))).toBeGreaterThan(0.1);
});

/** out ← (A − σ)⁻¹ x for a small dense operator. */
function inverse(A: SymmetricOperator, sigma: number): (x: Float64Array, out: Float64Array) => void {
  const { values, vectors } = eigh(toDense(A));
  return (x, out) => {
    out.fill(0);
    values.forEach((value, k) => {
      const v = column(vectors, k);
      const share = v.reduce((sum, entry, i) => sum + entry * x[i], 0) / (value - sigma);
      v.forEach((entry, i) => (out[i] += share * entry));
    });
  };
}

test("ghosts (4): 200 steps with 10 isolated outliers give 10 Ritz values beyond the gap, full and selective; none gives more", () => {
  const n = 1000;
  const bulk = createRng(2);
  const d = Float64Array.from({ length: n }, (_, i) => (i < 10 ? 10 + 5 * i : Math.abs(bulk.normal())));
  const beyond = (reorthogonalization: "full" | "selective" | "none"): number => {
    const start = Float64Array.from({ length: n }, (_, i) => ((i * 7) % 3 === 0 ? 1 : -1));
    const { values } = ritzPairs(lanczos(diagonal(d), { steps: 200, start, reorthogonalization }));
    return values.filter((value) => value > 7).length;
  };
  expect([beyond("full"), beyond("selective")]).toEqual([10, 10]);
  expect(beyond("none")).toBeGreaterThan(20);
  const { values } = blockRitzPairs(blockLanczos(diagonal(d), { steps: 60, blockSize: 4, rng: rng() }));
  expect(values.filter((value) => value > 7).length).toBe(10);
});

test("invariant subspaces, rank one, zero and identity (5) end cleanly and exactly, in every method", () => {
  const n = 12;
  const zero = diagonal(new Float64Array(n));
  const identity = diagonal(new Float64Array(n).fill(1));
  const u = normalMatrix(createRng(8), n, 1);
  const square = u.data.reduce((sum, value) => sum + value * value, 0);
  const rankOne = lowRank(u);
  const b = Float64Array.from({ length: n }, (_, i) => i - 4);
  const exact = tolerance(20, n, square);
  for (const [A, top] of [
    [zero, 0],
    [identity, 1],
    [rankOne, square],
  ] as const) {
    const largest = {
      eigsh: eigsh(A, { count: 1, rng: rng() }).values[0],
      block: eigsh(A, { count: 1, blockSize: 3, rng: rng() }).values[0],
      lobpcg: lobpcg(A, { count: 1, which: "largest", rng: rng() }).values[0],
      svds: svds(A, { count: 1, rng: rng() }).singularValues[0],
      power: powerIteration(A, { rng: rng() }).value,
      lanczos: ritzPairs(lanczos(A, { steps: n, rng: rng() })).values.at(-1)!,
      blockLanczos: blockRitzPairs(blockLanczos(A, { steps: n, blockSize: 2, rng: rng() })).values.at(-1)!,
      window: Math.max(...chebyshevSubspace(A, { interval: [top - 0.5, top + 0.5], rng: rng() }).values),
    };
    for (const [name, value] of Object.entries(largest)) {
      expect({ name, top, exact: Math.abs(value - top) <= exact }).toEqual({ name, top, exact: true });
    }
  }
  expect(cg(identity, b)).toMatchObject({ status: "converged", iterations: 1, solution: b });
  expect(within(minres(identity, b).solution, b, tolerance(10, n, 8)).ok).toBe(true);
  expect(lsmr(identity, b).status).toBe("converged");
  expect(minres(zero, b).status).toBe("breakdown"); // no solution, and it says so
  expect(cg(zero, b).status).toBe("breakdown");
  expect(within(expmv(zero, b).value, b, tolerance(10, n, 8)).ok).toBe(true);
  expect(
    within(
      expmv(identity, b).value,
      b.map((value) => value * Math.E),
      tolerance(10, n, 20),
    ).ok,
  ).toBe(true);
});

test("small singular values (8): condition 1e14 leaves digits in σ_min, which AᵀA would lose at 1e8", () => {
  const n = 24;
  const sigma = Array.from({ length: n }, (_, i) => 10 ** ((-14 * i) / (n - 1)));
  // A permutation on each side is exact, so that the operator has these singular values to the last bit.
  const A = fromFunction(n, (x, out) => sigma.forEach((s, i) => (out[(5 * i) % n] = s * x[(7 * i) % n])), {
    applyTranspose: (x, out) => sigma.forEach((s, i) => (out[(7 * i) % n] = s * x[(5 * i) % n])),
  });
  const { singularValues, status } = svds(A, { count: n, rng: rng() });
  expect(status).toBe("converged");
  expect(Math.abs(singularValues[n - 1] / 1e-14 - 1)).toBeLessThan(0.1); // ε ‖A‖ / σ_min = 0.02
  const gram = fromFunction(n, (x, out) => sigma.forEach((s, i) => (out[i] = s * s * x[i])), { symmetric: true });
  const squared = eigsh(rotatedOnce(gram), { count: n, rng: rng() }).values;
  expect(Math.abs(Math.sqrt(Math.abs(squared[n - 1])) / 1e-14 - 1)).toBeGreaterThan(1); // negative control
});

/** H A H with a reflection H: rounding of a general basis. */
function rotatedOnce(A: SymmetricOperator): SymmetricOperator {
  const reflect = (x: Float64Array): Float64Array => {
    const mean = (2 * x.reduce((sum, value) => sum + value, 0)) / x.length;
    return x.map((value) => value - mean);
  };
  const product = new Float64Array(A.rows);
  return {
    rows: A.rows,
    cols: A.rows,
    symmetric: true,
    apply: (x, out) => {
      A.apply(reflect(x), product);
      out.set(reflect(product));
    },
  };
}

test("f32 graded (10): products rounded to single precision, 1e-8 to 1e8, break no method; what cannot be reached is said", () => {
  const n = 40;
  const d = Float64Array.from({ length: n }, (_, i) => 10 ** (-8 + (16 * i) / (n - 1)));
  const A: SymmetricOperator = {
    rows: n,
    cols: n,
    symmetric: true,
    apply: (x, out) => x.forEach((value, i) => (out[i] = Math.fround(Math.fround(value) * Math.fround(d[i])))),
  };
  const top = d.slice(-3).reverse();
  const options = { count: 3, tolerance: 1e-6 } as const;
  for (const result of [
    eigsh(A, { ...options, rng: rng() }),
    eigsh(A, { ...options, blockSize: 3, rng: rng() }),
    lobpcg(A, { ...options, which: "largest", rng: rng() }),
  ]) {
    expect([result.status, within(result.values, top, 1e-6 * 1e8).ok]).toEqual(["converged", true]);
    expect(result.orthogonalityLoss).toBeLessThan(1e-12);
  }
  const window = chebyshevSubspace(A, { interval: [1e7, 2e8], tolerance: 1e-6, rng: rng() });
  expect([window.status, window.values.length]).toEqual(["converged", d.filter((value) => value >= 1e7).length]);
  // Residuals below the rounding of the products are out of reach: no method may claim them.
  const greedy = eigsh(A, { count: 3, tolerance: 1e-13, rng: rng(), maximumMatvecs: 400 });
  expect(greedy.status === "converged" && Math.max(...greedy.residualNorms) > 1e-11 * 1e8).toBe(false);
});

test("premature stops: a change of the estimate below 1e-3 is no convergence at a small gap; the residual knows", () => {
  const A = diagonal([1, 0.999, 0.5, 0.25]);
  const start = Float64Array.of(1, 30, 1, 1);
  const { history, status, residualNorm } = powerIteration(A, { start, maximumMatvecs: 20 });
  const stop = history.findIndex((value, k) => k > 0 && Math.abs(value - history[k - 1]) < 1e-3 * Math.abs(value));
  expect(stop).toBeLessThan(10); // the peers' rule is content …
  expect(Math.abs(history[stop] - 1)).toBeGreaterThan(5e-4); // … with the wrong eigenvalue
  expect([status === "converged", residualNorm > 1e-8]).toEqual([false, true]);
  expect(Math.abs(eigsh(A, { count: 1, rng: rng() }).values[0] - 1)).toBeLessThan(VALUE_ACCURACY);
});

test("operators that offer only `apply` are enough for every symmetric method (property: clusters, gradings, ranks, scales)", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 24 }),
      fc.constantFrom("spread", "clustered", "graded", "deficient"),
      fc.constantFrom(1, 1e150, 1e-150),
      fc.integer({ min: 0, max: 1e6 }),
      (n, kind, scale, seed) => {
        const shapes: Record<string, (i: number) => number> = {
          spread: (i) => i - n / 3.1,
          clustered: (i) => (i % 3) + 1e-11 * i,
          graded: (i) => 2.5 ** -i,
          deficient: (i) => (i < n / 2 ? 0 : i),
        };
        const d = Float64Array.from({ length: n }, (_, i) => scale * shapes[kind](i));
        let products = 0;
        const A: SymmetricOperator = {
          rows: n,
          cols: n,
          symmetric: true,
          apply: (x, out) => {
            products++;
            d.forEach((value, i) => (out[i] = value * x[i]));
          },
        };
        const norm = Math.max(...d.map(Math.abs));
        const top = d.slice().sort().at(-1)!;
        const seeded = () => createRng(seed);
        const runs = [
          () => eigsh(A, { count: 1, rng: seeded() }),
          () => eigsh(A, { count: 1, blockSize: Math.min(2, n), rng: seeded() }),
          () => lobpcg(A, { count: 1, which: "largest" as const, rng: seeded() }),
        ];
        for (const run of runs) {
          products = 0;
          const { status, values, matvecs } = run();
          expect([status, matvecs]).toEqual(["converged", products]);
          expect(Math.abs(values[0] - top)).toBeLessThanOrEqual(1e-8 * norm);
        }
        const operator: LinearOperator = A;
        expect(Math.abs(svds(operator, { count: 1, rng: seeded() }).singularValues[0] - norm)).toBeLessThanOrEqual(
          1e-8 * norm,
        );
        const full = lanczos(A, { steps: n, rng: seeded() });
        expect(full.invariant || full.steps === n).toBe(true);
      },
    ),
    { numRuns: 60 },
  );
});

/** Number, what it catches, where it stands, and words of the test's title. */
const table: readonly (readonly [number, string, string, string])[] = [
  [
    1,
    "weights that are no squared components",
    "stochastic/spectral-density.test.ts",
    "weights are squared first components",
  ],
  [2, "uneven work: last batches", "networks/derivatives.test.ts", "uneven last batches"],
  [3, "momentum-shifted quotients", "krylov/peers.test.ts", "momentum-shifted quotients"],
  [3, "momentum-shifted quotients, power iteration", "krylov/power-iteration.test.ts", "momentum-shifted quotients"],
  [4, "ghosts", "krylov/peers.test.ts", "ghosts (4)"],
  [4, "ghosts, closed table of copies", "krylov/lanczos.test.ts", "ghosts: without reorthogonalisation"],
  [4, "ghosts in a density", "stochastic/spectral-density.test.ts", "exactly 10 Ritz values beyond the gap"],
  [
    5,
    "invariant subspaces, rank one, zero, identity",
    "krylov/peers.test.ts",
    "end cleanly and exactly, in every method",
  ],
  [
    6,
    "missed multiplicity, by search",
    "krylov/eigsh.test.ts",
    "is found with the right count when multiplicity is checked",
  ],
  [6, "missed multiplicity, by block", "krylov/block-lanczos.test.ts", "double, triple and 50-fold eigenvalues"],
  [6, "missed multiplicity, by counting", "krylov/chebyshev-subspace.test.ts", "missed multiplicity"],
  [7, "a tight cluster near the end", "krylov/eigsh.test.ts", "a tight cluster near the end is complete or flagged"],
  [8, "small singular values", "krylov/peers.test.ts", "small singular values (8)"],
  [9, "loose assertions", "krylov/eigsh.test.ts", "within 1e-10 ‖A‖"],
  [10, "f32 graded matrices", "krylov/peers.test.ts", "f32 graded (10)"],
  [11, "intervals that do not cover", "stochastic/trace.test.ts", "still covers"],
  [11, "premature stops of a trace", "stochastic/trace.test.ts", "the peers' rule"],
  [11, "premature stops of an eigenvalue", "krylov/peers.test.ts", "premature stops"],
  [21, "unseeded results", "browser/same-bits.test.ts", "the same bytes in Node and in a browser"],
  [22, "log-determinant bounds that do not contain the truth", "stochastic/spectral-sum.test.ts", "contain the truth"],
];

test.each(table)("survey test %i, %s: %s has it", (_, __, file, words) => {
  expect(readFileSync(new URL(`../${file}`, import.meta.url), "utf8")).toContain(words);
});
