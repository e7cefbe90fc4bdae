import { ArgumentError, describe, requireInteger, ShapeError } from "../core/index.js";
import { type FftEngine, transformGrid } from "../routines/index.js";
import {
  type ComplexArray,
  type ComplexInput,
  engineOf,
  requireRecord,
  requireTwo,
  requireTransformed,
} from "./plan.js";

/** Most columns transformed together, and the work space (in complex numbers) that stays in cache. */
const PANEL_COLUMNS = 16;
const PANEL_LENGTH = 16384;
/** Rows at least this long are transformed one by one, where they lie; shorter ones in panels. */
const LONG_ROW = 32;

/**
 * Computes the n-dimensional discrete Fourier transform.
 *
 * Relation: X_k = Σ_j x_j e^{−2πi Σ_a j_a k_a / n_a}, unnormalised, over row-major data: the last index runs fastest.
 *
 * @param x data of length Π shape; im may be absent for real data
 * @param shape lengths n_a of the axes, each any positive integer
 * @returns fresh arrays in the same order
 * @throws {ShapeError} when the number of data is not the product of the shape
 * @throws {NonFiniteError} for NaN and infinities
 *
 * Accuracy: relative error in the 2-norm about ε log₂ of the number of points. Cost: 5 N log₂ N flops; the lines of an axis go
 * through the cache in panels, nothing is transposed.
 * @see [vanloan1992]
 * @example
 * ```ts
 * import { fftn } from "eigenscope/fft";
 * const { re } = fftn({ re: [1, 2, 3, 4] }, [2, 2]);
 * console.log(Array.from(re)); // [ 10, -2, -4, 0 ]
 * ```
 */
export function fftn(x: ComplexInput, shape: readonly number[]): ComplexArray {
  return transformed(x, shape, false, "fftn");
}

/**
 * Inverts the n-dimensional discrete Fourier transform.
 *
 * Relation: x_j = (1/N) Σ_k X_k e^{2πi Σ_a j_a k_a / n_a} with N = Π shape, so ifftn(fftn(x)) = x.
 *
 * @param x spectrum of length Π shape; im may be absent
 * @param shape lengths of the axes
 * @returns fresh arrays in the same order
 * @throws {ShapeError} when the number of data is not the product of the shape
 * @throws {NonFiniteError} for NaN and infinities
 *
 * Accuracy and cost: as {@link fftn}.
 * @example
 * ```ts
 * import { fftn, ifftn } from "eigenscope/fft";
 * console.log(Array.from(ifftn(fftn({ re: [1, 2, 3, 4] }, [2, 2]), [2, 2]).re)); // [ 1, 2, 3, 4 ]
 * ```
 */
export function ifftn(x: ComplexInput, shape: readonly number[]): ComplexArray {
  return transformed(x, shape, true, "ifftn");
}

/**
 * Computes the n-dimensional transform in place: for data of which a second copy would not fit.
 *
 * Relation: as {@link fftn}, or {@link ifftn} with inverse.
 *
 * @param x arrays of length Π shape, overwritten; entries are not inspected
 * @param shape lengths of the axes
 * @param inverse true takes the inverse, which divides by the number of points
 * @throws {ArgumentError} when inverse is not true or false, or both parts are the same array
 * @throws {ShapeError} when a length is not the product of the shape
 * @throws {NonFiniteError} when a result is not finite; the data are overwritten then
 *
 * Accuracy and cost: as {@link fftn}; the extra memory is a panel of up to 16 lines with the JavaScript back end, with
 * WebAssembly a copy of grids up to 2²⁷ points (kept for the next one up to 2²¹) and a panel beyond.
 * @example
 * ```ts
 * import { fftnInPlace } from "eigenscope/fft";
 * const x = { re: Float64Array.of(1, 2, 3, 4), im: new Float64Array(4) };
 * fftnInPlace(x, [2, 2], false);
 * console.log(Array.from(x.re)); // [ 10, -2, -4, 0 ]
 * ```
 */
export function fftnInPlace(x: ComplexArray, shape: readonly number[], inverse: boolean): void {
  const total = requireShape(shape, "fftnInPlace");
  if (x === null || typeof x !== "object") {
    throw new ArgumentError({
      function: "fftnInPlace",
      argument: "x",
      expected: "an object { re, im }",
      got: describe(x),
    });
  }
  for (const part of ["re", "im"] as const) {
    const values: unknown = x[part];
    if (!(values instanceof Float64Array)) {
      throw new ArgumentError({
        function: "fftnInPlace",
        argument: `x.${part}`,
        expected: "a Float64Array",
        got: describe(values),
      });
    }
    requireTotal(values.length, total, `x.${part}`, shape, "fftnInPlace");
  }
  requireTwo(x.re, x.im, "x.im", "x.re", "fftnInPlace");
  // A record of options or a word would count as true and give the inverse.
  if (typeof inverse !== "boolean") {
    throw new ArgumentError({
      function: "fftnInPlace",
      argument: "inverse",
      expected: "true or false",
      got: describe(inverse),
    });
  }
  if (!transformAxes(x, x, shape, inverse)) requireTransformed([x.re, x.im], {}, "fftnInPlace");
}

/** The transform into fresh arrays, with all checks. */
function transformed(x: ComplexInput, shape: readonly number[], inverse: boolean, caller: string): ComplexArray {
  const total = requireShape(shape, caller);
  if (x === null || typeof x !== "object" || !("re" in x)) {
    throw new ArgumentError({ function: caller, argument: "x", expected: "an object { re, im }", got: describe(x) });
  }
  const input = requireRecord(x, caller);
  requireTotal(input.re.length, total, "x", shape, caller);
  const out = { re: new Float64Array(total), im: new Float64Array(total) };
  if (transformAxes(input, out, shape, inverse)) return out;
  requireTransformed([out.re, out.im], x.im === undefined ? { re: x.re } : { re: x.re, im: x.im }, caller);
  return out;
}

/** Checks the lengths of the axes and returns their product. */
export function requireShape(shape: unknown, caller: string): number {
  if (!Array.isArray(shape) || shape.length === 0) {
    throw new ArgumentError({
      function: caller,
      argument: "shape",
      expected: "a non-empty array of lengths",
      got: describe(shape),
    });
  }
  let total = 1;
  for (let axis = 0; axis < shape.length; axis++) total *= requireInteger(shape[axis], `shape[${axis}]`, caller, 1);
  return total;
}

/** Checks that the data fill the shape. */
export function requireTotal(
  length: number,
  total: number,
  argument: string,
  shape: readonly number[],
  caller: string,
): void {
  if (length === total) return;
  throw new ShapeError({
    function: caller,
    argument,
    expected: `of length ${shape.join(" x ")} = ${total}`,
    got: `length ${length}`,
  });
}

/**
 * Transforms along each axis, to `out` (which may be x): inside WebAssembly memory when that is possible, else panel by
 * panel.
 * @returns whether every result is known to be finite
 */
export function transformAxes(x: ComplexArray, out: ComplexArray, shape: readonly number[], inverse: boolean): boolean {
  // Exchanging real and imaginary parts before and after turns e^{−…} into e^{+…}.
  const [re, im] = inverse ? [x.im, x.re] : [x.re, x.im];
  const [outRe, outIm] = inverse ? [out.im, out.re] : [out.re, out.im];
  const divisor = inverse ? re.length : 1;
  const outcome = transformGrid(re, im, shape, divisor, outRe, outIm, engineOf);
  if (outcome !== "declined") return outcome === "finite";
  if (out !== x) {
    outRe.set(re);
    outIm.set(im);
  }
  transformPanels(outRe, outIm, shape);
  if (!inverse) return false;
  for (let i = 0; i < divisor; i++) {
    outRe[i] /= divisor;
    outIm[i] /= divisor;
  }
  return false;
}

/** The last axis first, as transformGrid has it. */
function transformPanels(re: Float64Array, im: Float64Array, shape: readonly number[]): void {
  let stride = 1;
  for (const length of [...shape].reverse()) {
    if (length > 1) transformAxis(re, im, length, stride);
    stride *= length;
  }
}

/** Columns of one axis: entry i of column c of slab s lies at s·length·stride + c + i·stride. */
function transformAxis(re: Float64Array, im: Float64Array, length: number, stride: number): void {
  const slab = length * stride;
  const columns = stride === 1 ? re.length / length : stride;
  if (stride === 1 && length >= LONG_ROW) {
    const engine = engineOf(length);
    for (let row = 0; row < re.length; row += length) engine.transform(re, im, row, re, im, row, 1);
    return;
  }
  const batch = Math.max(stride === 1 ? 1 : 8, Math.min(PANEL_COLUMNS, Math.floor(PANEL_LENGTH / length)));
  const engine = engineOf(length, Math.min(batch, columns));
  if (stride === 1) {
    // Rows: the columns of a panel are whole rows, `length` apart.
    for (let row = 0; row < columns; row += engine.batch) {
      transformPanel(engine, re, im, row * length, 1, length, Math.min(engine.batch, columns - row));
    }
    return;
  }
  for (let start = 0; start < re.length; start += slab) {
    for (let column = 0; column < stride; column += engine.batch) {
      transformPanel(engine, re, im, start + column, stride, 1, Math.min(engine.batch, stride - column));
    }
  }
}

/** Gathers a panel of `count` columns, transforms it and puts it back. */
function transformPanel(
  engine: FftEngine,
  re: Float64Array,
  im: Float64Array,
  base: number,
  stride: number,
  columnStep: number,
  count: number,
): void {
  const { input, batch, length } = engine;
  for (let i = 0; i < length; i++) {
    let from = base + i * stride;
    let to = 2 * i * batch;
    for (let b = 0; b < count; b++) {
      input[to] = re[from];
      input[to + 1] = im[from];
      from += columnStep;
      to += 2;
    }
    // Columns beyond the last one are transformed along with the others and thrown away.
    if (count < batch) input.fill(0, to, 2 * (i + 1) * batch);
  }
  const output = engine.run();
  for (let i = 0; i < length; i++) {
    let to = base + i * stride;
    let from = 2 * i * batch;
    for (let b = 0; b < count; b++) {
      re[to] = output[from];
      im[to] = output[from + 1];
      to += columnStep;
      from += 2;
    }
  }
}
