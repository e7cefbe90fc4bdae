import {
  type LongRunning,
  requireInteger,
  requireNumber,
  requireOptions,
  requirePositive,
  type Status,
} from "../core/index.js";
import { type IntegrateOptions } from "../ode/index.js";
import type { Finding } from "./diagnosis.js";

/** Options that every gradient flow takes. */
export interface FlowOptions extends LongRunning {
  /** Final time. */
  readonly t1: number;
  /** Error allowed per step; the default is named by each function. */
  readonly tolerance?: { readonly relative?: number; readonly absolute?: number };
  /** Runge–Kutta pair, default "dop853". */
  readonly method?: "dopri5" | "dop853";
  /** Recorded times: a count of equidistant ones (default 21) or the times themselves. */
  readonly record?: number | ArrayLike<number>;
  /** Stop once the loss is at most this; default 0 (run to t1). */
  readonly lossTolerance?: number;
  /** Budget of integration steps, default 1e6. */
  readonly maximumSteps?: number;
}

const KNOWN = ["t1", "tolerance", "method", "record", "lossTolerance", "maximumSteps", "signal", "onProgress"] as const;

/** Checked options, ready for `integrate`. */
export interface FlowPlan {
  /** Loss at which to stop, 0 for never. */
  readonly lossTolerance: number;
  /** Options of the integrator. */
  readonly integrate: IntegrateOptions;
}

/**
 * Checks the options of a flow and prepares the integration.
 *
 * @param lossAt loss at a point of the integrated coordinates; its crossing of the tolerance ends the flow
 * @throws {ArgumentError} for options out of range
 * @throws {OptionError} for unknown options
 */
export function planFlow(
  options: FlowOptions,
  further: readonly string[],
  tolerance: { readonly relative: number; readonly absolute: number },
  lossAt: (z: Float64Array) => number,
  caller: string,
): FlowPlan {
  requireOptions(options, [...KNOWN, ...further], caller);
  const t1 = requirePositive(options?.t1, "t1", caller);
  const lossTolerance = requireNumber(options.lossTolerance ?? 0, "lossTolerance", caller, 0);
  const loss = (_t: number, z: Float64Array): number => lossAt(z) - lossTolerance;
  return {
    lossTolerance,
    integrate: {
      t0: 0,
      t1,
      tolerance: { ...tolerance, ...options.tolerance },
      method: options.method ?? "dop853",
      dense: false,
      times: recordTimes(options.record ?? 21, t1, caller),
      events: lossTolerance > 0 ? [{ name: "loss", value: loss, direction: -1, terminal: true }] : [],
      maximumSteps: requireInteger(options.maximumSteps ?? 1_000_000, "maximumSteps", caller, 1),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
      ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
    },
  };
}

function recordTimes(record: number | ArrayLike<number>, t1: number, caller: string): Float64Array {
  if (typeof record !== "number") return Float64Array.from(record);
  const count = requireInteger(record, "record", caller, 2);
  return Float64Array.from({ length: count }, (_, i) => (i === count - 1 ? t1 : (t1 * i) / (count - 1)));
}

/**
 * Advice of a run: the method's own word unless it converged, then everything that was found. A flow that reached its
 * final time has converged as an integration, and may still have stopped at inconsistent data or a dead coordinate.
 */
export function joinAdvice(status: Status, advice: string | null, findings: readonly Finding[]): string | null {
  const parts = [status === "converged" ? null : advice, ...findings.map(({ message }) => message)].filter(
    (text) => text !== null && text !== "",
  );
  return parts.length === 0 ? null : parts.join("; ");
}

/** Euclidean norm for reports. */
export function reportNorm(x: Float64Array): number {
  return Math.sqrt(x.reduce((sum, value) => sum + value * value, 0));
}
