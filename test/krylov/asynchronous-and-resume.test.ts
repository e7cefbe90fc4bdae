import { expect, test } from "vitest";
import { FormatError } from "../../src/core/index.js";
import {
  type KrylovState,
  blockLanczos,
  blockLanczosAsync,
  cg,
  cgAsync,
  chebyshevSubspace,
  chebyshevSubspaceAsync,
  deserializeState,
  eigsh,
  eigshAsync,
  expmv,
  expmvAsync,
  functionTimesVector,
  functionTimesVectorAsync,
  lanczos,
  lanczosAsync,
  lanczosSteps,
  lobpcg,
  lobpcgAsync,
  lsmr,
  lsmrAsync,
  matrixFunctionTimesVector,
  matrixFunctionTimesVectorAsync,
  minres,
  minresAsync,
  powerIteration,
  powerIterationAsync,
  resumeEigsh,
  resumeEigshAsync,
  serializeState,
  svds,
  svdsAsync,
} from "../../src/krylov/index.js";
import { expm } from "../../src/linalg/index.js";
import {
  type AsyncLinearOperator,
  type AsyncSymmetricOperator,
  type LinearOperator,
  type SymmetricOperator,
  fromAsyncFunction,
  fromFunction,
  requireAsyncOperator,
} from "../../src/operators/index.js";
import { createRng } from "../../src/random/index.js";

const n = 60;
const rng = () => createRng(5);

/** A symmetric operator without structure that a solver could exploit, offering only `apply`; positive definite. */
const A: SymmetricOperator = {
  rows: n,
  cols: n,
  symmetric: true,
  apply: (x, out) => {
    for (let i = 0; i < n; i++) {
      out[i] = (2.5 + ((i * 7) % 11) / 5) * x[i] - (i > 0 ? x[i - 1] : 0) - (i + 1 < n ? x[i + 1] : 0);
    }
  },
};

/** A rectangular operator: forward differences with weights. */
const general: LinearOperator = fromFunction(
  n,
  (x, out) => {
    for (let i = 0; i < n + 3; i++) out[i] = (i < n ? (1 + (i % 5)) * x[i] : 0) - (i > 0 && i <= n ? x[i - 1] : 0);
  },
  {
    rows: n + 3,
    applyTranspose: (x, out) => {
      for (let i = 0; i < n; i++) out[i] = (1 + (i % 5)) * x[i] - x[i + 1];
    },
  },
);

/** A square operator that is not symmetric: upwind differences. */
const upwind: LinearOperator = fromFunction(n, (x, out) => {
  for (let i = 0; i < n; i++) out[i] = (i > 0 ? x[i - 1] : 0) - x[i] + ((i % 3) / 10) * x[n - 1 - i];
});

/** The twin whose products come later, in another turn of the event loop. */
function remote(operator: SymmetricOperator): AsyncSymmetricOperator;
function remote(operator: LinearOperator): AsyncLinearOperator;
function remote(operator: LinearOperator): AsyncLinearOperator {
  const later =
    (product: (x: Float64Array, out: Float64Array) => void) =>
    async (x: Float64Array, out: Float64Array): Promise<void> => {
      const copy = x.slice(); // the remote side has a copy; the driver must wait before it goes on
      await Promise.resolve();
      product(copy, out);
    };
  const { rows, cols } = operator;
  const symmetric = (operator as Partial<SymmetricOperator>).symmetric === true ? { symmetric: true } : {};
  const transposed = operator.applyTranspose === undefined ? {} : { applyTranspose: later(operator.applyTranspose) };
  return { rows, cols, ...symmetric, ...transposed, apply: later((x, out) => operator.apply(x, out)) };
}

const b = Float64Array.from({ length: n }, (_, i) => ((i * 13) % 7) - 3);
const long = Float64Array.from({ length: n + 3 }, (_, i) => ((i * 5) % 9) - 4);

test.each<[string, () => unknown, () => Promise<unknown>]>([
  ["eigsh", () => eigsh(A, { count: 3, rng: rng() }), () => eigshAsync(remote(A), { count: 3, rng: rng() })],
  [
    "eigsh in blocks",
    () => eigsh(A, { count: 3, blockSize: 3, rng: rng() }),
    () => eigshAsync(remote(A), { count: 3, blockSize: 3, rng: rng() }),
  ],
  ["lanczos", () => lanczos(A, { steps: 9, rng: rng() }), () => lanczosAsync(remote(A), { steps: 9, rng: rng() })],
  [
    "blockLanczos",
    () => blockLanczos(A, { steps: 4, blockSize: 3, rng: rng() }),
    () => blockLanczosAsync(remote(A), { steps: 4, blockSize: 3, rng: rng() }),
  ],
  [
    "powerIteration",
    () => powerIteration(A, { rng: rng(), maximumMatvecs: 30 }),
    () => powerIterationAsync(remote(A), { rng: rng(), maximumMatvecs: 30 }),
  ],
  ["lobpcg", () => lobpcg(A, { count: 2, rng: rng() }), () => lobpcgAsync(remote(A), { count: 2, rng: rng() })],
  ["svds", () => svds(general, { count: 2, rng: rng() }), () => svdsAsync(remote(general), { count: 2, rng: rng() })],
  ["cg", () => cg(A, b), () => cgAsync(remote(A), b)],
  ["minres", () => minres(A, b), () => minresAsync(remote(A), b)],
  ["lsmr", () => lsmr(general, long), () => lsmrAsync(remote(general), long)],
  [
    "chebyshevSubspace",
    () => chebyshevSubspace(A, { interval: [2, 2.6], rng: rng() }),
    () => chebyshevSubspaceAsync(remote(A), { interval: [2, 2.6], rng: rng() }),
  ],
  ["expmv, symmetric", () => expmv(A, b, { time: -2 }), () => expmvAsync(remote(A), b, { time: -2 })],
  ["expmv, general", () => expmv(upwind, b, { time: 3 }), () => expmvAsync(remote(upwind), b, { time: 3 })],
  [
    "functionTimesVector",
    () => functionTimesVector(A, Math.sqrt, b),
    () => functionTimesVectorAsync(remote(A), Math.sqrt, b),
  ],
  [
    "matrixFunctionTimesVector",
    () => matrixFunctionTimesVector(upwind, expm, b),
    () => matrixFunctionTimesVectorAsync(remote(upwind), expm, b),
  ],
])("%s: products computed elsewhere give the numbers of the synchronous run, bit for bit", async (_, here, there) => {
  expect(await there()).toEqual(here());
});

test("the synchronous path stays free of promises: a synchronous run ends before a microtask that was queued first", () => {
  let turned = false;
  void Promise.resolve().then(() => (turned = true));
  expect(eigsh(A, { count: 1, rng: rng() }).status).toBe("converged");
  expect(turned).toBe(false);
});

test("asynchronous forms refuse by name what is no such operator; a failing product is a rejection", async () => {
  await expect(cgAsync(remote(general) as never, b)).rejects.toThrow(
    "cgAsync: A must be a square asynchronous operator with the symmetric mark, got a 63 x 60 operator without the mark",
  );
  await expect(svdsAsync(remote(upwind), { count: 1, rng: rng() })).rejects.toThrow(
    "an asynchronous operator with applyTranspose",
  );
  await expect(expmvAsync(remote(general), b)).rejects.toThrow("expmvAsync: A must be square, got 63 x 60");
  await expect(lanczosAsync({} as never, { steps: 1, rng: rng() })).rejects.toThrow("lanczosAsync: A must be");
  expect(() => requireAsyncOperator(null as never, "A", "here", "any")).toThrow(
    "here: A must be an asynchronous operator, got null",
  );
  const failing = fromAsyncFunction(n, () => Promise.reject(new Error("the server is gone")), { symmetric: true });
  await expect(minresAsync(failing, b)).rejects.toThrow("the server is gone");
});

/** A cut run, and the same run resumed in pieces, with its state stored as text in between. */
interface Resumable {
  readonly name: string;
  readonly whole: () => { readonly status?: string };
  readonly cut: () => { readonly state: KrylovState | null };
  readonly resume: (state: never) => { readonly state: KrylovState | null };
}

const cuts: readonly Resumable[] = [
  {
    name: "eigsh in blocks",
    whole: () => eigsh(A, { count: 4, blockSize: 3, rng: rng() }),
    cut: () => eigsh(A, { count: 4, blockSize: 3, rng: rng(), maximumMatvecs: 17 }),
    resume: (state: never) => resumeEigsh(A, state, { maximumMatvecs: (state as { matvecs: number }).matvecs + 11 }),
  },
  {
    name: "svds",
    whole: () => svds(general, { count: 3, krylovDimension: 10, rng: rng() }),
    cut: () => svds(general, { count: 3, krylovDimension: 10, rng: rng(), maximumMatvecs: 14 }),
    resume: (state: never) =>
      svds(general, {
        count: 3,
        krylovDimension: 10,
        rng: createRng(99), // the stream of the state counts, not this one
        resume: state,
        maximumMatvecs: (state as { matvecs: number }).matvecs + 16,
      }),
  },
  {
    name: "lobpcg",
    whole: () => lobpcg(A, { count: 3, rng: rng() }),
    cut: () => lobpcg(A, { count: 3, rng: rng(), maximumIterations: 3 }),
    resume: (state: never) =>
      lobpcg(A, {
        count: 3,
        rng: createRng(99),
        resume: state,
        maximumIterations: (state as { iterations: number }).iterations + 4,
      }),
  },
  {
    name: "powerIteration",
    whole: () => powerIteration(A, { rng: rng(), tolerance: 1e-3 }),
    cut: () => powerIteration(A, { rng: rng(), tolerance: 1e-3, maximumMatvecs: 3 }),
    resume: (state: never) =>
      powerIteration(A, {
        tolerance: 1e-3,
        resume: state,
        maximumMatvecs: (state as { quotients: Float64Array }).quotients.length + 7,
      }),
  },
  {
    name: "cg, preconditioned",
    whole: () => cg(A, b, { preconditioner: halve }),
    cut: () => cg(A, b, { preconditioner: halve, maximumMatvecs: 6 }),
    resume: (state: never) =>
      cg(A, b, { preconditioner: halve, resume: state, maximumMatvecs: (state as { matvecs: number }).matvecs + 5 }),
  },
  {
    name: "minres",
    whole: () => minres(A, b),
    cut: () => minres(A, b, { maximumMatvecs: 6 }),
    resume: (state: never) =>
      minres(A, b, { resume: state, maximumMatvecs: (state as { matvecs: number }).matvecs + 5 }),
  },
  {
    name: "lsmr",
    whole: () => lsmr(general, long),
    cut: () => lsmr(general, long, { maximumMatvecs: 12 }),
    resume: (state: never) =>
      lsmr(general, long, { resume: state, maximumMatvecs: (state as { matvecs: number }).matvecs + 10 }),
  },
  {
    name: "chebyshevSubspace",
    whole: () => chebyshevSubspace(A, { interval: [2, 2.6], degree: 30, rng: rng() }),
    cut: () => chebyshevSubspace(A, { interval: [2, 2.6], degree: 30, rng: rng(), maximumMatvecs: 900 }),
    resume: (state: never) =>
      chebyshevSubspace(A, {
        interval: [2, 2.6],
        rng: createRng(99),
        resume: state,
        maximumMatvecs: (state as { matvecs: number }).matvecs + 700,
      }),
  },
];

function halve(r: Float64Array, out: Float64Array): void {
  for (let i = 0; i < n; i++) out[i] = r[i] / (2.5 + ((i * 7) % 11) / 5);
}

test.each(cuts)("$name: a run that is cut and resumed from text gives the uninterrupted one, bit for bit", (method) => {
  const whole = method.whole();
  let part = method.cut();
  let pieces = 1;
  expect(part.state).not.toBeNull();
  for (; part.state !== null; pieces++) {
    const text = serializeState(part.state);
    part = method.resume(deserializeState(text, part.state.kind) as never);
    if (pieces === 1) expect(method.resume(deserializeState(text, JSON.parse(text).kind) as never)).toEqual(part); // twice from one state
  }
  expect(pieces).toBeGreaterThan(2);
  expect(part).toEqual(whole);
});

test("a Lanczos factorisation is its own state, in every mode", () => {
  for (const options of [
    {},
    { reorthogonalization: "selective" },
    { reorthogonalization: "none" },
    { reorthogonalization: "none", keepBasis: false },
  ] as const) {
    const whole = lanczos(A, { steps: 25, rng: rng(), ...options });
    const part = lanczos(A, { steps: 9, rng: rng(), ...options });
    const stored = deserializeState(serializeState(part), "eigenscope-lanczos-1");
    expect(lanczos(A, { steps: 25, resume: stored, ...options })).toEqual(whole);
    const steps = lanczosSteps(A, { resume: stored, ...options });
    expect([steps.next().value.steps, steps.next().value.steps]).toEqual([10, 11]);
  }
  const part = lanczos(A, { steps: 3, rng: rng() });
  expect(lanczos(A, { steps: 2, resume: part })).toBe(part); // nothing to do
  expect(() => lanczos(A, { steps: 9, resume: part, reorthogonalization: "none" })).toThrow(
    'lanczos: resume must be a factorisation of order 60, mode "none", with its basis, not invariant',
  );
});

test("a block Lanczos factorisation is its own state, blocks that shrank included", () => {
  const start = {
    rows: n,
    cols: 3,
    data: Float64Array.from({ length: 3 * n }, (_, at) =>
      at % 3 === 2 ? b[(at / 3) | 0] : Math.floor(at / 3) === at % 3 ? 1 : 0,
    ),
  };
  const whole = blockLanczos(A, { steps: 7, start });
  const part = blockLanczos(A, { steps: 3, start });
  const stored = deserializeState(serializeState(part), "eigenscope-block-lanczos-1");
  expect(blockLanczos(A, { steps: 7, resume: stored })).toEqual(whole);
  expect(() => blockLanczos(A, { steps: 7, resume: { ...part, kind: "other" as never } })).toThrow(
    "blockLanczos: resume must be",
  );
});

test("the signal stops between products, and the state goes on (asynchronous form)", async () => {
  const signal = { aborted: false };
  let products = 0;
  const operator = fromAsyncFunction(
    n,
    async (x, out) => {
      A.apply(x, out);
      signal.aborted = ++products === 13;
    },
    { symmetric: true },
  );
  const cut = await eigshAsync(operator, { count: 2, rng: rng(), signal });
  expect([cut.status, products - cut.values.length]).toEqual(["cancelled", 13]); // verification products come on top
  const rest = await resumeEigshAsync(remote(A), cut.state!);
  expect(rest).toEqual(eigsh(A, { count: 2, rng: rng() }));
});

test("states of other runs and texts that are none are refused by name", () => {
  const state = cg(A, b, { maximumMatvecs: 4 }).state!;
  expect(() => minres(A, b, { resume: state })).toThrow(
    "minres: resume must be the state of an unfinished minres run of this order",
  );
  expect(() => cg({ ...A, rows: 3, cols: 3 }, b.slice(0, 3), { resume: state })).toThrow("cg: resume must be");
  const triplets = svds(general, { count: 3, krylovDimension: 10, rng: rng(), maximumMatvecs: 14 }).state!;
  expect(() => svds(general, { count: 2, krylovDimension: 10, rng: rng(), resume: triplets })).toThrow(
    "svds: resume must be the state of a run with rows 63, cols 60, count 2, which largest, krylovDimension 10",
  );
  const block = lobpcg(A, { count: 3, rng: rng(), maximumIterations: 3 }).state!;
  expect(() => lobpcg(A, { count: 3, blockSize: 4, rng: rng(), resume: block })).toThrow(
    "lobpcg: resume must be the state of a run with n 60",
  );
  const power = powerIteration(A, { rng: rng(), maximumMatvecs: 3 }).state!;
  expect(() => powerIteration(A, { shift: 1, resume: power })).toThrow("powerIteration: resume must be");
  expect(() => powerIteration(A, { maximumMatvecs: 3, resume: power })).toThrow(
    "with fewer than maximumMatvecs = 3 products",
  );
  const window = chebyshevSubspace(A, { interval: [2, 2.6], degree: 30, rng: rng(), maximumMatvecs: 900 }).state!;
  expect(() => chebyshevSubspace(A, { interval: [2, 3], rng: rng(), resume: window })).toThrow(
    "chebyshevSubspace: resume must be",
  );
  expect(() => serializeState(null as never)).toThrow(
    "serializeState: state must be the state of an unfinished run, got null",
  );
  expect(() => deserializeState(serializeState(state))).toThrow(FormatError);
  expect(() => deserializeState(serializeState(state))).toThrow(
    'text must be written by serializeState, of kind "eigenscope-eigsh-1", got kind "eigenscope-solve-1"',
  );
  expect(() => deserializeState("{", "eigenscope-solve-1")).toThrow(FormatError);
  const broken = serializeState(state).replace(/"float64":"./, '"float64":"x');
  expect(() => deserializeState(broken, "eigenscope-solve-1")).toThrow("numbers that are no list of doubles");
});

test("a run with a solve callback resumes bit for bit, and has its asynchronous form", async () => {
  const d = Float64Array.from({ length: 300 }, (_, i) => i / 7);
  const target = 20.03;
  const operator: SymmetricOperator = {
    rows: 300,
    cols: 300,
    symmetric: true,
    apply: (x, out) => d.forEach((value, i) => (out[i] = value * x[i])),
  };
  const solve = (x: Float64Array, out: Float64Array): void =>
    d.forEach((value, i) => (out[i] = x[i] / (value - target)));
  const options = { count: 4, krylovDimension: 8 } as const;
  const whole = eigsh(operator, { ...options, rng: rng(), nearest: { target, solve } });
  expect([whole.status, whole.which]).toEqual(["converged", "nearest"]);
  const cut = eigsh(operator, { ...options, rng: rng(), nearest: { target, solve }, maximumMatvecs: 9 });
  expect([cut.status, cut.state?.target]).toEqual(["max-iterations", target]);
  const state = deserializeState(serializeState(cut.state!));
  expect(resumeEigsh(operator, state, { solve })).toEqual(whole);
  expect(() => resumeEigsh(operator, state)).toThrow("solve must be a function (x, out) that leaves");
  const later = async (x: Float64Array, out: Float64Array): Promise<void> => {
    await Promise.resolve();
    solve(x, out);
  };
  expect(await eigshAsync(remote(operator), { ...options, rng: rng(), nearest: { target, solve: later } })).toEqual(
    whole,
  );
  expect(await resumeEigshAsync(remote(operator), state, { solve: later })).toEqual(whole);
});

test("expmv that was stopped says how far it came, and goes on from there", () => {
  const signal = { aborted: false };
  const whole = expmv(A, b, { time: -60, krylovDimension: 10 });
  expect([whole.status, whole.timeReached]).toEqual(["converged", -60]);
  const cut = expmv(A, b, { time: -60, krylovDimension: 10, signal, onProgress: () => (signal.aborted = true) });
  expect(cut.status).toBe("cancelled");
  expect(cut.timeReached).toBeLessThan(0);
  expect(cut.timeReached).toBeGreaterThan(-60);
  const rest = expmv(A, cut.value, { time: -60 - cut.timeReached, krylovDimension: 10 });
  const size = Math.hypot(...whole.value);
  expect(Math.max(...rest.value.map((value, i) => Math.abs(value - whole.value[i])))).toBeLessThan(1e-8 * size);
});

test("every value has an interval: power iteration and singular values too, whose clusters are clusters", () => {
  const { value, residualNorm, interval } = powerIteration(A, { rng: rng(), maximumMatvecs: 20 });
  const top = eigsh(A, { count: 1, rng: rng() }).values[0];
  expect(interval.lower).toBeLessThanOrEqual(value - residualNorm);
  expect(top >= interval.lower && top <= interval.upper).toBe(true);
  const double = fromFunction(8, (x, out) => x.forEach((entry, i) => (out[i] = (i < 2 ? 5 : 1 / (i + 1)) * entry)), {
    symmetric: true,
  });
  const { singularValues, intervals, clusters, status } = svds(double, { count: 8, rng: rng() });
  expect([status, clusters]).toEqual(["converged", [[0, 1]]]);
  const exact = [5, 5, ...Array.from({ length: 6 }, (_, i) => 1 / (i + 3))];
  singularValues.forEach((_, k) => {
    expect(exact[k] >= intervals.lower[k] && exact[k] <= intervals.upper[k]).toBe(true);
    expect(intervals.upper[k] - intervals.lower[k]).toBeLessThan(1e-7);
  });
});
