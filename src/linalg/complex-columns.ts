// Complex columns as two n x n arrays of real and imaginary parts.
import { EPSILON } from "../core/index.js";
import { gemm } from "../routines/index.js";
import { norm2 } from "./input.js";
import { length2 } from "./scalar.js";

/** Real and imaginary parts of the columns, both n x count. */
export interface ComplexColumns {
  /** Real parts. */
  readonly re: Float64Array;
  /** Imaginary parts. */
  readonly im: Float64Array;
}

/** Euclidean norms of the columns. */
export function columnLengths(n: number, count: number, { re, im }: ComplexColumns): Float64Array {
  return Float64Array.from({ length: count }, (_, j) => length2(norm2(re, j, n, count), norm2(im, j, n, count)));
}

/** Makes every column of unit norm with its largest component real and positive. */
export function normalizeColumns(n: number, count: number, columns: ComplexColumns): void {
  for (let j = 0; j < count; j++) normalizeColumn(n * count, count, columns, j);
}

function normalizeColumn(end: number, step: number, { re, im }: ComplexColumns, j: number): void {
  let largest = 0;
  let at = j;
  for (let i = j; i < end; i += step) {
    const modulus = length2(re[i], im[i]);
    // A component that is larger by rounding only must not win over an earlier one.
    if (modulus > largest * (1 + 8 * EPSILON)) {
      largest = modulus;
      at = i;
    }
  }
  if (largest === 0) return;
  const c = re[at] / largest;
  const s = im[at] / largest;
  for (let i = j; i < end; i += step) {
    const x = re[i] / largest;
    const y = im[i] / largest;
    re[i] = c * x + s * y;
    im[i] = c * y - s * x;
  }
  im[at] = 0;
  const n = end / step;
  const norm = length2(norm2(re, j, n, step), norm2(im, j, n, step));
  for (let i = j; i < end; i += step) {
    re[i] /= norm;
    im[i] /= norm;
  }
}

/** op(A) times the columns, A real and n x n. */
export function applyReal(
  n: number,
  a: Float64Array,
  transpose: boolean,
  count: number,
  columns: ComplexColumns,
): ComplexColumns {
  const product = (x: Float64Array): Float64Array => {
    const y = new Float64Array(n * count);
    if (y.length > 0) gemm(transpose, false, n, count, n, 1, a, 0, n, x, 0, count, 0, y, 0, count);
    return y;
  };
  return { re: product(columns.re), im: product(columns.im) };
}

/** ‖A v − λ v‖₂ of each column v. */
export function residualNorms(
  n: number,
  a: Float64Array,
  count: number,
  columns: ComplexColumns,
  real: Float64Array,
  imaginary: Float64Array,
): Float64Array {
  const residual = applyReal(n, a, false, count, columns);
  const { re, im } = columns;
  for (let at = 0; at < n * count; at++) {
    const [wr, wi] = [real[at % count], imaginary[at % count]];
    residual.re[at] -= wr * re[at] - wi * im[at];
    residual.im[at] -= wr * im[at] + wi * re[at];
  }
  return columnLengths(n, count, residual);
}
