import { expect, test } from "vitest";
import { type Matrix } from "../../src/core/index.js";
import { createRng } from "../../src/random/index.js";
import { drawCase, recipeNormals } from "../../src/studies/linear-width/case.js";
import { kernelAlignment, largeSteps } from "../../src/studies/linear-width/large-step.js";
import {
  difference,
  eigenvaluesOf,
  gradients,
  kernelsOf,
  tangentKernel,
  testError,
  valuesOf,
} from "../../src/studies/linear-width/network.js";
import { rowEnergySpike } from "../../src/rmt/index.js";
import { ks, spread, teacherOverlap, upperHalfExponent } from "../../src/studies/linear-width/statistics.js";
import { trainCase } from "../../src/studies/linear-width/training.js";
import { fixture } from "../support/shared.js";

/** Numbers of one run of the reference, from numpy, at the same draws. */
interface Checkpoint extends Readonly<Record<string, unknown>> {
  readonly seed: number;
  readonly d: number;
  readonly h: number;
  readonly n: number;
  readonly opt: "gd" | "adam";
  readonly eta: number;
  readonly T: number;
  readonly train_v: boolean;
  readonly teacher: "softplus" | "relu";
  readonly noise: number;
  readonly sv_top4: readonly number[];
}
const { checkpoints } = fixture<{ readonly checkpoints: readonly Checkpoint[] }>(
  "studies/linear-width-checkpoints.json",
);

test.each(checkpoints)("foreign oracle: every number of the reference run with $opt at rate $eta", (row) => {
  const start = drawCase(recipeNormals(row.seed), { ...row, testPoints: 100 });
  const { W, v, losses } = trainCase(start, {
    rate: row.eta,
    steps: row.T,
    adam: row.opt === "adam",
    both: row.train_v,
  });
  // Adam divides by gradients, which may be small: sixty steps amplify the rounding of the first.
  const tolerance = row.opt === "adam" ? 1e-7 : 1e-11;
  const move = difference(W, start.W);
  const [s, s0] = [valuesOf(W), valuesOf(start.W)];
  const squares = (values: Float64Array): Float64Array => values.map((x) => x * x);
  const [before, after] = [kernelsOf(start.W, start.v, start.X), kernelsOf(W, v, start.X)];
  /** ⟨K, y yᵀ⟩/(‖K‖_F ‖y‖²): how much of the kernel points along the targets. */
  const targetAlignment = ({ data, rows: n }: Matrix): number => {
    let along = 0;
    for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) along += data[i * n + j]! * start.y[i]! * start.y[j]!;
    return along / (Math.hypot(...data) * start.y.reduce((sum, y) => sum + y * y, 0));
  };
  const measured: Readonly<Record<string, number>> = {
    loss_t0: losses[0]!,
    loss_t10: losses[10]!,
    loss_last_before_update: losses[row.T - 1]!,
    train_loss_final: gradients(W, v, start.X, start.y).loss,
    test_mse_over_var_n100: testError(start, W, v),
    rel_move_W_F: Math.hypot(...move.data) / Math.hypot(...start.W.data),
    rel_move_W_2: valuesOf(move)[0]! / s0[0]!,
    KS_W_sv: ks(s, s0),
    KS_CK: ks(eigenvaluesOf(after.conjugate), eigenvaluesOf(before.conjugate)),
    KS_NTK: ks(eigenvaluesOf(tangentKernel(after)), eigenvaluesOf(tangentKernel(before))),
    KTA_CK_init: targetAlignment(before.conjugate),
    KTA_CK: targetAlignment(after.conjugate),
    align_v1_beta: teacherOverlap(W, start.beta).first,
    align_CK_u1_y: kernelAlignment(W, start.X, start.y, createRng(1)),
    hill50_W_init: upperHalfExponent(squares(s0)),
    hill50_W: upperHalfExponent(squares(s)),
    lmax_over_median_W: spread(squares(s)),
  };
  const off = Object.entries(measured).flatMap(([key, value]) => {
    const expected = row[key] as number;
    const allowed = key === "align_CK_u1_y" ? 1e-6 : tolerance; // an iterative eigenvector
    return Math.abs(value - expected) <= allowed * Math.max(1, Math.abs(expected)) ? [] : [{ key, value, expected }];
  });
  expect(off).toEqual([]);
  const root = Math.sqrt(row.h); // the reference lists s/√h
  row.sv_top4.forEach((expected, k) => expect(Math.abs(s[k]! / root - expected)).toBeLessThan(10 * tolerance));
});

test("foreign oracle: size of the gradient and strength by row energy in the exact mini case", () => {
  const { oneStep } = fixture<{
    readonly oneStep: { readonly grad_F: number; readonly row_energy_theta_eff2: number };
  }>("studies/linear-width.json");
  const start = drawCase(recipeNormals(7), { d: 40, h: 60, n: 80, outputScale: 0.1, noise: 0.3, teacher: "softplus" });
  const { W } = gradients(start.W, start.v, start.X, start.y);
  expect(Math.abs(Math.hypot(...W.data) / oneStep.grad_F - 1)).toBeLessThan(1e-11);
  const { strength } = rowEnergySpike(largeSteps(start).step(2).W, start.v);
  // A singular value of W here; the reference's is in units of √h.
  expect(Math.abs(strength ** 2 / 60 / oneStep.row_energy_theta_eff2 - 1)).toBeLessThan(1e-11);
});
