import { ArgumentError, describe, requireOneOf, requireOptions } from "../core/index.js";
import type { EventRecord } from "./solution.js";

/** A function of (t, y) whose zeros along the solution are wanted. */
export interface EventFunction {
  /** Name in the result. */
  readonly name: string;
  /** Changes sign where the event happens. */
  readonly value: (t: number, y: Float64Array) => number;
  /** Count rising (1), falling (−1) or all (0, default) crossings. */
  readonly direction?: -1 | 0 | 1;
  /** End the integration at the first crossing (default false). */
  readonly terminal?: boolean;
}

/** Looks for sign changes over accepted steps. */
export interface EventWatch {
  /** Whether there is anything to look for. */
  readonly active: boolean;
  /** Crossings so far. */
  readonly found: EventRecord[];
  /** Examines one step; returns the terminal crossing, if any. */
  check(
    t: number,
    y: Float64Array,
    tNew: number,
    yNew: Float64Array,
    evaluate: (x: number, out: Float64Array) => void,
  ): EventRecord | null;
}

/**
 * Checks a list of event functions.
 *
 * @throws {ArgumentError} when an entry has no name or no value function
 * @throws {OptionError} for unknown keys or directions
 */
export function requireEvents(events: readonly EventFunction[], caller: string): void {
  for (const event of events) {
    requireOptions(event, ["name", "value", "direction", "terminal"], `${caller} (events)`);
    if (typeof event?.name !== "string" || typeof event.value !== "function") {
      throw new ArgumentError({
        function: caller,
        argument: "events",
        expected: "records { name, value(t, y) }",
        got: describe(event),
      });
    }
    requireOneOf(event.direction ?? 0, [-1, 0, 1] as const, "events.direction", caller);
  }
}

/** Starts watching at the initial point. */
export function createEventWatch(events: readonly EventFunction[], t0: number, y0: Float64Array): EventWatch {
  let previous = events.map((event) => event.value(t0, y0));
  const found: EventRecord[] = [];
  return {
    active: events.length > 0,
    found,
    check(t, _y, tNew, yNew, evaluate) {
      if (events.length === 0) return null;
      const now = events.map((event) => event.value(tNew, yNew));
      const crossings: { readonly record: EventRecord; readonly terminal: boolean; readonly x: number }[] = [];
      events.forEach((event, i) => {
        const rising = previous[i] < 0 && now[i] >= 0;
        const falling = previous[i] > 0 && now[i] <= 0;
        const direction = event.direction ?? 0;
        if (!(rising && direction >= 0) && !(falling && direction <= 0)) return;
        const x = locate(event, t, tNew, previous[i], now[i], yNew, evaluate);
        const y = yNew.slice();
        if (x < 1) evaluate(x, y);
        const record = { name: event.name, t: x < 1 ? t + x * (tNew - t) : tNew, y };
        crossings.push({ record, terminal: event.terminal ?? false, x });
      });
      previous = now;
      crossings.sort((a, b) => a.x - b.x);
      for (const { record, terminal } of crossings) {
        found.push(record);
        if (terminal) return record;
      }
      return null;
    },
  };
}

/** Fraction of the step at the zero, by the Illinois variant of regula falsi on the dense output: superlinear and safe. */
function locate(
  event: EventFunction,
  t: number,
  tNew: number,
  before: number,
  after: number,
  yNew: Float64Array,
  evaluate: (x: number, out: Float64Array) => void,
): number {
  const y = new Float64Array(yNew.length);
  let a = 0;
  let b = 1;
  let fa = before;
  let fb = after;
  if (fb === 0) return 1;
  let side = 0;
  for (let iteration = 0; iteration < 100 && b - a > 4 * Number.EPSILON; iteration++) {
    let x = (a * fb - b * fa) / (fb - fa);
    // Functions that span many orders of magnitude (a loss against a threshold) make regula falsi crawl: bisect now and then.
    if (!(x > a && x < b) || iteration % 8 === 7) x = 0.5 * (a + b);
    evaluate(x, y);
    const fx = event.value(t + x * (tNew - t), y);
    if (fx === 0) return x;
    if (fx < 0 === fb < 0) {
      b = x;
      fb = fx;
      if (side === 1) fa /= 2;
      side = 1;
    } else {
      a = x;
      fa = fx;
      if (side === -1) fb /= 2;
      side = -1;
    }
  }
  return b;
}
