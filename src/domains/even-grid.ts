// Functions on the torus grid that are even in every coordinate, stored at the offsets 0 … ⌊N/2⌋ per axis: 2^d times fewer
// numbers. Kernels are such functions, and so are their spectra.
import { type LongRunning, atan2, cos, isCancelled, sin } from "../core/index.js";
import { createFftPlan } from "../fft/index.js";
import type { Kernel } from "../kernels/index.js";

/**
 * Values of K(0, j/N) at the offsets 0 <= j <= N/2, row-major; only sorted offsets are evaluated, the others are permutations
 * of one. 1 − cos θ = (2/d) Σ sin²(πδ_j) and 1 + cos θ = (2/d) Σ cos²(πδ_j): no cancellation at 0 and π.
 *
 * @returns (⌊N/2⌋ + 1)^d numbers, or null when cancelled
 */
export function halfGridValues(kernel: Kernel, d: number, N: number, options: LongRunning): Float64Array | null {
  const side = Math.floor(N / 2) + 1;
  const below = new Float64Array(side);
  const above = new Float64Array(side);
  for (let j = 0; j < side; j++) {
    // sin(πj/N) and cos(πj/N) from the smaller angle, so that j = N/2 gives cos = 0 exactly.
    const small = 4 * j <= N ? j / N : 0.5 - j / N;
    const s = sin(Math.PI * small);
    const c = cos(Math.PI * small);
    below[j] = 4 * j <= N ? s * s : c * c;
    above[j] = 4 * j <= N ? c * c : s * s;
  }
  const values = new Float64Array(cellsOf(side, d));
  const offset = new Int32Array(d);
  const sorted = new Int32Array(d);
  const report = Math.max(1, Math.floor(values.length / 64));
  for (let i = 0; i < values.length; i++) {
    if (i % report === 0) {
      if (isCancelled(options.signal)) return null;
      options.onProgress?.({ phase: "kernel on the grid", done: i, total: values.length });
    }
    sortInto(offset, sorted);
    let source = 0;
    for (let j = 0; j < d; j++) source = source * side + sorted[j];
    if (source < i) {
      values[i] = values[source]; // its sorted representative comes first in row-major order
    } else {
      let minus = 0;
      let plus = 0;
      for (let j = 0; j < d; j++) {
        minus += below[sorted[j]];
        plus += above[sorted[j]];
      }
      const [rootMinus, rootPlus] = [Math.sqrt(minus), Math.sqrt(plus)];
      values[i] = kernel.profile(2 * atan2(rootMinus, rootPlus), 2 * atan2(rootPlus, rootMinus));
    }
    advance(offset, side);
  }
  return values;
}

/**
 * Transforms an even function in place: λ_k = Σ_j f(j) e^{−2πi k·j/N} over the whole grid, at 0 <= k <= N/2.
 *
 * The transform of a real even line is real, so two lines go through one complex transform as its real and imaginary part.
 */
export function transformEven(values: Float64Array, d: number, N: number): void {
  const side = Math.floor(N / 2) + 1;
  const plan = createFftPlan(N);
  const re = new Float64Array(N);
  const im = new Float64Array(N);
  const lines = values.length / side;
  for (let axis = 0, step = values.length / side; axis < d; axis++, step /= side) {
    const startOf = (line: number): number => Math.floor(line / step) * step * side + (line % step);
    for (let line = 0; line < lines; line += 2) {
      const first = startOf(line);
      // An odd line out is transformed beside itself.
      const second = line + 1 < lines ? startOf(line + 1) : first;
      for (let j = 0; j < side; j++) {
        re[j] = values[first + j * step];
        im[j] = values[second + j * step];
      }
      for (let j = side; j < N; j++) {
        re[j] = re[N - j];
        im[j] = im[N - j];
      }
      plan.forward(re, im, re, im);
      for (let j = 0; j < side; j++) {
        values[first + j * step] = re[j];
        values[second + j * step] = second === first ? re[j] : im[j];
      }
    }
  }
}

/** The N^d values of an even function on the whole grid. */
export function expandEven(values: Float64Array, d: number, N: number): Float64Array {
  const side = Math.floor(N / 2) + 1;
  const out = new Float64Array(cellsOf(N, d));
  const leading = new Int32Array(d - 1);
  for (let at = 0; at < out.length; at += N) {
    let line = 0;
    for (let j = 0; j < d - 1; j++) line = line * side + Math.min(leading[j], N - leading[j]);
    const from = line * side;
    out.set(values.subarray(from, from + side), at);
    for (let j = side; j < N; j++) out[at + j] = values[from + N - j];
    advance(leading, N);
  }
  return out;
}

/** Σ f(value) over the whole grid. */
export function evenSum(values: Float64Array, d: number, N: number, f: (value: number) => number): number {
  const side = Math.floor(N / 2) + 1;
  const offset = new Int32Array(d);
  let sum = 0;
  for (const value of values) {
    let copies = 1;
    for (let j = 0; j < d; j++) if (offset[j] > 0 && 2 * offset[j] < N) copies *= 2;
    sum += copies * f(value);
    advance(offset, side);
  }
  return sum;
}

function cellsOf(side: number, d: number): number {
  let cells = 1;
  for (let j = 0; j < d; j++) cells *= side;
  return cells;
}

/** The next index of a row-major walk over a cube. */
function advance(digits: Int32Array, side: number): void {
  for (let j = digits.length - 1; j >= 0; j--) {
    if (++digits[j] < side) return;
    digits[j] = 0;
  }
}

/** Insertion sort of a few integers. */
function sortInto(values: Int32Array, out: Int32Array): void {
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    let j = i;
    while (j > 0 && out[j - 1] > value) {
      out[j] = out[j - 1];
      j--;
    }
    out[j] = value;
  }
}
