import { ArgumentError, type ExactSpectrum, ShapeError, requireNumber } from "../core/index.js";
import {
  type LinearOperator,
  type SymmetricOperator,
  applyTransposeOf,
  hasTranspose,
  isSymmetric,
} from "./operator.js";
import { requireOperator, requireSquareOperator, requireTranspose } from "./require-operator.js";

/**
 * Adds operators of equal shape.
 *
 * Relation: add(A, B, …) x = A x + B x + …, summed from left to right.
 *
 * @param terms one or more operators; the sum is symmetric when all of them are
 * @returns the sum; its transpose exists when every term has one
 * @throws {ArgumentError} without terms
 * @throws {ShapeError} when the shapes differ
 *
 * Cost: one product with each term, one scratch vector of length rows per sum.
 *
 * @example
 * ```ts
 * import { add, diagonal, scale } from "eigenscope/operators";
 * const A = add(diagonal([1, 2]), scale(diagonal([1, 1]), 10));
 * const out = new Float64Array(2);
 * A.apply(Float64Array.of(1, 1), out);
 * console.log(out.join(" ")); // 11 12
 * ```
 */
export function add(...terms: SymmetricOperator[]): SymmetricOperator;
export function add(...terms: LinearOperator[]): LinearOperator;
export function add(...terms: LinearOperator[]): LinearOperator {
  if (terms.length === 0) {
    throw new ArgumentError({ function: "add", argument: "terms", expected: "one or more operators", got: "none" });
  }
  const operators = terms.map((term, i) => requireOperator(term, `terms[${i}]`, "add"));
  const { rows, cols } = operators[0]!;
  for (const { rows: r, cols: c } of operators) {
    if (r !== rows || c !== cols) {
      throw new ShapeError({
        function: "add",
        argument: "terms",
        expected: `all ${rows} x ${cols}`,
        got: `one of ${r} x ${c}`,
      });
    }
  }
  const sum = (each: (A: LinearOperator, x: Float64Array, out: Float64Array) => void, length: number) => {
    const scratch = new Float64Array(length); // one term's product
    return (x: Float64Array, out: Float64Array): void => {
      each(operators[0]!, x, out);
      for (let t = 1; t < operators.length; t++) {
        each(operators[t]!, x, scratch);
        for (let i = 0; i < length; i++) out[i] += scratch[i];
      }
    };
  };
  const apply = sum((A, x, out) => A.apply(x, out), rows);
  if (operators.every(isSymmetric))
    return { rows, cols, symmetric: true, apply, applyTranspose: apply } as SymmetricOperator;
  if (!operators.every(hasTranspose)) return { rows, cols, apply };
  return { rows, cols, apply, applyTranspose: sum(applyTransposeOf, cols) };
}

/**
 * Multiplies an operator by a number.
 *
 * Relation: scale(A, a) x = a (A x).
 *
 * @param A operator
 * @param factor finite number
 * @returns the scaled operator, symmetric when A is; an exact spectrum is scaled with it
 * @throws {NonFiniteError} when factor is NaN or infinite
 *
 * Cost: one product with A and rows multiplications.
 */
export function scale(A: SymmetricOperator, factor: number): SymmetricOperator;
export function scale(A: LinearOperator, factor: number): LinearOperator;
export function scale(A: LinearOperator, factor: number): LinearOperator {
  const operator = requireOperator(A, "A", "scale");
  requireNumber(factor, "factor", "scale");
  return mapped(
    operator,
    (_, out) => {
      for (let i = 0; i < out.length; i++) out[i] *= factor;
    },
    (value) => factor * value,
    Math.abs(factor),
  );
}

/**
 * Adds a multiple of the identity.
 *
 * Relation: shift(A, s) x = A x + s x; every eigenvalue moves by s, no eigenvector changes.
 *
 * @param A square operator
 * @param amount finite number s; negative to subtract
 * @returns the shifted operator, symmetric when A is; an exact spectrum is shifted with it
 * @throws {ShapeError} when A is not square
 * @throws {NonFiniteError} when amount is NaN or infinite
 *
 * Cost: one product with A and n multiplications.
 *
 * @example
 * ```ts
 * import { diagonal, shift } from "eigenscope/operators";
 * const A = shift(diagonal([1, -3, 2]), 3);
 * const out = new Float64Array(3);
 * A.apply(Float64Array.of(1, 1, 1), out);
 * console.log(out.join(" ")); // 4 0 5
 * ```
 */
export function shift(A: SymmetricOperator, amount: number): SymmetricOperator;
export function shift(A: LinearOperator, amount: number): LinearOperator;
export function shift(A: LinearOperator, amount: number): LinearOperator {
  const operator = requireOperator(A, "A", "shift");
  requireSquareOperator(operator, "A", "shift");
  requireNumber(amount, "amount", "shift");
  return mapped(
    operator,
    (x, out) => {
      for (let i = 0; i < out.length; i++) out[i] += amount * x[i];
    },
    (value) => value + amount,
    1,
  );
}

/** A with `after` run on each product, and its spectrum mapped by `value`; errors grow by `growth`. */
function mapped(
  A: LinearOperator,
  after: (x: Float64Array, out: Float64Array) => void,
  value: (eigenvalue: number) => number,
  growth: number,
): LinearOperator {
  const { rows, cols } = A;
  const apply = (x: Float64Array, out: Float64Array): void => {
    A.apply(x, out);
    after(x, out);
  };
  const exact = A.exactSpectrum;
  const spectrum = exact === undefined ? {} : { exactSpectrum: () => mapSpectrum(exact.call(A), value, growth) };
  if (isSymmetric(A))
    return { rows, cols, symmetric: true, apply, applyTranspose: apply, ...spectrum } as SymmetricOperator;
  if (!hasTranspose(A)) return { rows, cols, apply };
  const applyTranspose = (x: Float64Array, out: Float64Array): void => {
    applyTransposeOf(A, x, out);
    after(x, out);
  };
  return { rows, cols, apply, applyTranspose };
}

function mapSpectrum(spectrum: ExactSpectrum, value: (eigenvalue: number) => number, growth: number): ExactSpectrum {
  const values = spectrum.values.map(value).sort(); // typed arrays sort by number; a negative factor reverses the order
  let largest = 0;
  for (const v of values) largest = Math.max(largest, Math.abs(v));
  return { kind: "exact", values, errorBound: growth * spectrum.errorBound + Number.EPSILON * largest };
}

/**
 * Multiplies operators: the right one is applied first.
 *
 * Relation: compose(A, B) x = A (B x).
 *
 * @param A operator with A.cols = B.rows
 * @param B operator
 * @returns an A.rows x B.cols operator, not marked symmetric (use gramOperator for Aᵀ A)
 * @throws {ShapeError} when A.cols differs from B.rows
 *
 * Cost: one product with each, one scratch vector of length B.rows.
 *
 * @example
 * ```ts
 * import { compose, diagonal } from "eigenscope/operators";
 * const A = compose(diagonal([2, 3]), diagonal([10, 10]));
 * const out = new Float64Array(2);
 * A.apply(Float64Array.of(1, 1), out);
 * console.log(out.join(" ")); // 20 30
 * ```
 */
export function compose(A: LinearOperator, B: LinearOperator): LinearOperator {
  const left = requireOperator(A, "A", "compose");
  const right = requireOperator(B, "B", "compose");
  if (left.cols !== right.rows) {
    throw new ShapeError({
      function: "compose",
      argument: "B",
      expected: `of ${left.cols} rows (the columns of A)`,
      got: `${right.rows} x ${right.cols}`,
    });
  }
  const middle = new Float64Array(right.rows); // B x, or Aᵀ x
  const apply = (x: Float64Array, out: Float64Array): void => {
    right.apply(x, middle);
    left.apply(middle, out);
  };
  if (!hasTranspose(left) || !hasTranspose(right)) return { rows: left.rows, cols: right.cols, apply };
  const applyTranspose = (x: Float64Array, out: Float64Array): void => {
    applyTransposeOf(left, x, middle);
    applyTransposeOf(right, middle, out);
  };
  return { rows: left.rows, cols: right.cols, apply, applyTranspose };
}

/**
 * Swaps an operator with its transpose.
 *
 * Relation: transposeOf(A).apply = A.applyTranspose; a symmetric operator is returned as it is.
 *
 * @param A operator with applyTranspose, or symmetric
 * @returns a cols x rows operator
 * @throws {ArgumentError} when A offers only apply and is not symmetric
 */
export function transposeOf(A: SymmetricOperator): SymmetricOperator;
export function transposeOf(A: LinearOperator): LinearOperator;
export function transposeOf(A: LinearOperator): LinearOperator {
  const operator = requireTranspose(requireOperator(A, "A", "transposeOf"), "A", "transposeOf");
  if (isSymmetric(operator)) return operator;
  return {
    rows: operator.cols,
    cols: operator.rows,
    apply: (x, out) => applyTransposeOf(operator, x, out),
    applyTranspose: (x, out) => operator.apply(x, out),
  };
}
