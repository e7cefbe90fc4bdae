import { expect, test } from "vitest";
import {
  blockLanczos,
  blockLanczosAsync,
  chebyshevSubspace,
  drive,
  driveAsync,
  lanczos,
  lobpcg,
  lobpcgAsync,
  multiply,
  multiplyBlock,
  multiplyTransposed,
  startLanczos,
} from "../../src/krylov/index.js";
import {
  type SymmetricOperator,
  counted,
  diagonal,
  fromAsyncFunction,
  fromFunction,
} from "../../src/operators/index.js";
import { createRng } from "../../src/random/index.js";

/** Asks for A x and Aᵀ x of the same vector and returns both. */
function* both(
  x: Float64Array,
): Generator<{ x: Float64Array; out: Float64Array; transpose: boolean }, number[][], void> {
  const forward = new Float64Array(2);
  const backward = new Float64Array(2);
  yield* multiply(x, forward);
  yield* multiplyTransposed(x, backward);
  return [Array.from(forward), Array.from(backward)];
}

const shear = fromFunction(
  2,
  (x, out) => {
    out[0] = x[0] + 10 * x[1];
    out[1] = x[1];
  },
  {
    applyTranspose: (x: Float64Array, out: Float64Array) => {
      out[0] = x[0];
      out[1] = 10 * x[0] + x[1];
    },
  },
);

test("a coroutine gets A x and Aᵀ x, driven synchronously or with promises", async () => {
  const expected = [
    [21, 2],
    [1, 12],
  ];
  expect(drive(shear, both(Float64Array.of(1, 2)))).toEqual(expected);
  const remote = {
    rows: 2,
    cols: 2,
    apply: async (x: Float64Array, out: Float64Array) => shear.apply(x, out),
    applyTranspose: async (x: Float64Array, out: Float64Array) => shear.applyTranspose!(x, out),
  };
  expect(await driveAsync(remote, both(Float64Array.of(1, 2)))).toEqual(expected);
  const out = new Float64Array(4);
  drive(shear, multiplyBlock(Float64Array.of(1, 0, 0, 1), out, 2));
  expect(Array.from(out)).toEqual([1, 0, 10, 1]);
});

test("block methods ask for whole blocks where the operator has them, with the same numbers, here and elsewhere", async () => {
  const d = Float64Array.from({ length: 60 }, (_, i) => 1 + ((i * 17) % 60) / 10);
  const multiply = (x: Float64Array, out: Float64Array): void => x.forEach((value, i) => (out[i] = d[i] * value));
  const block = (X: Float64Array, out: Float64Array, columns: number): void => {
    for (let at = 0; at < 60 * columns; at++) out[at] = d[at % 60] * X[at];
  };
  const single = counted(fromFunction(60, multiply, { symmetric: true }));
  const blocked = counted(fromFunction(60, multiply, { symmetric: true, applyBlock: block }));
  const calls: number[] = [];
  const remote = fromAsyncFunction(60, async (x, out) => multiply(x, out), {
    symmetric: true,
    applyBlock: async (X, out, columns) => {
      calls.push(columns);
      block(X, out, columns);
    },
  });
  const rng = () => createRng(3);
  for (const run of [
    (A: SymmetricOperator) => lobpcg(A, { count: 3, rng: rng() }),
    (A: SymmetricOperator) => blockLanczos(A, { steps: 5, blockSize: 4, rng: rng() }),
    (A: SymmetricOperator) => chebyshevSubspace(A, { interval: [2, 2.5], rng: rng() }),
  ]) {
    single.resetCounts();
    blocked.resetCounts();
    expect(run(blocked)).toEqual(run(single));
    expect(blocked.counts.columns).toBe(single.counts.columns);
    expect(blocked.counts.matvecs).toBeLessThan(single.counts.matvecs);
  }
  expect(await lobpcgAsync(remote, { count: 3, rng: rng() })).toEqual(lobpcg(single, { count: 3, rng: rng() }));
  expect(await blockLanczosAsync(remote, { steps: 2, blockSize: 4, rng: rng() })).toMatchObject({ matvecs: 8 });
  expect(calls.slice(-2)).toEqual([4, 4]);
});

test("a symmetric operator answers for its transpose with its only product", () => {
  const A = counted(diagonal([2, 3]));
  const { apply } = A;
  const only = {
    rows: 2,
    cols: 2,
    symmetric: true as const,
    apply: (x: Float64Array, out: Float64Array) => apply(x, out),
  };
  expect(drive(only, both(Float64Array.of(1, 1)))).toEqual([
    [2, 3],
    [2, 3],
  ]);
});

test("startLanczos, advanced by hand, gives the factorisation of lanczos bit for bit", () => {
  const A = diagonal([1, 2, 4, 8, 16]);
  const start = Float64Array.of(1, 1, 1, 1, 1);
  const run = startLanczos(5, { start });
  let record;
  for (let k = 0; k < 3; k++) {
    A.apply(run.current, run.product);
    record = run.advance();
  }
  const reference = lanczos(A, { steps: 3, start });
  expect(record!.diagonal).toEqual(reference.diagonal);
  expect(record!.offDiagonal).toEqual(reference.offDiagonal);
  expect(record!.residualNorm).toBe(reference.residualNorm);
});
