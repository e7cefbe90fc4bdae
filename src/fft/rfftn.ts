import { ArgumentError, describe, requireFinite, ShapeError } from "../core/index.js";
import { requireShape, requireTotal, transformAxes } from "./fftn.js";
import { type ComplexArray, type ComplexInput, requireRecord, requireSignal, requireTransformed } from "./plan.js";
import { realSignal, realSpectrum } from "./rfft.js";
import { quarterTurns } from "./turns.js";

/**
 * Computes the n-dimensional discrete Fourier transform of real data: half of it along the last axis, the rest being conjugate.
 *
 * Relation: X_k = Σ_j x_j e^{−2πi Σ_a j_a k_a / n_a} over row-major data, k_a = 0 … n_a − 1, the last one to ⌊n/2⌋ only; X_{−k}
 * (indices modulo the lengths) is conj X_k.
 *
 * @param x real data of length Π shape
 * @param shape lengths n_a of the axes, each any positive integer
 * @returns fresh arrays in the same order, with ⌊n/2⌋ + 1 entries along the last axis
 * @throws {ShapeError} when the number of data is not the product of the shape
 * @throws {ArgumentError} when shape is not an array of positive integers
 * @throws {NonFiniteError} for NaN and infinities
 *
 * Accuracy: as {@link fftn}. Cost: for an even last length a complex transform of half the size, else that of {@link fftn}.
 * @see [vanloan1992]
 * @example
 * ```ts
 * import { rfftn } from "eigenscope/fft";
 * const { re } = rfftn([1, 2, 3, 4, 5, 6, 7, 8], [2, 4]);
 * console.log(Array.from(re)); // [ 36, -4, -4, -16, 0, 0 ]
 * ```
 */
export function rfftn(x: ArrayLike<number>, shape: readonly number[]): ComplexArray {
  const total = requireShape(shape, "rfftn");
  const data = requireSignal(x, "x", "rfftn");
  requireTotal(data.length, total, "x", shape, "rfftn");
  const n = shape[shape.length - 1];
  const rows = total / n;
  const bins = (n >> 1) + 1;
  const out = { re: new Float64Array(rows * bins), im: new Float64Array(rows * bins) };
  if (rows === 1) realSpectrum(data, out);
  else if (n % 2 === 0) packedSpectrum(data, out, shape);
  else {
    const full = { re: data.slice(), im: new Float64Array(total) };
    transformAxes(full, full, shape, false);
    for (let row = 0; row < rows; row++) {
      out.re.set(full.re.subarray(row * n, row * n + bins), row * bins);
      out.im.set(full.im.subarray(row * n, row * n + bins), row * bins);
    }
  }
  requireTransformed([out.re, out.im], { x }, "rfftn");
  return out;
}

/**
 * Even and odd entries of each row as one complex grid of half the size, whose transform Z is then taken apart: that of the even
 * ones is E_k = (Z_k + conj Z_{−k})/2, that of the odd ones O_k = (Z_k − conj Z_{−k})/(2i), and X_k = E_k + e^{−2πi k/n} O_k.
 */
function packedSpectrum(data: Float64Array, out: ComplexArray, shape: readonly number[]): void {
  const n = shape[shape.length - 1];
  const half = n / 2;
  const z = { re: new Float64Array(data.length / 2), im: new Float64Array(data.length / 2) };
  for (let j = 0; j < z.re.length; j++) {
    z.re[j] = data[2 * j];
    z.im[j] = data[2 * j + 1];
  }
  transformAxes(z, z, [...shape.slice(0, -1), half], false);
  const { re: zRe, im: zIm } = z;
  const { re, im } = out;
  const turn = quarterTurns(n);
  const mirrors = mirrorRows(shape);
  for (let row = 0; row < mirrors.length; row++) {
    const [from, mirror, to] = [row * half, mirrors[row] * half, row * (half + 1)];
    // k = 0 and k = n/2 come from the same pair, E + O and E − O.
    const evenRe = 0.5 * (zRe[from] + zRe[mirror]);
    const evenIm = 0.5 * (zIm[from] - zIm[mirror]);
    const oddRe = 0.5 * (zIm[from] + zIm[mirror]);
    const oddIm = 0.5 * (zRe[mirror] - zRe[from]);
    re[to] = evenRe + oddRe;
    im[to] = evenIm + oddIm;
    re[to + half] = evenRe - oddRe;
    im[to + half] = evenIm - oddIm;
    for (let k = 1; k < half; k++) {
      const at = from + k;
      const opposite = mirror + half - k;
      // e^{−2πi (n/2 − k)/n} is −conj e^{−2πi k/n}: a quarter of the turns is enough.
      const t = 2 * (2 * k <= half ? k : half - k);
      const c = 2 * k <= half ? turn[t] : -turn[t];
      const s = turn[t + 1];
      const oddRe = 0.5 * (zIm[at] + zIm[opposite]);
      const oddIm = 0.5 * (zRe[opposite] - zRe[at]);
      re[to + k] = 0.5 * (zRe[at] + zRe[opposite]) + (oddRe * c - oddIm * s);
      im[to + k] = 0.5 * (zIm[at] - zIm[opposite]) + (oddIm * c + oddRe * s);
    }
  }
}

/**
 * Inverts {@link rfftn}: real data from half of their spectrum.
 *
 * Relation: x_j = (1/N) Σ_k X_k e^{2πi Σ_a j_a k_a / n_a}, N = Π shape, where the entries that are not stored are conjugates of
 * those that are. Along the other axes the planes of last index 0 and n/2 (for even n) hold both of each conjugate pair: their
 * mean counts, so that a spectrum with rounding errors has real data.
 *
 * @param x spectrum as {@link rfftn} returns it
 * @param shape lengths of the axes of the real data
 * @returns Π shape real numbers
 * @throws {ShapeError} when the number of entries does not fit the shape
 * @throws {ArgumentError} when shape is not an array of positive integers, or x no record { re, im }
 * @throws {NonFiniteError} for NaN and infinities
 *
 * Accuracy and cost: as {@link rfftn}.
 * @example
 * ```ts
 * import { irfftn, rfftn } from "eigenscope/fft";
 * const x = irfftn(rfftn([3, 1, 2, 5, 4, 0], [2, 3]), [2, 3]);
 * console.log(Array.from(x, Math.round)); // [ 3, 1, 2, 5, 4, 0 ]
 * ```
 */
export function irfftn(x: ComplexInput, shape: readonly number[]): Float64Array {
  const total = requireShape(shape, "irfftn");
  if (x === null || typeof x !== "object" || !("re" in x)) {
    throw new ArgumentError({ function: "irfftn", argument: "x", expected: "an object { re, im }", got: describe(x) });
  }
  const n = shape[shape.length - 1];
  const rows = total / n;
  const bins = (n >> 1) + 1;
  const given = requireRecord(x, "irfftn");
  if (given.re.length !== rows * bins) {
    throw new ShapeError({
      function: "irfftn",
      argument: "x",
      expected: `of length ${[...shape.slice(0, -1), bins].join(" x ")} = ${rows * bins} for data of ${shape.join(" x ")}`,
      got: `length ${given.re.length}`,
    });
  }
  // Before the work, because not every entry of the planes reaches the result.
  requireFinite(given.re, "re", "irfftn");
  requireFinite(given.im, "im", "irfftn");
  if (rows === 1 || n % 2 === 0) {
    const spectrum = { re: given.re.slice(), im: given.im.slice() };
    const mirrors = mirrorRows(shape);
    averagePairs(spectrum, mirrors, bins, 0);
    if (n % 2 === 0) averagePairs(spectrum, mirrors, bins, bins - 1);
    const out = new Float64Array(total);
    if (rows === 1) realSignal(spectrum, out, n);
    else packedSignal(spectrum, out, shape, mirrors);
    requireTransformed([out], { re: given.re, im: given.im }, "irfftn");
    return out;
  }
  const full = { re: new Float64Array(total), im: new Float64Array(total) };
  for (const [row, mirror] of mirrorRows(shape).entries()) {
    for (let k = 0; k < bins; k++) {
      const [at, opposite] = [row * n + k, mirror * n + (k === 0 ? 0 : n - k)];
      // Half of the data each, so that a pair of which both are stored gives its mean.
      const share = k === 0 ? 0.5 : 1;
      const [re, im] = [share * given.re[row * bins + k], share * given.im[row * bins + k]];
      full.re[at] += re;
      full.im[at] += im;
      full.re[opposite] += re;
      full.im[opposite] -= im;
    }
  }
  transformAxes(full, full, shape, true);
  requireTransformed([full.re], { re: given.re, im: given.im }, "irfftn");
  return full.re;
}

/** Inverts {@link packedSpectrum}: Z_k = E_k + i O_k with X_k = E_k + e^{−2πi k/n} O_k and conj X_{n/2−k} = E_k − e^{−2πi k/n} O_k. */
function packedSignal(
  { re, im }: ComplexArray,
  out: Float64Array,
  shape: readonly number[],
  mirrors: Uint32Array,
): void {
  const n = shape[shape.length - 1];
  const half = n / 2;
  const bins = half + 1;
  const z = { re: new Float64Array(out.length / 2), im: new Float64Array(out.length / 2) };
  const { re: zRe, im: zIm } = z;
  const turn = quarterTurns(n);
  for (let row = 0; row < mirrors.length; row++) {
    const [from, mirror, to] = [row * bins, mirrors[row] * bins + half, row * half];
    for (let k = 0; k < half; k++) {
      const at = from + k;
      const opposite = mirror - k;
      const t = 2 * (2 * k <= half ? k : half - k);
      const c = 2 * k <= half ? turn[t] : -turn[t];
      const s = turn[t + 1];
      const differenceRe = 0.5 * (re[at] - re[opposite]);
      const differenceIm = 0.5 * (im[at] + im[opposite]);
      zRe[to + k] = 0.5 * (re[at] + re[opposite]) - (differenceIm * c - differenceRe * s);
      zIm[to + k] = 0.5 * (im[at] - im[opposite]) + (differenceRe * c + differenceIm * s);
    }
  }
  transformAxes(z, z, [...shape.slice(0, -1), half], true);
  for (let j = 0; j < z.re.length; j++) {
    out[2 * j] = z.re[j];
    out[2 * j + 1] = z.im[j];
  }
}

/** For each row (all indices but the last) the row of the negative indices, modulo the lengths. */
function mirrorRows(shape: readonly number[]): Uint32Array {
  let mirrors = Uint32Array.of(0);
  for (const length of shape.slice(0, -1)) {
    const next = new Uint32Array(mirrors.length * length);
    for (let row = 0; row < mirrors.length; row++) {
      for (let k = 0; k < length; k++) next[row * length + k] = mirrors[row] * length + (k === 0 ? 0 : length - k);
    }
    mirrors = next;
  }
  return mirrors;
}

/** Makes a plane that holds both of each conjugate pair exactly that of real data. */
function averagePairs({ re, im }: ComplexArray, mirrors: Uint32Array, bins: number, k: number): void {
  for (let row = 0; row < mirrors.length; row++) {
    const [at, opposite] = [row * bins + k, mirrors[row] * bins + k];
    if (opposite < at) continue;
    if (at === opposite) {
      im[at] = 0;
      continue;
    }
    re[at] = re[opposite] = 0.5 * (re[at] + re[opposite]);
    im[at] = 0.5 * (im[at] - im[opposite]);
    im[opposite] = -im[at];
  }
}
