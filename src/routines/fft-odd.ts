import { cosTurns, sinTurns } from "../core/index.js";
import { ARENA_START, createArena, type WasmFunctions } from "./backend.js";
import { passRunner } from "./fft-passes.js";
import { type FftStage, fftStages, fftTwiddles } from "./fft-tables.js";

/**
 * A transform of an odd number of real data, n = p m: entries 0 … ⌊n/2⌋ to re and im.
 * @returns whether all results are known to be finite
 */
export type OddSpectrum = (x: Float64Array, re: Float64Array, im: Float64Array) => boolean;

/** Its inverse, to x, divided; the imaginary part of entry 0 is not read. @returns as {@link OddSpectrum} */
export type OddSignal = (re: Float64Array, im: Float64Array, x: Float64Array, divisor: number) => boolean;

/** Both directions. */
export interface OddTransform {
  readonly oddSpectrum: OddSpectrum;
  readonly oddSignal: OddSignal;
}

/** What the steps of an odd transform need. */
interface OddPlan {
  /** The largest radix, and the length of what remains. */
  readonly p: number;
  readonly m: number;
  /** Transforms of length m that are left: number s gives the entries p k + s of the spectrum, s = 0 … (p − 1)/2. */
  readonly count: number;
  readonly stages: readonly FftStage[];
  readonly twiddles: Float64Array;
  /** cos and sin of 2π s j / p for s, j = 1 … (p − 1)/2, then exp(−2πi q s / n) for q < m and the same s. */
  readonly table: Float64Array;
}

/** Points from which on a memory of its own is worth it. */
const SMALLEST_FAST = 16;
/** Numbers between work spaces, more than what half a spectrum takes beyond one. */
const APART = 16;

/**
 * Builds the transform of real data of an odd length: a pass of the largest radix p over real numbers; of its p outputs r and
 * p − r are conjugate, so (p + 1)/2 transforms of length n/p are left, half of those of complex data. The inverse goes backward.
 *
 * @param n odd number above 1
 * @param radices its radices in the order of the passes
 */
export function createOddTransform(n: number, radices: readonly number[]): OddTransform {
  const p = radices[radices.length - 1];
  const m = n / p;
  const count = (p + 1) / 2;
  const others = radices.slice(0, -1);
  const table = new Float64Array(2 * (count - 1) * (count - 1 + m));
  let at = 0;
  for (let s = 1; s < count; s++) {
    for (let j = 1; j < count; j++) {
      table[at++] = cosTurns(s * j, p);
      table[at++] = sinTurns(s * j, p);
    }
  }
  for (let q = 0; q < m; q++) {
    for (let s = 1; s < count; s++) {
      table[at++] = cosTurns(q * s, n);
      table[at++] = -sinTurns(q * s, n);
    }
  }
  const plan = { p, m, count, stages: fftStages(m, others, count), twiddles: fftTwiddles(m, others), table };
  return (n >= SMALLEST_FAST ? wasmTransform(plan) : null) ?? jsTransform(plan);
}

function jsTransform({ p, m, count, stages, twiddles, table }: OddPlan): OddTransform {
  const input = new Float64Array(2 * m * count);
  const other = new Float64Array(2 * m * count);
  const h = count - 1;
  // x_j + x_{p−j} and x_j − x_{p−j} of one butterfly.
  const room = new Float64Array(2 * h);
  const n = p * m;
  const run = passRunner(stages, twiddles, input, other);
  const oddSpectrum: OddSpectrum = (x, re, im) => {
    let w = 2 * h * h;
    for (let q = 0; q < m; q++) {
      const first = x[q];
      let sum = first;
      for (let j = 0; j < h; j++) {
        const u = x[q + (j + 1) * m];
        const v = x[q + (p - 1 - j) * m];
        room[2 * j] = u + v;
        room[2 * j + 1] = u - v;
        sum += u + v;
      }
      const o = 2 * q * count;
      input[o] = sum;
      input[o + 1] = 0;
      for (let s = 1, c = 0; s <= h; s++, w += 2) {
        let even = first;
        let odd = 0;
        for (let j = 0; j < 2 * h; j += 2, c += 2) {
          even += table[c] * room[j];
          odd += table[c + 1] * room[j + 1];
        }
        input[o + 2 * s] = even * table[w] + odd * table[w + 1];
        input[o + 2 * s + 1] = even * table[w + 1] - odd * table[w];
      }
    }
    const from = run();
    for (let k = 0; k < m; k++) {
      for (let s = 0; s <= h; s++) {
        const at = 2 * (k * count + s);
        const index = p * k + s;
        if (2 * index < n) {
          re[index] = from[at];
          im[index] = from[at + 1];
        } else if (s > 0) {
          re[n - index] = from[at];
          im[n - index] = -from[at + 1];
        }
      }
    }
    im[0] = 0;
    return false;
  };
  const oddSignal: OddSignal = (re, im, x, divisor) => {
    // Real and imaginary parts exchanged, so that the forward passes invert.
    for (let k = 0; k < m; k++) {
      for (let s = 0; s <= h; s++) {
        const at = 2 * (k * count + s);
        const index = p * k + s;
        const stored = 2 * index < n;
        const imaginary = index === 0 ? 0 : im[stored ? index : n - index];
        input[at] = stored ? imaginary : -imaginary;
        input[at + 1] = re[stored ? index : n - index];
      }
    }
    const from = run();
    let w = 2 * h * h;
    for (let q = 0; q < m; q++) {
      const o = 2 * q * count;
      const first = from[o + 1];
      let sum = first;
      for (let s = 1; s <= h; s++, w += 2) {
        const ur = from[o + 2 * s + 1];
        const ui = from[o + 2 * s];
        // Twice the product with the conjugate twiddle: s and p − s give the same to every datum.
        room[2 * s - 2] = 2 * (ur * table[w] + ui * table[w + 1]);
        room[2 * s - 1] = 2 * (ui * table[w] - ur * table[w + 1]);
        sum += room[2 * s - 2];
      }
      x[q] = sum / divisor;
      for (let t = 1, c = 0; t <= h; t++) {
        let even = first;
        let odd = 0;
        for (let j = 0; j < 2 * h; j += 2, c += 2) {
          even += table[c] * room[j];
          odd += table[c + 1] * room[j + 1];
        }
        x[q + t * m] = (even - odd) / divisor;
        x[q + (p - t) * m] = (even + odd) / divisor;
      }
    }
    return false;
  };
  return { oddSpectrum, oddSignal };
}

/** The same inside WebAssembly memory; null where there is none. */
function wasmTransform({ p, m, count, stages, twiddles, table }: OddPlan): OddTransform | null {
  const n = p * m;
  const bins = (n >> 1) + 1;
  const space = 2 * m * count + APART;
  const room = 4 * Math.max(p, ...stages.map(({ radix }) => radix));
  const arena = createArena(twiddles.length + table.length + n + 1 + 2 * space + room);
  if (arena === null) return null;
  const { functions, values } = arena;
  const tableAt = ARENA_START / 8;
  const twiddlesAt = tableAt + table.length;
  const dataAt = twiddlesAt + twiddles.length;
  const inputAt = dataAt + n + 1;
  const otherAt = inputAt + space;
  const roomAt = otherAt + space;
  values.set(table, tableAt);
  values.set(twiddles, twiddlesAt);
  const oddSpectrum: OddSpectrum = (x, re, im) => {
    values.set(x, dataAt);
    functions.oddPass(8 * dataAt, 8 * inputAt, 8 * tableAt, m, p, 8 * roomAt);
    const result = runPasses(functions, stages, twiddlesAt, inputAt, otherAt, roomAt);
    const free = result === inputAt ? otherAt : inputAt;
    const probe = functions.oddSplit(8 * result, 8 * free, 8 * bins, m, p);
    re.set(values.subarray(free, free + bins));
    im.set(values.subarray(free + bins, free + 2 * bins));
    return probe === 0;
  };
  const oddSignal: OddSignal = (re, im, x, divisor) => {
    values.set(re, otherAt);
    values.set(im, otherAt + bins);
    values[otherAt + bins] = 0;
    functions.oddJoin(8 * otherAt, 8 * bins, 8 * inputAt, m, p);
    const result = runPasses(functions, stages, twiddlesAt, inputAt, otherAt, roomAt);
    const probe = functions.oddEnd(8 * result, 8 * dataAt, 8 * tableAt, m, p, 8 * roomAt, divisor);
    x.set(values.subarray(dataAt, dataAt + n));
    return probe === 0;
  };
  return { oddSpectrum, oddSignal };
}

/** Runs the passes of interleaved numbers from one work space to the other and returns which one has the result. */
export function runPasses(
  functions: WasmFunctions,
  stages: readonly FftStage[],
  table: number,
  inputAt: number,
  otherAt: number,
  roomAt: number,
): number {
  let from = inputAt;
  let to = otherAt;
  for (const { radix, first, span, m } of stages) {
    const w = 8 * (table + first);
    if (radix === 4) functions.pass4(8 * from, 8 * to, w, span, m);
    else if (radix === 2) functions.pass2(8 * from, 8 * to, w, span, m);
    else if (radix === 3) functions.pass3(8 * from, 8 * to, w, span, m);
    else if (radix === 5) functions.pass5(8 * from, 8 * to, w, span, m);
    else if (radix === 7) functions.pass7(8 * from, 8 * to, w, span, m);
    else functions.passPrime(8 * from, 8 * to, w, span, m, radix, 8 * roomAt);
    [from, to] = [to, from];
  }
  return from;
}
