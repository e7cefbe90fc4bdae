import { ArgumentError, ShapeError } from "./errors.js";
import { describe, requireFinite } from "./guards.js";
import { fromRows } from "./matrix.js";
import type { Matrix } from "./records.js";

/** A strided two-dimensional array as @stdlib/ndarray and numpy-ts describe it. */
interface StridedArray {
  readonly shape: ArrayLike<number>;
  readonly strides?: ArrayLike<number>;
  readonly offset?: number;
  readonly data: ArrayLike<number>;
}

/**
 * Converts what people already hold into a Matrix: nested arrays, a Matrix, ml-matrix, ndarrays of stdlib and
 * numpy-ts arrays (by shape, strides and offset), or a flat array or typed array (one column).
 *
 * Relation: entry (i, j) of the result equals entry (i, j) of the input, in float64.
 * The structure is read, not the class, so no dependency on those libraries is needed. Always copies.
 *
 * @throws {ArgumentError} when the structure is none of these
 * @throws {ShapeError} for ragged rows, more than two dimensions or strides that leave the data
 * @throws {NonFiniteError} when an entry is NaN or infinite
 *
 * @example
 * ```ts
 * import { toMatrix, toRows } from "eigenscope/core";
 * const strided = { shape: [2, 2], strides: [1, 2], offset: 0, data: new Float32Array([1, 2, 3, 4]) };
 * console.log(JSON.stringify(toRows(toMatrix(strided)))); // [[1,3],[2,4]]
 * ```
 */
export function toMatrix(anything: unknown): Matrix {
  const result = convert(anything);
  requireFinite(result.data, "anything", "toMatrix");
  return result;
}

function convert(anything: unknown): Matrix {
  if (Array.isArray(anything)) {
    if (anything.length === 0) return { rows: 0, cols: 0, data: new Float64Array(0) };
    if (typeof anything[0] === "number") return columnOf(anything);
    if (Array.isArray(anything[0]) || ArrayBuffer.isView(anything[0])) return fromRows(anything);
  }
  if (ArrayBuffer.isView(anything) && typeof (anything as unknown as { length?: unknown }).length === "number") {
    return columnOf(anything as unknown as ArrayLike<number>);
  }
  if (anything !== null && typeof anything === "object") {
    const candidate = anything as Record<string, unknown>;
    if (isCount(candidate["rows"]) && isCount(candidate["cols"]) && isFlat(candidate["data"])) {
      return fromFlat(candidate["rows"], candidate["cols"], candidate["data"]);
    }
    if (typeof candidate["to2DArray"] === "function") {
      return fromRows((candidate["to2DArray"] as () => number[][]).call(anything)); // ml-matrix
    }
    if (isShape(candidate["shape"]) && isFlat(candidate["data"])) return fromStrided(anything as StridedArray);
  }
  throw new ArgumentError({
    function: "toMatrix",
    argument: "anything",
    expected: "nested arrays, a Matrix, a typed array or an object with shape and data",
    got: describe(anything),
  });
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0;
}

function isFlat(value: unknown): value is ArrayLike<number> {
  return ArrayBuffer.isView(value) || (Array.isArray(value) && (value.length === 0 || typeof value[0] === "number"));
}

function isShape(value: unknown): value is ArrayLike<number> {
  return value !== null && typeof value === "object" && isCount((value as { length?: unknown }).length);
}

function columnOf(values: ArrayLike<number>): Matrix {
  return { rows: values.length, cols: 1, data: Float64Array.from(values) };
}

function fromFlat(rows: number, cols: number, data: ArrayLike<number>): Matrix {
  if (data.length !== rows * cols) {
    throw new ShapeError({
      function: "toMatrix",
      argument: "anything.data",
      expected: `of length rows * cols = ${rows * cols}`,
      got: `length ${data.length}`,
    });
  }
  return { rows, cols, data: Float64Array.from(data) };
}

function fromStrided(array: StridedArray): Matrix {
  const dimensions = array.shape.length;
  if (dimensions < 1 || dimensions > 2) {
    throw new ShapeError({
      function: "toMatrix",
      argument: "anything.shape",
      expected: "of one or two dimensions",
      got: `${dimensions} dimensions`,
      remedy: "reshape first",
    });
  }
  const rows = array.shape[0]!;
  const cols = dimensions === 2 ? array.shape[1]! : 1;
  if (!isCount(rows) || !isCount(cols)) {
    throw new ShapeError({
      function: "toMatrix",
      argument: "anything.shape",
      expected: "of integers >= 0",
      got: `[${Array.from(array.shape).join(", ")}]`,
    });
  }
  const rowStride = array.strides?.[0] ?? cols;
  const colStride = dimensions === 2 ? (array.strides?.[1] ?? 1) : 1;
  const offset = array.offset ?? 0;
  const data = new Float64Array(rows * cols);
  // Extremes of the addressed range are at the corners because the address is affine in i and j.
  const corners = [
    offset,
    offset + (rows - 1) * rowStride,
    offset + (cols - 1) * colStride,
    offset + (rows - 1) * rowStride + (cols - 1) * colStride,
  ];
  if (data.length > 0 && !corners.every((at) => Number.isInteger(at) && at >= 0 && at < array.data.length)) {
    throw new ShapeError({
      function: "toMatrix",
      argument: "anything.strides",
      expected: `such that every entry lies in the data (length ${array.data.length})`,
      got: `offset ${offset}, strides [${rowStride}, ${colStride}] for ${rows} x ${cols}`,
    });
  }
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < cols; j++) data[i * cols + j] = array.data[offset + i * rowStride + j * colStride]!;
  }
  return { rows, cols, data };
}
