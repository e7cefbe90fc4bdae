import fc from "fast-check";
import { Matrix as MlMatrix } from "ml-matrix";
import { expect, test } from "vitest";
import {
  ArgumentError,
  NonFiniteError,
  ShapeError,
  column,
  copyMatrix,
  fromRows,
  identity,
  matrix,
  row,
  toMatrix,
  toRows,
  transpose,
} from "../../src/core/index.js";

test("matrix entry (i, j) stands at data[i * cols + j]", () => {
  const A = fromRows([
    [1, 2, 3],
    [4, 5, 6],
  ]);
  for (let i = 0; i < 2; i++) for (let j = 0; j < 3; j++) expect(A.data[i * A.cols + j]).toBe(i * 3 + j + 1);
  expect(toRows(A)).toEqual([
    [1, 2, 3],
    [4, 5, 6],
  ]);
  expect(Array.from(row(A, 1))).toEqual([4, 5, 6]);
  expect(Array.from(column(A, 1))).toEqual([2, 5]);
});

test("transpose twice is the identity, entry by entry, at every block edge", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 70 }), fc.integer({ min: 0, max: 70 }), (rows, cols) => {
      const A = matrix(
        rows,
        cols,
        Float64Array.from({ length: rows * cols }, (_, i) => i + 0.5),
      );
      const T = transpose(A);
      expect([T.rows, T.cols]).toEqual([cols, rows]);
      for (let i = 0; i < rows; i++)
        for (let j = 0; j < cols; j++)
          if (T.data[j * rows + i] !== A.data[i * cols + j]) throw new Error(`(${i}, ${j})`);
      expect(transpose(T)).toEqual(A);
    }),
    { numRuns: 60 },
  );
});

test("a Float64Array is adopted, other arrays and copies are not shared", () => {
  const data = new Float64Array([1, 2, 3, 4]);
  expect(matrix(2, 2, data).data).toBe(data);
  const list = [1, 2, 3, 4];
  const A = matrix(2, 2, list);
  list[0] = 9;
  expect(A.data[0]).toBe(1);
  const copy = copyMatrix(A);
  copy.data[0] = 7;
  expect(A.data[0]).toBe(1);
  expect(toRows(identity(2))).toEqual([
    [1, 0],
    [0, 1],
  ]);
});

test("toMatrix reads nested arrays, typed rows, ml-matrix, strided arrays and flat arrays", () => {
  const rows = [
    [1, 2, 3],
    [4, 5, 6],
  ];
  expect(toRows(toMatrix(rows))).toEqual(rows);
  expect(toRows(toMatrix(rows.map((r) => Float32Array.from(r))))).toEqual(rows);
  expect(toRows(toMatrix(new MlMatrix(rows)))).toEqual(rows);
  expect(toRows(toMatrix({ rows: 2, cols: 3, data: new Float32Array(rows.flat()) }))).toEqual(rows);
  // Column-major with offset, as an ndarray view would be.
  const columnMajor = { shape: [2, 3], strides: [1, 2], offset: 1, data: new Float64Array([99, 1, 4, 2, 5, 3, 6]) };
  expect(toRows(toMatrix(columnMajor))).toEqual(rows);
  const reversed = { shape: [3], strides: [-1], offset: 2, data: [1, 2, 3] };
  expect(toRows(toMatrix(reversed))).toEqual([[3], [2], [1]]);
  expect(toRows(toMatrix(new Float32Array([1, 2])))).toEqual([[1], [2]]);
  expect(toMatrix([])).toEqual({ rows: 0, cols: 0, data: new Float64Array(0) });
});

test("wrong shapes, types and entries are refused with the numbers in the message", () => {
  expect(() => matrix(2, 2, [1, 2, 3])).toThrow("matrix: data must be of length rows * cols = 4, got length 3");
  expect(() => fromRows([[1, 2], [3]])).toThrow(
    "fromRows: rows must be of equal length (2, as row 0), got length 1 in row 1",
  );
  expect(() => fromRows([[1, Number.NaN]])).toThrow(NonFiniteError);
  expect(() => fromRows([[1, Infinity]])).toThrow(
    "fromRows: rows must be finite in every entry, got Infinity at index 1; remove or replace the entry",
  );
  expect(() => fromRows([["1"]] as unknown as number[][])).toThrow(NonFiniteError);
  expect(() => matrix(-1, 2)).toThrow(ArgumentError);
  expect(() => matrix(1.5, 2)).toThrow("matrix: rows must be an integer >= 0, got 1.5");
  expect(() => toMatrix("nonsense")).toThrow(ArgumentError);
  expect(() => toMatrix(null)).toThrow(ArgumentError);
  expect(() => toMatrix({ shape: [2, 2, 2], data: new Float64Array(8) })).toThrow(ShapeError);
  expect(() => toMatrix({ shape: [2, 2], strides: [4, 1], data: new Float64Array(4) })).toThrow(ShapeError);
  expect(() => toMatrix({ rows: 2, cols: 2, data: new Float64Array(3) })).toThrow(ShapeError);
  expect(() => toMatrix([[1, 2], [3]])).toThrow(ShapeError);
});
