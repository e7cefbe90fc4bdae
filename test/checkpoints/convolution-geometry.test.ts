import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type ConvolutionGeometry,
  type ConvolutionKernel,
  convolutionNorm,
  convolutionOperator,
  convolutionSpectrum,
} from "../../src/checkpoints/index.js";
import { svd } from "../../src/linalg/index.js";
import { toDense } from "../../src/operators/index.js";
import { createRng, fillNormal } from "../../src/random/index.js";
import { within, withinRelative } from "../support/compare.js";

const size = (extents: readonly number[]): number => extents.reduce((a, b) => a * b, 1);

function kernelOf(seed: number, outChannels: number, inChannels: number, kernelSize: readonly number[]) {
  const data = fillNormal(createRng(seed), new Float64Array(outChannels * inChannels * size(kernelSize)));
  return { outChannels, inChannels, kernelSize, data } satisfies ConvolutionKernel;
}

/** All index lists below the extents, last fastest. */
function* grid(extents: readonly number[]): Generator<number[]> {
  for (let flat = 0; flat < size(extents); flat++) {
    const at: number[] = [];
    let rest = flat;
    for (const extent of extents.toReversed()) {
      at.unshift(rest % extent);
      rest = Math.floor(rest / extent);
    }
    yield at;
  }
}

const flatten = (at: readonly number[], extents: readonly number[]): number =>
  at.reduce((flat, x, axis) => flat * extents[axis]! + x, 0);

interface Layer {
  readonly kernel: ConvolutionKernel;
  readonly inputSize: readonly number[];
  readonly stride: readonly number[];
  readonly dilation: readonly number[];
  readonly groups: number;
}

/** y[o, p] = Σ K[o, i, t] x[i, p s + t d − b]: the matrix entry by entry from the definition of a convolution layer. */
function gatherMatrix(
  { kernel, inputSize, stride, dilation, groups }: Layer,
  outputSize: readonly number[],
  before: readonly number[],
  circular: boolean,
): number[][] {
  const { outChannels, inChannels, kernelSize, data } = kernel;
  const outs = outChannels / groups;
  const rows: number[][] = [];
  for (const p of grid(outputSize)) {
    for (let o = 0; o < outChannels; o++) {
      const row = new Array<number>(size(inputSize) * inChannels * groups).fill(0);
      let tap = 0;
      for (const t of grid(kernelSize)) {
        const x = p.map((value, axis) => value * stride[axis]! + t[axis]! * dilation[axis]! - before[axis]!);
        const wrapped = circular
          ? x.map((v, axis) => ((v % inputSize[axis]!) + inputSize[axis]!) % inputSize[axis]!)
          : x;
        if (wrapped.every((v, axis) => v >= 0 && v < inputSize[axis]!)) {
          for (let i = 0; i < inChannels; i++) {
            const channel = Math.floor(o / outs) * inChannels + i;
            row[flatten(wrapped, inputSize) * inChannels * groups + channel]! +=
              data[(o * inChannels + i) * size(kernelSize) + tap]!;
          }
        }
        tap++;
      }
      rows.push(row);
    }
  }
  return rows;
}

/** y[o, q s + t d − p] += K[i, o, t] x[i, q]: the definition of a transposed layer, whose tensor is in x out/groups x taps. */
function scatterMatrix(
  { kernel, inputSize, stride, dilation, groups }: Layer,
  outputSize: readonly number[],
  before: readonly number[],
): number[][] {
  const { outChannels: ins, inChannels: outs, kernelSize, data } = kernel;
  const channels = outs * groups;
  const rows = Array.from({ length: size(outputSize) * channels }, () =>
    new Array<number>(size(inputSize) * ins).fill(0),
  );
  for (const q of grid(inputSize)) {
    for (let i = 0; i < ins; i++) {
      let tap = 0;
      for (const t of grid(kernelSize)) {
        const y = q.map((value, axis) => value * stride[axis]! + t[axis]! * dilation[axis]! - before[axis]!);
        if (y.every((v, axis) => v >= 0 && v < outputSize[axis]!)) {
          for (let o = 0; o < outs; o++) {
            const channel = Math.floor(i / (ins / groups)) * outs + o;
            rows[flatten(y, outputSize) * channels + channel]![flatten(q, inputSize) * ins + i]! +=
              data[(i * outs + o) * size(kernelSize) + tap]!;
          }
        }
        tap++;
      }
    }
  }
  return rows;
}

const axes = (max: number) => (dimensions: number) =>
  fc.array(fc.integer({ min: 1, max }), { minLength: dimensions, maxLength: dimensions });

const layers = fc.integer({ min: 1, max: 3 }).chain((dimensions) =>
  fc.record({
    seed: fc.integer({ min: 1, max: 1e6 }),
    groups: fc.integer({ min: 1, max: 3 }),
    outs: fc.integer({ min: 1, max: 2 }),
    inChannels: fc.integer({ min: 1, max: 2 }),
    kernelSize: axes(3)(dimensions),
    stride: axes(3)(dimensions),
    dilation: axes(2)(dimensions),
    extra: axes(3)(dimensions),
    pad: axes(2)(dimensions),
    mode: fc.constantFrom("zero" as const, "circular" as const, "valid" as const, "numbers" as const),
  }),
);

test("grouped, dilated and strided layers of one to three dimensions are the assembled matrix, entry by entry", () => {
  fc.assert(
    fc.property(layers, ({ seed, groups, outs, inChannels, kernelSize, stride, dilation, extra, pad, mode }) => {
      const kernel = kernelOf(seed, outs * groups, inChannels, kernelSize);
      const reach = kernelSize.map((extent, axis) => dilation[axis]! * (extent - 1) + 1);
      const inputSize = reach.map((extent, axis) => extent + extra[axis]! - 1);
      const same = mode === "zero" || mode === "circular";
      const before = reach.map((extent, axis) => (same ? (extent - 1) >> 1 : mode === "valid" ? 0 : pad[axis]!));
      const outputSize = inputSize.map((extent, axis) =>
        same
          ? Math.ceil(extent / stride[axis]!)
          : Math.floor((extent + 2 * before[axis]! - reach[axis]!) / stride[axis]!) + 1,
      );
      const geometry: ConvolutionGeometry = {
        inputSize,
        padding: mode === "numbers" ? pad : mode,
        stride,
        dilation,
        groups,
      };
      const A = convolutionOperator(kernel, geometry);
      const expected = gatherMatrix(
        { kernel, inputSize, stride, dilation, groups },
        outputSize,
        before,
        mode === "circular",
      );
      const dense = toDense(A);
      expect([A.rows, A.cols]).toEqual([expected.length, expected[0]!.length]);
      expect(within(dense.data, Float64Array.from(expected.flat()), 1e-13).ok).toBe(true);
      const x = fillNormal(createRng(seed), new Float64Array(A.rows));
      const out = new Float64Array(A.cols).fill(Number.NaN);
      A.applyTranspose!(x, out);
      const transposed = Float64Array.from({ length: A.cols }, (_, j) =>
        x.reduce((sum, value, i) => sum + value * dense.data[i * A.cols + j]!, 0),
      );
      expect(within(out, transposed, 1e-12).ok).toBe(true);
    }),
    { numRuns: 80 },
  );
});

test("transposed layers are the assembled matrix of their own definition, output padding included", () => {
  fc.assert(
    fc.property(layers, ({ seed, groups, outs, inChannels, kernelSize, stride, dilation, extra, pad, mode }) => {
      fc.pre(mode === "valid" || mode === "numbers");
      const kernel = kernelOf(seed, outs * groups, inChannels, kernelSize);
      const reach = kernelSize.map((extent, axis) => dilation[axis]! * (extent - 1) + 1);
      const inputSize = extra;
      const before = pad.map((value) => (mode === "valid" ? 0 : value - 1));
      const outputPadding = stride.map((step) => step - 1);
      const outputSize = inputSize.map(
        (extent, axis) => (extent - 1) * stride[axis]! - 2 * before[axis]! + reach[axis]! + outputPadding[axis]!,
      );
      fc.pre(outputSize.every((extent, axis) => extent >= Math.max(1, reach[axis]! - 2 * before[axis]!)));
      const padding = mode === "valid" ? ("valid" as const) : before;
      const A = convolutionOperator(kernel, {
        inputSize,
        padding,
        stride,
        dilation,
        groups,
        transposed: true,
        outputPadding,
      });
      const expected = scatterMatrix({ kernel, inputSize, stride, dilation, groups }, outputSize, before);
      expect([A.rows, A.cols]).toEqual([expected.length, expected[0]!.length]);
      expect(within(toDense(A).data, Float64Array.from(expected.flat()), 1e-13).ok).toBe(true);
    }),
    { numRuns: 80 },
  );
});

const exactValues = (rows: number[][]): Float64Array =>
  svd({ rows: rows.length, cols: rows[0]!.length, data: Float64Array.from(rows.flat()) }, { vectors: "none" })
    .singularValues;

test("the spectrum by symbol, densely and by iteration: each against the assembled matrix", () => {
  const cases: readonly [string, ConvolutionGeometry, number, number, number[], string][] = [
    ["strided circular", { inputSize: [6, 4], padding: "circular", stride: [3, 2] }, 3, 2, [3, 3], "symbol"],
    ["dilated circular", { inputSize: [5, 7], padding: "circular", dilation: 2 }, 2, 3, [3, 2], "symbol"],
    ["grouped circular", { inputSize: [4, 4], padding: "circular", groups: 2 }, 4, 3, [3, 3], "symbol"],
    ["depthwise", { inputSize: [5, 5], groups: 4 }, 4, 1, [3, 3], "dense"],
    ["three dimensions", { inputSize: [3, 4, 3], stride: [1, 2, 1] }, 2, 2, [2, 3, 2], "dense"],
    ["stride that does not divide", { inputSize: [5], padding: "circular", stride: 2 }, 2, 2, [3], "dense"],
  ];
  for (const [name, geometry, O, I, k, method] of cases) {
    const kernel = kernelOf(11, O, I, k);
    const got = convolutionSpectrum(kernel, { ...geometry, rng: createRng(2) });
    expect(got.method, name).toBe(method);
    const dimensions = k.length;
    const list = (value: number | readonly number[] | undefined): number[] =>
      typeof value === "number" || value === undefined ? new Array<number>(dimensions).fill(value ?? 1) : [...value];
    const layer = {
      kernel,
      inputSize: list(geometry.inputSize),
      stride: list(geometry.stride),
      dilation: list(geometry.dilation),
      groups: geometry.groups ?? 1,
    };
    const before = k.map((extent, axis) => (layer.dilation[axis]! * (extent - 1)) >> 1);
    const rows = gatherMatrix(layer, [...got.outputSize], before, geometry.padding === "circular");
    const exact = exactValues(rows);
    expect([got.total, got.complete], name).toEqual([exact.length, true]);
    expect(within(got.singularValues, exact, 1e-12).ok, name).toBe(true);
    expect(exact[0]!, name).toBeLessThanOrEqual(got.upperBound * (1 + 1e-12));
    const iterated = convolutionSpectrum(kernel, {
      ...geometry,
      rng: createRng(3),
      symbolLimit: 0,
      denseLimit: 0,
      count: 2,
      ...(geometry.padding === "circular" ? { padding: "circular" as const } : {}),
    });
    expect(withinRelative(iterated.singularValues[0]!, exact[0]!, 1e-8).ok, name).toBe(true);
    const norm = convolutionNorm(kernel, { ...geometry, rng: createRng(4) });
    expect(withinRelative(norm.norm, exact[0]!, 1e-9).ok, name).toBe(true);
  }
});

test("a transposed layer has the singular values of its adjoint; a zero kernel has zeros", () => {
  const kernel = kernelOf(5, 3, 2, [3]);
  const forward = convolutionSpectrum(kernel, { inputSize: 9, padding: "valid", stride: 2, rng: createRng(1) });
  const back = convolutionSpectrum(kernel, {
    inputSize: forward.outputSize,
    padding: "valid",
    stride: 2,
    transposed: true,
    rng: createRng(1),
  });
  expect(back.outputSize).toEqual([9]);
  expect(within(back.singularValues, forward.singularValues, 1e-13).ok).toBe(true);
  const zero = { ...kernel, data: new Float64Array(18) };
  expect(Array.from(convolutionSpectrum(zero, { inputSize: 4, rng: createRng(1) }).singularValues)).toEqual(
    new Array(8).fill(0),
  );
});

test("impossible geometries are refused by name", () => {
  const kernel = kernelOf(1, 4, 2, [3, 3]);
  const message = (geometry: object): string => {
    try {
      convolutionOperator(kernel, { inputSize: 5, ...geometry });
    } catch (error) {
      return (error as Error).message;
    }
    return "";
  };
  expect(message({ groups: 3 })).toContain("groups must be a divisor of the 4 output channels of the kernel, got 3");
  expect(message({ stride: [1, 2, 3] })).toContain("stride must be a number or 2 of them");
  expect(message({ dilation: 0 })).toContain("dilation must be an integer >= 1, got 0");
  expect(message({ padding: "same" })).toContain('"zero"');
  expect(message({ padding: "valid", dilation: 3 })).toContain("inputSize must be an integer >= 7, got 5");
  expect(message({ outputPadding: 1 })).toContain("outputPadding must be below the stride");
  expect(message({ transposed: 1 })).toContain("transposed must be true or false");
  expect(message({ strides: 1 })).toContain('option "strides"');
});
