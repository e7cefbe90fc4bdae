import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { type Matrix } from "../../src/core/index.js";
import { matmul, orthogonalMatrix } from "../../src/linalg/index.js";
import { type Rng, createRng, fillRademacher, normalMatrix } from "../../src/random/index.js";
import { type Phase, classifyPhase } from "../../src/rmt/index.js";

const [ROWS, COLS] = [180, 120];

/** Adds Σ strength · √rows u vᵀ with unit sign vectors: dense, so that permuting the entries destroys it. */
function withSpikes(W: Matrix, strengths: readonly number[], rng: Rng): Matrix {
  const data = W.data.slice();
  strengths.forEach((strength, k) => {
    const u = fillRademacher(rng.fork(`u${k}`), new Float64Array(W.rows));
    const v = fillRademacher(rng.fork(`v${k}`), new Float64Array(W.cols));
    for (let e = 0; e < data.length; e++)
      data[e] += (strength * u[Math.floor(e / W.cols)]! * v[e % W.cols]!) / Math.sqrt(W.cols);
  });
  return { ...W, data };
}

/** Q diag(s) Pᵀ. */
function withValues(rng: Rng, values: Float64Array): Matrix {
  const Q = orthogonalMatrix(rng.fork("Q"), ROWS);
  const P = orthogonalMatrix(rng.fork("P"), COLS);
  const left = { rows: ROWS, cols: COLS, data: new Float64Array(ROWS * COLS) };
  for (let i = 0; i < ROWS; i++)
    for (let j = 0; j < COLS; j++) left.data[i * COLS + j] = Q.data[i * ROWS + j]! * values[j]!;
  return matmul(left, P, { transposeB: true });
}

/** Matrices planted in each phase. */
const plant: Readonly<Record<Phase, (rng: Rng) => Matrix>> = {
  "random-like": (rng) => normalMatrix(rng, ROWS, COLS),
  // The detection threshold is (120/180)^{1/4} = 0.90; 1.1 to 1.2 put the values a few scales beyond the edge.
  "bleeding-out": (rng) => withSpikes(normalMatrix(rng, ROWS, COLS), [1.2, 1.15, 1.1], rng),
  "bulk+spikes": (rng) => withSpikes(normalMatrix(rng, ROWS, COLS), [4, 3], rng),
  // Rows of different variance: a smooth bulk with the wrong shape.
  "bulk-decay": (rng) => {
    const W = normalMatrix(rng, ROWS, COLS);
    return { ...W, data: W.data.map((x, e) => x * (0.4 + 1.4 * (Math.floor(e / COLS) / ROWS) ** 2)) };
  },
  // Squared singular values at the quantiles of a power law of exponent 2, between random orthogonal factors.
  "heavy-tailed": (rng) =>
    withValues(
      rng,
      Float64Array.from({ length: COLS }, (_, i) => Math.sqrt(COLS / (i + 0.5))),
    ),
  "rank-collapse": (rng) => matmul(normalMatrix(rng.fork("a"), ROWS, 80), normalMatrix(rng.fork("b"), 80, COLS)),
};

test("planted examples of all six phases: the confusion matrix is diagonal up to two of thirty", () => {
  const phases = Object.keys(plant) as Phase[];
  const repeats = 5;
  const confusion = phases.map((truth) => {
    const row = phases.map(() => 0);
    for (let i = 0; i < repeats; i++) {
      const rng = createRng([55, i]).fork(truth);
      const { phase } = classifyPhase(plant[truth](rng), { rng: rng.fork("baseline"), draws: 9 }, { replicates: 49 });
      row[phases.indexOf(phase)]!++;
    }
    return row;
  });
  const correct = confusion.reduce((sum, row, i) => sum + row[i]!, 0);
  expect(correct, JSON.stringify(confusion)).toBeGreaterThanOrEqual(6 * repeats - 2);
  // The page shows this very matrix.
  const page = readFileSync(new URL("../../docs/random-matrix-laws.md", import.meta.url), "utf8");
  confusion.forEach((row, i) => {
    const line = page.split("\n").find((text) => text.startsWith(`| planted ${phases[i]!} `)) ?? "";
    const cells = line
      .split("|")
      .slice(2, -1)
      .map((cell) => Number(cell.trim()));
    expect(cells, `${phases[i]!}: ${line}`).toEqual(row);
  });
}, 120_000);

test("the evidence comes with the label, and repeats exactly", () => {
  const rng = createRng(3);
  const W0 = normalMatrix(rng, 60, 40);
  const W = withSpikes(W0, [5], rng);
  const run = () => classifyPhase(W, { rng: createRng(9), draws: 9, initial: W0 }, { replicates: 19 });
  const result = run();
  expect(result.phase).toBe("bulk+spikes");
  expect(result.bulk.defined && result.bulk.value.spikes).toHaveLength(1);
  expect(result.spread.value).toBeGreaterThan(result.spread.permuted[8]!);
  expect(result.spread.initial).toBeLessThan(result.spread.value);
  expect(result.spread.pValue).toBe(0.1);
  expect(result.reasons.length).toBeGreaterThan(1);
  expect(JSON.stringify(run())).toBe(JSON.stringify(result));
});

test("a heavy tail that is not a pure power law keeps its label, and the reasons say so", () => {
  // A power law of exponent 1.8 that ends: its largest values are bent down by an exponential.
  const bent = Float64Array.from({ length: COLS }, (_, i) => {
    const x = (COLS / (i + 0.5)) ** 1.25;
    return Math.sqrt(x / (1 + x / 40));
  });
  const { phase, reasons, tail } = classifyPhase(
    withValues(createRng(8), bent),
    { rng: createRng(9), draws: 9 },
    { replicates: 49 },
  );
  expect(tail.defined && tail.value.verdict).toBe("not supported by the data");
  expect(reasons.join("; ")).toContain("the truncated power law fits better");
  expect(phase).toBe("heavy-tailed");
  expect(reasons.at(-1)).toContain("though not a pure power law");
});

test("permuting W changes nothing for a random matrix: p-values are spread out", () => {
  let small = 0;
  for (let i = 0; i < 40; i++) {
    const rng = createRng([17, i]);
    const { hill } = classifyPhase(normalMatrix(rng, 30, 20), { rng: rng.fork("b"), draws: 9 }, { replicates: 1 });
    if (hill.pValue <= 0.1) small++;
  }
  expect(small).toBeLessThan(14); // expected 4 of 40; 14 is five standard deviations above
});

test("cancelling leaves what is done", () => {
  const signal = { aborted: false };
  const W = normalMatrix(createRng(1), 30, 20);
  const result = classifyPhase(
    W,
    { rng: createRng(2), draws: 9 },
    { replicates: 1, signal, onProgress: () => (signal.aborted = true) },
  );
  expect([result.status, result.draws]).toEqual(["cancelled", 1]);
});

test("bad input", () => {
  const W = normalMatrix(createRng(1), 12, 12);
  expect(() => classifyPhase(W, undefined as never)).toThrow("a phase without a baseline means nothing");
  expect(() => classifyPhase(normalMatrix(createRng(1), 5, 50), { rng: createRng(1) })).toThrow(
    "at least 10 singular values, got 5 x 50",
  );
  expect(() => classifyPhase({ ...W, data: new Float64Array(144) }, { rng: createRng(1) })).toThrow(
    "W must be not zero",
  );
  expect(() => classifyPhase(W, { rng: createRng(1), initial: normalMatrix(createRng(1), 12, 11) })).toThrow(
    "initial must be 12 x 12, as W, got 12 x 11",
  );
});
