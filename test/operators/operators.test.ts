import fc from "fast-check";
import { expect, test } from "vitest";
import {
  ArgumentError,
  AsymmetricError,
  NonFiniteError,
  ResourceError,
  ShapeError,
  fromRows,
  toRows,
  transpose,
} from "../../src/core/index.js";
import {
  add,
  compose,
  counted,
  diagonal,
  fromFunction,
  fromMatrix,
  lowRank,
  scale,
  shift,
  toDense,
  transposeOf,
} from "../../src/operators/index.js";
import { createRng, normalMatrix } from "../../src/random/index.js";
import { naiveProduct, tolerance, within } from "../support/compare.js";
import { denseOf, operatorLaws } from "../support/laws/operator-laws.js";

const rng = createRng(4);
const A = normalMatrix(rng.fork("A"), 5, 3);
const B = normalMatrix(rng.fork("B"), 3, 4);
const S = naiveProduct(A, transpose(A)); // symmetric, 5 x 5, rank 3

operatorLaws("fromMatrix", () => fromMatrix(A), A);
operatorLaws("fromMatrix, symmetric", () => fromMatrix(S, { symmetric: true }), S);
operatorLaws(
  "fromFunction that fills out",
  () => fromFunction(3, (x, out) => fromMatrix(A).apply(x, out), { rows: 5 }),
  A,
);
operatorLaws(
  "diagonal",
  () => diagonal([1, -2, 3]),
  fromRows([
    [1, 0, 0],
    [0, -2, 0],
    [0, 0, 3],
  ]),
);
operatorLaws("lowRank, symmetric", () => lowRank(A), S);
operatorLaws(
  "lowRank with weights",
  () => lowRank(A, transpose(B), { weights: [1, 2, -1] }),
  naiveProduct(
    naiveProduct(
      A,
      fromRows([
        [1, 0, 0],
        [0, 2, 0],
        [0, 0, -1],
      ]),
    ),
    B,
  ),
);
operatorLaws("add", () => add(fromMatrix(A), fromMatrix(A)), fromRows(toRows(A).map((row) => row.map((v) => 2 * v))));
operatorLaws("scale", () => scale(fromMatrix(A), -3), fromRows(toRows(A).map((row) => row.map((v) => -3 * v))));
operatorLaws("compose", () => compose(fromMatrix(A), fromMatrix(B)), naiveProduct(A, B));
operatorLaws(
  "shift",
  () => shift(fromMatrix(S), 2),
  fromRows(toRows(S).map((row, i) => row.map((v, j) => v + (i === j ? 2 : 0)))),
);
operatorLaws("transposeOf", () => transposeOf(fromMatrix(A)), transpose(A));
operatorLaws("counted", () => counted(fromMatrix(A)), A);

test("the marks: sums of symmetric operators are symmetric, products are not", () => {
  expect(fromMatrix(S)).toHaveProperty("symmetric", true); // equal to its transpose bit for bit
  expect(fromMatrix(A)).not.toHaveProperty("symmetric");
  expect(fromMatrix(S, { symmetric: false })).not.toHaveProperty("symmetric");
  expect(add(diagonal([1]), diagonal([2]))).toHaveProperty("symmetric", true);
  expect(
    add(
      diagonal([1]),
      fromFunction(1, (x) => x),
    ),
  ).not.toHaveProperty("symmetric");
  expect(compose(diagonal([1]), diagonal([2]))).not.toHaveProperty("symmetric");
});

test("counted counts every product and its time by the caller's clock", () => {
  let clock = 0;
  const operator = counted(fromMatrix(A), { now: () => clock++ });
  toDense(operator);
  operator.applyTranspose!(new Float64Array(5), new Float64Array(3));
  expect(operator.counts).toEqual({ matvecs: 3, transposedMatvecs: 1, columns: 4, time: 4 });
  operator.resetCounts();
  expect(operator.counts).toEqual({ matvecs: 0, transposedMatvecs: 0, columns: 0, time: 0 });
});

test("a block of products counts as one call and as many columns", () => {
  const operator = counted(
    fromFunction(2, (x, out) => out.set([2 * x[0], 3 * x[1]]), {
      symmetric: true,
      applyBlock: (X, out, columns) => {
        for (let c = 0; c < columns; c++) {
          out[2 * c] = 2 * X[2 * c];
          out[2 * c + 1] = 3 * X[2 * c + 1];
        }
      },
    }),
  );
  const out = new Float64Array(6);
  operator.applyBlock!(Float64Array.of(1, 1, 2, 2, 3, 3), out, 3);
  expect(Array.from(out)).toEqual([2, 3, 4, 6, 6, 9]);
  expect(operator.counts).toEqual({ matvecs: 1, transposedMatvecs: 0, columns: 3, time: 0 });
  expect(counted(diagonal([1]))).not.toHaveProperty("applyBlock");
  expect(() => fromFunction(2, (x) => x, { applyBlock: 3 as never })).toThrow(
    "fromFunction: applyBlock must be a function",
  );
});

test("shift and scale carry the exact spectrum of a diagonal through", () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: -1e3, max: 1e3, noNaN: true }), { maxLength: 9 }),
      fc.double({ min: -5, max: 5, noNaN: true }),
      (d, s) => {
        const spectrum = shift(scale(diagonal(d), -2), s).exactSpectrum!();
        const expected = d.map((v) => -2 * v + s).sort((a, b) => a - b);
        return (
          within(spectrum.values, expected, tolerance(1, 1, 2005)).ok && spectrum.errorBound <= tolerance(2, 1, 2005)
        );
      },
    ),
  );
});

test("toDense refuses what exceeds its limit before any product", () => {
  const operator = counted(diagonal(new Float64Array(5000)));
  expect(() => toDense(operator)).toThrow(ResourceError);
  expect(() => toDense(operator, { maximumEntries: 100 })).toThrow(
    "toDense: A must be of at most 100 entries (maximumEntries), got 5000 x 5000 = 25000000; use a Krylov or stochastic method, or raise maximumEntries",
  );
  expect(operator.counts.matvecs).toBe(0);
});

test("wrong shapes and functions are refused by name", () => {
  expect(() => add(fromMatrix(A), fromMatrix(B))).toThrow("add: terms must be all 5 x 3, got one of 3 x 4");
  expect(() => add()).toThrow(ArgumentError);
  expect(() => compose(fromMatrix(B), fromMatrix(A))).toThrow(ShapeError);
  expect(() => shift(fromMatrix(A), 1)).toThrow("shift: A must be square, got 5 x 3");
  expect(() => scale(diagonal([1]), Number.NaN)).toThrow(NonFiniteError);
  expect(() => diagonal([1, Number.NaN])).toThrow(NonFiniteError);
  expect(() => transposeOf(fromFunction(2, (x) => x))).toThrow("pass applyTranspose to fromFunction");
  expect(() =>
    fromMatrix(
      fromRows([
        [1, 2],
        [2.5, 1],
      ]),
      { symmetric: true },
    ),
  ).toThrow(AsymmetricError);
  expect(() => fromMatrix(A, { symmetric: true })).toThrow(ShapeError);
  expect(() => lowRank(A, B)).toThrow("lowRank: V must be of 3 columns, as U, got 3 x 4");
  expect(() => lowRank(A, undefined, { weights: [1] })).toThrow("lowRank: weights must be of length 3, got length 1");
  expect(() => fromFunction(2, 7 as never)).toThrow("fromFunction: product must be a function (x, out), got 7");
  expect(() => fromFunction(2, (x) => x, { rows: 3, symmetric: true })).toThrow(ShapeError);
  expect(() => fromFunction(2, (x) => x, { symetric: true } as never)).toThrow('option "symetric"');
  const apply = (product: unknown) => () =>
    fromFunction(2, product as never).apply(new Float64Array(2), new Float64Array(2));
  expect(apply(() => [1, 2, 3])).toThrow(
    "fromFunction: product must be a function that fills out or returns an array of length 2",
  );
  expect(apply(async () => undefined)).toThrow("use fromAsyncFunction with an async driver");
  expect(() => toDense({ rows: 2 } as never)).toThrow(
    "toDense: A must be a linear operator (rows, cols and apply) or a Matrix",
  );
});

test("the law suite rejects an operator with a wrong transpose (negative control)", () => {
  const wrong = fromFunction(3, (x, out) => fromMatrix(A).apply(x, out), {
    rows: 5,
    applyTranspose: (x) => x.subarray(0, 3),
  });
  expect(denseOf(wrong, "transpose").ok(A)).toBe(false);
  expect(denseOf(fromMatrix(A), "transpose").ok(A)).toBe(true);
});
