import {
  type Matrix,
  NonFiniteError,
  ShapeError,
  SingularError,
  requireFinite,
  requireOneOf,
  requireOptions,
} from "../core/index.js";
import { trsm, trsv } from "../routines/index.js";
import {
  type MatrixInput,
  type Triangle,
  type VectorInput,
  eliminationScale,
  largestModulus,
  newArray,
  requireFlags,
  requireLayout,
  requireRightHandSide,
} from "./input.js";
import { solveColumns } from "./solve-columns.js";

/** Options of {@link solveTriangular}. */
export interface TriangularOptions {
  /** Which triangle of T is read; the other one is ignored. */
  readonly triangle: Triangle;
  /** Solve Tᵀ X = B instead; default false. */
  readonly transpose?: boolean;
  /** Take the diagonal as ones without reading it; default false. */
  readonly unitDiagonal?: boolean;
}

/**
 * Solves T X = B for a triangular matrix by substitution.
 *
 * Relation: T X = B, or Tᵀ X = B with `transpose`, T being the named triangle of the matrix.
 * With the factors of {@link qr}, {@link cholesky} or {@link ldl} this solves without factoring again; for those of `lu` see
 * {@link solveLu}.
 *
 * @param T n x n; only the named triangle is read
 * @param B right-hand sides: n x m, or a vector of length n (then a vector is returned)
 * @param options the triangle, and variants
 * @throws {SingularError} when an entry of the diagonal is zero, with its index
 * @throws {ShapeError} when T is not square or B has another number of rows
 * @throws {NonFiniteError} when an entry that is read is not finite, or the solution overflows
 *
 * Accuracy: each column solves a system whose entries differ from those of T by at most n ε of themselves. Cost: n² flops per
 * column, in blocks.
 * @see [higham2002]
 *
 * @example
 * ```ts
 * import { fromRows } from "eigenscope/core";
 * import { solveTriangular } from "eigenscope/linalg";
 * const T = fromRows([[2, 0], [1, 4]]);
 * console.log(Array.from(solveTriangular(T, Float64Array.of(2, 9), { triangle: "lower" }))); // [ 1, 2 ]
 * ```
 */
export function solveTriangular(T: MatrixInput, B: VectorInput, options: TriangularOptions): Float64Array;
/** Solves for several right-hand sides, one per column. */
export function solveTriangular(T: MatrixInput, B: MatrixInput, options: TriangularOptions): Matrix;
/** With a choice made at run time. */
export function solveTriangular(
  T: MatrixInput,
  B: MatrixInput | VectorInput,
  options: TriangularOptions,
): Matrix | Float64Array;
export function solveTriangular(
  T: MatrixInput,
  B: MatrixInput | VectorInput,
  options: TriangularOptions,
): Matrix | Float64Array {
  const caller = "solveTriangular";
  requireOptions(options, ["triangle", "transpose", "unitDiagonal"], caller, "required");
  requireOneOf(options.triangle, ["lower", "upper"], "triangle", caller);
  requireFlags(options, ["transpose", "unitDiagonal"], caller);
  const { triangle, transpose = false, unitDiagonal = false } = options;
  const factor = requireTriangle(T, triangle, unitDiagonal, "T", caller);
  const { columns, isVector } = requireRightHandSide(B, factor.rows, "B", caller);
  solveTriangles([{ factor, triangle, unit: unitDiagonal }], columns, transpose, caller);
  return isVector ? columns.data : columns;
}

/** A triangular factor: entries outside the triangle are zero. */
export interface TriangularFactor {
  /** n x n. */
  readonly factor: Matrix;
  /** Where its entries are. */
  readonly triangle: Triangle;
  /** The diagonal counts as ones and is not read. */
  readonly unit: boolean;
}

/** B <- op(T)⁻¹ B for each factor in turn, the last one first when transposed: B must not overflow unless the solution does. */
export function solveTriangles(
  factors: readonly TriangularFactor[],
  B: Matrix,
  transpose: boolean,
  caller: string,
): void {
  const n = B.rows;
  let scale = 1;
  const scaled = (transpose ? [...factors].reverse() : factors).map(({ factor, triangle, unit }) => {
    // Ones on the diagonal fix the scale of a unit factor.
    const own = unit ? 1 : eliminationScale(largestModulus(factor.data));
    scale *= own;
    return { t: own === 1 ? factor.data : factor.data.map((entry) => entry * own), triangle, unit };
  });
  const finite = solveColumns(B, scale, ({ cols: m, data }) => {
    for (const { t, triangle, unit } of scaled) {
      if (m === 1) trsv(triangle, transpose, unit, n, t, 0, n, data, 0, 1);
      else trsm("left", triangle, transpose, unit, n, m, 1, t, 0, n, data, 0, m);
    }
  });
  if (finite) return;
  throw new NonFiniteError({
    function: caller,
    argument: "the solution",
    expected: `representable (below ${Number.MAX_VALUE.toExponential(2)})`,
    got: "an overflow",
    remedy: "use leastSquares or pinv for systems that are nearly singular, or scale B down",
  });
}

/** Copies one triangle, checking only what is read, and that the diagonal can be divided by. */
export function requireTriangle(
  value: unknown,
  triangle: Triangle,
  unit: boolean,
  argument: string,
  caller: string,
): Matrix {
  const T = requireLayout(value, argument, caller);
  const n = T.rows;
  if (n !== T.cols) {
    throw new ShapeError({ function: caller, argument, expected: "square", got: `${n} x ${T.cols}` });
  }
  const data = newArray(n * n, caller);
  for (let i = 0; i < n; i++) {
    const [from, to] = triangle === "lower" ? [0, unit ? i : i + 1] : [unit ? i + 1 : i, n];
    data.set(T.data.subarray(i * n + from, i * n + to), i * n + from);
  }
  requireFinite(data, `${argument} (${triangle} triangle)`, caller);
  for (let i = 0; i < n && !unit; i++) {
    if (data[i * (n + 1)] !== 0) continue;
    throw new SingularError({
      function: caller,
      argument,
      expected: "non-singular",
      got: `a zero at index ${i} of the diagonal`,
      remedy: "use leastSquares or pinv for rank-deficient systems",
    });
  }
  return { rows: n, cols: n, data };
}
