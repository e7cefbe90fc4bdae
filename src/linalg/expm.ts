import { EPSILON, type Matrix, ResourceError, identity, log2, pow } from "../core/index.js";
import { gemm, gemv } from "../routines/index.js";
import { type MatrixInput, largestModulus, requireRepresentable, requireSquareInput } from "./input.js";
import { factorLu, solvePacked } from "./lu-factor.js";
import { inTheNameOf } from "./named.js";
import { matmul } from "./products.js";
import { binaryExponent } from "./scalar.js";

const DEGREE = 13; // of the diagonal Padé approximant
/** Largest α = max ‖A^k‖^{1/k}, k = 4, 6, for which the degree-13 approximant is accurate to 2⁻⁵³. [almohy2009] */
const THETA = 4.25;
/** Coefficient of A²⁷ in the backward error: 1 / (binomial(26, 13) 27!). */
const BACKWARD = 1 / (10400600 * 1.0888869450418352e28);
const MAXIMUM_SQUARINGS = 1000; // ‖A‖ up to 2^1000: a larger one cannot come from finite entries of any use
const OVERFLOW = 1000; // powers are kept below 2^1000
const LARGE = 100; // the sixth power of a matrix below 2^100 does not overflow

/**
 * Computes the exponential of a square matrix by scaling and squaring with the degree-13 diagonal Padé approximant.
 *
 * Relation: expm(A) = Σ Aᵏ / k!. For symmetric A {@link matrixFunction} is cheaper and more accurate.
 * The scaling goes by ‖A⁴‖^{1/4} and ‖A⁶‖^{1/6}, not by ‖A‖: a matrix with large entries far from the diagonal and moderate
 * eigenvalues is scaled far less, and each squaring that is saved saves digits.
 *
 * @param A n x n
 * @throws {ShapeError} when A is not square
 * @throws {NonFiniteError} when A is not finite or the exponential overflows
 * @throws {ResourceError} when A would need more than 1000 squarings
 *
 * Accuracy: backward error of the approximant below ε; squaring may amplify rounding when the exponential of A / 2 is much
 * larger than the root of that of A. Cost: about (6 + s + 4/3) 2 n³ flops with s = log₂(‖A⁴‖^{1/4} / 4.25) squarings.
 * @see [higham2005]
 * @see [almohy2009]
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
  return inTheNameOf("expm", () => exponential(input));
}

function exponential(input: Matrix): Matrix {
  const n = input.rows;
  const largest = largestModulus(input.data);
  // Scaled before the powers only when they would overflow: small entries beside large ones would be lost in them.
  let first = 0;
  let powers = powersOf(input);
  if (!powers.every((power) => power.data.every(Number.isFinite))) {
    first = binaryExponent(largest) - LARGE;
    powers = powersOf(times(input, -first));
  }
  const squarings = chooseSquarings(powers, first);
  if (squarings > MAXIMUM_SQUARINGS) {
    throw new ResourceError({
      function: "expm",
      argument: "A",
      expected: `such that ${MAXIMUM_SQUARINGS} squarings suffice`,
      got: `${squarings} for a largest entry of ${largest.toExponential(2)}`,
    });
  }
  const rest = first - squarings; // positive when the powers of A are not as large as its entries
  const [A, A2, A4, A6] = powers;
  let power = pade(times(A, rest), times(A2, 2 * rest), times(A4, 4 * rest), times(A6, 6 * rest));
  requireRepresentable(power.data, "exp(A)", "expm");
  for (let k = 0; k < squarings; k++) power = matmul(power, power);
  return { rows: n, cols: n, data: power.data };
}

type Powers = readonly [Matrix, Matrix, Matrix, Matrix];

/** A and its powers 2, 4 and 6; they may overflow. */
function powersOf(A: Matrix): Powers {
  const n = A.rows;
  const product = (X: Matrix, Y: Matrix): Matrix => {
    const data = new Float64Array(n * n);
    if (n > 0) gemm(false, false, n, n, n, 1, X.data, 0, n, Y.data, 0, n, 0, data, 0, n);
    return { rows: n, cols: n, data };
  };
  const A2 = product(A, A);
  const A4 = product(A2, A2);
  return [A, A2, A4, product(A4, A2)];
}

/** Halvings after which the approximant is accurate for 2^first A, given A and its powers 2, 4 and 6. */
function chooseSquarings(powers: Powers, first: number): number {
  const A = powers[0];
  const [norm, norm2, norm4, norm6] = powers.map(oneNorm);
  if (norm === 0) return 0;
  const alpha = Math.max(pow(norm4, 1 / 4), pow(norm6, 1 / 6));
  let squarings = alpha === 0 ? 0 : Math.max(0, Math.ceil(log2(alpha / THETA) + first));
  // No power may overflow when it is scaled.
  for (const [size, k] of [
    [norm, 1],
    [norm2, 2],
    [norm4, 4],
    [norm6, 6],
  ] as const) {
    if (size > 0) squarings = Math.max(squarings, Math.ceil(first + (log2(size) - OVERFLOW) / k));
  }
  // The powers may cancel where the evaluation of the approximant does not: |A|²⁷ says whether that matters.
  const modulus = A.data.map((entry) => Math.abs(entry) / norm);
  let sums: Float64Array = new Float64Array(A.rows).fill(1); // column sums of (|A|/‖A‖)^k, times 2^−exponent
  let exponent = 0;
  for (let k = 0; k < 2 * DEGREE + 1; k++) {
    const next = new Float64Array(A.rows);
    gemv(true, A.rows, A.rows, 1, modulus, 0, A.rows, sums, 0, 1, 0, next, 0, 1);
    const size = largestModulus(next);
    if (size === 0) return squarings; // |A| is nilpotent
    const shift = binaryExponent(size);
    exponent += shift;
    sums = next.map((entry) => entry * pow(2, -shift));
  }
  const share = log2(BACKWARD) + exponent + 1 + 2 * DEGREE * (log2(norm) + first - squarings);
  return squarings + Math.max(0, Math.ceil((share - log2(EPSILON / 2)) / (2 * DEGREE)));
}

/** Largest column sum of moduli. */
function oneNorm({ rows, cols, data }: Matrix): number {
  const sums = new Float64Array(cols);
  for (let i = 0; i < rows; i++) for (let j = 0; j < cols; j++) sums[j] += Math.abs(data[i * cols + j]);
  return largestModulus(sums);
}

/** 2^exponent A, in steps: the factor itself may leave the double range. */
function times(A: Matrix, exponent: number): Matrix {
  if (exponent === 0) return A;
  const step = Math.max(-OVERFLOW, Math.min(OVERFLOW, exponent));
  const factor = pow(2, step);
  return times({ rows: A.rows, cols: A.cols, data: A.data.map((entry) => entry * factor) }, exponent - step);
}

/** (V − U)⁻¹ (V + U), U odd and V even part of the numerator, from A and its powers. */
function pade(A: Matrix, A2: Matrix, A4: Matrix, A6: Matrix): Matrix {
  const n = A.rows;
  const c = new Float64Array(DEGREE + 1); // numerator coefficients, c₀ = 1
  c[0] = 1;
  for (let j = 1; j <= DEGREE; j++) c[j] = (c[j - 1] * (DEGREE - j + 1)) / (j * (2 * DEGREE - j + 1));
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
  const packed = factorLu(n, denominator); // well conditioned for α <= θ
  solvePacked(packed, n, numerator, n);
  packed.release();
  return { rows: n, cols: n, data: numerator };
}

function sum(A: Matrix, B: Matrix): Matrix {
  return { rows: A.rows, cols: A.cols, data: A.data.map((entry, k) => entry + B.data[k]) };
}
