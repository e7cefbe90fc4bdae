import { expect, test } from "vitest";
import { type Matrix, toMatrix } from "../../src/core/index.js";
import { expandLoss, mlp, perSampleGradients } from "../../src/networks/index.js";
import type { ActivationName } from "../../src/special/index.js";
import { maxDifference, within } from "../support/compare.js";
import { fixture } from "../support/shared.js";
import { denseOf } from "./support.js";

interface Case {
  sizes: number[];
  activation: string;
  loss: "mse" | "ce";
  params: number[];
  X: number[][];
  Y: number[] | number[][];
  value: number;
  gradient: number[];
  hessian: number[][];
  v: number[];
  Hv: number[];
  Gv: number[];
  ggn: number[][];
  empirical_fisher: number[][];
}
const cases = Object.entries(fixture<{ cases: Record<string, Case> }>("networks/hessian-cases.json").cases).filter(
  ([name]) => name !== "analytic_saddle",
);
/** The references were computed with 50 digits; parameters are short decimals, so only our rounding enters. */
const TOLERANCE = 1e-12;

test("there are seven fixed networks", () => {
  expect(cases.length).toBe(7);
});

test.each(cases)("%s: value, gradient, Hessian, GGN and their products agree with 50-digit references", (_, c) => {
  const net = mlp({
    sizes: c.sizes,
    activation: c.activation.replace("gelu_erf", "gelu") as ActivationName,
    loss: c.loss === "ce" ? "cross-entropy" : "mse",
  });
  const params = Float64Array.from(c.params);
  const data = { inputs: c.X, targets: c.Y };
  const point = expandLoss(net, params, data);
  const close = (actual: ArrayLike<number> | number, expected: ArrayLike<number> | number): void => {
    const verdict = within(actual, expected, TOLERANCE);
    expect(verdict.ok, verdict.message).toBe(true);
  };
  close(point.value, c.value);
  close(point.gradient(), c.gradient);
  const H = denseOf(params.length, (v, out) => point.hvp(v, out));
  const G = denseOf(params.length, (v, out) => point.ggnProduct(v, out));
  close(H.data, toMatrix(c.hessian).data);
  close(G.data, toMatrix(c.ggn).data);
  const out = new Float64Array(params.length);
  point.hvp(Float64Array.from(c.v), out);
  close(out, c.Hv);
  point.ggnProduct(Float64Array.from(c.v), out);
  close(out, c.Gv);
  close(secondMoment(perSampleGradients(net, params, data)).data, toMatrix(c.empirical_fisher).data);
  // Negative control: without the φ″ and residual terms the product is the GGN, and the same verdict fails.
  expect(maxDifference(G.data, toMatrix(c.hessian).data)).toBeGreaterThan(1e-3);
});

function secondMoment(rows: Matrix): Matrix {
  const out = { rows: rows.cols, cols: rows.cols, data: new Float64Array(rows.cols ** 2) };
  for (let s = 0; s < rows.rows; s++) {
    for (let i = 0; i < rows.cols; i++) {
      for (let j = 0; j < rows.cols; j++) {
        out.data[i * rows.cols + j] += (rows.data[s * rows.cols + i] * rows.data[s * rows.cols + j]) / rows.rows;
      }
    }
  }
  return out;
}
