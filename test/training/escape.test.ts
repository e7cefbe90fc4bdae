import { expect, test } from "vitest";
import { ArgumentError, NonFiniteError } from "../../src/core/index.js";
import { mlp } from "../../src/networks/index.js";
import { createRng } from "../../src/random/index.js";
import { escapeFromMinimum, escapeTimes, meanPassageTime } from "../../src/training/index.js";
import { withinRelative } from "../support/compare.js";

test("mean passage times agree with closed forms: free, uphill, downhill, to the left", () => {
  const D = 0.4;
  const free = { gradient: () => 0, diffusion: () => D };
  // τ(x) = (L² − x²)/(2D) with reflection at 0 and absorption at L.
  const { time } = meanPassageTime(free, { from: 1, reflecting: 0, absorbing: 3 });
  expect(withinRelative(time, (9 - 1) / (2 * D), 1e-10).ok).toBe(true);
  for (const c of [1.3, -1.3]) {
    const exact = (1 / c) * ((D / c) * (Math.exp((2 * c) / D) - 1) - 2);
    const right = meanPassageTime({ gradient: () => c, diffusion: () => D }, { from: 0, reflecting: 0, absorbing: 2 });
    const left = meanPassageTime({ gradient: () => -c, diffusion: () => D }, { from: 0, reflecting: 0, absorbing: -2 });
    expect(withinRelative([right.time, left.time], [exact, exact], 1e-8).ok).toBe(true);
    expect(Math.abs(right.time - exact)).toBeLessThan(10 * right.error + 1e-12);
  }
});

test("a jump of the noise inside the way: two stretches with their own diffusion", () => {
  // Free motion: τ = ∫ dy y-weighted mass: L₁²/(2D₁) on the first half, then L₂²/(2D₂) + L₁L₂/D₁ on the second.
  const process = { gradient: () => 0, diffusion: (x: number) => (x < 1 ? 0.5 : 2) };
  const { time } = meanPassageTime(process, { from: 0, reflecting: 0, absorbing: 3, kinks: [1] });
  expect(withinRelative(time, 1 / (2 * 0.5) + 4 / (2 * 2) + (1 * 2) / 0.5, 1e-9).ok).toBe(true);
});

test("a passage that is no passage is refused", () => {
  const free = { gradient: () => 0, diffusion: () => 1 };
  expect(() => meanPassageTime(free, { from: 5, reflecting: 0, absorbing: 2 })).toThrow(
    "meanPassageTime: from must be between reflecting 0 and absorbing 2, got 5",
  );
  const frozen = { gradient: () => 0, diffusion: () => 0 };
  expect(() => meanPassageTime(frozen, { from: 0, reflecting: 0, absorbing: 1 })).toThrow(ArgumentError);
  const broken = { gradient: () => Number.NaN, diffusion: () => 1 };
  expect(() => meanPassageTime(broken, { from: 0, reflecting: 0, absorbing: 1 })).toThrow(NonFiniteError);
});

// Sizes fixed in advance: 300 runs give a relative standard error of 6 % (escape times are nearly exponential), so that a z-score beyond 4
// tells a factor of 1.25 from 1; the discretisation at ηλ = 0.04 is well below one standard error.
test.each(["curvature", "constant"] as const)("escape times agree with diffusion theory, %s noise", (noise) => {
  const variance = noise === "constant" ? 160 : 40;
  const result = escapeTimes({ rng: createRng(5), runs: 300, noise, variance, stepSize: 0.005, flatCurvature: 4 });
  for (const record of [result.sharp, result.flat]) {
    expect(record.censored).toBe(0);
    expect(Math.abs(record.zScore)).toBeLessThan(4);
    expect(record.steps.standardError / record.steps.mean).toBeLessThan(0.08);
  }
  expect(Math.abs(result.ratio.value - result.ratio.expected)).toBeLessThan(4 * result.ratio.standardError);
  // The power of the test: the theory of the other noise model is told apart.
  const other = escapeTimes({
    rng: createRng(5),
    runs: 2,
    maximumSteps: 1,
    noise: noise === "constant" ? "curvature" : "constant",
    variance: noise === "constant" ? 40 : 160,
    stepSize: 0.005,
    flatCurvature: 4,
  });
  expect(Math.abs(result.ratio.value - other.ratio.expected)).toBeGreaterThan(4 * result.ratio.standardError);
});

test("noise in proportion to the curvature favours the flat minimum exponentially, constant noise only by a power", () => {
  const theory = (noise: "constant" | "curvature", barrier: number): number =>
    escapeTimes({
      rng: createRng(1),
      runs: 2,
      maximumSteps: 1,
      noise,
      barrier,
      variance: noise === "constant" ? 80 : 20,
    }).ratio.expected;
  // exponents 1.25 and 5 per unit of the barrier: the ratio grows like e^{3.75}, e^{7.5}; with constant noise it stays near 2.
  expect(theory("curvature", 2) / theory("curvature", 1)).toBeGreaterThan(20);
  expect(theory("constant", 2) / theory("constant", 1)).toBeLessThan(1.3);
});

test("censored and cancelled escapes say so", () => {
  const slow = escapeTimes({ rng: createRng(1), runs: 3, maximumSteps: 5 });
  expect([slow.flat.censored, slow.flat.steps.mean]).toEqual([3, 5]);
  const cancelled = escapeTimes({ rng: createRng(1), runs: 3, signal: { aborted: true } });
  expect([cancelled.status, cancelled.sharp.steps.samples]).toEqual(["cancelled", 0]);
  expect(() => escapeTimes({ rng: createRng(1), flatCurvature: 9 })).toThrow(
    "escapeTimes: flatCurvature must be below sharpCurvature 8, got 9",
  );
});

test("stochastic gradient descent leaves the sharp minimum of a network sooner than the flat one", () => {
  const net = mlp({ sizes: [1, 1, 1], activation: "identity", bias: false });
  const data = { inputs: [[1], [1]], targets: [0.5, 1.5] }; // minima on w₁w₂ = 1, of curvature w₁² + w₂²
  const options = { stepSize: 0.05, lossRise: 0.02, runs: 60, maximumSteps: 300, rng: createRng(2) };
  const sharp = escapeFromMinimum(net, Float64Array.of(3, 1 / 3), data, options);
  const flat = escapeFromMinimum(net, Float64Array.of(1, 1), data, options);
  const gap = flat.steps.mean - sharp.steps.mean;
  expect(gap).toBeGreaterThan(4 * Math.hypot(sharp.steps.standardError, flat.steps.standardError));
  expect([sharp.censored, sharp.counts.length, sharp.initialLoss]).toEqual([0, 60, 0.125]);
});

test("a minimum that is not left is counted as censored; cancelled runs return what they have", () => {
  const net = mlp({ sizes: [1, 1], bias: false });
  const data = { inputs: [[1], [1]], targets: [1, 1] }; // no noise at the minimum
  const options = { stepSize: 0.1, lossRise: 0.1, runs: 3, maximumSteps: 20, rng: createRng(3) };
  const stuck = escapeFromMinimum(net, Float64Array.of(1), data, options);
  expect([stuck.censored, stuck.steps.mean, stuck.status]).toEqual([3, 20, "converged"]);
  let reports = 0;
  const cut = escapeFromMinimum(net, Float64Array.of(1), data, {
    ...options,
    signal: { get aborted() { return reports > 0; } }, // prettier-ignore
    onProgress: () => reports++,
  });
  expect([cut.status, cut.steps.samples]).toEqual(["cancelled", 1]);
});
