import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type ConvolutionKernel,
  circularConvolutionSpectrum,
  convolutionNorm,
  convolutionOperator,
} from "../../src/checkpoints/index.js";
import { svd } from "../../src/linalg/index.js";
import { toDense } from "../../src/operators/index.js";
import { createRng, fillNormal } from "../../src/random/index.js";
import { within, withinRelative } from "../support/compare.js";

function kernelOf(seed: number, outChannels: number, inChannels: number, kernelSize: number[]): ConvolutionKernel {
  const data = fillNormal(
    createRng(seed),
    new Float64Array(outChannels * inChannels * kernelSize.reduce((a, b) => a * b, 1)),
  );
  return { outChannels, inChannels, kernelSize, data };
}

/** The matrix written out from the definition, entry by entry, for one- and two-dimensional kernels. */
function assembled(
  kernel: ConvolutionKernel,
  size: number[],
  padding: "zero" | "circular" | "valid",
  stride: number,
): number[][] {
  const { outChannels: O, inChannels: I, kernelSize, data } = kernel;
  const [k1, k2] = kernelSize.length === 1 ? [1, kernelSize[0]!] : [kernelSize[0]!, kernelSize[1]!];
  const [n1, n2] = size.length === 1 ? [1, size[0]!] : [size[0]!, size[1]!];
  const before = (k: number): number => (padding === "valid" ? 0 : Math.floor((k - 1) / 2));
  const rows: number[][] = [];
  const last = (n: number, k: number): number => (padding === "valid" ? n - k + 1 : n);
  for (let p1 = 0; p1 < last(n1, k1); p1 += size.length === 1 ? 1 : stride) {
    for (let p2 = 0; p2 < last(n2, k2); p2 += stride) {
      for (let o = 0; o < O; o++) {
        const row = new Array<number>(n1 * n2 * I).fill(0);
        for (let t1 = 0; t1 < k1; t1++) {
          for (let t2 = 0; t2 < k2; t2++) {
            let x1 = p1 + t1 - before(k1);
            let x2 = p2 + t2 - before(k2);
            if (padding === "circular") [x1, x2] = [(x1 + n1 * 9) % n1, (x2 + n2 * 9) % n2];
            if (x1 < 0 || x2 < 0 || x1 >= n1 || x2 >= n2) continue;
            for (let i = 0; i < I; i++) row[(x1 * n2 + x2) * I + i] += data[((o * I + i) * k1 + t1) * k2 + t2]!;
          }
        }
        rows.push(row);
      }
    }
  }
  return rows;
}

test("the operator is the assembled matrix, for every padding and stride, and its transpose is the transpose", () => {
  fc.assert(
    fc.property(
      fc.record({
        seed: fc.integer({ min: 1, max: 1e6 }),
        O: fc.integer({ min: 1, max: 3 }),
        I: fc.integer({ min: 1, max: 3 }),
        k: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 2 }),
        padding: fc.constantFrom("zero" as const, "circular" as const, "valid" as const),
        stride: fc.integer({ min: 1, max: 3 }),
        extra: fc.integer({ min: 0, max: 3 }),
      }),
      ({ seed, O, I, k, padding, stride, extra }) => {
        const kernel = kernelOf(seed, O, I, k);
        const inputSize = k.map((extent) => extent + extra);
        const A = convolutionOperator(kernel, { inputSize, padding, stride });
        const dense = toDense(A);
        expect(dense.data).toEqual(Float64Array.from(assembled(kernel, inputSize, padding, stride).flat()));
        const x = fillNormal(createRng(seed), new Float64Array(A.rows));
        const out = new Float64Array(A.cols).fill(Number.NaN);
        A.applyTranspose!(x, out);
        const expected = Float64Array.from({ length: A.cols }, (_, j) =>
          x.reduce((sum, value, i) => sum + value * dense.data[i * A.cols + j]!, 0),
        );
        expect(within(out, expected, 1e-12).ok).toBe(true);
      },
    ),
    { numRuns: 60 },
  );
});

test("closed form: the zero-padded kernel [1, 0, 1] has singular values |2 cos(πj/(n+1))|", () => {
  const kernel = { outChannels: 1, inChannels: 1, kernelSize: [3], data: Float64Array.of(1, 0, 1) };
  const n = 12;
  const { norm, residual } = convolutionNorm(kernel, { inputSize: n, rng: createRng(1) });
  expect(Math.abs(norm - 2 * Math.cos(Math.PI / (n + 1)))).toBeLessThan(1e-12);
  expect(residual).toBeLessThan(1e-7);
});

test("circular spectrum against the singular values of the assembled matrix, odd and even sizes", () => {
  for (const [O, I, k, size] of [
    [2, 3, [3, 3], [4, 5]],
    [3, 2, [2, 3], [3, 3]],
    [2, 2, [3], [7]],
  ] as const) {
    const kernel = kernelOf(7, O, I, [...k]);
    const rows = assembled(kernel, [...size], "circular", 1);
    const exact = svd(
      { rows: rows.length, cols: rows[0]!.length, data: Float64Array.from(rows.flat()) },
      { vectors: "none" },
    ).singularValues;
    expect(within(circularConvolutionSpectrum(kernel, [...size]), exact, 1e-12).ok).toBe(true);
  }
});

test("operator norms against assembled matrices; the norm of the reshaped kernel is another number", () => {
  const kernel = kernelOf(3, 4, 3, [3, 3]);
  const reshaped = svd({ rows: 4, cols: 27, data: kernel.data }, { vectors: "none" }).singularValues[0]!;
  for (const padding of ["zero", "circular", "valid"] as const) {
    for (const stride of [1, 2]) {
      const got = convolutionNorm(kernel, { inputSize: 6, padding, stride, rng: createRng(5) });
      const rows = assembled(kernel, [6, 6], padding, stride);
      const exact = svd(
        { rows: rows.length, cols: rows[0]!.length, data: Float64Array.from(rows.flat()) },
        { vectors: "none" },
      ).singularValues[0]!;
      expect(withinRelative(got.norm, exact, 1e-10).ok, `${padding} ${stride}`).toBe(true);
      expect(exact).toBeLessThanOrEqual(got.upperBound);
      if (stride === 1) expect(Math.abs(reshaped / exact - 1)).toBeGreaterThan(0.1); // what a reshaped kernel would report
    }
  }
});

test("a zero kernel, and bad input", () => {
  const zero = { outChannels: 1, inChannels: 1, kernelSize: [3], data: new Float64Array(3) };
  expect(convolutionNorm(zero, { inputSize: 4, rng: createRng(1) }).norm).toBe(0);
  expect(() => convolutionOperator({ ...zero, data: new Float64Array(2) }, { inputSize: 4 })).toThrow(
    "data must be a Float64Array of 3 numbers",
  );
  expect(() => convolutionOperator(zero, { inputSize: 2, padding: "valid" })).toThrow(
    "inputSize must be an integer >= 3, got 2",
  );
  expect(() => convolutionOperator({ ...zero, kernelSize: [] }, { inputSize: 2 })).toThrow(
    "a list of one to three extents",
  );
  expect(() => circularConvolutionSpectrum(zero, [4, 4])).toThrow("inputSize must be a number or 1 of them");
});
