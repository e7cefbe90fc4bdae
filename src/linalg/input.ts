import {
  ArgumentError,
  AsymmetricError,
  EPSILON,
  type Matrix,
  NonFiniteError,
  OptionError,
  ResourceError,
  ShapeError,
  describe,
  requireFinite,
  requireMatrix,
  requireNumber,
  requireOneOf,
  pow,
} from "../core/index.js";
import { nrm2, symmetricModulus } from "../routines/index.js";
import { binaryExponent } from "./scalar.js";

/** A matrix as this folder accepts it: float64, or float32 which is widened first (all arithmetic is float64). */
export type MatrixInput =
  | Matrix
  | {
      /** Number of rows. */
      readonly rows: number;
      /** Number of columns. */
      readonly cols: number;
      /** The entries, row after row. */
      readonly data: Float32Array;
    };

/** A vector as this folder accepts it: float64, or float32 which is widened first. */
export type VectorInput = Float64Array | Float32Array;

/** Which triangle of a symmetric matrix is read; the other one is then ignored. */
export type Triangle = "lower" | "upper";

/** Checks layout and finiteness, and widens float32. The data of a float64 input are not copied. */
export function requireInput(value: unknown, argument: string, caller: string): Matrix {
  const A = requireLayout(value, argument, caller);
  requireFinite(A.data, argument, caller);
  return A;
}

/** Checks the layout of a real matrix, and widens float32. */
export function requireLayout(value: unknown, argument: string, caller: string): Matrix {
  const parts = Object(value) as Record<string, unknown>;
  if ("re" in parts && "im" in parts) {
    throw new ArgumentError({
      function: caller,
      argument,
      expected: "a real Matrix { rows, cols, data: Float64Array }",
      got: "a complex one { re, im }",
      remedy:
        "eighHermitian takes complex Hermitian matrices; else use the real matrix [re, -im; im, re] of twice the order",
    });
  }
  return requireMatrix(widen(value), argument, caller);
}

/** Turns float32 data into float64; anything else is left for the checks. */
function widen(value: unknown): unknown {
  const candidate = value as { rows?: unknown; cols?: unknown; data?: unknown } | null | undefined;
  return candidate !== null && typeof candidate === "object" && candidate.data instanceof Float32Array
    ? { rows: candidate.rows, cols: candidate.cols, data: Float64Array.from(candidate.data) }
    : value;
}

/** As {@link requireInput}, for a square matrix. */
export function requireSquareInput(value: unknown, argument: string, caller: string): Matrix {
  const A = requireInput(value, argument, caller);
  if (A.rows !== A.cols) {
    throw new ShapeError({ function: caller, argument, expected: "square", got: `${A.rows} x ${A.cols}` });
  }
  return A;
}

/** As {@link requireSquareInput}, but for entries that are checked later, together with other things. */
function requireSquareShape(value: unknown, argument: string, caller: string): Matrix {
  const A = requireLayout(value, argument, caller);
  return A.rows === A.cols ? A : requireSquareInput(A, argument, caller);
}

/** Checks options that are switches: a string such as "no" would count as true. */
export function requireFlags(options: object, flags: readonly string[], caller: string): void {
  for (const flag of flags) {
    const value = (options as Record<string, unknown>)[flag];
    if (value === undefined || typeof value === "boolean") continue;
    throw new OptionError({
      function: caller,
      argument: `option "${flag}"`,
      expected: "true or false",
      got: describe(value),
    });
  }
}

/** Checks the share of the largest singular value (or pivot) up to which others count as zero; default max(m, n) ε. */
export function requireRankTolerance(value: number | undefined, rows: number, cols: number, caller: string): number {
  return requireNumber(value ?? Math.max(rows, cols) * EPSILON, "rankTolerance", caller, 0, 1);
}

/** A right-hand side: a matrix, or a vector that is treated as one column. */
export interface RightHandSide {
  /** The columns, copied: free to be overwritten. */
  readonly columns: Matrix;
  /** True when a vector came in, so that a vector goes out. */
  readonly isVector: boolean;
}

/** Checks a right-hand side of `rows` rows and copies it. */
export function requireRightHandSide(value: unknown, rows: number, argument: string, caller: string): RightHandSide {
  const isVector = value instanceof Float64Array || value instanceof Float32Array;
  if (!isVector && (Array.isArray(value) || ArrayBuffer.isView(value))) {
    throw new ArgumentError({
      function: caller,
      argument,
      expected: `a Float64Array of length ${rows} or a Matrix of ${rows} rows`,
      got: describe(value),
      remedy: "convert with Float64Array.from, nested arrays with fromRows",
    });
  }
  const B = isVector
    ? { rows: value.length, cols: 1, data: Float64Array.from(value) }
    : requireInput(value, argument, caller);
  if (isVector) requireFinite(B.data, argument, caller);
  if (B.rows !== rows) {
    throw new ShapeError({ function: caller, argument, expected: `of ${rows} rows`, got: describe(value) });
  }
  return { columns: isVector ? B : { rows: B.rows, cols: B.cols, data: B.data.slice() }, isVector };
}

/** Largest modulus of the entries; 0 for an empty array. */
export function largestModulus(values: Float64Array): number {
  let largest = 0;
  for (let i = 0; i < values.length; i++) {
    const modulus = Math.abs(values[i]);
    if (modulus > largest) largest = modulus;
  }
  return largest;
}

/**
 * Power of two that brings entries of this modulus near one, or 1 when no scaling is needed: between the limits no
 * product of three entries over- or underflows harmfully. A power of two changes no bit of a normal number.
 */
export function safeScale(modulus: number): number {
  if (modulus === 0 || (modulus > 1e-90 && modulus < 1e90)) return 1;
  // Split in two factors when 1/modulus itself would overflow (subnormal input): 2^1000 is enough to be safe.
  const exponent = binaryExponent(modulus);
  return pow(2, Math.max(-1000, Math.min(1000, -exponent)));
}

/**
 * Power of two for elimination and substitution, which never multiply two entries of the matrix: only one of subnormal entries is
 * moved. Growth may then overflow, but entries far below the largest stay.
 */
export function eliminationScale(modulus: number): number {
  return modulus !== 0 && modulus < 2 ** -900 ? 2 ** 900 : 1;
}

/** Euclidean norm of `length` entries, safe from overflow and underflow of the squares. */
export function norm2(x: Float64Array, offset: number, length: number, step = 1): number {
  return nrm2(length, x, offset, step);
}

/** A symmetric matrix as the algorithms want it: a full copy, exactly symmetric, with entries near one. */
export interface SymmetricInput {
  /** Order. */
  readonly n: number;
  /** n x n entries times `scale`, exactly symmetric; a copy (of which the allocator may have made more than n² entries). */
  readonly data: Float64Array;
  /** Power of two that the entries were multiplied by. */
  readonly scale: number;
}

/**
 * Checks a symmetric matrix against n ε ‖A‖_F and returns a scaled symmetric copy. Without `triangle` the two halves
 * are averaged, which halves the largest asymmetry; with it the other half is neither read nor checked. `allocate` gives
 * the array to fill, `scaleOf` the power of two for a largest modulus.
 */
export function requireSymmetric(
  value: unknown,
  triangle: Triangle | undefined,
  argument: string,
  caller: string,
  allocate: (n: number) => Float64Array = (n) => newArray(n * n, caller),
  scaleOf: (modulus: number) => number = safeScale,
): SymmetricInput {
  if (triangle !== undefined) requireOneOf(triangle, ["lower", "upper"], "triangle", caller);
  const A =
    triangle === undefined
      ? requireSquareShape(value, argument, caller)
      : requireHalf(value, triangle, argument, caller);
  const n = A.rows;
  const data = allocate(n);
  data.set(A.data);
  // Nearly always the halves agree to the last bit; then one pass has checked that every entry is finite too.
  let largest = symmetricModulus(n, data, 0, n);
  const agree = largest < Infinity;
  if (!agree) {
    requireFinite(A.data, argument, caller);
    largest = largestModulus(A.data);
  }
  const scale = scaleOf(largest);
  if (scale !== 1) for (let i = 0; i < n * n; i++) data[i] *= scale;
  if (!agree) averageHalves(n, data, scale, argument, caller);
  return { n, data, scale };
}

/** Makes a matrix exactly symmetric, unless its halves differ by more than n ε ‖A‖_F. */
function averageHalves(n: number, data: Float64Array, scale: number, argument: string, caller: string): void {
  const block = 32; // both triangles of a block pair stay in cache
  let asymmetry = 0;
  let worstRow = 0;
  let worstColumn = 0;
  for (let i0 = 0; i0 < n; i0 += block) {
    const i1 = Math.min(n, i0 + block);
    for (let j0 = 0; j0 <= i0; j0 += block) {
      const j1 = Math.min(n, j0 + block);
      for (let i = i0; i < i1; i++) {
        const row = i * n;
        const end = Math.min(j1, i);
        for (let j = j0, at = j0 * n + i; j < end; j++, at += n) {
          const entry = data[row + j];
          const mirrored = data[at];
          if (entry === mirrored) continue;
          const difference = Math.abs(entry - mirrored);
          if (difference > asymmetry) {
            asymmetry = difference;
            worstRow = i;
            worstColumn = j;
          }
          data[row + j] = data[at] = 0.5 * (entry + mirrored);
        }
      }
    }
  }
  if (asymmetry > 0) {
    const norm = norm2(data, 0, n * n);
    if (asymmetry > n * EPSILON * norm) {
      throw new AsymmetricError({
        function: caller,
        argument,
        expected: `symmetric to n ε ‖A‖_F = ${((n * EPSILON * norm) / scale).toExponential(2)}`,
        got: `|a[${worstRow}][${worstColumn}] - a[${worstColumn}][${worstRow}]| = ${(asymmetry / scale).toExponential(2)}`,
        remedy: 'symmetrise it, or pass triangle: "lower" or "upper" to use one half',
      });
    }
  }
}

/** Copies one triangle over the other, checking only the entries that are read. */
function requireHalf(value: unknown, triangle: Triangle, argument: string, caller: string): Matrix {
  const A = requireLayout(value, argument, caller);
  if (A.rows !== A.cols) {
    throw new ShapeError({ function: caller, argument, expected: "square", got: `${A.rows} x ${A.cols}` });
  }
  const n = A.rows;
  const data = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      const entry = triangle === "lower" ? A.data[i * n + j] : A.data[j * n + i];
      data[i * n + j] = entry;
      data[j * n + i] = entry;
    }
  }
  requireFinite(data, `${argument} (${triangle} triangle)`, caller);
  return { rows: n, cols: n, data };
}

/** Allocates zeros, or says how much memory was asked for in vain. */
export function newArray(length: number, caller: string): Float64Array {
  try {
    return new Float64Array(length);
  } catch {
    throw beyondMemory(caller, "the result", length);
  }
}

/** The error for an array that could not be allocated. */
export function beyondMemory(caller: string, argument: string, length: number): ResourceError {
  return new ResourceError({
    function: caller,
    argument,
    expected: "small enough to allocate",
    got: `${length} numbers, ${((8 * length) / 2 ** 30).toFixed(1)} GiB`,
    remedy: "work on blocks, or use an operator that is never assembled",
  });
}

/**
 * Divides by the power of two that brought the input near one, in place. Entries near the end of the double range may
 * have results beyond it: that is an error.
 */
export function unscale(values: Float64Array, scale: number, what: string, caller: string): Float64Array {
  if (scale === 1) return values;
  for (let i = 0; i < values.length; i++) values[i] /= scale;
  requireRepresentable(values, what, caller);
  return values;
}

/** As {@link unscale}, for one number. */
export function unscaleNumber(value: number, scale: number, what: string, caller: string): number {
  return unscale(Float64Array.of(value), scale, what, caller)[0];
}

/** Multiplies by the quotient of two powers of two, in place; the quotient alone may leave the double range. */
export function timesQuotient(values: Float64Array, numerator: number, denominator: number): Float64Array {
  if (numerator === denominator) return values;
  const alike = numerator < 1 === denominator < 1;
  const quotient = numerator / denominator;
  for (let i = 0; i < values.length; i++) {
    values[i] = alike ? values[i] * quotient : (values[i] * numerator) / denominator;
  }
  return values;
}

/** Throws when a result overflowed, naming what did: a finite input never yields NaN or Infinity in silence. */
export function requireRepresentable(values: Float64Array, what: string, caller: string): void {
  if (!allFinite(values)) throw overflow(what, caller);
}

/** Whether there is no NaN and no infinity, by one sum: a call per entry would take as long as a small factorisation. */
export function allFinite(values: Float64Array): boolean {
  let probe = 0;
  for (let i = 0; i < values.length; i++) probe += values[i] - values[i];
  return probe === 0;
}

/** The error for a result beyond the double range. */
export function overflow(what: string, caller: string): NonFiniteError {
  return new NonFiniteError({
    function: caller,
    argument: what,
    expected: `representable (below ${Number.MAX_VALUE.toExponential(2)})`,
    got: "an overflow",
    remedy: "scale the input down",
  });
}
