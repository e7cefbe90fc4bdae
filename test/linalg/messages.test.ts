import { describe, expect, test } from "vitest";
import { ArgumentError, ResourceError, ShapeError, fromRows, identity } from "../../src/core/index.js";
import { createRng } from "../../src/random/index.js";
import {
  type MatrixInput,
  eigh,
  gram,
  inertia,
  leastSquares,
  matmul,
  nullSpace,
  orthogonalMatrix,
  qr,
  solve,
  svd,
  workerPool,
} from "../../src/linalg/index.js";
import { randomSymmetric } from "./support.js";

const square = fromRows([
  [2, 1],
  [1, 2],
]);
const wide = fromRows([
  [1, 2, 3],
  [4, 5, 6],
]);

/** The message of what a call throws. */
function messageOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return (error as Error).message;
  }
  return "nothing was thrown";
}

describe("what strangers hand in", () => {
  test("a record whose data are not a Float64Array is told what its data are", () => {
    for (const [data, words] of [
      [[2, 1, 1, 2], "an array of length 4"],
      [Int32Array.of(2, 1, 1, 2), "an Int32Array of length 4"],
      [BigInt64Array.of(2n, 1n, 1n, 2n), "a BigInt64Array of length 4"],
      [Uint8Array.of(1, 0, 0, 1), "a Uint8Array of length 4"],
    ] as const) {
      for (const [name, run] of [
        ["eigh", (A: MatrixInput) => eigh(A)],
        ["svd", (A: MatrixInput) => svd(A)],
        ["inertia", (A: MatrixInput) => inertia(A, { triangle: "lower" })],
      ] as const) {
        expect(messageOf(() => run({ rows: 2, cols: 2, data } as never))).toBe(
          `${name}: A must be a Matrix { rows, cols, data: Float64Array }, got 2 x 2 with data that are ${words}; ` +
            "build one with fromRows or toMatrix",
        );
      }
    }
    expect(messageOf(() => eigh({ rows: "2", cols: 2, data: new Float64Array(4) } as never))).toContain(
      'got "2" x 2 with data that are a Float64Array of length 4',
    );
    expect(messageOf(() => eigh({ rows: -1, cols: 2, data: new Float64Array(0) }))).toBe(
      "eigh: A must be of rows, cols >= 0, got -1 x 2",
    );
    // A big integer is not shown as if it were the number that was asked for.
    expect(messageOf(() => orthogonalMatrix(createRng(1), 3n as never))).toBe(
      "orthogonalMatrix: n must be an integer >= 0, got 3n",
    );
  });

  test("complex input is told where complex matrices go", () => {
    const complex = { re: square, im: square } as never;
    for (const run of [eigh, svd, (A: MatrixInput) => matmul(A, square)]) {
      expect(() => run(complex)).toThrow(ArgumentError);
      expect(() => run(complex)).toThrow(
        "A must be a real Matrix { rows, cols, data: Float64Array }, got a complex one { re, im }; eighHermitian takes",
      );
    }
  });

  test("an array as right-hand side is told that vectors are welcome too", () => {
    for (const run of [solve, leastSquares] as readonly ((A: MatrixInput, B: Float64Array) => unknown)[]) {
      for (const [b, words] of [
        [[1, 2], "an array of length 2"],
        [Int32Array.of(1, 2), "an Int32Array of length 2"],
      ] as const) {
        expect(() => run(square, b as never)).toThrow(ArgumentError);
        expect(() => run(square, b as never)).toThrow(
          `${run.name}: B must be a Float64Array of length 2 or a Matrix of 2 rows, got ${words}; convert with Float64Array.from`,
        );
      }
    }
    expect(Array.from(solve(square, Float32Array.of(3, 3)))).toEqual([1, 1]);
  });

  test("a product of the wrong orientation shows which one it was", () => {
    expect(messageOf(() => matmul(wide, square))).toBe(
      "matmul: B must be of 3 rows, to match A, got 2 (2 x 3 times 2 x 2)",
    );
    expect(messageOf(() => matmul(wide, square, { transposeB: true }))).toBe(
      "matmul: B must be of 3 columns, to match A, got 2 (2 x 3 times (2 x 2)ᵀ)",
    );
    expect(messageOf(() => matmul(wide, identity(3), { transposeA: true }))).toBe(
      "matmul: B must be of 2 rows, to match A, got 3 ((2 x 3)ᵀ times 3 x 3)",
    );
    expect(() => matmul(wide, square)).toThrow(ShapeError);
  });

  test("a range of the wrong form is told the right one", () => {
    for (const [range, words] of [
      [[0, 1], "an array of length 2"],
      ["all", '"all"'],
      [null, "null"],
      [{ indices: [0, 1], interval: [0, 1] }, "an object with keys indices, interval"],
    ] as const) {
      expect(messageOf(() => eigh(square, { range: range as never }))).toBe(
        `eigh: range must be { indices: [first, last] } or { interval: [lower, upper] }, got ${words}`,
      );
    }
  });
});

test("sizes beyond memory are told by the function that was called", () => {
  const long = { rows: 300_000, cols: 1, data: new Float64Array(300_000).fill(1) };
  const wide = { rows: 1, cols: 300_000, data: long.data };
  for (const [name, run] of [
    ["qr", () => qr(long, { mode: "full" })],
    ["svd", () => svd(long, { vectors: "full" })],
    ["svd", () => svd(wide, { vectors: "full" })],
    ["nullSpace", () => nullSpace(wide)],
    ["gram", () => gram(long)],
    ["matmul", () => matmul(long, wide)],
  ] as const) {
    expect(run).toThrow(ResourceError);
    const message = messageOf(run);
    expect(message.startsWith(`${name}: the `)).toBe(true);
    expect(message).toMatch(/must be small enough to allocate, got 90\d{9} numbers, 67\d\.\d GiB; work on blocks/);
  }
});

test("infinite ends leave an interval open: the same values, with and without vectors, as from a far end", async () => {
  const pool = workerPool({ workers: 2 });
  for (const n of [1, 5, 60, 200]) {
    for (const scale of [1, 1e-200, 1e200]) {
      const full = randomSymmetric(n, n);
      const A = { rows: n, cols: n, data: full.data.map((entry) => entry * scale) };
      const all = eigh(A).values;
      const cut = n === 1 ? all[0] - scale : 0.5 * (all[n - 3] + all[n - 2]); // two lie above, a small share
      const above = n === 1 ? 1 : 2;
      for (const [interval, count, first] of [
        [[-Infinity, Infinity], n, 0],
        [[cut, Infinity], above, n - above],
        [[-Infinity, cut], n - above, 0],
      ] as const) {
        const found = eigh(A, { range: { interval }, certificate: true });
        expect([found.values.length, found.first]).toEqual([count, first]);
        expect(found.certificate?.complete).toBe(true);
        const finite = interval.map((end) => Math.max(-4 * n * scale, Math.min(4 * n * scale, end)));
        const far = eigh(A, { range: { interval: [finite[0], finite[1]] } });
        expect(found.values).toEqual(far.values);
        expect(found.vectors).toEqual(far.vectors);
        expect(eigh(A, { range: { interval }, vectors: false }).values.length).toBe(count);
        expect((await pool.eigh(A, { range: { interval } })).values).toEqual(far.values);
      }
    }
  }
  await pool.close();
  expect(eigh(square, { range: { interval: [Number.MAX_VALUE, Infinity] } }).values.length).toBe(0);
  for (const interval of [
    [Infinity, Infinity],
    [-Infinity, -Infinity],
    [Infinity, 0],
    [NaN, Infinity],
  ] as const) {
    expect(() => eigh(square, { range: { interval } })).toThrow("range.interval");
  }
});
