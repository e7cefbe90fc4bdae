import { expect, test } from "vitest";
import { ArgumentError, AsymmetricError, ShapeError, fromRows } from "../../src/core/index.js";
import {
  diagonal,
  fromFunction,
  requireOperator,
  requireSquareOperator,
  requireSymmetricOperator,
  requireTranspose,
} from "../../src/operators/index.js";

const oneWay = fromFunction(2, (x, out) => out.set(x));

test("an operator passes through, a Matrix is wrapped, anything else is refused by name", () => {
  expect(requireOperator(oneWay, "A", "f")).toBe(oneWay);
  const out = new Float64Array(2);
  requireOperator(
    fromRows([
      [1, 2],
      [3, 4],
    ]),
    "A",
    "f",
  ).apply(Float64Array.of(1, 1), out);
  expect(Array.from(out)).toEqual([3, 7]);
  expect(() => requireOperator([1, 2], "A", "f")).toThrow(ArgumentError);
  expect(() => requireOperator([1, 2], "A", "f")).toThrow(
    "f: A must be a linear operator (rows, cols and apply) or a Matrix, got an array of length 2; wrap a function with fromFunction(n, apply)",
  );
});

test("symmetry is a mark on operators and a fact on matrices", () => {
  const D = diagonal([1, 2]);
  expect(requireSymmetricOperator(D, "A", "f")).toBe(D);
  expect(() => requireSymmetricOperator(oneWay, "A", "f")).toThrow(ArgumentError);
  expect(() =>
    requireSymmetricOperator(
      fromRows([
        [1, 2],
        [0, 1],
      ]),
      "A",
      "f",
    ),
  ).toThrow(AsymmetricError);
});

test("squareness and transposes are checked", () => {
  const wide = requireOperator(fromRows([[1, 2, 3]]), "A", "f");
  expect(requireSquareOperator(oneWay, "A", "f")).toBe(2);
  expect(() => requireSquareOperator(wide, "A", "f")).toThrow(ShapeError);
  expect(() => requireSquareOperator(wide, "A", "f")).toThrow("f: A must be square, got 1 x 3");
  expect(requireTranspose(wide, "A", "f")).toBe(wide);
  expect(() => requireTranspose(oneWay, "A", "f")).toThrow(ArgumentError);
});
