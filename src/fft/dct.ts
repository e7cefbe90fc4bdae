import { requireOneOf, requireOptions, ShapeError } from "../core/index.js";
import { requireSignal, requireTransformed } from "./plan.js";
import { realSignal, realSpectrum } from "./rfft.js";
import { quarterTurns } from "./turns.js";

/** Options of {@link dct} and {@link idct}. */
export interface DctOptions {
  /** Which of the cosine transforms, default 2. Type 1 is that of Chebyshev points and Clenshaw–Curtis quadrature. */
  readonly type?: 1 | 2 | 3;
}

/**
 * Computes a discrete cosine transform of type 1, 2 or 3.
 *
 * Relation, unnormalised (the convention of SciPy):
 * type 1: X_k = x_0 + (−1)^k x_{n−1} + 2 Σ_{0<j<n−1} x_j cos(π j k/(n − 1));
 * type 2: X_k = 2 Σ_j x_j cos(π k (2j + 1)/(2n));
 * type 3: X_k = x_0 + 2 Σ_{j>0} x_j cos(π j (2k + 1)/(2n)).
 *
 * @param x n numbers
 * @param options which type
 * @returns n numbers
 * @throws {ShapeError} when n = 0, or n = 1 with type 1
 * @throws {NonFiniteError} for NaN and infinities
 *
 * Accuracy: relative error in the 2-norm about ε log₂ n. Cost: one real transform of length n (2n − 2 for type 1).
 * @see [vanloan1992]
 * @example
 * ```ts
 * import { dct } from "eigenscope/fft";
 * console.log(Array.from(dct([1, 2, 3], { type: 1 }))); // [ 8, -2, 0 ]
 * ```
 */
export function dct(x: ArrayLike<number>, options?: DctOptions): Float64Array {
  const { signal, type } = requireInput(x, options, "dct");
  const out = type === 1 ? dct1(signal) : type === 2 ? dct2(signal) : dct3(signal, 1);
  requireTransformed([out], { x }, "dct");
  return out;
}

/**
 * Inverts {@link dct} of the same type.
 *
 * Relation: idct(dct(x, { type }), { type }) = x: type 1 is its own inverse up to 2(n − 1), types 2 and 3 invert each
 * other up to 2n.
 *
 * @param x n numbers
 * @param options which type
 * @returns n numbers
 * @throws {ShapeError} when n = 0, or n = 1 with type 1
 * @throws {NonFiniteError} for NaN and infinities
 *
 * Accuracy and cost: as {@link dct}.
 * @example
 * ```ts
 * import { dct, idct } from "eigenscope/fft";
 * console.log(Array.from(idct(dct([1, 2, 3, 4])), Math.round)); // [ 1, 2, 3, 4 ]
 * ```
 */
export function idct(x: ArrayLike<number>, options?: DctOptions): Float64Array {
  const { signal, type } = requireInput(x, options, "idct");
  const n = signal.length;
  const out = type === 1 ? dct1(signal) : type === 2 ? dct3(signal, 2 * n) : dct2(signal);
  const factor = type === 1 ? 2 * (n - 1) : 2 * n;
  if (type !== 2) for (let k = 0; k < n; k++) out[k] /= factor;
  requireTransformed([out], { x }, "idct");
  return out;
}

function requireInput(
  x: ArrayLike<number>,
  options: DctOptions | undefined,
  caller: string,
): { signal: Float64Array; type: 1 | 2 | 3 } {
  requireOptions(options, ["type"], caller);
  const type = requireOneOf(options?.type ?? 2, [1, 2, 3] as const, 'option "type"', caller);
  const signal = requireSignal(x, "x", caller);
  if (type === 1 && signal.length < 2) {
    throw new ShapeError({
      function: caller,
      argument: "x",
      expected: "of length at least 2 for type 1",
      got: "length 1",
    });
  }
  return { signal, type };
}

/** The even extension of the data is periodic with 2n − 2: its real transform has no sine part. */
function dct1(x: Float64Array): Float64Array {
  const n = x.length;
  const extended = scratch("data", 2 * n - 2);
  extended.set(x);
  for (let j = 1; j < n - 1; j++) extended[2 * n - 2 - j] = x[j];
  const out = new Float64Array(n);
  realSpectrum(extended, { re: out, im: scratch("im", n) });
  return out;
}

/** Even entries forward, odd entries backward: one real transform of length n, turned by e^{−πik/(2n)}. */
function dct2(x: Float64Array): Float64Array {
  const n = x.length;
  const bins = (n >> 1) + 1;
  const ordered = scratch("data", n);
  const re = scratch("re", bins);
  const im = scratch("im", bins);
  for (let j = 0; 2 * j < n; j++) ordered[j] = x[2 * j];
  for (let j = 0; 2 * j + 1 < n; j++) ordered[n - 1 - j] = x[2 * j + 1];
  realSpectrum(ordered, { re, im });
  const turn = quarterTurns(4 * n);
  const out = new Float64Array(n);
  out[0] = 2 * re[0];
  for (let k = 1; k <= n - k; k++) {
    const c = turn[2 * k];
    const s = -turn[2 * k + 1];
    out[k] = 2 * (re[k] * c + im[k] * s);
    out[n - k] = 2 * (re[k] * s - im[k] * c);
  }
  return out;
}

/** The steps of dct2 backward, the result divided. */
function dct3(x: Float64Array, divisor: number): Float64Array {
  const n = x.length;
  const bins = (n >> 1) + 1;
  const re = scratch("re", bins);
  const im = scratch("im", bins);
  const turn = quarterTurns(4 * n);
  re[0] = x[0];
  im[0] = 0;
  for (let k = 1; k < bins; k++) {
    const c = turn[2 * k];
    const s = -turn[2 * k + 1];
    re[k] = x[k] * c + x[n - k] * s;
    im[k] = x[k] * s - x[n - k] * c;
  }
  if (n % 2 === 0) im[n / 2] = 0;
  const ordered = scratch("data", n);
  realSignal({ re, im }, ordered, divisor);
  const out = new Float64Array(n);
  for (let j = 0; 2 * j < n; j++) out[2 * j] = ordered[j];
  for (let j = 0; 2 * j + 1 < n; j++) out[2 * j + 1] = ordered[n - 1 - j];
  return out;
}

/** Arrays of the last transforms, for the steps between input and result. */
const kept = new Map<string, Float64Array>();
/** Longer ones are not kept: they are megabytes. */
const LONGEST_KEPT = 2 ** 17;

/** An array for one step, from the last transform when it fits; its entries are whatever they are. */
function scratch(name: string, length: number): Float64Array {
  const known = kept.get(name);
  if (known?.length === length) return known;
  const fresh = new Float64Array(length);
  if (length <= LONGEST_KEPT) kept.set(name, fresh);
  return fresh;
}
