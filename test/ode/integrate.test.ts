import fc from "fast-check";
import { expect, test } from "vitest";
import {
  ArgumentError,
  NonFiniteError,
  OptionError,
  requireConverged,
  ShapeError,
  UnsupportedError,
} from "../../src/core/index.js";
import { integrate, type RightHandSide, solutionAt, solutionOn } from "../../src/ode/index.js";
import { createStepper, evaluateStage, tryStep } from "../../src/ode/stepper.js";
import { dormandPrince5, dormandPrince8, type Tableau } from "../../src/ode/tableaux.js";
import { tolerance, within } from "../support/compare.js";

const METHODS = ["dopri5", "dop853"] as const;
/** y' = −2 t y², y(0) = 1, solution 1/(1 + t²): nonlinear and with explicit time. */
const rational: RightHandSide = (t, y, out) => {
  out[0] = -2 * t * y[0] * y[0];
};
const rationalAt = (t: number): number => 1 / (1 + t * t);
const oscillator: RightHandSide = (_t, y, out) => {
  out[0] = y[1];
  out[1] = -y[0];
};

/** Least-squares slope of log error against log h. */
function slope(h: readonly number[], errors: readonly number[]): number {
  const x = h.map(Math.log);
  const y = errors.map(Math.log);
  const mx = x.reduce((a, b) => a + b, 0) / x.length;
  const my = y.reduce((a, b) => a + b, 0) / y.length;
  return x.reduce((sum, v, i) => sum + (v - mx) * (y[i] - my), 0) / x.reduce((sum, v) => sum + (v - mx) ** 2, 0);
}

/** Order of a tableau measured on the rational problem with fixed steps, without the driver. */
function measuredOrder(tableau: Tableau, counts: readonly number[]): number {
  const errors = counts.map((count) => {
    const stepper = createStepper(tableau, rational, 1);
    let y: Float64Array = Float64Array.of(1);
    let next: Float64Array = new Float64Array(1);
    for (let i = 0; i < count; i++) {
      const t = (2 * i) / count;
      evaluateStage(stepper, 0, t, y);
      tryStep(stepper, t, y, 2 / count, next);
      [y, next] = [next, y];
    }
    return Math.abs(y[0] - rationalAt(2));
  });
  return slope(
    counts.map((count) => 2 / count),
    errors,
  );
}

test("tableaux satisfy the row-sum and quadrature conditions of their order", () => {
  const CONDITION = 64;
  for (const tableau of [dormandPrince5, dormandPrince8]) {
    tableau.stages.forEach((row, i) => {
      const scale = row.reduce((sum, a) => sum + Math.abs(a), 0);
      const verdict = within(
        row.reduce((sum, a) => sum + a, 0),
        tableau.nodes[i + 1],
        tolerance(CONDITION, row.length, scale),
      );
      expect(verdict.ok, verdict.message).toBe(true);
    });
    for (let power = 1; power <= tableau.order; power++) {
      const sum = tableau.weights.reduce((total, b, i) => total + b * tableau.nodes[i] ** (power - 1), 0);
      const scale = tableau.weights.reduce((total, b) => total + Math.abs(b), 0);
      expect(within(sum, 1 / power, tolerance(CONDITION, tableau.nodes.length, scale)).ok).toBe(true);
    }
    for (const weights of tableau.errors) {
      const scale = weights.reduce((total, b) => total + Math.abs(b), 0);
      expect(
        within(
          weights.reduce((a, b) => a + b, 0),
          0,
          tolerance(CONDITION, weights.length, scale),
        ).ok,
      ).toBe(true);
    }
  }
});

test("measured order is the declared one, and a perturbed coefficient is caught by the same verdict", () => {
  const verdict = (measured: number, declared: number): boolean => Math.abs(measured - declared) < 0.5;
  expect(verdict(measuredOrder(dormandPrince5, [20, 40, 80, 160]), 5)).toBe(true);
  expect(verdict(measuredOrder(dormandPrince8, [8, 12, 16, 24]), 8)).toBe(true);
  const broken: Tableau = {
    ...dormandPrince5,
    weights: dormandPrince5.weights.map((b, i) => (i === 3 ? b + 1e-3 : i === 4 ? b - 1e-3 : b)),
  };
  expect(verdict(measuredOrder(broken, [20, 40, 80, 160]), 5)).toBe(false);
  const transposed: Tableau = {
    ...dormandPrince8,
    stages: dormandPrince8.stages.map((row, i) => (i === 5 ? [...row].reverse() : row)),
  };
  expect(verdict(measuredOrder(transposed, [8, 12, 16, 24]), 8)).toBe(false);
});

test("the continuous extension has the declared order inside the steps", () => {
  for (const { method, order, counts } of [
    { method: "dopri5", order: 5, counts: [10, 20, 40, 80] },
    { method: "dop853", order: 8, counts: [6, 8, 12, 16] },
  ] as const) {
    const errors = counts.map((count) => {
      const solution = integrate(rational, [1], { t0: 0, t1: 2, method, fixedStep: 2 / count });
      const { times, states } = solutionOn(solution, 201);
      return Math.max(...times.map((t, i) => Math.abs(states.data[i] - rationalAt(t))));
    });
    // Error of the extension O(h^(denseOrder + 1)): one power more than its order, at most that of the method.
    expect(
      slope(
        counts.map((count) => 2 / count),
        errors,
      ),
    ).toBeGreaterThan(order - 0.6);
  }
});

test("error follows the tolerance, over eight decades", () => {
  const GLOBAL_GROWTH = 30; // global error over local tolerance on [0, 2]
  for (const method of METHODS) {
    for (const tol of [1e-4, 1e-6, 1e-8, 1e-10, 1e-12]) {
      const solution = integrate(rational, [1], { t0: 0, t1: 2, method, tolerance: tol });
      requireConverged(solution);
      expect(Math.abs(solution.y[0] - rationalAt(2))).toBeLessThanOrEqual(GLOBAL_GROWTH * tol);
      expect(solution.evaluations).toBe(solution.convergence.matvecs);
    }
  }
});

test("backward integration returns to the start and dense output reproduces stored states exactly", () => {
  for (const method of METHODS) {
    const forward = integrate(oscillator, [1, 0], { t0: 0, t1: 5, method, tolerance: 1e-11 });
    const back = integrate(oscillator, forward.y, { t0: 5, t1: 0, method, tolerance: 1e-11 });
    expect(within(back.y, [1, 0], 1e-9).ok).toBe(true);
    const dense = forward.dense!;
    for (let i = 0; i < dense.times.length; i++) {
      expect(Array.from(solutionAt(forward, dense.times[i]))).toEqual([
        dense.states.data[2 * i],
        dense.states.data[2 * i + 1],
      ]);
    }
    const grid = [0, 0.1, 2.5, 4.999, 5];
    const sampled = integrate(oscillator, [1, 0], {
      t0: 0,
      t1: 5,
      method,
      tolerance: 1e-11,
      times: grid,
      dense: false,
    });
    expect(sampled.dense).toBeNull();
    expect(sampled.samples!.states.data).toEqual(solutionOn(forward, grid).states.data);
    expect(within(solutionAt(back, 2), [Math.cos(2), -Math.sin(2)], 1e-8).ok).toBe(true);
  }
});

test("monitored invariants: energy drifts at the tolerance, a quantity that is not conserved is reported as such", () => {
  const solution = integrate(oscillator, [1, 0], {
    t0: 0,
    t1: 20,
    tolerance: 1e-10,
    invariants: [
      { name: "energy", value: (_t, y) => y[0] * y[0] + y[1] * y[1] },
      { name: "position", value: (_t, y) => y[0] },
    ],
  });
  expect(solution.invariants[0].maximumDrift).toBeLessThan(1e-8);
  expect(solution.invariants[0].initial).toBe(1);
  expect(solution.invariants[1].maximumDrift).toBeGreaterThan(1.5);
});

test("events are located to the accuracy of the dense output; terminal ones end the integration", () => {
  for (const method of METHODS) {
    const crossings = integrate(oscillator, [0, 1], {
      t0: 0.0,
      t1: 10,
      method,
      tolerance: 1e-11,
      events: [
        { name: "any", value: (_t, y) => y[0] },
        { name: "falling", value: (_t, y) => y[0], direction: -1 },
      ],
    });
    const any = crossings.events.filter((event) => event.name === "any").map((event) => event.t);
    expect(within(any, [Math.PI, 2 * Math.PI, 3 * Math.PI], 1e-8).ok).toBe(true);
    expect(crossings.events.filter((event) => event.name === "falling")).toHaveLength(2);
    const stopped = integrate(rational, [1], {
      t0: 0,
      t1: 100,
      method,
      tolerance: 1e-11,
      events: [{ name: "half", value: (_t, y) => y[0] - 0.5, terminal: true }],
    });
    expect(Math.abs(stopped.t - 1)).toBeLessThan(1e-9);
    expect(Math.abs(stopped.y[0] - 0.5)).toBeLessThan(1e-9);
    expect(stopped.convergence.status).toBe("converged");
  }
});

test("scaling a linear problem by a power of two scales every bit when the tolerance is relative", () => {
  fc.assert(
    fc.property(fc.integer({ min: -400, max: 400 }), fc.constantFrom(...METHODS), (power, method) => {
      const options = { t0: 0, t1: 1, method, tolerance: { relative: 1e-8, absolute: 0 }, initialStep: 0.01 };
      const unit = integrate(oscillator, [1, 0.5], options);
      const scaled = integrate(oscillator, [2 ** power, 0.5 * 2 ** power], options);
      return scaled.y.every((value, i) => value === unit.y[i] * 2 ** power);
    }),
    { numRuns: 20 },
  );
});

test("trivial sizes and intervals", () => {
  const empty = integrate(() => {}, [], { t0: 0, t1: 1 });
  expect(empty.y.length).toBe(0);
  expect(empty.t).toBe(1);
  const nothing = integrate(rational, [1], { t0: 3, t1: 3 });
  expect(nothing.y[0]).toBe(1);
  expect(solutionAt(nothing, 3)[0]).toBe(1);
  const still = integrate((_t, _y, out) => out.fill(0), [2], { t0: 0, t1: 1e6 });
  expect(still.y[0]).toBe(2);
  const start = Float64Array.of(1, 0);
  integrate(oscillator, start, { t0: 0, t1: 1 });
  expect(Array.from(start)).toEqual([1, 0]);
});

test("failure paths: blow-up, domain, budget, stiffness, cancellation come back as status with advice", () => {
  const blowUp = integrate((_t, y, out) => void (out[0] = y[0] * y[0]), [1], { t0: 0, t1: 2 });
  expect(blowUp.convergence.status).not.toBe("converged");
  expect(Math.abs(blowUp.t - 1)).toBeLessThan(1e-6);
  expect(() => requireConverged(blowUp)).toThrow("requireConverged");
  const domain = integrate((_t, y, out) => void (out[0] = -1 / (2 * Math.sqrt(y[0]))), [1], {
    t0: 0,
    t1: 3,
    tolerance: 1e-8,
  });
  expect(["breakdown", "stagnated"]).toContain(domain.convergence.status);
  expect(domain.convergence.advice).toMatch(/t = 0\.99|t = 1/);
  const nan = integrate((t, y, out) => void (out[0] = t > 0.5 ? NaN : y[0]), [1], { t0: 0, t1: 1 });
  expect(nan.convergence.status).toBe("breakdown");
  expect(nan.convergence.advice).toContain("f is not finite just beyond t = 0.5");
  expect(Number.isFinite(nan.y[0])).toBe(true);
  const budget = integrate(oscillator, [1, 0], { t0: 0, t1: 1e6, maximumSteps: 10 });
  expect(budget.convergence.status).toBe("max-iterations");
  expect(budget.convergence.advice).toContain("raise maximumSteps");
  for (const method of METHODS) {
    const stiff = integrate((t, y, out) => void (out[0] = -1e5 * (y[0] - Math.cos(t))), [0], {
      t0: 0,
      t1: 1,
      method,
      tolerance: 1e-4,
      maximumSteps: 2000,
    });
    expect(stiff.stiffness.suspected).toBe(true);
    expect(stiff.convergence.advice).toContain("stiff");
    expect(integrate(oscillator, [1, 0], { t0: 0, t1: 100, method }).stiffness.suspected).toBe(false);
  }
  let seen = 0;
  const signal = { aborted: false };
  const cancelled = integrate(oscillator, [1, 0], {
    t0: 0,
    t1: 1e4,
    signal,
    onProgress: () => (signal.aborted = ++seen >= 2),
  });
  expect(cancelled.convergence.status).toBe("cancelled");
  expect(cancelled.t).toBeGreaterThan(0);
  expect(cancelled.t).toBeLessThan(1e4);
});

test("bad input is refused with the argument's name before any evaluation of f", () => {
  let calls = 0;
  const f: RightHandSide = (_t, _y, out) => {
    calls++;
    out.fill(0);
  };
  expect(() => integrate(f, [1, NaN], { t0: 0, t1: 1 })).toThrow(
    "integrate: y0 must be finite in every entry, got NaN at index 1",
  );
  expect(() => integrate(f, [1], { t0: 0, t1: Infinity })).toThrow(NonFiniteError);
  expect(() => integrate(f, [1], { t0: 0 } as never)).toThrow(ArgumentError);
  expect(() => integrate(f, [1], { t0: 0, t1: 1, tol: 1 } as never)).toThrow(OptionError);
  expect(() => integrate(f, [1], { t0: 0, t1: 1, method: "rk4" as never })).toThrow(
    'integrate: method must be one of "dopri5", "dop853"',
  );
  expect(() => integrate(f, [1], { t0: 0, t1: 1, tolerance: 0 })).toThrow(ArgumentError);
  expect(() => integrate(f, [1], { t0: 0, t1: 1, tolerance: { relative: 0, absolute: 0 } })).toThrow(
    "positive in its relative or its absolute part",
  );
  expect(() => integrate(f, [1], { t0: 0, t1: 1, tolerance: { absolute: [1, 2] } })).toThrow(ShapeError);
  expect(() => integrate(f, [1], { t0: 0, t1: 1, times: [0.5, 0.2] })).toThrow(
    "integrate: times must be monotone from t0 = 0 to t1 = 1, got 0.2 at index 1",
  );
  expect(() => integrate(f, [1], { t0: 0, t1: 1, events: [{ name: "x" } as never] })).toThrow(ArgumentError);
  expect(() => integrate(f, [1], { t0: 0, t1: 1, fixedStep: -1 })).toThrow(
    "integrate: fixedStep must be a finite number > 0, got -1",
  );
  expect(calls).toBe(0);
  expect(() => integrate((_t, _y, out) => out.fill(NaN), [1], { t0: 0, t1: 1 })).toThrow(
    "integrate: f(t0, y0) must be finite in every entry",
  );
  const solution = integrate(f, [1], { t0: 0, t1: 1 });
  expect(() => solutionAt(solution, 2)).toThrow("solutionAt: t must be between 0 and 1, got 2; integrate further");
  expect(() => solutionAt(solution, 0.5, new Float64Array(2))).toThrow(ShapeError);
  const sparse = integrate(f, [1], { t0: 0, t1: 1, dense: false });
  expect(() => solutionOn(sparse, 3)).toThrow(UnsupportedError);
});
