import { ShapeError, cosTurns, describe, requireInteger, sinTurns } from "../core/index.js";
import { ARENA_START, createArena } from "./backend.js";
import { createOddTransform, type OddSignal, type OddSpectrum, type OddTransform, runPasses } from "./fft-odd.js";
import { passRunner } from "./fft-passes.js";
import {
  type FftStage,
  LARGEST_RADIX,
  RADICES,
  fftOrder,
  fftRadices,
  fftStages,
  fftTwiddles,
  pairedTwiddles,
} from "./fft-tables.js";

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
  /**
   * Transforms twice as many real data to entries 0 … `length` of re and im. Only where this is faster than the steps of
   * src/fft around `transform`, which give the same bits. @returns whether all results are finite
   */
  readonly spectrum?: (x: Float64Array, re: Float64Array, im: Float64Array) => boolean;
  /** Transforms an odd number `length` of real data to entries 0 … ⌊n/2⌋. @returns whether all are known to be finite */
  readonly oddSpectrum?: OddSpectrum;
  /** Inverts `oddSpectrum`. */
  readonly oddSignal?: OddSignal;
  /** Inverts `spectrum`: twice as many data, to x, divided by twice the divisor. @returns whether all results are finite */
  readonly signal?: (re: Float64Array, im: Float64Array, x: Float64Array, divisor: number) => boolean;
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
 * Builds a Stockham transform of a length whose prime factors are at most 101.
 *
 * @param length number of points
 * @param radices its factors 2, 3, 4, 5, 7 or odd primes from 11 to 101, in the order of the passes
 * @param batch number of interleaved transforms
 * @throws {ArgumentError} when length or batch is not an integer >= 1
 * @throws {ShapeError} when the radices are others, or their product is not the length
 */
export function createFftEngine(length: number, radices: readonly number[], batch: number): FftEngine {
  requireInteger(length, "length", "createFftEngine", 1);
  requireInteger(batch, "batch", "createFftEngine", 1);
  const known = Array.isArray(radices) && radices.every((radix) => RADICES.includes(radix) || isLargeRadix(radix));
  if (!known || radices.reduce((product, radix) => product * radix, 1) !== length) {
    throw new ShapeError({
      function: "createFftEngine",
      argument: "radices",
      expected: `of ${RADICES.join(", ")} and primes from 11 to ${LARGEST_RADIX} with the product ${length}`,
      got: Array.isArray(radices) ? `[${radices.join(", ")}]` : describe(radices),
      remedy: "use fftRadices",
    });
  }
  const stages = fftStages(length, radices, batch);
  const twiddles = fftTwiddles(length, radices);
  const engine =
    (length * batch >= SMALLEST_FAST ? wasmEngine(length, batch, stages, twiddles) : null) ??
    jsEngine(length, batch, stages, twiddles);
  if (batch > 1 || length % 2 === 0 || length === 1) return engine;
  let transform: OddTransform | null = null;
  const odd = (): OddTransform => (transform ??= createOddTransform(length, radices));
  return {
    ...engine,
    oddSpectrum: (x, re, im) => odd().oddSpectrum(x, re, im),
    oddSignal: (re, im, x, divisor) => odd().oddSignal(re, im, x, divisor),
  };
}

/** Whether a factor is a prime that has no pass of its own and yet is a radix. */
function isLargeRadix(radix: number): boolean {
  const factors = Number.isInteger(radix) && radix > 7 ? fftRadices(radix) : null;
  return factors?.length === 1;
}

/** Numbers between two parts, so that their equal entries do not fall into the same place of the cache. */
const APART = 8;
/** Below this many points a memory of its own is not worth its 64 kB. */
const SMALLEST_FAST = 16;

function jsEngine(length: number, batch: number, stages: readonly FftStage[], twiddles: Float64Array): FftEngine {
  const input = new Float64Array(2 * length * batch);
  const other = new Float64Array(2 * length * batch);
  const run = passRunner(stages, twiddles, input, other);
  return { length, batch, input, run, transform: transformBy(length, input, run) };
}

/** Lengths of single transforms that are done in parts when they are powers of two; longer ones leave the cache. */
const LONGEST_LINE = 2 ** 16;

/** The same passes over a memory of its own: tables, then two work spaces, then what only some transforms need. */
function wasmEngine(
  length: number,
  batch: number,
  stages: readonly FftStage[],
  twiddles: Float64Array,
): FftEngine | null {
  const size = 2 * length * batch;
  const radices = stages.map((stage) => stage.radix);
  // Lines know no other order of the passes.
  const usual = fftRadices(length)?.join() === radices.join();
  const inParts = batch === 1 && (length & (length - 1)) === 0 && length <= LONGEST_LINE && usual;
  // Each work space also holds the length + 1 numbers of half a spectrum in parts.
  const space = size + 2 * APART;
  const pairsRoom = inParts ? 3 * length : 4 * Math.max(...radices);
  const arena = createArena(twiddles.length + 2 * space + pairsRoom + (batch === 1 ? length + 2 : 0));
  if (arena === null) return null;
  const { functions, values } = arena;
  const table = ARENA_START / 8;
  values.set(twiddles, table);
  const inputAt = table + twiddles.length;
  const otherAt = inputAt + space;
  const pairs = otherAt + space;
  const turns = pairs + pairsRoom;
  const order = pairs + 2 * length;
  const input = values.subarray(inputAt, inputAt + size);
  const other = values.subarray(otherAt, otherAt + size);
  const pass = (): number => runPasses(functions, stages, table, inputAt, otherAt, pairs);
  const run = (): Float64Array => (pass() === inputAt ? input : other);
  if (batch > 1) return { length, batch, input, run, transform: transformBy(length, input, run) };

  const apart = length + APART;
  if (inParts) {
    values.set(pairedTwiddles(length), pairs);
    new Int32Array(arena.memory.buffer, 8 * order).set(fftOrder(length, radices));
  }
  const line = (from: number, to: number): void => {
    functions.powerLine(8 * from, 8 * apart, length, 8 * to, 8 * apart, 8 * order, 8 * pairs);
  };
  /** Copies a part out, divided. */
  const leave = (at: number, out: Float64Array, to: number, divisor: number): void => {
    if (divisor !== 1) functions.finishPart(8 * at, length, divisor);
    out.set(values.subarray(at, at + length), to);
  };
  const transform: FftEngine["transform"] = (re, im, from, outRe, outIm, to, divisor) => {
    // The parts go in behind each other: copies instead of a loop.
    const imaginary = otherAt + (inParts ? apart : length);
    values.set(length === re.length ? re : re.subarray(from, from + length), otherAt);
    values.set(length === im.length ? im : im.subarray(from, from + length), imaginary);
    if (inParts) {
      line(otherAt, inputAt);
      leave(inputAt, outRe, to, divisor);
      leave(inputAt + apart, outIm, to, divisor);
      return;
    }
    functions.interleave(8 * otherAt, 8 * inputAt, length);
    const result = pass();
    const free = result === inputAt ? otherAt : inputAt;
    functions.separate(8 * result, 8 * free, length, divisor, 8 * length);
    outRe.set(values.subarray(free, free + length), to);
    outIm.set(values.subarray(free + length, free + 2 * length), to);
  };

  let turned = false;
  /** The turns between half a transform and a real one, computed when they are needed first. */
  const turnsAt = (): number => {
    if (!turned) {
      for (let k = 0; 2 * k <= length; k++) {
        values[turns + 2 * k] = cosTurns(k, 2 * length);
        values[turns + 2 * k + 1] = -sinTurns(k, 2 * length);
      }
      turned = true;
    }
    return 8 * turns;
  };
  const spectrum = (x: Float64Array, re: Float64Array, im: Float64Array): boolean => {
    const bins = length + 1;
    // Neighbours are the complex numbers of half the length.
    values.set(x, inputAt);
    let result = inputAt;
    if (inParts) {
      functions.separate(8 * inputAt, 8 * otherAt, length, 1, 8 * apart);
      line(otherAt, inputAt);
    } else result = pass();
    const free = result === inputAt ? otherAt : inputAt;
    const probe = functions.splitSpectrum(8 * result, inParts ? 8 * apart : 0, turnsAt(), length, 8 * free, 8 * apart);
    re.set(values.subarray(free, free + bins));
    im.set(values.subarray(free + apart, free + apart + bins));
    return probe === 0;
  };
  const signal = (re: Float64Array, im: Float64Array, x: Float64Array, divisor: number): boolean => {
    values.set(re, otherAt);
    values.set(im, otherAt + apart);
    functions.joinSpectrum(8 * otherAt, 8 * apart, turnsAt(), length, 8 * inputAt, inParts ? 8 * apart : 0);
    let result = otherAt;
    if (inParts) line(inputAt, otherAt);
    else result = pass();
    const free = result === inputAt ? otherAt : inputAt;
    const probe = functions.leaveExchanged(8 * result, inParts ? 8 * apart : 0, length, 8 * free, divisor);
    x.set(values.subarray(free, free + 2 * length));
    return probe === 0;
  };
  return { length, batch, input, run, transform, spectrum, signal };
}
