import {
  ArgumentError,
  describe,
  NonFiniteError,
  requireFinite,
  requireInteger,
  requireVector,
  ShapeError,
} from "../core/index.js";
import { createWeakSlot, type FftEngine, routinesBackend, type WeakSlot } from "../routines/index.js";
import { createEngine } from "./engine.js";

/** Complex numbers as two arrays of the same length. */
export interface ComplexArray {
  /** Real parts. */
  readonly re: Float64Array;
  /** Imaginary parts. */
  readonly im: Float64Array;
}

/** Complex numbers as the functions of this folder take them: any arrays of numbers, imaginary parts zero when absent. */
export interface ComplexInput {
  /** Real parts. */
  readonly re: ArrayLike<number>;
  /** Imaginary parts, as many. */
  readonly im?: ArrayLike<number>;
}

/** A transform of fixed length with its tables and work space, for repeated use. */
export interface FftPlan {
  /** Number of points. */
  readonly length: number;
  /**
   * X_k = Σ_j x_j e^{−2πi jk/n}, unnormalised, written to outRe and outIm (which may be re and im themselves, or overlap
   * them, not each other). Lengths are checked, entries are not.
   */
  forward(re: Float64Array, im: Float64Array, outRe: Float64Array, outIm: Float64Array): void;
  /**
   * x_j = (1/n) Σ_k X_k e^{2πi jk/n}, the inverse of forward, written to outRe and outIm (which may be re and im, as with
   * forward). Lengths are checked, entries are not.
   */
  inverse(re: Float64Array, im: Float64Array, outRe: Float64Array, outIm: Float64Array): void;
}

/**
 * Prepares a transform of fixed length for repeated use.
 *
 * Relation: forward is X_k = Σ_j x_j e^{−2πi jk/n}, inverse divides by n.
 * The functions {@link fft} and {@link ifft} keep recent plans by themselves; a plan of your own also avoids their
 * fresh output arrays and their check for non-finite entries. One plan must not be entered twice at the same time.
 *
 * @param length number of points, any positive integer; lengths whose prime factors are 2, 3, 5 and 7 are fastest
 * @returns the plan
 * @throws {ArgumentError} when length is not a positive integer up to 2³⁰
 *
 * Accuracy: relative error in the 2-norm about ε log₂ n, also for primes. Cost: 5 n log₂ n flops, p n more for each prime factor p from 11 to
 * 101, three to four times as much with a larger one (in JavaScript: above 31).
 * @see [vanloan1992]
 * @see [bluestein1970]
 * @example
 * ```ts
 * import { createFftPlan } from "eigenscope/fft";
 * const plan = createFftPlan(3);
 * const [re, im] = [Float64Array.of(1, 2, 3), new Float64Array(3)];
 * plan.forward(re, im, re, im); // in place
 * console.log(re[0], im[1]); // 6 0.8660254037844386
 * ```
 */
export function createFftPlan(length: number): FftPlan {
  requireInteger(length, "length", "createFftPlan", 1, 2 ** 30);
  const engine = createEngine(length, 1);
  return {
    length,
    forward: (re, im, outRe, outIm) => {
      requireParts(re, im, length, "forward");
      requireParts(outRe, outIm, length, "forward");
      requireTwo(outRe, outIm, "outIm", "outRe", "createFftPlan.forward");
      engine.transform(re, im, 0, outRe, outIm, 0, 1);
    },
    inverse: (re, im, outRe, outIm) => {
      requireParts(re, im, length, "inverse");
      requireParts(outRe, outIm, length, "inverse");
      requireTwo(outRe, outIm, "outIm", "outRe", "createFftPlan.inverse");
      // Exchanging real and imaginary parts before and after turns e^{−…} into e^{+…}.
      engine.transform(im, re, 0, outIm, outRe, 0, length);
    },
  };
}

function requireParts(re: unknown, im: unknown, length: number, caller: string): void {
  requireVector(re, length, "re", `createFftPlan.${caller}`);
  requireVector(im, length, "im", `createFftPlan.${caller}`);
}

/** Parts that share numbers would overwrite each other. */
export function requireTwo(re: Float64Array, im: Float64Array, argument: string, other: string, caller: string): void {
  const apart = re.byteOffset + re.byteLength <= im.byteOffset || im.byteOffset + im.byteLength <= re.byteOffset;
  if (re !== im && (apart || re.buffer !== im.buffer)) return;
  throw new ArgumentError({
    function: caller,
    argument,
    expected: `another array than ${other}`,
    got: re === im ? "the same one" : "one that overlaps it",
  });
}

/** Recent engines of one back end by length and batch, newest last: a program alternates between a handful of them. */
const engines = new Map<number, FftEngine>();
let newest: FftEngine | null = null;
let backend = "";
const ENGINES_KEPT = 8;
/** Work spaces of longer ones are megabytes: the last one stays as long as nothing else needs the room. */
const MOST_KEPT = 2 ** 18;
/** Points of all kept ones: a prime takes up to 200 bytes for each. */
const MOST_TOGETHER = 2 ** 19;
const large: WeakSlot<FftEngine> = createWeakSlot();
/** No batch is as large. */
const BATCHES = 1024;

/** The engine of `batch` transforms of a length, from the recent ones when possible. */
export function engineOf(length: number, batch = 1): FftEngine {
  if (backend !== routinesBackend()) {
    engines.clear();
    newest = null;
    large.set(null);
    backend = routinesBackend();
  }
  if (newest?.length === length && newest.batch === batch) return newest;
  const key = length * BATCHES + batch;
  if (length * batch > MOST_KEPT) {
    const last = large.get();
    if (last?.length === length && last.batch === batch) return last;
    large.set(null);
    const engine = createEngine(length, batch);
    large.set(engine);
    return engine;
  }
  const engine = engines.get(key) ?? createEngine(length, batch);
  engines.delete(key);
  engines.set(key, engine);
  newest = engine;
  let points = 0;
  for (const known of engines.values()) points += known.length * known.batch;
  for (const [oldest, known] of engines) {
    if (engines.size <= ENGINES_KEPT && points <= MOST_TOGETHER) break;
    engines.delete(oldest);
    points -= known.length * known.batch;
  }
  return engine;
}

/**
 * Checks one-dimensional numeric input and returns it as a Float64Array (the same one when it is one). Its entries are
 * checked by {@link requireTransformed}, at the end.
 */
export function requireSignal(values: unknown, argument: string, caller: string): Float64Array {
  if (!isNumeric(values)) {
    const odd = Array.isArray(values) ? values.findIndex((value) => typeof value !== "number") : -1;
    throw new ArgumentError({
      function: caller,
      argument,
      expected: "an array of numbers, typed or not",
      got: odd < 0 ? describe(values) : `an array with ${describe((values as unknown[])[odd])} at index ${odd}`,
      ...(odd >= 0 && Array.isArray((values as unknown[])[odd]) ? { remedy: "fftn transforms grids" } : {}),
    });
  }
  const signal = values instanceof Float64Array ? values : new Float64Array(values);
  if (signal.length === 0) {
    throw new ShapeError({ function: caller, argument, expected: "of length at least 1", got: "length 0" });
  }
  return signal;
}

/** An array of numbers, or a typed array of anything but big integers (audio comes as Int16Array, images as Uint8Array). */
function isNumeric(values: unknown): values is ArrayLike<number> {
  if (Array.isArray(values)) return values.every((value) => typeof value === "number");
  if (!ArrayBuffer.isView(values) || values instanceof DataView) return false;
  return !(values instanceof BigInt64Array) && !(values instanceof BigUint64Array);
}

/** True for both parts in one record { re, im }. */
export function isRecord(x: ArrayLike<number> | ComplexInput): x is ComplexInput {
  return typeof x === "object" && x !== null && !ArrayBuffer.isView(x) && "re" in x;
}

/**
 * Checks the result of a transform: every entry of it depends on every entry of the input, so one look at the output sees
 * NaN and infinities in the input as well as an overflow on the way.
 */
export function requireTransformed(
  output: readonly Float64Array[],
  input: Readonly<Record<string, ArrayLike<number>>>,
  caller: string,
): void {
  if (output.every(allFinite)) return;
  for (const [argument, values] of Object.entries(input)) requireFinite(values, argument, caller);
  throw new NonFiniteError({
    function: caller,
    argument: "the result",
    expected: `representable (below ${Number.MAX_VALUE.toExponential(2)})`,
    got: Object.keys(input).length === 0 ? "NaN or an infinity, put in or by an overflow" : "an overflow",
    remedy: "scale the input down",
  });
}

/** x − x is 0 for finite x and NaN otherwise; four sums, so that no addition waits for the one before. */
function allFinite(values: Float64Array): boolean {
  let [a, b, c, d] = [0, 0, 0, 0];
  const whole = values.length - (values.length % 4);
  for (let i = 0; i < whole; i += 4) {
    a += values[i] - values[i];
    b += values[i + 1] - values[i + 1];
    c += values[i + 2] - values[i + 2];
    d += values[i + 3] - values[i + 3];
  }
  for (let i = whole; i < values.length; i++) a += values[i] - values[i];
  return a + b + c + d === 0;
}

/** Checks real and imaginary parts of the same length. */
export function requireComplex(re: unknown, im: unknown, caller: string): ComplexArray {
  const real = requireSignal(re, "re", caller);
  const imaginary = requireSignal(im, "im", caller);
  if (real.length !== imaginary.length) {
    throw new ShapeError({
      function: caller,
      argument: "im",
      expected: `of the length of re, ${real.length}`,
      got: `length ${imaginary.length}`,
    });
  }
  return { re: real, im: imaginary };
}

/** Checks a record of both parts; imaginary parts are zero when absent. */
export function requireRecord({ re, im }: ComplexInput, caller: string): ComplexArray {
  const real = requireSignal(re, "re", caller);
  return requireComplex(real, im ?? new Float64Array(real.length), caller);
}
