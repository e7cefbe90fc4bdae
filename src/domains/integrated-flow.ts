import {
  ArgumentError,
  type Convergence,
  type LongRunning,
  type Matrix,
  OptionError,
  ShapeError,
  isCancelled,
  requireFinite,
  requireInteger,
  requireNumber,
  requireOptions,
  requirePositive,
  requireVector,
} from "../core/index.js";
import { integrate } from "../ode/index.js";
import type { LinearOperator } from "../operators/index.js";

/** Options of {@link integrateSobolevFlow}. */
export interface IntegratedFlowOptions extends LongRunning {
  /** Times at which the residual is reported, increasing, >= 0, the last one > 0. */
  readonly times: readonly number[];
  /** Relative and absolute tolerance of the integrator per step, 1e-10 by default; not with `step`. */
  readonly tolerance?: number;
  /** Step size of gradient descent, r ← r − step · K P r; times are then whole numbers of steps. Absent for gradient flow. */
  readonly step?: number;
}

/** Residuals of an integrated training flow. */
export interface IntegratedFlow {
  /** The times. */
  readonly times: Float64Array;
  /** Residual at each time, one row per time. */
  readonly residuals: Matrix;
  /** ½ ‖r‖² (plain sum of squares) at each time. */
  readonly loss: Float64Array;
  /** ½ rᵀ P r at each time; equal to loss without P. */
  readonly sobolevLoss: Float64Array;
  /** How the integration ended. */
  readonly convergence: Convergence;
}

/**
 * Integrates Sobolev training r′ = −K P r for any two operators, with an adaptive Runge–Kutta method, or by gradient descent.
 *
 * Relation: residuals[i] approximates the solution at times[i]; ½ rᵀ P r never increases when K and P are positive
 * semidefinite. For operators that do not commute or are known by their products only (`gramOperator`, `torus.multiplier`);
 * where modes are known `sobolevFlow` is exact and `symmetricComposite` diagonalises dense matrices.
 *
 * @param K        operator of the kernel (divided by n where the loss is a mean)
 * @param P        Sobolev operator, or null for the plain loss
 * @param residual r(0)
 * @param options  times and tolerance
 * @throws {ShapeError} when the orders differ
 * @throws {ArgumentError} for times that do not increase or end at 0, and with a step for times that are not whole
 * @throws {OptionError} for a tolerance beside a step
 *
 * Accuracy: tolerance per step. Cost: two products per stage; steps grow with time · λ_max(KP) (the flow is stiff when modes
 * differ much: explicit steps stay below about 6/λ_max). Descent costs two products per step and ends with status "breakdown" when the
 * residual has grown by 1e100, which it does for steps above 2/λ_max(K P).
 *
 * @example
 * ```ts
 * import { integrateSobolevFlow } from "eigenscope/domains";
 * import { fromMatrix } from "eigenscope/operators";
 * import { fromRows } from "eigenscope/core";
 * const K = fromMatrix(fromRows([[2, 0], [0, 0.5]]));
 * const flow = integrateSobolevFlow(K, null, Float64Array.of(1, 1), { times: [1] });
 * console.log(flow.residuals.data[1]); // 0.60653066
 * ```
 */
export function integrateSobolevFlow(
  K: LinearOperator,
  P: LinearOperator | null,
  residual: Float64Array,
  options: IntegratedFlowOptions,
): IntegratedFlow {
  const caller = "integrateSobolevFlow";
  requireOptions(options, ["times", "tolerance", "step", "signal", "onProgress"], caller);
  const n = requireVector(residual, null, "residual", caller).length;
  requireFinite(residual, "residual", caller);
  for (const [name, operator] of [
    ["K", K],
    ["P", P],
  ] as const) {
    if (operator === null && name === "P") continue;
    if (operator?.rows !== n || operator.cols !== n) {
      throw new ShapeError({
        function: caller,
        argument: name,
        expected: `${n} x ${n}, as the residual`,
        got: `${operator?.rows} x ${operator?.cols}`,
      });
    }
  }
  const times = Float64Array.from(options?.times ?? []);
  times.forEach((time, i) => {
    requireNumber(time, "times", caller, 0);
    if (i > 0 && time <= times[i - 1]) {
      throw new ArgumentError({
        function: caller,
        argument: "times",
        expected: "increasing",
        got: `${times[i - 1]}, ${time}`,
      });
    }
  });
  const last = times.length === 0 ? 0 : times[times.length - 1];
  if (!(last > 0)) {
    throw new ArgumentError({
      function: caller,
      argument: "times",
      expected: "nonempty with a positive last time",
      got: `[${times.join(", ")}]`,
    });
  }
  const work = new Float64Array(n); // P r
  const velocity = (r: Float64Array, out: Float64Array): void => {
    if (P !== null) P.apply(r, work);
    K.apply(P === null ? r : work, out);
    for (let i = 0; i < n; i++) out[i] = -out[i];
  };
  const { residuals, convergence } =
    options.step === undefined
      ? flow(velocity, residual, times, options, caller)
      : descend(velocity, residual, times, options.step, options, caller);
  const loss = new Float64Array(residuals.rows);
  const sobolevLoss = new Float64Array(residuals.rows);
  for (let i = 0; i < residuals.rows; i++) {
    const r = residuals.data.subarray(i * n, (i + 1) * n);
    if (P === null) work.set(r);
    else P.apply(r, work);
    for (let j = 0; j < n; j++) {
      loss[i] += (r[j] * r[j]) / 2;
      sobolevLoss[i] += (r[j] * work[j]) / 2;
    }
  }
  return { times: times.slice(0, residuals.rows), residuals, loss, sobolevLoss, convergence };
}

interface Solution {
  /** One row per time that was reached. */
  readonly residuals: Matrix;
  readonly convergence: Convergence;
}

type Velocity = (r: Float64Array, out: Float64Array) => void;

function flow(
  velocity: Velocity,
  residual: Float64Array,
  times: Float64Array,
  options: IntegratedFlowOptions,
  caller: string,
): Solution {
  const tolerance = requireNumber(options.tolerance ?? 1e-10, "tolerance", caller, 1e-14, 1);
  const solution = integrate((_t, r, out) => velocity(r, out), residual, {
    t0: 0,
    t1: times[times.length - 1],
    times,
    tolerance,
    method: "dop853",
    dense: false,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
  });
  return { residuals: solution.samples!.states, convergence: solution.convergence };
}

/** Growth of a residual that counts as divergence, long before products overflow. */
const DIVERGED = 1e100;

/** Gradient descent, step by step: unstable exactly for steps above 2/λ_max(K P), where it ends as a breakdown. */
function descend(
  velocity: Velocity,
  residual: Float64Array,
  times: Float64Array,
  step: number,
  options: IntegratedFlowOptions,
  caller: string,
): Solution {
  requirePositive(step, "step", caller);
  if (options.tolerance !== undefined) {
    throw new OptionError({
      function: caller,
      argument: "option tolerance",
      expected: "given for gradient flow only",
      got: `${options.tolerance} with step ${step}`,
    });
  }
  times.forEach((time) => requireInteger(time, "times", caller, 0));
  const n = residual.length;
  const rows: Float64Array[] = [];
  const r = residual.slice();
  const change = new Float64Array(n);
  const last = times[times.length - 1];
  const ceiling = DIVERGED * residual.reduce((top, value) => Math.max(top, Math.abs(value)), 1e-100);
  let status: Convergence["status"] = "converged";
  let done = 0;
  for (; ; done++) {
    if (done === times[rows.length]) rows.push(r.slice());
    if (done === last) break;
    if (isCancelled(options.signal)) {
      status = "cancelled";
      break;
    }
    if (done % 64 === 0) options.onProgress?.({ phase: "gradient descent", done, total: last });
    velocity(r, change);
    for (let i = 0; i < n; i++) r[i] += step * change[i];
    if (!r.every((value) => Math.abs(value) <= ceiling)) {
      status = "breakdown";
      break;
    }
  }
  const data = new Float64Array(rows.length * n);
  rows.forEach((row, i) => data.set(row, i * n));
  const advice =
    status === "breakdown"
      ? "the residual grew without bound: take a step below 2/λ_max(K P)"
      : status === "cancelled"
        ? "cancelled: the residuals of the steps done are returned"
        : null;
  return {
    residuals: { rows: rows.length, cols: n, data },
    convergence: {
      status,
      iterations: done,
      matvecs: done,
      tolerance: 0,
      residualNorms: new Float64Array(0),
      advice,
    },
  };
}
