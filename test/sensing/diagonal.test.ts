import fc from "fast-check";
import { expect, test } from "vitest";
import { ArgumentError, fromRows, identity, type Matrix, ShapeError, UnsupportedError } from "../../src/core/index.js";
import {
  diagonalDescent,
  diagonalFlow,
  deepDiagonalFlow,
  diagonalKernel,
  diagonalProblem,
  diagonalState,
  diagonalSteps,
  type DiagonalState,
  mirrorLimit,
  type SpectralActivationName,
} from "../../src/sensing/index.js";
import { gaussLegendre } from "../../src/special/index.js";
import { alphaPotential } from "../../src/sensing/diagonal-invariants.js";
import { spectralActivation } from "../../src/sensing/index.js";
import { within, withinRelative } from "../support/compare.js";
import { fixture } from "../support/shared.js";

interface Trajectory {
  name: string;
  act: SpectralActivationName;
  train_alpha: boolean;
  B: number[][];
  sigma_star: number[];
  u0: number[][];
  v0: number[][];
  alpha0: number[];
  t: number[];
  u: number[][][];
  v: number[][][];
  alpha: number[][];
  h: number[][];
  loss: number[];
  tol_abs: number;
}
interface Dynamics {
  diag_ode: Trajectory[];
  closed_forms: {
    logistic: { c: number; s: number; w0: number; t: number[]; w: number[] };
    tanh_hitting_time: { c: number; s: number; w0: number; alpha: number; theta: number[]; t: number[] };
    tanh_rate: { rate: number };
    escape_time: { eps: number[]; T_depth2: number[]; T_depth3: number[]; c: number; s: number };
  };
  mirror_bias: {
    cases: {
      act: SpectralActivationName;
      B: number[][];
      y: number[];
      alpha: number[];
      w0: number[];
      h_inf: number[];
      nu: number[];
      nuclear_norm: number;
      tol_abs: number;
    }[];
    basis_pursuit_value: number;
    dual_BTnu: number[];
  };
}
const dynamics = fixture<Dynamics>("sensing/dynamics.json");
const experiments = fixture<{ experiments: Record<string, never> }>("sensing/experiments.json")
  .experiments as unknown as {
  E16_invariants: { cases: { name: string; alpha_invariant: number[] | null }[] };
  E18_integrators: { table: { method: string; rtol: number; nfev: number; max_err: number }[] };
};

const B43 = fromRows([
  [1, 0.5, -0.2],
  [0.3, 1.1, 0.4],
  [0, 0.2, 0.9],
  [0.7, -0.3, 0.5],
]);
const state = (u: number[][], v: number[][], alpha: number[]): DiagonalState => ({
  u: fromRows(u),
  v: fromRows(v),
  alpha: Float64Array.from(alpha),
});
const row = (A: Matrix, i: number): Float64Array => A.data.slice(i * A.cols, (i + 1) * A.cols);
const problemOf = (c: Trajectory) =>
  diagonalProblem(
    fromRows(c.B),
    { sigma: Float64Array.from(c.sigma_star) },
    { activation: c.act, alphaTrainable: c.train_alpha },
  );

test("trajectories agree with the 30-digit reference to 1e-11, and the invariants hold to rounding", () => {
  for (const c of dynamics.diag_ode) {
    const run = diagonalFlow(problemOf(c), state(c.u0, c.v0, c.alpha0), { t1: 8, record: c.t });
    c.t.forEach((_, i) => {
      for (const [ours, theirs] of [
        [run.states[i].u.data, c.u[i].flat()],
        [run.states[i].v.data, c.v[i].flat()],
        [run.states[i].alpha, c.alpha[i]],
        [row(run.h, i), c.h[i]],
        [run.loss.subarray(i, i + 1), [c.loss[i]]],
      ] as const) {
        const verdict = within(ours, theirs, c.tol_abs);
        expect(verdict.ok, `${c.name} at t = ${c.t[i]}: ${verdict.message}`).toBe(true);
      }
    });
    expect(run.invariants.balance).toBeLessThan(1e-11);
    const reference = experiments.E16_invariants.cases.find(({ name }) => name === c.name)!.alpha_invariant;
    if (reference === null) expect(run.invariants.alpha).toBeNull();
    else {
      expect(within(run.invariants.alphaValues!, reference, 1e-11).ok).toBe(true);
      expect(run.invariants.alpha!).toBeLessThan(1e-11);
    }
  }
});

test("a wrong force (γ instead of γ′) fails the same comparison", () => {
  const c = dynamics.diag_ode[0];
  const wrong = diagonalProblem(
    fromRows(c.B),
    { sigma: Float64Array.from(c.sigma_star) },
    { activation: { value: Math.tanh, derivative: () => 1 } },
  );
  const run = diagonalFlow(wrong, state(c.u0, c.v0, c.alpha0), { t1: 8, record: c.t });
  expect(within(row(run.h, 2), c.h[2], c.tol_abs).ok).toBe(false);
  expect(run.invariants.balance).toBeLessThan(1e-11); // this invariant alone would not have noticed
});

test("error against effort matches the reference integrators", () => {
  const c = dynamics.diag_ode[0];
  for (const { method, rtol, nfev, max_err } of experiments.E18_integrators.table) {
    if (!["RK45", "DOP853"].includes(method) || rtol > 1e-6) continue;
    const run = diagonalFlow(problemOf(c), state(c.u0, c.v0, c.alpha0), {
      t1: 8,
      record: c.t,
      method: method === "RK45" ? "dopri5" : "dop853",
      tolerance: { relative: rtol, absolute: rtol * 1e-2 },
    });
    // The table's error is that at T; inside the steps the dense output of order 7 loses up to a factor 40.
    const error = within(run.finalH, c.h[c.t.length - 1], 0).error;
    expect(error, `${method} ${rtol}`).toBeLessThan(Math.max(10 * max_err, 1e-13));
    expect(run.convergence.matvecs).toBeLessThan(1.2 * nfev);
  }
});

test("closed forms: logistic law, hitting times, asymptotic rate, escape time", () => {
  const { logistic, tanh_hitting_time: hit, tanh_rate, escape_time } = dynamics.closed_forms;
  const one = (c: number): Matrix => fromRows([[Math.sqrt(c)]]);
  const law = diagonalFlow(
    diagonalProblem(
      one(logistic.c),
      { sigma: Float64Array.of(logistic.s) },
      { activation: "identity", alphaTrainable: false },
    ),
    diagonalState(1, [1], Math.sqrt(logistic.w0)),
    { t1: 5, record: logistic.t, tolerance: { relative: 1e-13, absolute: 1e-15 } },
  );
  expect(within(law.h.data, logistic.w, 1e-12).ok).toBe(true);
  const problem = diagonalProblem(
    one(hit.c),
    { sigma: Float64Array.of(hit.s) },
    { activation: "tanh", alphaTrainable: false },
  );
  hit.theta.forEach((theta, i) => {
    // Loss = c (s − h)²/2 at h = θ s.
    const run = diagonalFlow(problem, diagonalState(1, [hit.alpha], Math.sqrt(hit.w0)), {
      t1: 20,
      lossTolerance: 0.5 * hit.c * (hit.s * (1 - theta)) ** 2,
      tolerance: { relative: 1e-13, absolute: 1e-15 },
    });
    // An error δ of h moves the crossing by δ / (rate · distance to the limit).
    const ERROR_OF_H = 1e-12;
    expect(Math.abs(run.time - hit.t[i])).toBeLessThan(1e-12 + ERROR_OF_H / (tanh_rate.rate * hit.s * (1 - theta)));
  });
  const w = Math.atanh(hit.s / hit.alpha);
  const rate = diagonalSteps(problem, diagonalState(1, [hit.alpha], Math.sqrt(w))).smallest;
  expect(withinRelative(rate, tanh_rate.rate, 1e-13).ok).toBe(true);
  escape_time.eps.forEach((eps, i) => {
    const run = diagonalFlow(
      diagonalProblem(
        one(escape_time.c),
        { sigma: Float64Array.of(escape_time.s) },
        { activation: "identity", alphaTrainable: false },
      ),
      diagonalState(1, [1], eps),
      {
        t1: 20,
        lossTolerance: (0.5 * escape_time.c * escape_time.s ** 2) / 4,
        coordinates: "logarithm",
        tolerance: { relative: 1e-13, absolute: 1e-15 },
      },
    );
    expect(Math.abs(run.time - escape_time.T_depth2[i])).toBeLessThan(1e-12);
    // Depth three must be half way at its escape time; a relative error of that time moves σ by slope · time · error.
    const half = escape_time.s / 2;
    const slope = 3 * half ** (4 / 3) * escape_time.c * half;
    const time = escape_time.T_depth3[i];
    const { sigma } = deepDiagonalFlow(
      one(escape_time.c),
      Float64Array.of(Math.sqrt(escape_time.c) * escape_time.s),
      Float64Array.of(eps ** 3),
      { depth: 3, times: [0, time] },
    );
    expect(Math.abs(sigma.data[1] - half)).toBeLessThan(1e-12 * slope * time);
  });
  // The hitting times themselves, as integrals over ln(h/(s − h)) of 1/(rate of that logarithm), the rate from the kernel.
  const rule = gaussLegendre(20);
  const PANELS = 64;
  const from = hit.alpha * Math.tanh(hit.w0);
  hit.theta.forEach((theta, i) => {
    const [a, b] = [Math.log(from / (hit.s - from)), Math.log(theta / (1 - theta))];
    const width = (b - a) / PANELS;
    let time = 0;
    for (let panel = 0; panel < PANELS; panel++) {
      rule.nodes.forEach((x, j) => {
        const h = hit.s / (1 + Math.exp(-(a + width * (panel + 0.5 + x / 2))));
        const kernel = diagonalKernel(problem, diagonalState(1, [hit.alpha], Math.sqrt(Math.atanh(h / hit.alpha))));
        time += (0.5 * width * rule.weights[j] * h) / (hit.s * hit.c * kernel.data[0]);
      });
    }
    expect(Math.abs(time - hit.t[i])).toBeLessThan(1e-12);
  });
});

test("mirror limit equals the 30-digit optimality system and the integrated flow", () => {
  for (const c of dynamics.mirror_bias.cases) {
    const problem = diagonalProblem(fromRows(c.B), Float64Array.from(c.y), {
      activation: c.act,
      alphaTrainable: false,
    });
    const start = state(
      c.w0.map((w) => Array(3).fill(Math.sqrt(w))),
      c.w0.map((w) => Array(3).fill(Math.sqrt(w))),
      c.alpha,
    );
    const limit = mirrorLimit(problem, start);
    expect(limit.convergence.status).toBe("converged");
    expect(within(limit.h, c.h_inf, 1e-11).ok, `${c.act} ${within(limit.h, c.h_inf, 1e-11).message}`).toBe(true);
    expect(Math.abs(limit.nuclearNorm - c.nuclear_norm)).toBeLessThan(1e-11);
    expect(within(limit.multiplier, c.nu, 1e-10 * 10).ok).toBe(true);
    const flow = diagonalFlow(problem, start, { t1: 400, coordinates: "logarithm" });
    expect(within(flow.finalH, limit.h, 1e-8).ok).toBe(true);
  }
});

test("mirror limit: unbalanced, opposite signs and full column rank, against the flow", () => {
  const B = fromRows([
    [1, 2, 0.5],
    [0.3, -0.4, 1],
  ]);
  const problem = diagonalProblem(
    B,
    { sigma: Float64Array.of(0.2, -0.3, 0.4) },
    { activation: "expsat", alphaTrainable: false },
  );
  const start = state([[0.4, 0.3, 0.2]], [[0.1, -0.2, 0.3]], [1.5]);
  const limit = mirrorLimit(problem, start);
  const flow = diagonalFlow(problem, start, { t1: 400 });
  expect(within(limit.h, flow.finalH, 1e-9).ok).toBe(true);
  const full = mirrorLimit(
    diagonalProblem(B43, { sigma: Float64Array.of(1, 0.6, 0.25) }, { alphaTrainable: false }),
    diagonalState(3, [1.5], 0.3),
  );
  expect(within(full.h, [1, 0.6, 0.25], 1e-11).ok).toBe(true);
});

test("mirror limit says when the data are out of reach", () => {
  const negative = mirrorLimit(
    diagonalProblem(identity(1), Float64Array.of(-1), { alphaTrainable: false }),
    diagonalState(1, [1], 0.1),
  );
  expect(negative.convergence.status).not.toBe("converged");
  expect(negative.convergence.advice).toContain("balanced factors stay non-negative");
  const capped = mirrorLimit(
    diagonalProblem(identity(1), Float64Array.of(2), { alphaTrainable: false }),
    diagonalState(1, [1], 0.1),
  );
  expect(capped.convergence.status).not.toBe("converged");
  expect(capped.h[0]).toBeLessThanOrEqual(1);
  expect(() => mirrorLimit(diagonalProblem(identity(1), Float64Array.of(1)), diagonalState(1, [1], 0.1))).toThrow(
    UnsupportedError,
  );
});

test("potential of the α invariant: closed forms, derivative, evenness", () => {
  // Identity balanced: w/2. Identity unbalanced: ∫ x/√(4x²+c²) = (√(4w²+c²) − |c|)/4.
  const id = spectralActivation("identity");
  expect(Math.abs(alphaPotential(id, 0.7, 0) - 0.35)).toBeLessThan(1e-15);
  for (const c of [1e-6, 0.1, 3]) {
    const exact = (4 * 0.49) / (4 * (Math.sqrt(4 * 0.49 + c * c) + c));
    expect(withinRelative(alphaPotential(id, 0.7, c), exact, 1e-13).ok).toBe(true);
  }
  const tanh = spectralActivation("tanh");
  for (const c of [0, 0.2]) {
    const h = 1e-4;
    const numeric = (alphaPotential(tanh, 0.8 + h, c) - alphaPotential(tanh, 0.8 - h, c)) / (2 * h);
    const exact = tanh.value(0.8) / (tanh.derivative(0.8) * Math.sqrt(4 * 0.64 + c * c));
    expect(withinRelative(numeric, exact, 1e-7).ok).toBe(true);
    expect(alphaPotential(tanh, -0.8, c)).toBe(alphaPotential(tanh, 0.8, c));
  }
});

test("kernel: ḣ from the flow equals 𝒦 g", () => {
  fc.assert(
    fc.property(
      fc.constantFrom("tanh", "identity", "softsat", "expsat"),
      fc.boolean(),
      fc.integer({ min: 1, max: 3 }),
      (act, trained, K) => {
        const problem = diagonalProblem(
          B43,
          { sigma: Float64Array.of(1, 0.6, 0.25) },
          { activation: act as SpectralActivationName, alphaTrainable: trained },
        );
        const start = diagonalState(
          3,
          Array.from({ length: K }, (_, k) => 1 + 0.3 * k),
          [0.3, 0.5, 0.2],
          [0.2, 0.4, 0.6],
        );
        const dt = 1e-5;
        const run = diagonalFlow(problem, start, { t1: 2 * dt, record: [0, dt, 2 * dt] });
        const kernel = diagonalKernel(problem, run.states[1]);
        const y = problem.y;
        const residual = y.map(
          (value, j) => value - [0, 1, 2].reduce((sum, i) => sum + B43.data[j * 3 + i] * run.h.data[3 + i], 0),
        );
        for (let i = 0; i < 3; i++) {
          let velocity = 0;
          for (let l = 0; l < 3; l++) {
            let g = 0;
            for (let j = 0; j < 4; j++) g += B43.data[j * 3 + l] * residual[j];
            velocity += kernel.data[i * 3 + l] * g;
          }
          expect(Math.abs((run.h.data[6 + i] - run.h.data[i]) / (2 * dt) - velocity)).toBeLessThan(1e-8);
        }
      },
    ),
    { numRuns: 12 },
  );
});

test("descent: order one towards the flow, law of the balance, explosion is a status", () => {
  const problem = diagonalProblem(B43, { sigma: Float64Array.of(1, 0.6, 0.25) });
  const start = diagonalState(3, [1.5], [0.5, 0.4, 0.3], [0.2, 0.3, 0.25]);
  const flow = diagonalFlow(problem, start, { t1: 2 });
  const errors = [0.02, 0.01, 0.005].map((eta) => {
    const run = diagonalDescent(problem, start, { steps: 2 / eta, stepSize: eta });
    return within(run.finalH, flow.finalH, 0).error;
  });
  expect(Math.abs(Math.log2(errors[0] / errors[1]) - 1)).toBeLessThan(0.1);
  expect(Math.abs(Math.log2(errors[1] / errors[2]) - 1)).toBeLessThan(0.1);
  const explosion = diagonalDescent(
    diagonalProblem(identity(1), Float64Array.of(1), { activation: "identity" }),
    diagonalState(1, [1], 3),
    { steps: 1000, stepSize: 1 },
  );
  expect(explosion.convergence.status).toBe("breakdown");
  expect(explosion.convergence.advice).toContain("the loss exploded at step");
  expect(Number.isFinite(explosion.finalLoss)).toBe(true);
  // Leaving a minimum for a flatter one multiplies the loss by 1e22 and is no explosion.
  const scalar = diagonalProblem(identity(1), Float64Array.of(1), { activation: "identity" });
  const settled = diagonalFlow(scalar, diagonalState(1, [1], 0.5), { t1: 200 });
  const { criticalStep } = diagonalSteps(scalar, settled.final);
  const catapult = diagonalDescent(scalar, settled.final, { steps: 3000, stepSize: 1.05 * criticalStep });
  expect(catapult.convergence.status).toBe("max-iterations");
  expect(catapult.largestLoss).toBeGreaterThan(1e8 * settled.finalLoss);
  const early = diagonalDescent(problem, start, {
    steps: 1e5,
    stepSize: (step) => 0.1 / (1 + step / 1e4),
    lossTolerance: 1e-6,
  });
  expect(early.convergence.status).toBe("converged");
});

test("findings: dead coordinate, unreachable target, slow decay, jump", () => {
  const codes = (run: { findings: readonly { code: string }[] }): string[] => run.findings.map(({ code }) => code);
  const target = { sigma: Float64Array.of(1, 0.6, 0.25) };
  const dead = diagonalFlow(diagonalProblem(B43, target), diagonalState(3, [1], [0.3, 0, 0.3]), { t1: 50 });
  expect(codes(dead)).toContain("dead-coordinate");
  expect(dead.final.u.data[1]).toBe(0);
  const capped = diagonalFlow(diagonalProblem(B43, target, { alphaTrainable: false }), diagonalState(3, [0.8], 0.3), {
    t1: 200,
  });
  expect(codes(capped)).toContain("unreachable");
  const slow = diagonalFlow(
    diagonalProblem(identity(2), { sigma: Float64Array.of(1, 0) }, { alphaTrainable: false }),
    diagonalState(2, [1.5], 0.3),
    { t1: 100 },
  );
  expect(codes(slow)).toContain("sublinear");
  const jump = diagonalFlow(
    diagonalProblem(B43, target, { activation: "sigmoid", allowJump: true }),
    diagonalState(3, [1], 0.1),
    { t1: 1 },
  );
  expect(codes(jump)).toContain("jump-at-zero");
  const deficient = diagonalFlow(
    diagonalProblem(fromRows([[1, 2, 0.5]]), Float64Array.of(1)),
    diagonalState(3, [1], 0.1),
    { t1: 5 },
  );
  expect(codes(deficient)).toContain("rank-deficient");
  const saturated = diagonalFlow(diagonalProblem(B43, target), diagonalState(3, [1], 2.2), { t1: 5 });
  expect(codes(saturated)).toContain("saturated");
});

test("findings reach the advice: inconsistent data and oscillation, in flow and descent", () => {
  const contradiction = diagonalProblem(fromRows([[1], [1]]), Float64Array.of(1, 2));
  const start = diagonalState(1, [1], 0.3);
  const flow = diagonalFlow(contradiction, start, { t1: 50 });
  expect(flow.convergence.status).toBe("converged"); // as an integration
  expect(flow.convergence.advice).toBe(
    "the data are inconsistent: 2 measurements of rank 1, no matrix has a loss below 2.500e-1 (reached 2.500e-1)",
  );
  const mean = diagonalProblem(fromRows([[1], [1]]), Float64Array.of(1, 2), { normalisation: "mean" });
  const descent = diagonalDescent(mean, start, { steps: 2000, stepSize: 0.1 });
  expect(descent.convergence.advice).toContain("no matrix has a loss below 1.250e-1");
  const balanced = diagonalProblem(identity(2), Float64Array.of(1, 0.5), {
    alphaTrainable: false,
    activation: "identity",
  });
  const oscillating = diagonalDescent(balanced, diagonalState(2, [1], 0.3), { steps: 2000, stepSize: 1.2 });
  expect(oscillating.findings.map(({ code }) => code)).toEqual(["step-too-large"]);
  expect(oscillating.convergence.advice).toContain("above the local bound 2/λ_max");
  const quiet = diagonalDescent(balanced, diagonalState(2, [1], 0.3), { steps: 2000, stepSize: 0.2 });
  expect(quiet.findings).toEqual([]);
});

test("bad input is refused", () => {
  expect(() => diagonalProblem({ rows: 0, cols: 2, data: new Float64Array(0) }, new Float64Array(0))).toThrow(
    "at least one measurement of at least one coordinate, got 0 x 2",
  );
  expect(() => diagonalProblem(identity(1), Float64Array.of(1), { alphaTrainable: "no" as never })).toThrow(
    'diagonalProblem: alphaTrainable must be true or false, got "no"',
  );
  expect(() => diagonalState(2, [], 0.1)).toThrow("diagonalState: alpha.length must be an integer >= 1, got 0");
  expect(() => diagonalState(3, [1], [0.1, 0.2])).toThrow("diagonalState: u must be a number, or 3 numbers");
  const problem = diagonalProblem(identity(2), Float64Array.of(1, 2));
  expect(() => diagonalProblem(identity(2), Float64Array.of(1))).toThrow(ShapeError);
  expect(() => diagonalFlow(problem, diagonalState(3, [1], 0.1), { t1: 1 })).toThrow(
    "diagonalFlow: initial.u must be 1 x 2, got 1 x 3",
  );
  expect(() => diagonalFlow(problem, diagonalState(2, [1], 0.1, 0.2), { t1: 1, coordinates: "logarithm" })).toThrow(
    ArgumentError,
  );
  expect(() => diagonalFlow(problem, diagonalState(2, [1], 0.1), { t1: -1 })).toThrow(
    "diagonalFlow: t1 must be a finite number > 0, got -1",
  );
  expect(() => diagonalDescent(problem, diagonalState(2, [1], 0.1), { steps: 10, stepSize: 0 })).toThrow(ArgumentError);
});
