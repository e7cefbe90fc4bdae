import { expect, test } from "vitest";
import { type Matrix } from "../../src/core/index.js";
import { ggn, kfac } from "../../src/curvature/index.js";
import { svd } from "../../src/linalg/index.js";
import {
  activationLayer,
  averagePool,
  batchNorm,
  chainBackward,
  chainForward,
  conv1d,
  conv2d,
  dense,
  flatten,
  type Layer,
  layerNorm,
  type LayerDefinition,
  maxPool,
  residual,
  sequential,
  softmax,
  spectralDense,
} from "../../src/networks/index.js";
import { toDense } from "../../src/operators/index.js";
import { createRng, normalMatrix } from "../../src/random/index.js";
import { within, withinRelative } from "../support/compare.js";
import { dot, norm, randomData, randomParams, randomVector, shifted } from "./support.js";

/** Central differences of step 1e-5: truncation near 1e-10, rounding near 1e-11 over the step. */
const DIFFERENCE = 1e-7;
const EXACT = 1e-12;
const STEP = 1e-5;

type Definition = (theta: Float64Array, x: number[][]) => number[][];

interface Case {
  readonly layer: LayerDefinition;
  readonly inputShape: number[];
  /** The formula of the documentation, written with loops. */
  readonly definition: Definition;
}

const rows = (A: Matrix): number[][] =>
  Array.from({ length: A.rows }, (_, i) => Array.from(A.data.subarray(i * A.cols, (i + 1) * A.cols)));
const affine = (W: ArrayLike<number>, b: ArrayLike<number>, x: number[]): number[] =>
  Array.from(b, (value, k) => x.reduce((sum, entry, j) => sum + W[k * x.length + j] * entry, value));
const moments = (list: number[]): [number, number] => {
  const mean = list.reduce((sum, value) => sum + value, 0) / list.length;
  return [mean, list.reduce((sum, value) => sum + (value - mean) ** 2, 0) / list.length];
};

/** (k, p, q) = Σ W x + b over the window, x zero outside; sequences have height 1. */
function naiveConvolution(
  theta: Float64Array,
  x: number[],
  [channels, height, width]: [number, number, number],
  [tall, wide]: [number, number],
  outputs: number,
  stride: number,
  [padTop, padLeft]: [number, number],
): number[] {
  const taps = channels * tall * wide;
  const out: number[] = [];
  for (let k = 0; k < outputs; k++) {
    for (let p = 0; p * stride + tall <= height + 2 * padTop; p++) {
      for (let q = 0; q * stride + wide <= width + 2 * padLeft; q++) {
        let sum = theta[outputs * taps + k];
        for (let c = 0; c < channels; c++) {
          for (let a = 0; a < tall; a++) {
            for (let b = 0; b < wide; b++) {
              const [y, z] = [p * stride + a - padTop, q * stride + b - padLeft];
              if (y < 0 || z < 0 || y >= height || z >= width) continue;
              sum += theta[k * taps + (c * tall + a) * wide + b] * x[(c * height + y) * width + z];
            }
          }
        }
        out.push(sum);
      }
    }
  }
  return out;
}

function naivePool(x: number[], reduce: (window: number[]) => number): number[] {
  // 2 channels of 4 x 5, windows of 2, stride 1.
  const out: number[] = [];
  for (let c = 0; c < 2; c++) {
    for (let p = 0; p + 2 <= 4; p++) {
      for (let q = 0; q + 2 <= 5; q++) {
        const at = (i: number, j: number): number => x[(c * 4 + p + i) * 5 + q + j];
        out.push(reduce([at(0, 0), at(0, 1), at(1, 0), at(1, 1)]));
      }
    }
  }
  return out;
}

const fixed = { mean: [0.3, -0.2], variance: [2, 0.5] };
const cases: Record<string, Case> = {
  dense: {
    layer: dense({ outputs: 3 }),
    inputShape: [4],
    definition: (t, x) => x.map((row) => affine(t.subarray(0, 12), t.subarray(12), row)),
  },
  "dense in the NTK parameterisation": {
    layer: dense({ outputs: 2, parameterisation: "ntk", weightScale: 1.5, biasScale: 0.5 }),
    inputShape: [4],
    definition: (t, x) =>
      x.map((row) =>
        affine(
          t.subarray(0, 8).map((w) => (1.5 / 2) * w),
          t.subarray(8).map((b) => 0.5 * b),
          row,
        ),
      ),
  },
  activation: {
    layer: activationLayer("gelu"),
    inputShape: [5],
    definition: (_, x) => x.map((row) => row.map((s) => (s / 2) * (1 + erf(s / Math.SQRT2)))),
  },
  "layer normalisation": {
    layer: layerNorm({ epsilon: 0.01 }),
    inputShape: [5],
    definition: (t, x) =>
      x.map((row) => {
        const [mean, variance] = moments(row);
        return row.map((s, j) => (t[j] * (s - mean)) / Math.sqrt(variance + 0.01) + t[5 + j]);
      }),
  },
  "batch normalisation of channels": {
    layer: batchNorm({ epsilon: 0.01 }),
    inputShape: [2, 3],
    definition: (t, x) =>
      x.map((row) =>
        row.map((s, j) => {
          const c = Math.floor(j / 3);
          const [mean, variance] = moments(x.flatMap((other) => other.slice(3 * c, 3 * c + 3)));
          return (t[c] * (s - mean)) / Math.sqrt(variance + 0.01) + t[2 + c];
        }),
      ),
  },
  "batch normalisation with fixed statistics": {
    layer: batchNorm({ epsilon: 0.01, statistics: fixed }),
    inputShape: [2, 3],
    definition: (t, x) =>
      x.map((row) =>
        row.map((s, j) => {
          const c = Math.floor(j / 3);
          return (t[c] * (s - fixed.mean[c])) / Math.sqrt(fixed.variance[c] + 0.01) + t[2 + c];
        }),
      ),
  },
  "one-dimensional convolution": {
    layer: conv1d({ outputs: 3, kernel: 3, stride: 2, padding: 2 }),
    inputShape: [2, 6],
    definition: (t, x) => x.map((row) => naiveConvolution(t, row, [2, 1, 6], [1, 3], 3, 2, [0, 2])),
  },
  "two-dimensional convolution": {
    layer: conv2d({ outputs: 2, kernel: 3, stride: 2, padding: 1 }),
    inputShape: [2, 5, 4],
    definition: (t, x) => x.map((row) => naiveConvolution(t, row, [2, 5, 4], [3, 3], 2, 2, [1, 1])),
  },
  "two-dimensional convolution, kernel wider than the padded overlap": {
    layer: conv2d({ outputs: 2, kernel: 4, stride: 3, padding: 3 }),
    inputShape: [1, 3, 5],
    definition: (t, x) => x.map((row) => naiveConvolution(t, row, [1, 3, 5], [4, 4], 2, 3, [3, 3])),
  },
  "average pooling": {
    layer: averagePool({ size: 2, stride: 1 }),
    inputShape: [2, 4, 5],
    definition: (_, x) => x.map((row) => naivePool(row, (window) => window.reduce((sum, value) => sum + value) / 4)),
  },
  "maximum pooling": {
    layer: maxPool({ size: 2, stride: 1 }),
    inputShape: [2, 4, 5],
    definition: (_, x) => x.map((row) => naivePool(row, (window) => Math.max(...window))),
  },
  flatten: { layer: flatten(), inputShape: [2, 3, 2], definition: (_, x) => x },
  "residual block": {
    layer: residual([dense({ outputs: 3 }), activationLayer("tanh"), dense({ outputs: 4, bias: false })]),
    inputShape: [4],
    definition: (t, x) =>
      x.map((row) => {
        const h = affine(t.subarray(0, 12), t.subarray(12, 15), row).map(Math.tanh);
        return affine(t.subarray(15), [0, 0, 0, 0], h).map((value, k) => value + row[k]);
      }),
  },
  "spectrally normalised layer": {
    layer: spectralDense({ outputs: 3 }),
    inputShape: [4],
    definition: (t, x) => {
      const W = { rows: 3, cols: 4, data: t.slice(0, 12) };
      const sigma = svd(W, { vectors: "none" }).singularValues[0];
      return x.map((row) =>
        affine(
          W.data.map((w) => w / sigma),
          t.subarray(12),
          row,
        ),
      );
    },
  },
};

/** erf by its Taylor series, good to rounding for |x| < 4. */
function erf(x: number): number {
  let term = x;
  let sum = x;
  for (let k = 1; k < 120; k++) {
    term *= (-x * x) / k;
    sum += term / (2 * k + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}

const samples = 5;

function setting({ layer, inputShape }: Case) {
  const rng = createRng([7, inputShape.length]);
  const bound: Layer = layer.bind(inputShape, "layer1");
  const size = inputShape.reduce((product, value) => product * value, 1);
  const count = bound.parameters.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
  const outputs = bound.outputShape.reduce((product, value) => product * value, 1);
  return {
    rng,
    bound,
    theta: randomVector(rng, count),
    x: normalMatrix(rng, samples, size),
    thetaDot: randomVector(rng, count),
    xDot: normalMatrix(rng, samples, size),
    c: normalMatrix(rng, samples, outputs),
    cDot: normalMatrix(rng, samples, outputs),
  };
}

const moved = (A: Matrix, t: number, B: Matrix): Matrix => ({ ...A, data: shifted(A.data, t, B.data) });
const close = (actual: Float64Array, expected: Float64Array, tolerance: number, what: string): void => {
  const verdict = within(actual, expected, tolerance * Math.max(1, norm(expected)));
  expect(verdict.ok, `${what}: ${verdict.message}`).toBe(true);
};

test.each(Object.entries(cases))("%s: forward, jvp, vjp and second-order pass", (name, c) => {
  const { bound, theta, x, thetaDot, xDot, c: cotangent, cDot } = setting(c);
  const pass = bound.forward(theta, x);
  close(pass.output.data, Float64Array.from(c.definition(theta, rows(x)).flat()), 1e-13, "forward");

  const at = (t: number) => bound.forward(shifted(theta, t, thetaDot), moved(x, t, xDot));
  const half = (plus: Float64Array, minus: Float64Array): Float64Array =>
    plus.map((value, i) => (value - minus[i]) / (2 * STEP));
  const tangent = pass.jvp(thetaDot, xDot);
  close(tangent.output.data, half(at(STEP).output.data, at(-STEP).output.data), DIFFERENCE, "jvp");
  // A null input tangent is zero.
  const still = { ...xDot, data: new Float64Array(xDot.data.length) };
  close(pass.jvp(thetaDot, null).output.data, pass.jvp(thetaDot, still).output.data, EXACT, "jvp without input");

  const gradient = new Float64Array(theta.length);
  const adjoint = pass.vjp(cotangent, gradient, true);
  const left = dot(cotangent.data, tangent.output.data);
  const right = dot(gradient, thetaDot) + dot(adjoint.input!.data, xDot.data);
  expect(withinRelative(left, right, 1e-11).ok, `${name}: ${left} and ${right}`).toBe(true);
  const again = gradient.slice(); // vjp adds
  pass.vjp(cotangent, again, false);
  close(
    again,
    gradient.map((value) => 2 * value),
    EXACT,
    "vjp adds",
  );

  const moving = (t: number): { readonly gradient: Float64Array; readonly input: Float64Array } => {
    const g = new Float64Array(theta.length);
    const back = at(t).vjp(moved(cotangent, t, cDot), g, true);
    return { gradient: g, input: back.input!.data };
  };
  const gradientDot = new Float64Array(theta.length);
  const given = { parameters: thetaDot, input: xDot, tangent, cotangent, adjoint, cotangentTangent: cDot };
  const inputDot = pass.secondOrder(given, gradientDot, true);
  const [plus, minus] = [moving(STEP), moving(-STEP)];
  close(gradientDot, half(plus.gradient, minus.gradient), DIFFERENCE, "second-order pass, parameters");
  close(inputDot!.data, half(plus.input, minus.input), DIFFERENCE, "second-order pass, input");

  if (bound.couplesSamples) {
    expect(() => pass.perSample(cotangent, { rows: samples, cols: theta.length, data: again }, 0)).toThrow(
      "without coupled samples",
    );
    return;
  }
  const each = { rows: samples, cols: theta.length + 1, data: new Float64Array(samples * (theta.length + 1)) };
  pass.perSample(cotangent, each, 1);
  const sum = gradient.map((_, j) => rows(each).reduce((total, row) => total + row[j + 1], 0));
  close(sum, gradient, EXACT, "per-sample gradients add up");
});

test("negative control: a second-order pass without the moving input fails the same verdict", () => {
  const { bound, theta, x, thetaDot, xDot, c: cotangent, cDot } = setting(cases["layer normalisation"]);
  const pass = bound.forward(theta, x);
  const given = {
    parameters: thetaDot,
    tangent: pass.jvp(thetaDot, xDot),
    cotangent,
    adjoint: pass.vjp(cotangent, null, true),
    cotangentTangent: cDot,
  };
  const right = pass.secondOrder({ ...given, input: xDot }, new Float64Array(theta.length), true)!;
  const wrong = pass.secondOrder({ ...given, input: null }, new Float64Array(theta.length), true)!;
  expect(within(wrong.data, right.data, DIFFERENCE * norm(right.data)).ok).toBe(false);
});

test("Kronecker factors of a convolution, expand and reduce, are the means that define them", () => {
  const first = conv2d({ outputs: 2, kernel: 2 });
  const rest = [activationLayer("tanh"), flatten(), dense({ outputs: 3 })];
  const net = sequential([first, ...rest], { inputShape: [1, 3, 4], loss: "cross-entropy" });
  const params = randomParams(net, 31);
  const { inputs, targets } = randomData(net, 7, 32);
  const taps = 4;
  const positions = 6;
  // Cotangents of the convolution's output for each curvature root √p_k (e_k − p), by the rest of the network alone.
  const tail = sequential(rest, { inputShape: [2, 2, 3] });
  const hidden = first.bind([1, 3, 4], "conv").forward(params, inputs).output;
  const pass = chainForward(tail.chain, params.slice(10), hidden);
  const p = softmax(pass.output);
  const deltas = [0, 1, 2].map((k) => {
    const root = p.data.map((value, e) => {
      const i = Math.floor(e / 3);
      return Math.sqrt(p.data[3 * i + k]) * ((e % 3 === k ? 1 : 0) - value);
    });
    return chainBackward(pass, { ...p, data: root }, null, true).input!;
  });
  const patch = (i: number, position: number): number[] => {
    const [row, col] = [Math.floor(position / 3), position % 3];
    const pixels = [0, 1].flatMap((a) => [0, 1].map((b) => inputs.data[12 * i + 4 * (row + a) + col + b]));
    return [...pixels, 1];
  };
  for (const sharing of ["expand", "reduce"] as const) {
    const A = new Float64Array((taps + 1) ** 2);
    const G = new Float64Array(4);
    const outer = (a: number[], out: Float64Array, factor: number): void =>
      a.forEach((x, i) => a.forEach((y, j) => (out[i * a.length + j] += factor * x * y)));
    for (let i = 0; i < 7; i++) {
      const patches = Array.from({ length: positions }, (_, r) => patch(i, r));
      const delta = (k: number, r: number): number[] => [0, 1].map((o) => deltas[k].data[12 * i + positions * o + r]);
      const total = (list: number[][]): number[] => list[0].map((_, j) => list.reduce((sum, row) => sum + row[j], 0));
      if (sharing === "expand") {
        for (const row of patches) outer(row, A, 1 / (7 * positions));
        for (let k = 0; k < 3; k++) for (let r = 0; r < positions; r++) outer(delta(k, r), G, 1 / 7);
      } else {
        outer(
          total(patches).map((x) => x / positions),
          A,
          1 / 7,
        );
        for (let k = 0; k < 3; k++) outer(total(patches.map((_, r) => delta(k, r))), G, 1 / 7);
      }
    }
    const [block] = kfac(net, params, { inputs, targets }, { sharing }).blocks;
    close(block.inputFactor.data, A, 1e-13, `${sharing}, input factor`);
    close(block.outputFactor.data, G, 1e-13, `${sharing}, output factor`);
  }
});

test("Kronecker factors reach into residual blocks: exact for one sample, the exact trace under EKFAC", () => {
  const block = residual([
    dense({ outputs: 4 }),
    activationLayer("tanh"),
    residual([dense({ outputs: 4, bias: false })]),
  ]);
  const net = sequential([dense({ outputs: 4 }), block, dense({ outputs: 3 })], {
    inputShape: [2],
    loss: "cross-entropy",
  });
  const params = randomParams(net, 41);
  const data = randomData(net, 1, 42);
  const K = kfac(net, params, data);
  expect(K.blocks.map(({ layer, offset }) => `${layer}@${offset}`)).toEqual([
    "layer1@0",
    "layer2.branch.layer1@12",
    "layer2.branch.layer2.branch.layer1@32",
    "layer3@48",
  ]);
  const dense1 = toDense(K.operator);
  const G = toDense(ggn(net, params, data));
  const n = net.parameterCount;
  const ends = [0, 12, 32, 48, n];
  for (let b = 0; b < 4; b++) {
    for (let i = ends[b]; i < ends[b + 1]; i++) {
      for (let j = ends[b]; j < ends[b + 1]; j++) {
        expect(Math.abs(dense1.data[i * n + j] - G.data[i * n + j])).toBeLessThan(1e-14);
      }
    }
  }
  const quality = kfac(net, params, randomData(net, 9, 43), { variant: "ekfac" }).quality({ rng: createRng(44) });
  expect(withinRelative(quality.traceRatio, 1, 1e-11).ok).toBe(true);
});
