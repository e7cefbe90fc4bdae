import { ArgumentError, type Matrix, ShapeError, describe, requireFinite, requireMatrix } from "../core/index.js";
import { svd } from "../linalg/index.js";

/** A matrix, or the singular values of one in any order. */
export type MatrixOrSingularValues = Matrix | ArrayLike<number>;

/** The singular values, descending, of a matrix or of a list that already holds them. */
export function singularValuesOf(input: MatrixOrSingularValues, caller: string): Float64Array {
  if (typeof input === "object" && input !== null && "rows" in input) {
    requireMatrix(input, "input", caller);
    requireFinite(input.data, "input", caller);
    if (input.rows === 0 || input.cols === 0) return new Float64Array(0);
    return svd(input, { vectors: "none" }).singularValues;
  }
  const values = requireValues(input, "input", caller);
  if (values.some((value) => value < 0)) {
    throw new ArgumentError({
      function: caller,
      argument: "input",
      expected: "a matrix or singular values >= 0",
      got: "a negative number",
    });
  }
  return values.sort().reverse();
}

/** Copies a non-empty list of finite numbers. */
export function requireValues(input: unknown, argument: string, caller: string): Float64Array {
  const list = input as ArrayLike<number> | null | undefined;
  if (typeof list !== "object" || list === null || typeof list.length !== "number") {
    throw new ArgumentError({ function: caller, argument, expected: "an array of numbers", got: describe(input) });
  }
  if (list.length === 0)
    throw new ShapeError({ function: caller, argument, expected: "of length >= 1", got: "length 0" });
  for (let i = 0; i < list.length; i++) {
    if (typeof list[i] !== "number")
      throw new ArgumentError({
        function: caller,
        argument,
        expected: "an array of numbers",
        got: `${describe(list[i])} at index ${i}`,
      });
  }
  requireFinite(list, argument, caller);
  return Float64Array.from(list);
}

/** Copies and sorts ascending. */
export function sortedValues(input: unknown, argument: string, caller: string): Float64Array {
  return requireValues(input, argument, caller).sort();
}
