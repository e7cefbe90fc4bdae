import fc from "fast-check";
import { expect, test } from "vitest";
import { ArgumentError, NonFiniteError } from "../../src/core/index.js";
import {
  type Mark,
  comparedCurves,
  eigenvalueDecay,
  frequencyMap,
  hessianDensity,
  labelProjections,
  singularValueDensity,
  trainingCurve,
} from "../../src/plot/index.js";
import { histogram } from "../../src/plot/histogram.js";
import { tolerance, within } from "../support/compare.js";

const ofKind = <K extends Mark["kind"]>(marks: readonly Mark[], kind: K): Extract<Mark, { kind: K }>[] =>
  marks.filter((mark): mark is Extract<Mark, { kind: K }> => mark.kind === kind);

const SUM = 8; // rounding of a sum of densities times widths, per term

test("a histogram has mass one and counts every value", () => {
  const values = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 80 });
  fc.assert(
    fc.property(values, fc.option(fc.integer({ min: 1, max: 40 }), { nil: undefined }), (sample, bins) => {
      const { left, right, density, count } = histogram(sample, bins === undefined ? {} : { bins });
      const mass = density.reduce((sum, value, i) => sum + value * (right[i]! - left[i]!), 0);
      expect(within(mass, 1, tolerance(SUM, density.length)).message).toMatch(/max/);
      expect(within(mass, 1, tolerance(SUM, density.length)).ok).toBe(true);
      expect(count.reduce((sum, value) => sum + value, 0)).toBe(sample.length);
    }),
  );
});

test("histograms of one width have their edges at multiples of it", () => {
  const { left, right, count } = histogram([0.1, 0.9, 1.1, 2], { width: 1 });
  expect(left).toEqual([0, 1, 2]);
  expect(right).toEqual([1, 2, 3]);
  expect(count).toEqual([2, 1, 1]);
  expect(histogram([])).toEqual({ left: [], right: [], density: [], count: [] });
  expect(histogram([2, 2]).count).toEqual([2]);
});

test("a histogram refuses NaN, no bins and too narrow bins", () => {
  expect(() => histogram([1, Number.NaN])).toThrow(NonFiniteError);
  expect(() => histogram([1], { bins: 0 })).toThrow("histogram: bins must be an integer in [1, 10000], got 0");
  expect(() => histogram([0, 1], { width: 1e-9 })).toThrow(ArgumentError);
});

test("singular values: one bin width and one axis for all panels, outliers marked, edge named", () => {
  const bulk = Array.from({ length: 40 }, (_, i) => 1 + i / 40);
  const figure = singularValueDensity({
    id: "layer",
    title: "Layer",
    snapshots: [
      { label: "before", singularValues: bulk, law: { grid: [1, 2], density: [1, 1] }, edge: 2.1, outliers: [] },
      { label: "after", singularValues: [...bulk, 5], law: null, edge: 2.1, outliers: [5] },
    ],
  });
  const [before, after] = figure.panels;
  expect(before!.x.domain).toEqual(after!.x.domain);
  expect(before!.x.domain![1]).toBeGreaterThan(5);
  const widths = figure.panels.flatMap((panel) =>
    ofKind(panel.marks, "bars").flatMap((bars) => bars.left.map((left, i) => bars.right[i]! - left)),
  );
  for (const width of widths) expect(within(width, widths[0]!, tolerance(SUM, 1, 5)).ok).toBe(true);
  expect(ofKind(before!.marks, "ticks")).toHaveLength(0);
  expect(ofKind(after!.marks, "ticks")[0]!.x).toEqual([5]);
  expect(ofKind(after!.marks, "line")).toHaveLength(0);
  expect(ofKind(after!.marks, "rule")[0]!.text).toBe("bulk edge 2.1");
  expect(after!.title).toBe("after: 1 of 41 outside the bulk");
});

test("training: the rule stands at 2/η, both panels share the step axis, error bars are residuals", () => {
  const figure = trainingCurve({
    id: "run",
    title: "Run",
    steps: [1, 2],
    loss: [1, 0],
    sharpness: { steps: [0, 2], values: [1, 2], residualNorms: [0.1, 0.2] },
    stepSize: 0.25,
  });
  const [loss, sharpness] = figure.panels;
  expect(loss!.x.domain).toEqual(sharpness!.x.domain);
  expect(loss!.y.scale).toBe("linear"); // a loss of exactly zero has no place on a logarithmic axis
  expect(ofKind(sharpness!.marks, "rule")[0]!.value).toBe(8);
  expect(ofKind(sharpness!.marks, "points")[0]!.error).toEqual([0.1, 0.2]);
});

test("Hessian density: band and curve on one grid, seven decades, outliers at the foot", () => {
  const figure = hessianDensity({
    id: "h",
    title: "H",
    grid: [0, 1],
    density: [1, 1e-12],
    band: { lower: [0.5, 0], upper: [2, 1e-11], level: 0.9 },
    outliers: [4],
  });
  const { marks, y } = figure.panels[0]!;
  expect(y.domain).toEqual([2e-7, 4]);
  expect(ofKind(marks, "area")[0]!.label).toBe("90 % band over probes");
  expect(ofKind(marks, "ticks")[0]!.x).toEqual([4]);
});

test("decay: values that are not positive are counted in words", () => {
  const figure = eigenvalueDecay({ id: "d", title: "D", series: [{ label: "K", values: [1, 0.5, 0, -1e-17] }] });
  expect(figure.description).toBe("K: 4 eigenvalues from 1 down to −10⁻¹⁷, 2 not positive.");
  expect(ofKind(figure.panels[0]!.marks, "rule")).toHaveLength(0);
});

test("labels: the second panel is the running sum of the first", () => {
  const shares = [0.5, 0.25, 0.125];
  const figure = labelProjections({ id: "l", title: "L", shares });
  expect(ofKind(figure.panels[0]!.marks, "points")[0]!.y).toEqual(shares);
  expect(ofKind(figure.panels[1]!.marks, "line")[0]!.y).toEqual([0.5, 0.75, 0.875]);
});

test("frequency map: a cell is centred on its frequency", () => {
  const figure = frequencyMap({
    id: "m",
    title: "M",
    frequencies: [-1, 0, 1],
    maps: [{ title: "s", values: [1, 2, 3, 4, 5, 6, 7, 8, 9] }],
    label: "λ",
  });
  const [heat] = ofKind(figure.panels[0]!.marks, "heat");
  expect(heat!.xEdges).toEqual([-1.5, -0.5, 0.5, 1.5]);
  expect(heat!.values[4]).toBe(5);
});

test("compared curves: points that are not finite are left out, few points are shown, many are not", () => {
  const many = Array.from({ length: 40 }, (_, i) => i);
  const series = [
    { name: "few", x: [0, 1, 2], y: [1, Number.NaN, 3] },
    { name: "many", x: many, y: many },
  ];
  const { marks } = comparedCurves({ id: "c", title: "C", description: "", xLabel: "t", yLabel: "f", series })
    .panels[0]!;
  expect(ofKind(marks, "line").map((line) => line.x.length)).toEqual([2, 40]);
  expect(ofKind(marks, "points")).toHaveLength(1);
  expect(ofKind(marks, "line")[0]!.color).not.toBe(ofKind(marks, "line")[1]!.color);
});
