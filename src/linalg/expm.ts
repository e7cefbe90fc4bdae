import { type Matrix, ResourceError, identity, pow } from "../core/index.js";
import { type MatrixInput, requireRepresentable, requireSquareInput } from "./input.js";
import { luInPlace, solvePacked } from "./lu.js";
import { matmul } from "./products.js";
import { binaryExponent } from "./scalar.js";

const DEGREE = 13; // of the diagonal Padé approximant
/** Largest ‖A‖₁ for which the degree-13 approximant has backward error below 2⁻⁵³. [higham2005] */
const THETA = 5.371920351148152;
const MAXIMUM_SQUARINGS = 1000; // ‖A‖ up to 2^1000: a larger one cannot come from finite entries of any use

/**
 * Computes the exponential of a square matrix by scaling and squaring with the degree-13 diagonal Padé approximant.
 *
 * Relation: expm(A) = Σ Aᵏ / k!. For symmetric A {@link matrixFunction} is cheaper and more accurate.
 *
 * @param A n x n
 * @throws {ShapeError} when A is not square
 * @throws {NonFiniteError} when A is not finite or the exponential overflows
 *
 * Accuracy: backward error of the approximant below ε; squaring may amplify rounding when ‖A‖ is large and A far from
 * normal. Cost: about (6 + s + 4/3) 2 n³ flops with s = log₂(‖A‖₁ / 5.4) squarings.
 * @see [higham2005]
 *
 * @example
 * ```ts
 * import { fromRows, toRows } from "eigenscope/core";
 * import { expm } from "eigenscope/linalg";
 * console.log(JSON.stringify(toRows(expm(fromRows([[0, 1], [0, 0]]))))); // [[1,1],[0,1]]
 * ```
 */
export function expm(A: MatrixInput): Matrix {
  const input = requireSquareInput(A, "A", "expm");
  const n = input.rows;
  let norm = 0;
  for (let j = 0; j < n; j++) {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += Math.abs(input.data[i * n + j]);
    norm = Math.max(norm, sum);
  }
  const squarings = norm > THETA ? binaryExponent(norm / THETA) + 1 : 0;
  if (squarings > MAXIMUM_SQUARINGS) {
    throw new ResourceError({
      function: "expm",
      argument: "A",
      expected: "of norm below 2^1000",
      got: `norm ${norm.toExponential(2)}`,
    });
  }
  const scale = pow(2, -squarings);
  let power: Matrix = pade({ rows: n, cols: n, data: input.data.map((entry) => entry * scale) });
  for (let k = 0; k < squarings; k++) power = matmul(power, power);
  requireRepresentable(power.data, "exp(A)", "expm");
  return power;
}

/** (V − U)⁻¹ (V + U), U odd and V even part of the numerator. */
function pade(A: Matrix): Matrix {
  const n = A.rows;
  const c = new Float64Array(DEGREE + 1); // numerator coefficients, c₀ = 1
  c[0] = 1;
  for (let j = 1; j <= DEGREE; j++) c[j] = (c[j - 1] * (DEGREE - j + 1)) / (j * (2 * DEGREE - j + 1));
  const A2 = matmul(A, A);
  const A4 = matmul(A2, A2);
  const A6 = matmul(A4, A2);
  const I = identity(n);
  const combine = (c0: number, c2: number, c4: number, c6: number): Matrix => ({
    rows: n,
    cols: n,
    data: I.data.map((unit, k) => c0 * unit + c2 * A2.data[k] + c4 * A4.data[k] + c6 * A6.data[k]),
  });
  const odd = sum(matmul(A6, combine(0, c[9], c[11], c[13])), combine(c[1], c[3], c[5], c[7]));
  const U = matmul(A, odd);
  const V = sum(matmul(A6, combine(0, c[8], c[10], c[12])), combine(c[0], c[2], c[4], c[6]));
  const numerator = new Float64Array(n * n);
  const denominator = new Float64Array(n * n);
  for (let k = 0; k < n * n; k++) {
    numerator[k] = V.data[k] + U.data[k];
    denominator[k] = V.data[k] - U.data[k];
  }
  solvePacked(luInPlace(n, denominator), n, numerator, n); // well conditioned for ‖A‖ <= θ
  return { rows: n, cols: n, data: numerator };
}

function sum(A: Matrix, B: Matrix): Matrix {
  return { rows: A.rows, cols: A.cols, data: A.data.map((entry, k) => entry + B.data[k]) };
}
