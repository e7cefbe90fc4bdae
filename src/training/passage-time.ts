import { ArgumentError, exp, NonFiniteError, requireInteger, requireNumber, requireOptions } from "../core/index.js";

/** A diffusion on the line: dx = −U'(x) dt + √(2 D(x)) dW, in the sense of Itô. */
export interface LineDiffusion {
  /** U'(x). */
  readonly gradient: (x: number) => number;
  /** D(x) > 0. */
  readonly diffusion: (x: number) => number;
}

/** Options of {@link meanPassageTime}. */
export interface PassageTimeOptions {
  /** Where the diffusion starts. */
  readonly from: number;
  /** Where it is reflected: far enough out that it hardly gets there. */
  readonly reflecting: number;
  /** Where it is absorbed, on the other side of the start. */
  readonly absorbing: number;
  /** Points where U' or D jump, so that no interval of the quadrature contains one. */
  readonly kinks?: readonly number[];
  /** Intervals of the quadrature (default 4000). */
  readonly intervals?: number;
}

/** A mean passage time with the error of its quadrature. */
export interface PassageTime {
  /** Mean time to the absorbing point. */
  readonly time: number;
  /** Difference to half as many intervals: an estimate of the quadrature error. */
  readonly error: number;
}

/**
 * Mean time that a diffusion on the line takes from one point to another.
 *
 * Relation: τ = ∫ s(y) ∫ dz/(D(z) s(z)) dy, s = exp ∫ U'/D, outer integral from the start to the absorbing point, inner one from the
 * reflecting point to y: the solution of −U'τ' + Dτ'' = −1.
 *
 * @throws {ArgumentError} when the start does not lie between the two ends, or D is not > 0 somewhere
 * @throws {NonFiniteError} when U' or D is not finite
 *
 * Accuracy: second order in the interval, with the difference to half as many as error. Cost: three evaluations of U' and D per interval.
 * @see [gardiner2009]
 *
 * @example
 * ```ts
 * import { meanPassageTime } from "eigenscope/training";
 * const free = { gradient: () => 0, diffusion: () => 0.5 };
 * console.log(meanPassageTime(free, { from: 0, reflecting: 0, absorbing: 2 }).time.toFixed(6)); // 4.000000
 * ```
 */
export function meanPassageTime(process: LineDiffusion, options: PassageTimeOptions): PassageTime {
  const caller = "meanPassageTime";
  requireOptions(options, ["from", "reflecting", "absorbing", "kinks", "intervals"], caller, "required");
  const from = requireNumber(options.from, "from", caller);
  const reflecting = requireNumber(options.reflecting, "reflecting", caller);
  const absorbing = requireNumber(options.absorbing, "absorbing", caller);
  const intervals = requireInteger(options.intervals ?? 4000, "intervals", caller, 2);
  if (absorbing === reflecting || (from - reflecting) * (absorbing - from) < 0) {
    throw new ArgumentError({
      function: caller,
      argument: "from",
      expected: `between reflecting ${reflecting} and absorbing ${absorbing}`,
      got: String(from),
    });
  }
  const kinks = (options.kinks ?? []).map((kink, i) => requireNumber(kink, `kinks[${i}]`, caller));
  const time = (count: number): number => integrate(process, from, reflecting, absorbing, kinks, count, caller);
  const fine = time(intervals);
  return { time: fine, error: Math.abs(fine - time(Math.ceil(intervals / 2))) };
}

/** Both integrals in one sweep from the reflecting to the absorbing end. */
function integrate(
  process: LineDiffusion,
  from: number,
  reflecting: number,
  absorbing: number,
  kinks: readonly number[],
  count: number,
  caller: string,
): number {
  const direction = Math.sign(absorbing - reflecting);
  const inside = (x: number): boolean => (x - reflecting) * (absorbing - x) > 0;
  const knots = [reflecting, ...[from, ...kinks].filter(inside), absorbing].sort((a, b) => direction * (a - b));
  const total = Math.abs(absorbing - reflecting);
  let inner = 0; // ∫ exp(φ(y) − φ(z))/D(z) dz up to the current y: kept scaled, so that nothing overflows
  let sum = 0;
  for (let k = 1; k < knots.length; k++) {
    const [a, b] = [knots[k - 1], knots[k]];
    const pieces = Math.max(2, Math.ceil((count * Math.abs(b - a)) / total));
    const h = (b - a) / pieces; // signed: U' changes its sign with the direction, dz does not
    for (let i = 0; i < pieces; i++) {
      const left = rates(process, a + (i + 1e-9) * h, direction, caller); // one-sided at kinks
      const middle = rates(process, a + (i + 0.5) * h, direction, caller);
      const right = rates(process, a + (i + 1 - 1e-9) * h, direction, caller);
      const width = Math.abs(h);
      // φ by Simpson's rule over the interval and over its two halves (with the same three points).
      const whole = ((left.slope + 4 * middle.slope + right.slope) * width) / 6;
      const firstHalf = ((5 * left.slope + 8 * middle.slope - right.slope) * width) / 24;
      const before = inner;
      const growth = exp(whole);
      const half = before * exp(firstHalf) + (width / 4) * (left.inverse * exp(firstHalf) + middle.inverse);
      inner =
        before * growth +
        (width / 6) * (left.inverse * growth + 4 * middle.inverse * exp(whole - firstHalf) + right.inverse);
      if (direction * (a + (i + 0.5) * h - from) > 0) sum += (width / 6) * (before + 4 * half + inner);
    }
  }
  return sum;
}

interface Rates {
  /** U'/D in the direction of the sweep. */
  readonly slope: number;
  /** 1/D. */
  readonly inverse: number;
}

function rates({ gradient, diffusion }: LineDiffusion, x: number, direction: number, caller: string): Rates {
  const slope = gradient(x);
  const D = diffusion(x);
  if (!Number.isFinite(slope) || !Number.isFinite(D)) {
    throw new NonFiniteError({
      function: caller,
      argument: "process",
      expected: "finite along the way",
      got: `U' = ${slope}, D = ${D} at ${x}`,
    });
  }
  if (!(D > 0)) {
    throw new ArgumentError({
      function: caller,
      argument: "process.diffusion",
      expected: "a number > 0",
      got: `${D} at ${x}`,
    });
  }
  return { slope: (direction * slope) / D, inverse: 1 / D };
}
