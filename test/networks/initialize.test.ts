import { expect, test } from "vitest";
import { initialize, mlp } from "../../src/networks/index.js";
import { createRng } from "../../src/random/index.js";

function moments(values: Float64Array): { mean: number; variance: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return { mean, variance: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length };
}

/** z-score of the variance of n normals: its standard error is v √(2/n). */
function varianceScore(values: Float64Array, variance: number): number {
  return (moments(values).variance / variance - 1) / Math.sqrt(2 / values.length);
}

test("schemes draw weights of the named variances, in both parameterisations", () => {
  const expected = { he: 2 / 40, lecun: 1 / 40, xavier: 2 / 100 } as const;
  for (const parameterisation of ["standard", "ntk"] as const) {
    const net = mlp({ sizes: [40, 60, 1], parameterisation, weightScale: 1.5 });
    const { effectiveScale } = net.blocks[0];
    for (const scheme of ["he", "lecun", "xavier"] as const) {
      const W = initialize(net, scheme, createRng(5))
        .slice(0, 2400)
        .map((w) => w * effectiveScale);
      expect(Math.abs(varianceScore(W, expected[scheme]))).toBeLessThan(4);
      // Power: a variance wrong by the factor of a neighbouring scheme is ten standard errors away.
      expect(Math.abs(varianceScore(W, expected[scheme] * 1.5))).toBeGreaterThan(4);
    }
    const stored = initialize(net, "ntk", createRng(6));
    expect(Math.abs(varianceScore(stored.slice(0, 2400), 1))).toBeLessThan(4);
    expect(stored.slice(2400, 2460).every((b) => b !== 0)).toBe(true);
  }
});

test("orthogonal initialisation has orthonormal rows or columns times the gain", () => {
  const net = mlp({ sizes: [5, 8, 3], bias: false });
  const params = initialize(net, "orthogonal", createRng(7), { gain: 2 });
  for (const [offset, rows, cols] of [
    [0, 8, 5],
    [40, 3, 8],
  ]) {
    const thin = Math.min(rows, cols);
    for (let a = 0; a < thin; a++) {
      for (let b = 0; b < thin; b++) {
        let sum = 0;
        for (let k = 0; k < Math.max(rows, cols); k++) {
          const at = (i: number, j: number): number => params[offset + i * cols + j];
          sum += rows < cols ? at(a, k) * at(b, k) : at(k, a) * at(k, b);
        }
        expect(Math.abs(sum - (a === b ? 4 : 0))).toBeLessThan(1e-13);
      }
    }
  }
});

test("each array has a stream of its own: a wider net keeps the weights that are drawn by name", () => {
  const a = initialize(mlp({ sizes: [3, 4, 2] }), "he", createRng(1));
  const b = initialize(mlp({ sizes: [3, 4, 5] }), "he", createRng(1));
  expect([...a.subarray(0, 16)]).toEqual([...b.subarray(0, 16)]);
  expect(a[12]).toBe(0); // biases start at zero
  expect(() => initialize(mlp({ sizes: [1, 1] }), "kaiming" as never, createRng(1))).toThrow(
    'initialize: scheme must be one of "he", "xavier", "lecun", "orthogonal", "ntk", got "kaiming"',
  );
});
