import fc from "fast-check";
import { expect, test } from "vitest";
import { type Matrix, NonFiniteError, ShapeError, column, requireConverged, transpose } from "../../src/core/index.js";
import {
  type EigshOptions,
  type EigshResult,
  eigsh,
  deserializeState,
  eigshAsync,
  resumeEigsh,
  serializeState,
} from "../../src/krylov/index.js";
import { eigh, orthogonalMatrix, solve } from "../../src/linalg/index.js";
import {
  type SymmetricOperator,
  counted,
  diagonal,
  fromAsyncFunction,
  fromFunction,
  fromMatrix,
  lowRank,
  scale,
  shift,
} from "../../src/operators/index.js";
import { createRng, normalMatrix } from "../../src/random/index.js";
import { naiveProduct, orthogonalityLoss, tolerance, within } from "../support/compare.js";
import { fixture } from "../support/shared.js";

/** Relative accuracy of converged eigenvalues on the acceptance matrices, in units of ‖A‖. */
const VALUE_ACCURACY = 1e-10;
const RESIDUAL_ACCURACY = 1e-8;

const rng = () => createRng(7);

/** Q D Qᵀ: an operator with a known spectrum that is not diagonal. */
function rotated(values: ArrayLike<number>, seed = 1): SymmetricOperator {
  const n = values.length;
  const Q = orthogonalMatrix(createRng(seed), n);
  const scaled: Matrix = { rows: n, cols: n, data: Q.data.map((entry, at) => entry * values[at % n]) };
  const A = naiveProduct(scaled, transpose(Q));
  return fromMatrix(A, { symmetric: true });
}

/** Everything that must hold of a result, whatever the spectrum; `spectrum` ascending. */
function soundness(A: SymmetricOperator, result: EigshResult, spectrum: ArrayLike<number>): string[] {
  const norm = Math.max(...Array.from(spectrum, Math.abs));
  const problems: string[] = [];
  const product = new Float64Array(A.rows);
  const rounding = tolerance(20, Math.sqrt(A.rows), norm);
  result.values.forEach((value, i) => {
    const v = column(result.vectors, i);
    A.apply(v, product);
    const residual = Math.hypot(...product.map((p, row) => p - value * v[row]));
    if (Math.abs(residual - result.residualNorms[i]) > rounding) problems.push(`residual ${i}`);
    const { lower, upper } = result.intervals;
    if (!Array.from(spectrum).some((s) => s >= lower[i] - rounding && s <= upper[i] + rounding))
      problems.push(`interval ${i}`);
  });
  if (orthogonalityLoss(result.vectors) > 1e-10 || result.orthogonalityLoss > 1e-10) problems.push("orthogonality");
  if (Math.abs(orthogonalityLoss(result.vectors) - result.orthogonalityLoss) > tolerance(10, A.rows))
    problems.push("reported loss");
  return problems;
}

interface Reference {
  readonly matrices: {
    readonly wilkinson_W21plus: { readonly eigenvalues_desc: number[] };
    readonly hilbert_12: { readonly eigenvalues_desc: number[] };
    readonly rosser_8: { readonly eigenvalues_desc: number[]; readonly A: number[][] };
    readonly graded_8: { readonly eigenvalues_desc: number[] };
    readonly clustered_diag: { readonly diag: number[] };
  };
}
const { matrices } = fixture<Reference>("krylov/reference.json");

const tridiagonal = (d: number[], e: number[]): SymmetricOperator =>
  fromFunction(
    d.length,
    (x, out) => {
      for (let i = 0; i < d.length; i++) {
        out[i] = d[i] * x[i] + (i > 0 ? e[i - 1] * x[i - 1] : 0) + (i < d.length - 1 ? e[i] * x[i + 1] : 0);
      }
    },
    { symmetric: true },
  );
const laplacian = (n: number): SymmetricOperator =>
  tridiagonal(new Array<number>(n).fill(2), new Array<number>(n - 1).fill(-1));
const laplacianSpectrum = (n: number): number[] =>
  Array.from({ length: n }, (_, k) => 2 - 2 * Math.cos(((k + 1) * Math.PI) / (n + 1)));

const acceptance: readonly (readonly [string, SymmetricOperator, number[]])[] = [
  ["Laplacian of order 50", laplacian(50), laplacianSpectrum(50)],
  [
    "Wilkinson W21+",
    tridiagonal(
      Array.from({ length: 21 }, (_, i) => Math.abs(i - 10)),
      new Array<number>(20).fill(1),
    ),
    [...matrices.wilkinson_W21plus.eigenvalues_desc].reverse(),
  ],
  [
    "clustered diagonal",
    diagonal(matrices.clustered_diag.diag),
    [...matrices.clustered_diag.diag].sort((a, b) => a - b),
  ],
  [
    "Rosser",
    fromMatrix({ rows: 8, cols: 8, data: Float64Array.from(matrices.rosser_8.A.flat()) }, { symmetric: true }),
    [...matrices.rosser_8.eigenvalues_desc].reverse(),
  ],
  [
    "Hilbert of order 12",
    fromMatrix(
      {
        rows: 12,
        cols: 12,
        data: Float64Array.from({ length: 144 }, (_, at) => 1 / (Math.floor(at / 12) + (at % 12) + 1)),
      },
      { symmetric: true },
    ),
    [...matrices.hilbert_12.eigenvalues_desc].reverse(),
  ],
  [
    "graded tridiagonal of order 8",
    tridiagonal(
      Array.from({ length: 8 }, (_, i) => 10 ** (-2 * i)),
      Array.from({ length: 7 }, (_, i) => 10 ** (-2 * i - 1)),
    ),
    [...matrices.graded_8.eigenvalues_desc].reverse(),
  ],
];

test.each(acceptance)("%s: both ends within 1e-10 ‖A‖, residuals 1e-8 ‖A‖, orthonormal to 1e-10", (_, A, spectrum) => {
  const norm = Math.max(...spectrum.map(Math.abs));
  const count = 4;
  const expected = [...spectrum.slice(0, 2), ...spectrum.slice(-2)];
  const result = requireConverged(
    eigsh(A, { count, which: "both", tolerance: 1e-10, checkMultiplicity: true, rng: rng() }),
  );
  const verdict = within(result.values, expected, VALUE_ACCURACY * norm);
  expect(verdict.ok, verdict.message).toBe(true);
  expect(Math.max(...result.residualNorms)).toBeLessThanOrEqual(RESIDUAL_ACCURACY * norm);
  expect(soundness(A, result, spectrum)).toEqual([]);
});

test("the order of the values: descending for largest, ascending else; each choice finds its end", () => {
  const spectrum = Array.from({ length: 60 }, (_, i) => i - 40 + 0.1 * Math.sin(i));
  const A = rotated(spectrum);
  const ascending = [...spectrum].sort((a, b) => a - b);
  const run = (which: "largest" | "smallest" | "both" | "magnitude", count: number) =>
    eigsh(A, { count, which, rng: rng(), tolerance: 1e-10 });
  const cases = [
    ["largest", 3, ascending.slice(-3).reverse()],
    ["smallest", 3, ascending.slice(0, 3)],
    ["both", 5, [...ascending.slice(0, 2), ...ascending.slice(-3)]],
    ["both", 1, ascending.slice(-1)],
    ["magnitude", 4, ascending.slice(0, 4)],
  ] as const;
  for (const [which, count, expected] of cases) {
    const result = run(which, count);
    expect(result.status).toBe("converged");
    expect(within(result.values, expected, VALUE_ACCURACY * 40).ok).toBe(true);
    expect(soundness(A, result, ascending)).toEqual([]);
    for (let j = 0; j < count; j++) {
      const v = column(result.vectors, j);
      expect(Math.max(...v)).toBe(Math.max(...v.map(Math.abs))); // the entry of largest modulus is positive
    }
  }
});

test("matvecs are counted, verification included, and bounded memory means bounded basis", () => {
  const A = counted(laplacian(300));
  const result = eigsh(A, { count: 2, rng: rng(), tolerance: 1e-6 });
  expect(result.matvecs).toBe(A.counts.matvecs);
  expect(result.iterations).toBeGreaterThan(0);
  A.resetCounts();
  const unverified = eigsh(A, { count: 2, rng: rng(), tolerance: 1e-6, verify: false });
  expect(unverified.matvecs).toBe(A.counts.matvecs);
  expect(unverified.matvecs).toBe(result.matvecs - 2);
  expect(within(unverified.residualNorms, result.residualNorms, tolerance(20, 300, 4)).ok).toBe(true); // reported = recomputed
  A.resetCounts();
  const checked = eigsh(A, { count: 2, rng: rng(), tolerance: 1e-6, checkMultiplicity: true });
  expect(checked.matvecs).toBe(A.counts.matvecs);
  expect(checked.multiplicityChecked).toBe(true);
});

test.each([
  ["double", [5, 5, 4], 3],
  ["triple", [5, 5, 5, 4], 4],
  ["50-fold", new Array<number>(50).fill(5), 52],
])("a %s eigenvalue is found with the right count when multiplicity is checked, and not without", (_, head, count) => {
  const n = 120;
  const spectrum = [...head, ...Array.from({ length: n - head.length }, (_, i) => 3 - i / 50)];
  const A = rotated(spectrum, 3);
  const copies = (result: EigshResult): number => result.values.filter((value) => Math.abs(value - 5) < 1e-6).length;
  const truth = head.filter((value) => value === 5).length;
  const checked = eigsh(A, { count, rng: rng(), checkMultiplicity: true });
  expect([checked.status, copies(checked), checked.multiplicityChecked]).toEqual(["converged", truth, true]);
  expect(checked.clusters[0]).toEqual(Array.from({ length: truth }, (_, i) => i));
  expect(
    soundness(
      A,
      checked,
      [...spectrum].sort((a, b) => a - b),
    ),
  ).toEqual([]);
  const single = eigsh(diagonal(spectrum), { count: 3, rng: rng() }); // one Krylov space: the reason for the check
  expect(copies(single)).toBeLessThan(Math.max(2, Math.min(3, truth)) + 1);
});

test("a tight cluster near the end is complete or flagged", () => {
  const spectrum = [...Array.from({ length: 195 }, (_, i) => i / 200), 1, 1 + 1e-13, 1 + 2e-13, 1 + 1e-6, 1 + 2e-6];
  const A = diagonal(spectrum);
  const result = eigsh(A, { count: 5, rng: rng(), tolerance: 1e-11, checkMultiplicity: true });
  expect(result.status).toBe("converged");
  expect(within(result.values, [...spectrum].reverse().slice(0, 5), VALUE_ACCURACY).ok).toBe(true);
  expect(result.clusters).toEqual([[2, 3, 4]]); // 1e-13 cannot be told apart at n ε ‖A‖, 1e-6 can
});

test("zero, identity, rank-one and order-one operators end cleanly and exactly", () => {
  const zero = eigsh(diagonal(new Float64Array(9)), { count: 3, rng: rng() });
  expect([zero.status, ...zero.values, ...zero.residualNorms]).toEqual(["converged", 0, 0, 0, 0, 0, 0]);
  const one = eigsh(diagonal(new Float64Array(9).fill(1)), { count: 4, which: "smallest", rng: rng() });
  expect(within(one.values, [1, 1, 1, 1], tolerance(4, 9)).ok).toBe(true);
  expect([one.status, one.clusters]).toEqual(["converged", [[0, 1, 2, 3]]]);
  const u = normalMatrix(createRng(3), 80, 1);
  const rankOne = eigsh(lowRank(u), { count: 3, which: "both", rng: rng() });
  const squares = u.data.reduce((sum, value) => sum + value * value, 0);
  expect(rankOne.status).toBe("converged");
  expect(within(rankOne.values, [0, 0, squares], tolerance(10, 80, squares)).ok).toBe(true);
  const single = eigsh(diagonal([-7]), { count: 1, rng: rng() });
  expect([single.values[0], single.vectors.data[0], single.matvecs]).toEqual([-7, 1, 2]);
});

test("a start inside an invariant subspace: with rng the rest is found, without it the status says so", () => {
  const A = diagonal([1, 2, 3, 9, 8]);
  const start = Float64Array.of(1, 1, 0, 0, 0);
  const blind = eigsh(A, { count: 3, start });
  expect([blind.status, blind.advice]).toEqual([
    "breakdown",
    "the start vector spans an invariant subspace: pass rng so that other directions can be tried",
  ]);
  const whole = eigsh(A, { count: 3, start, rng: rng() });
  expect(whole.status).toBe("converged");
  expect(within(whole.values, [9, 8, 3], tolerance(20, 5, 9)).ok).toBe(true);
});

test("all eigenvalues of a random matrix equal those of the dense solver (foreign routine)", () => {
  const G = normalMatrix(createRng(11), 40, 40);
  const S: Matrix = {
    rows: 40,
    cols: 40,
    data: G.data.map((value, at) => value + G.data[(at % 40) * 40 + Math.floor(at / 40)]),
  };
  const result = eigsh(fromMatrix(S, { symmetric: true }), { count: 40, which: "smallest", rng: rng() });
  const dense = eigh(S).values;
  expect(within(result.values, dense, tolerance(10, 40, 20)).ok).toBe(true);
  expect(eigsh(S, { count: 40, which: "smallest", rng: rng() }).values).toEqual(result.values); // a Matrix is accepted
});

test("results are sound for any spectrum (property: sizes, clusters, grading, scale)", () => {
  const spectra = fc.oneof(
    fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 1, maxLength: 40 }),
    fc.array(fc.constantFrom(-1, 0, 1, 1, 1 + 1e-12), { minLength: 1, maxLength: 40 }),
    fc.array(
      fc.integer({ min: 0, max: 16 }).map((e) => 10 ** -e),
      { minLength: 1, maxLength: 40 },
    ),
  );
  fc.assert(
    fc.property(
      spectra,
      fc.constantFrom(1, 1e150, 1e-150),
      fc.constantFrom("largest", "smallest", "both", "magnitude"),
      fc.nat(1000),
      (values, size, which, seed) => {
        const A = diagonal(values.map((value) => size * value));
        const count = 1 + (seed % Math.min(values.length, 5));
        const result = eigsh(A, { count, which, rng: createRng(seed), checkMultiplicity: true });
        const ascending = values.map((value) => size * value).sort((a, b) => a - b);
        expect(result.status).toBe("converged");
        expect(soundness(A, result, ascending)).toEqual([]);
        if (which === "largest") {
          const norm = Math.max(...ascending.map(Math.abs));
          expect(within(result.values, ascending.reverse().slice(0, count), 2e-8 * norm).ok).toBe(true);
        }
      },
    ),
    { numRuns: 150 },
  );
});

test("Kato–Temple intervals contain the eigenvalues and are tighter than residual intervals", () => {
  const spectrum = laplacianSpectrum(200);
  const result = eigsh(laplacian(200), { count: 4, tolerance: 1e-4, rng: rng() });
  const truth = spectrum.slice(-4).reverse();
  truth.forEach((value, i) => {
    expect(result.intervals.lower[i]).toBeLessThanOrEqual(value);
    expect(result.intervals.upper[i]).toBeGreaterThanOrEqual(value);
  });
  expect(result.intervals.kind[0]).toBe("kato-temple");
  expect(result.intervals.upper[0] - result.intervals.lower[0]).toBeLessThan(0.5 * result.residualNorms[0]);
});

test("shift and scale move the values and leave the vectors", () => {
  const A = laplacian(60);
  const plain = eigsh(A, { count: 2, rng: rng(), tolerance: 1e-11 });
  const moved = eigsh(shift(scale(A, 4), -3), { count: 2, rng: rng(), tolerance: 1e-11 });
  expect(
    within(
      moved.values,
      plain.values.map((value) => 4 * value - 3),
      VALUE_ACCURACY * 16,
    ).ok,
  ).toBe(true);
  expect(within(moved.vectors.data, plain.vectors.data, 1e-6).ok).toBe(true);
});

test("a warm start from the eigenvectors of a nearby operator saves products and misses no crossing", () => {
  const n = 400;
  const before = Float64Array.from({ length: n }, (_, i) => (i < 5 ? 3 + i : Math.sin(i)));
  const first = eigsh(diagonal(before), { count: 5, rng: rng() });
  const after = before.map((value, i) => (i === 200 ? 20 : value * 1.001)); // a new leader, orthogonal to the guess
  const warm = eigsh(diagonal(before.map((v) => v * 1.001)), { count: 5, rng: rng(), guess: first.vectors });
  expect(warm.matvecs).toBeLessThan(first.matvecs);
  const crossed = eigsh(diagonal(after), { count: 5, rng: rng(), guess: first.vectors });
  expect(crossed.status).toBe("converged");
  expect(Math.abs(crossed.values[0] - 20)).toBeLessThan(1e-6);
});

test("nearest finds interior eigenvalues through a solve callback", () => {
  const spectrum = Array.from({ length: 50 }, (_, i) => i + 0.3 * Math.sin(i));
  const A = rotated(spectrum, 5);
  const S = { rows: 50, cols: 50, data: new Float64Array(2500) };
  const unit = new Float64Array(50);
  const product = new Float64Array(50);
  for (let j = 0; j < 50; j++) {
    unit.fill(0)[j] = 1;
    A.apply(unit, product);
    for (let i = 0; i < 50; i++) S.data[i * 50 + j] = product[i] - (i === j ? 20.2 : 0);
  }
  const nearest = { target: 20.2, solve: (x: Float64Array, out: Float64Array): void => out.set(solve(S, x)) };
  const result = eigsh(A, { count: 3, nearest, rng: rng() });
  const expected = [...spectrum]
    .sort((a, b) => Math.abs(a - 20.2) - Math.abs(b - 20.2))
    .slice(0, 3)
    .sort((a, b) => a - b);
  expect([result.status, result.which]).toEqual(["converged", "nearest"]);
  expect(within(result.values, expected, 1e-8 * 50).ok).toBe(true);
  expect(soundness(A, result, spectrum)).toEqual([]);
  // A solve that is wrong is caught by the residuals with A (negative control).
  const wrong = {
    target: 20.2,
    solve: (x: Float64Array, out: Float64Array): void => out.set(solve(S, x).map((v, i) => v * (1 + i / 50))),
  };
  expect(eigsh(A, { count: 1, nearest: wrong, rng: rng(), maximumMatvecs: 500 }).status).not.toBe("converged");
});

test("a run that is cut by budget or signal resumes bit for bit", () => {
  const A = laplacian(400);
  const options: EigshOptions = { count: 3, which: "both", tolerance: 1e-7 };
  const whole = eigsh(A, { ...options, rng: rng() });
  let part = eigsh(A, { ...options, rng: rng(), maximumMatvecs: 37 });
  expect([part.status, part.matvecs]).toEqual(["max-iterations", 37 + 3]);
  expect(part.advice).toContain("resumeEigsh");
  while (part.state !== null) {
    const copy = deserializeState(serializeState(part.state));
    part = resumeEigsh(A, copy, { maximumMatvecs: copy.matvecs + 61 });
  }
  expect([part.status, part.values, part.vectors.data, part.residualNorms, part.iterations]).toEqual([
    whole.status, whole.values, whole.vectors.data, whole.residualNorms, whole.iterations,
  ]); // prettier-ignore
  const signal = { aborted: false };
  const cut = eigsh(A, {
    ...options,
    rng: rng(),
    signal,
    onProgress: ({ figures }) => (signal.aborted = (figures?.["matvecs"] ?? 0) > 50),
  });
  expect(cut.status).toBe("cancelled");
  expect(resumeEigsh(A, cut.state!).values).toEqual(whole.values);
  expect(() => resumeEigsh(laplacian(9), cut.state!)).toThrow(ShapeError);
  expect(() => resumeEigsh(A, whole.state!)).toThrow(
    "resumeEigsh: state must be the state of an eigsh result that did not converge",
  );
});

test("asynchronous products give the numbers of the synchronous run, bit for bit", async () => {
  const A = laplacian(80);
  const remote = fromAsyncFunction(
    80,
    async (x, out) => {
      await Promise.resolve();
      A.apply(x, out);
    },
    { symmetric: true },
  );
  const there = await eigshAsync(remote, { count: 3, rng: rng() });
  const here = eigsh(A, { count: 3, rng: rng() });
  expect([there.values, there.vectors.data, there.matvecs]).toEqual([here.values, here.vectors.data, here.matvecs]);
  await expect(eigshAsync(A as never, { count: 1 })).rejects.toThrow("eigsh: rng must be given");
});

test("an operator that is not symmetric is found out by the recomputed residuals", () => {
  const n = 60;
  const liar = fromFunction(
    n,
    (x, out) => {
      for (let i = 0; i < n; i++) out[i] = (i + 1) * x[i] + (i + 1 < n ? 5 * x[i + 1] : 0);
    },
    { symmetric: true },
  );
  const result = eigsh(liar, { count: 2, rng: rng() });
  expect(result.status).not.toBe("converged");
  const { values } = eigsh(diagonal(Array.from({ length: n }, (_, i) => i + 1)), { count: 2, rng: rng() });
  expect(Math.abs(values[0] - n)).toBeLessThan(1e-8); // the honest twin converges
});

test("wrong input is refused before any product, by name", () => {
  const A = counted(diagonal([1, 2, 3]));
  const run =
    (options: unknown, operator: unknown = A) =>
    () =>
      eigsh(operator as SymmetricOperator, options as EigshOptions);
  expect(run({ count: 0, rng: rng() })).toThrow("eigsh: count must be an integer in [1, 3], got 0");
  expect(run({ count: 4, rng: rng() })).toThrow("eigsh: count must be an integer in [1, 3], got 4");
  expect(run(undefined)).toThrow("eigsh: count must be an integer in [1, 3], got undefined");
  expect(run({ count: 1 })).toThrow("eigsh: rng must be given when there is no start vector");
  expect(run({ count: 1, rng: rng(), which: "LM" })).toThrow(
    'eigsh: which must be one of "largest", "smallest", "both", "magnitude", got "LM"',
  );
  expect(run({ count: 1, rng: rng(), k: 3 })).toThrow('eigsh: option "k" must be one of count');
  expect(run({ count: 1, rng: rng(), tolerance: -1 })).toThrow("eigsh: tolerance must be a number in [0, 1], got -1");
  expect(run({ count: 1, rng: rng(), tolerance: Number.NaN })).toThrow(NonFiniteError);
  expect(run({ count: 1, rng: rng(), krylovDimension: 2 })).toThrow(
    "eigsh: krylovDimension must be an integer in [3, 3], got 2",
  );
  expect(run({ count: 1, guess: { rows: 2, cols: 1, data: new Float64Array(2) } })).toThrow(
    "eigsh: guess must be a matrix of 3 rows",
  );
  expect(run({ count: 1, start: Float64Array.of(1, 0, 0), checkMultiplicity: true })).toThrow(
    "eigsh: rng must be given for checkMultiplicity",
  );
  expect(
    run(
      { count: 1, rng: rng() },
      fromFunction(3, (x) => x),
    ),
  ).toThrow("eigsh: A must be a symmetric operator");
  expect(run({ count: 1, rng: rng() }, diagonal([]))).toThrow(ShapeError);
  expect(A.counts.matvecs).toBe(0);
  expect(
    run(
      { count: 1, rng: rng() },
      fromFunction(3, () => [0, Infinity, 0], { symmetric: true }),
    ),
  ).toThrow("eigsh: A must be an operator with finite products");
});
