// Longer than usual because it is one list: every family of measurements with its checks and documentation.
import {
  ArgumentError,
  describe,
  type Matrix,
  requireFinite,
  requireInteger,
  requireMatrix,
  requireOptions,
  requirePositive,
  ShapeError,
  sin,
  cos,
} from "../core/index.js";
import { fillNormal, type Rng } from "../random/index.js";
import { denseMeasurements } from "./dense-measurements.js";
import { multiplyInto, multiplyTransposedInto, transposedMultiplyInto } from "./small-products.js";
import type { Measurements } from "./measurement-operator.js";

/**
 * Checks that a source of randomness was given.
 *
 * @throws {ArgumentError} when it was not
 */
export function requireGenerator(rng: unknown, method: "normal" | "fork", caller: string): void {
  if (typeof (rng as Readonly<Record<string, unknown>> | null | undefined)?.[method] === "function") return;
  const remedy = "createRng(seed) of eigenscope/random makes one";
  throw new ArgumentError({ function: caller, argument: "rng", expected: "a generator", got: describe(rng), remedy });
}

/** Size of a family of measurements. */
export interface MeasurementSize {
  /** Rows of the matrices that are measured. */
  readonly rows: number;
  /** Columns of the matrices that are measured. */
  readonly cols: number;
  /** Number of measurements m. */
  readonly count: number;
  /** Standard deviation of the entries (default 1). */
  readonly scale?: number;
  /** Source of the draws. */
  readonly rng: Pick<Rng, "normal">;
}

/**
 * Draws independent Gaussian measurement matrices.
 *
 * Relation: A(X)_i = Σ_ab A_i[a, b] X[a, b] with independent normal entries of the given standard deviation, drawn row
 * after row, matrix after matrix. Such A_i do not commute: nothing that assumes shared singular vectors applies.
 *
 * @param options shape, count, scale and rng
 * @throws {ArgumentError} for sizes that are not positive integers
 *
 * Cost: count · rows · cols numbers; each application reads all of them.
 * @example
 * ```ts
 * import { createRng } from "eigenscope/random";
 * import { gaussianMeasurements } from "eigenscope/sensing";
 * const A = gaussianMeasurements({ rows: 4, cols: 3, count: 5, rng: createRng(1) });
 * console.log(A.rows, A.cols); // 5 12
 * ```
 */
export function gaussianMeasurements(options: MeasurementSize): Measurements {
  const caller = "gaussianMeasurements";
  requireOptions(options, ["rows", "cols", "count", "scale", "rng"], caller);
  const rows = requireInteger(options?.rows, "rows", caller, 1);
  const cols = requireInteger(options.cols, "cols", caller, 1);
  const count = requireInteger(options.count, "count", caller, 1);
  const scale = requirePositive(options.scale ?? 1, "scale", caller);
  const data = new Float64Array(count * rows * cols);
  requireGenerator(options.rng, "normal", caller);
  fillNormal(options.rng as Rng, data);
  if (scale !== 1) for (let i = 0; i < data.length; i++) data[i] *= scale;
  return denseMeasurements("gaussian", rows, cols, { rows: count, cols: rows * cols, data });
}

/**
 * Builds measurements that share their singular vectors, A_i = Φ diag(a_i) Ψᵀ.
 *
 * Relation: A(X) = B diag(Φᵀ X Ψ), with a_i the rows of B: only the diagonal of Φᵀ X Ψ is seen.
 *
 * @param left Φ, orthogonal, rows x rows
 * @param right Ψ, orthogonal, cols x cols
 * @param coefficients B, count x min(rows, cols), real of any sign
 * @throws {ShapeError} when B does not have min(rows, cols) columns
 * @throws {ArgumentError} when Φ or Ψ is not orthogonal
 *
 * Cost: count · d + 2 rows · cols · d flops per application instead of 2 count · rows · cols.
 * @example
 * ```ts
 * import { fromRows, identity } from "eigenscope/core";
 * import { commutingMeasurements } from "eigenscope/sensing";
 * const A = commutingMeasurements(identity(2), identity(2), fromRows([[1, 2]]));
 * const out = new Float64Array(1);
 * A.apply(Float64Array.of(10, 7, 7, 1), out);
 * console.log(out[0]); // 12
 * ```
 */
export function commutingMeasurements(left: Matrix, right: Matrix, coefficients: Matrix): Measurements {
  const caller = "commutingMeasurements";
  requireOrthogonal(left, "left", caller);
  requireOrthogonal(right, "right", caller);
  requireMatrix(coefficients, "coefficients", caller);
  requireFinite(coefficients.data, "coefficients", caller);
  const rows = left.rows;
  const cols = right.rows;
  const d = Math.min(rows, cols);
  if (coefficients.cols !== d) {
    const got = `${coefficients.cols} columns`;
    throw new ShapeError({ function: caller, argument: "coefficients", expected: `of ${d} columns`, got });
  }
  const count = coefficients.rows;
  const half = new Float64Array(rows * d); // Φ diag or X Ψ, first d columns
  const psi = firstColumns(right, d);
  const phi = firstColumns(left, d);
  const diagonal = new Float64Array(d);
  return {
    rows: count,
    cols: rows * cols,
    kind: "commuting",
    shape: { rows, cols },
    commuting: { left, right, coefficients },
    apply(x, out) {
      multiplyInto(half, x, psi, rows, cols, d);
      diagonal.fill(0);
      for (let a = 0; a < rows; a++) for (let j = 0; j < d; j++) diagonal[j] += phi[a * d + j] * half[a * d + j];
      multiplyInto(out, coefficients.data, diagonal, count, d, 1);
    },
    applyTranspose(r, out) {
      transposedMultiplyInto(diagonal, coefficients.data, r, d, count, 1);
      for (let a = 0; a < rows; a++) for (let j = 0; j < d; j++) half[a * d + j] = phi[a * d + j] * diagonal[j];
      multiplyTransposedInto(out, half, psi, rows, d, cols);
    },
  };
}

/**
 * Builds measurements of single entries (matrix completion).
 *
 * Relation: A(X)_i = X[entries[i][0], entries[i][1]].
 *
 * @param rows rows of X
 * @param cols columns of X
 * @param entries positions, each pair once
 * @throws {ArgumentError} when a position lies outside, or occurs twice
 * @example
 * ```ts
 * import { entryMeasurements } from "eigenscope/sensing";
 * const A = entryMeasurements(2, 2, [[0, 0], [1, 0]]);
 * const out = new Float64Array(2);
 * A.apply(Float64Array.of(1, 2, 3, 4), out);
 * console.log(out[1]); // 3
 * ```
 */
export function entryMeasurements(
  rows: number,
  cols: number,
  entries: ReadonlyArray<readonly [number, number]>,
): Measurements {
  const caller = "entryMeasurements";
  requireInteger(rows, "rows", caller, 1);
  requireInteger(cols, "cols", caller, 1);
  if (!Array.isArray(entries) || entries.length === 0) {
    const expected = "a list of at least one position [row, column]";
    throw new ArgumentError({ function: caller, argument: "entries", expected, got: describe(entries) });
  }
  const at = new Int32Array(entries.length);
  const seen = new Set<number>();
  (entries as ReadonlyArray<readonly [number, number]>).forEach((position, index) => {
    if (!Array.isArray(position) || position.length !== 2) {
      const argument = `entries[${index}]`;
      throw new ArgumentError({ function: caller, argument, expected: "[row, column]", got: describe(position) });
    }
    const [i, j] = position as readonly [number, number];
    requireInteger(i, `entries[${index}][0]`, caller, 0, rows - 1);
    requireInteger(j, `entries[${index}][1]`, caller, 0, cols - 1);
    at[index] = i * cols + j;
    if (seen.has(at[index])) {
      const got = `(${i}, ${j}) twice`;
      throw new ArgumentError({ function: caller, argument: "entries", expected: "distinct positions", got });
    }
    seen.add(at[index]);
  });
  return {
    rows: entries.length,
    cols: rows * cols,
    kind: "entry",
    shape: { rows, cols },
    commuting: null,
    apply(x, out) {
      for (let i = 0; i < at.length; i++) out[i] = x[at[i]];
    },
    applyTranspose(r, out) {
      out.fill(0);
      for (let i = 0; i < at.length; i++) out[at[i]] = r[i];
    },
  };
}

/**
 * Builds rank-one measurements.
 *
 * Relation: A(X)_i = a_iᵀ X b_i with a_i, b_i the rows of `left` and `right`.
 *
 * @param left count x rows of X
 * @param right count x columns of X
 * @throws {ShapeError} when the numbers of rows differ
 *
 * Cost: 2 count · rows · cols flops per application, without storing any A_i.
 * @example
 * ```ts
 * import { fromRows } from "eigenscope/core";
 * import { rankOneMeasurements } from "eigenscope/sensing";
 * const A = rankOneMeasurements(fromRows([[1, 1]]), fromRows([[1, -1]]));
 * const out = new Float64Array(1);
 * A.apply(Float64Array.of(5, 1, 2, 3), out);
 * console.log(out[0]); // 3
 * ```
 */
export function rankOneMeasurements(left: Matrix, right: Matrix): Measurements {
  const caller = "rankOneMeasurements";
  requireMatrix(left, "left", caller);
  requireMatrix(right, "right", caller);
  requireFinite(left.data, "left", caller);
  requireFinite(right.data, "right", caller);
  if (left.rows !== right.rows) {
    const expected = `of ${left.rows} rows, one per measurement`;
    throw new ShapeError({ function: caller, argument: "right", expected, got: `${right.rows} rows` });
  }
  const count = left.rows;
  const rows = left.cols;
  const cols = right.cols;
  const images = new Float64Array(rows * count); // X bᵢ for all i
  return {
    rows: count,
    cols: rows * cols,
    kind: "rank-one",
    shape: { rows, cols },
    commuting: null,
    apply(x, out) {
      multiplyTransposedInto(images, x, right.data, rows, cols, count);
      out.fill(0);
      for (let a = 0; a < rows; a++) {
        for (let i = 0; i < count; i++) out[i] += left.data[i * rows + a] * images[a * count + i];
      }
    },
    applyTranspose(r, out) {
      for (let i = 0; i < count; i++)
        for (let a = 0; a < rows; a++) images[a * count + i] = r[i] * left.data[i * rows + a];
      multiplyInto(out, images, right.data, rows, count, cols);
    },
  };
}

/** Measurements given by functions, for structures that this library does not know. */
export interface CustomMeasurements {
  /** Rows of X. */
  readonly rows: number;
  /** Columns of X. */
  readonly cols: number;
  /** Number of measurements. */
  readonly count: number;
  /** out ← A(X), X row-major. */
  readonly apply: (x: Float64Array, out: Float64Array) => void;
  /** out ← A*(r), row-major. */
  readonly applyTranspose: (r: Float64Array, out: Float64Array) => void;
}

/**
 * Builds measurements from explicit matrices A_i or from a pair of functions.
 *
 * Relation: A(X)_i = ⟨A_i, X⟩; for functions ⟨A(X), r⟩ = ⟨X, A*(r)⟩ is the caller's promise and is spot-checked once.
 *
 * @param source matrices of one shape, or functions with their sizes
 * @throws {ShapeError} when the matrices differ in shape or there are none
 * @throws {ArgumentError} when the two functions are not adjoint to each other
 * @example
 * ```ts
 * import { fromRows } from "eigenscope/core";
 * import { customMeasurements } from "eigenscope/sensing";
 * const trace = customMeasurements([fromRows([[1, 0], [0, 1]])]);
 * const out = new Float64Array(1);
 * trace.apply(Float64Array.of(1, 2, 3, 4), out);
 * console.log(out[0]); // 5
 * ```
 */
export function customMeasurements(source: readonly Matrix[] | CustomMeasurements): Measurements {
  const caller = "customMeasurements";
  if (Array.isArray(source)) return fromMatrices(source as readonly Matrix[]);
  const given = source as CustomMeasurements;
  requireOptions(given, ["rows", "cols", "count", "apply", "applyTranspose"], caller);
  const rows = requireInteger(given?.rows, "rows", caller, 1);
  const cols = requireInteger(given.cols, "cols", caller, 1);
  const count = requireInteger(given.count, "count", caller, 1);
  if (typeof given.apply !== "function" || typeof given.applyTranspose !== "function") {
    const expected = "matrices, or a record with functions apply and applyTranspose";
    throw new ArgumentError({ function: caller, argument: "source", expected, got: describe(source) });
  }
  requireAdjointPair(given, caller);
  return {
    rows: count,
    cols: rows * cols,
    kind: "custom",
    shape: { rows, cols },
    commuting: null,
    apply: given.apply,
    applyTranspose: given.applyTranspose,
  };
}

function fromMatrices(matrices: readonly Matrix[]): Measurements {
  const caller = "customMeasurements";
  if (matrices.length === 0) {
    throw new ShapeError({ function: caller, argument: "source", expected: "at least one matrix", got: "none" });
  }
  const { rows, cols } = requireMatrix(matrices[0], "source[0]", caller);
  const size = rows * cols;
  const data = new Float64Array(matrices.length * size);
  matrices.forEach((A, i) => {
    requireMatrix(A, `source[${i}]`, caller);
    requireFinite(A.data, `source[${i}]`, caller);
    if (A.rows !== rows || A.cols !== cols) {
      const expected = `${rows} x ${cols}, as source[0]`;
      throw new ShapeError({ function: caller, argument: `source[${i}]`, expected, got: `${A.rows} x ${A.cols}` });
    }
    data.set(A.data, i * size);
  });
  return denseMeasurements("custom", rows, cols, { rows: matrices.length, cols: size, data });
}

function requireOrthogonal(Q: Matrix, argument: string, caller: string): void {
  requireMatrix(Q, argument, caller);
  requireFinite(Q.data, argument, caller);
  if (Q.rows !== Q.cols) {
    throw new ShapeError({ function: caller, argument, expected: "square", got: `${Q.rows} x ${Q.cols}` });
  }
  const n = Q.rows;
  let worst = 0;
  for (let i = 0; i < n; i++) {
    for (let j = i; j < n; j++) {
      let sum = i === j ? -1 : 0;
      for (let l = 0; l < n; l++) sum += Q.data[l * n + i] * Q.data[l * n + j];
      worst = Math.max(worst, Math.abs(sum));
    }
  }
  if (worst > 1e-10) {
    const got = `QᵀQ − I with an entry of ${worst.toExponential(2)}`;
    throw new ArgumentError({ function: caller, argument, expected: "orthogonal", got, remedy: "take Q of its qr" });
  }
}

function firstColumns(Q: Matrix, d: number): Float64Array {
  const out = new Float64Array(Q.rows * d);
  for (let i = 0; i < Q.rows; i++) for (let j = 0; j < d; j++) out[i * d + j] = Q.data[i * Q.cols + j];
  return out;
}

/** One deterministic pair of vectors: an A* that belongs to another A fails almost surely. */
function requireAdjointPair(given: CustomMeasurements, caller: string): void {
  const x = Float64Array.from({ length: given.rows * given.cols }, (_, i) => sin(1 + 2.3 * i));
  const r = Float64Array.from({ length: given.count }, (_, i) => cos(1 + 1.7 * i));
  const Ax = new Float64Array(given.count);
  const Ar = new Float64Array(x.length);
  given.apply(x, Ax);
  given.applyTranspose(r, Ar);
  let forward = 0;
  let backward = 0;
  let size = 0;
  for (let i = 0; i < r.length; i++) {
    forward += r[i] * Ax[i];
    size += Math.abs(r[i] * Ax[i]);
  }
  for (let i = 0; i < x.length; i++) backward += x[i] * Ar[i];
  if (!(Math.abs(forward - backward) <= 1e-10 * Math.max(size, Number.MIN_VALUE))) {
    throw new ArgumentError({
      function: caller,
      argument: "applyTranspose",
      expected: "the adjoint of apply",
      got: `⟨A(X), r⟩ = ${forward} and ⟨X, A*(r)⟩ = ${backward} for one pair`,
    });
  }
}
