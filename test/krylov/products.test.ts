import { expect, test } from "vitest";
import { drive, driveAsync, lanczos, multiply, multiplyTransposed, startLanczos } from "../../src/krylov/index.js";
import { counted, diagonal, fromFunction } from "../../src/operators/index.js";

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
