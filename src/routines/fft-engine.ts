import { ShapeError, describe, requireInteger } from "../core/index.js";
import { ARENA_START, createArena } from "./backend.js";
import {
  type FftPass,
  type FftStage,
  RADICES,
  fftOrder,
  fftPass,
  fftStages,
  fftTwiddles,
  pairedTwiddles,
} from "./fft-passes.js";

/** A transform of fixed length over its own work space: fill `input`, call `run`, read what it returns. */
export interface FftEngine {
  /** Number of complex numbers in one transform. */
  readonly length: number;
  /** Transforms done at once; entry i of transform b lies at i·batch + b. */
  readonly batch: number;
  /** Interleaved complex work space, 2 · length · batch numbers. Destroyed by `run`. */
  readonly input: Float64Array;
  /** Transforms `input` with the sign e^{−2πi jk/n}, unnormalised. @returns interleaved result, valid until the next use */
  run(): Float64Array;
  /**
   * Transforms one signal (batch 1) from separate parts at `from` to separate parts at `to`, which may be the same
   * arrays, and divides by `divisor`: a division rounds correctly, a product with 1/n would not.
   */
  transform(
    re: Float64Array,
    im: Float64Array,
    from: number,
    outRe: Float64Array,
    outIm: Float64Array,
    to: number,
    divisor: number,
  ): void;
}

/** The `transform` of an engine that has only an input and a `run`. */
export function transformBy(length: number, input: Float64Array, run: () => Float64Array): FftEngine["transform"] {
  return (re, im, from, outRe, outIm, to, divisor) => {
    for (let i = 0; i < length; i++) {
      input[2 * i] = re[from + i];
      input[2 * i + 1] = im[from + i];
    }
    const values = run();
    if (divisor === 1) {
      for (let i = 0; i < length; i++) {
        outRe[to + i] = values[2 * i];
        outIm[to + i] = values[2 * i + 1];
      }
      return;
    }
    for (let i = 0; i < length; i++) {
      outRe[to + i] = values[2 * i] / divisor;
      outIm[to + i] = values[2 * i + 1] / divisor;
    }
  };
}

/**
 * Builds a Stockham transform of a length with the prime factors 2, 3, 5 and 7.
 *
 * @param length number of points
 * @param radices its factors among 2, 3, 4, 5, 7, in the order of the passes
 * @param batch number of interleaved transforms
 * @throws {ArgumentError} when length or batch is not an integer >= 1
 * @throws {ShapeError} when the radices are others, or their product is not the length
 */
export function createFftEngine(length: number, radices: readonly number[], batch: number): FftEngine {
  requireInteger(length, "length", "createFftEngine", 1);
  requireInteger(batch, "batch", "createFftEngine", 1);
  const known = Array.isArray(radices) && radices.every((radix) => RADICES.includes(radix));
  if (!known || radices.reduce((product, radix) => product * radix, 1) !== length) {
    throw new ShapeError({
      function: "createFftEngine",
      argument: "radices",
      expected: `of ${RADICES.join(", ")} with the product ${length}`,
      got: Array.isArray(radices) ? `[${radices.join(", ")}]` : describe(radices),
      remedy: "use fftRadices",
    });
  }
  const stages = fftStages(length, radices, batch);
  const twiddles = fftTwiddles(length, radices);
  return (
    (length * batch >= SMALLEST_FAST ? wasmEngine(length, batch, stages, twiddles) : null) ??
    jsEngine(length, batch, stages, twiddles)
  );
}

/** Numbers between two parts, so that their equal entries do not fall into the same place of the cache. */
const APART = 8;
/** Below this many points a memory of its own is not worth its 64 kB. */
const SMALLEST_FAST = 16;

function jsEngine(length: number, batch: number, stages: readonly FftStage[], twiddles: Float64Array): FftEngine {
  const input = new Float64Array(2 * length * batch);
  const other = new Float64Array(2 * length * batch);
  const passes: FftPass[] = stages.map((stage) => fftPass(stage.radix));
  const run = (): Float64Array => {
    let from = input;
    let to = other;
    for (let i = 0; i < stages.length; i++) {
      passes[i](from, to, twiddles, stages[i].first, stages[i].span, stages[i].m);
      [from, to] = [to, from];
    }
    return from;
  };
  return { length, batch, input, run, transform: transformBy(length, input, run) };
}

/** Lengths of single transforms that are done in parts when they are powers of two; longer ones leave the cache. */
const LONGEST_LINE = 2 ** 16;

/** The same passes over a memory of its own: tables, then two work spaces. */
function wasmEngine(
  length: number,
  batch: number,
  stages: readonly FftStage[],
  twiddles: Float64Array,
): FftEngine | null {
  const size = 2 * length * batch;
  const inParts = batch === 1 && (length & (length - 1)) === 0 && length <= LONGEST_LINE;
  const arena = createArena(twiddles.length + 2 * (size + APART) + (inParts ? 3 * length : 0));
  if (arena === null) return null;
  const { functions, values } = arena;
  const table = ARENA_START / 8;
  values.set(twiddles, table);
  const inputAt = table + twiddles.length;
  const otherAt = inputAt + size + APART;
  const input = values.subarray(inputAt, inputAt + size);
  const other = values.subarray(otherAt, otherAt + size);
  /** Runs the passes and returns the address of the result. */
  const pass = (): number => {
    let from = 8 * inputAt;
    let to = 8 * otherAt;
    for (const { radix, first, span, m } of stages) {
      const w = 8 * (table + first);
      if (radix === 4) functions.pass4(from, to, w, span, m);
      else if (radix === 2) functions.pass2(from, to, w, span, m);
      else if (radix === 3) functions.pass3(from, to, w, span, m);
      else if (radix === 5) functions.pass5(from, to, w, span, m);
      else functions.pass7(from, to, w, span, m);
      [from, to] = [to, from];
    }
    return from;
  };
  const run = (): Float64Array => (pass() === 8 * inputAt ? input : other);
  const pairs = otherAt + size + APART;
  const apart = length + APART;
  const radices = stages.map((stage) => stage.radix);
  if (inParts) {
    values.set(pairedTwiddles(length), pairs);
    new Int32Array(arena.memory.buffer, 8 * (pairs + 2 * length)).set(fftOrder(length, radices));
  }
  /** Copies a part out, divided. */
  const leave = (at: number, out: Float64Array, to: number, divisor: number): void => {
    if (divisor !== 1) functions.finishPart(8 * at, length, divisor);
    out.set(values.subarray(at, at + length), to);
  };
  return {
    length,
    batch,
    input,
    run,
    transform: (re, im, from, outRe, outIm, to, divisor) => {
      // The parts go in behind each other: copies instead of a loop.
      const imaginary = otherAt + (inParts ? apart : length);
      values.set(length === re.length ? re : re.subarray(from, from + length), otherAt);
      values.set(length === im.length ? im : im.subarray(from, from + length), imaginary);
      if (inParts) {
        functions.powerLine(
          8 * otherAt,
          8 * apart,
          length,
          8 * inputAt,
          8 * apart,
          8 * (pairs + 2 * length),
          8 * pairs,
        );
        leave(inputAt, outRe, to, divisor);
        leave(inputAt + apart, outIm, to, divisor);
        return;
      }
      functions.interleave(8 * otherAt, 8 * inputAt, length);
      const result = pass();
      const free = result === 8 * inputAt ? otherAt : inputAt;
      functions.separate(result, 8 * free, length, divisor);
      outRe.set(values.subarray(free, free + length), to);
      outIm.set(values.subarray(free + length, free + 2 * length), to);
    },
  };
}
