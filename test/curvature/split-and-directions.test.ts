import { expect, test } from "vitest";
import { ArgumentError, column } from "../../src/core/index.js";
import {
  classifyCriticalPoint,
  classOutliers,
  curvatureProfile,
  curvatureSplit,
  flatness,
  ggn,
  hessian,
  hessianResidual,
  principalDirections,
  sharpness,
  spectralCertificate,
} from "../../src/curvature/index.js";
import { eigh } from "../../src/linalg/index.js";
import {
  activationLayer,
  batchNorm,
  conv2d,
  dense,
  flatten,
  gradient,
  loss,
  maxPool,
  mlp,
  predict,
  sequential,
  squaredNormPenalty,
} from "../../src/networks/index.js";
import { toDense } from "../../src/operators/index.js";
import { createRng } from "../../src/random/index.js";
import { derivativeErrors, dot, norm, randomData, randomParams } from "../networks/support.js";
import { within, withinRelative } from "../support/compare.js";

const net = mlp({ sizes: [4, 6, 3], activation: "tanh", loss: "cross-entropy" });
const params = randomParams(net, 1);
const data = randomData(net, 15, 2);

test("principal directions are the eigenvectors at both ends, with shares that add up", () => {
  const H = toDense(hessian(net, params, data));
  const { values, vectors } = eigh(H, { triangle: "lower" });
  const p = values.length;
  const found = principalDirections(net, params, data, { rng: createRng(3), largest: 4, smallest: 2, tolerance: 1e-9 });
  expect([found.status, found.largest.length, found.smallest.length]).toEqual(["converged", 4, 2]);
  const g = gradient(net, params, data);
  const check = (direction: (typeof found.largest)[number], index: number): void => {
    expect(withinRelative(direction.eigenvalue, values[index], 1e-9).ok).toBe(true);
    const [low, high] = direction.interval;
    const slack = 1e-13 * values[p - 1];
    expect(low - slack <= values[index] && values[index] <= high + slack).toBe(true);
    expect(withinRelative(Math.abs(dot(direction.vector, column(vectors!, index))), 1, 1e-9).ok).toBe(true);
    expect(within(direction.gradientShare, (dot(g, column(vectors!, index)) / norm(g)) ** 2, 1e-7).ok).toBe(true);
    const shares = direction.blockShares.reduce((sum, { share }) => sum + share, 0);
    expect(withinRelative(shares, 1, 1e-12).ok).toBe(true);
    expect(direction.participation).toBeGreaterThanOrEqual(1);
    expect(direction.participation).toBeLessThanOrEqual(p);
  };
  found.largest.forEach((direction, k) => check(direction, p - 1 - k));
  found.smallest.forEach((direction, k) => check(direction, k));
  expect([found.vectors.rows, found.vectors.cols]).toEqual([p, 6]);
  expect([...column(found.vectors, 4)]).toEqual([...found.smallest[0].vector]);
  expect(found.gradientShare).toBeLessThanOrEqual(1 + 1e-12);
  const ofG = principalDirections(net, params, data, { rng: createRng(4), curvature: "ggn", smallest: 0, largest: 2 });
  const gauss = eigh(toDense(ggn(net, params, data)), { vectors: false, triangle: "lower" }).values;
  expect(
    withinRelative(
      ofG.largest.map((d) => d.eigenvalue),
      [gauss[p - 1], gauss[p - 2]],
      1e-6,
    ).ok,
  ).toBe(true);
  expect(ofG.smallest).toEqual([]);
  const none = (): unknown => principalDirections(net, params, data, { rng: createRng(1), largest: 0, smallest: 0 });
  expect(none).toThrow(ArgumentError);
  expect(none).toThrow("principalDirections: largest + smallest must be an integer >= 1, got 0");
});

test("Hessian, Gauss–Newton matrix and residual side by side: exact trace identity, ends, densities", () => {
  const traceOf = (A: ReturnType<typeof toDense>): number => {
    let sum = 0;
    for (let i = 0; i < A.rows; i++) sum += A.data[i * A.cols + i];
    return sum;
  };
  const split = curvatureSplit(net, params, data, { rng: createRng(5), count: 2, probes: 400, tolerance: 1e-9 });
  expect([split.status, split.samples, split.loss]).toEqual(["converged", 15, "cross-entropy"]);
  expect(split.identityDefect).toBeLessThan(1e-13);
  const dense = {
    hessian: toDense(hessian(net, params, data)),
    ggn: toDense(ggn(net, params, data)),
    residual: toDense(hessianResidual(net, params, data)),
  };
  for (const name of ["hessian", "ggn", "residual"] as const) {
    const { values } = eigh(dense[name], { vectors: false, triangle: "lower" });
    const part = split[name];
    const scale = Math.max(Math.abs(values[0]), values[values.length - 1]);
    expect(within(part.largest, [...values.slice(-2)].reverse(), 1e-9 * scale).ok).toBe(true);
    expect(within(part.smallest, values.slice(0, 2), 1e-9 * scale).ok).toBe(true);
    const z = (part.trace.mean - traceOf(dense[name])) / (part.trace.standardError || Infinity);
    expect(Math.abs(z)).toBeLessThan(4);
    const density = part.density!;
    const mass = density.weights.reduce((sum, w) => sum + w, 0) + density.atom;
    expect(withinRelative(mass, 1, 1e-9).ok).toBe(true);
  }
  expect(withinRelative(split.ggn.trace.mean, traceOf(dense.ggn), 1e-12).ok).toBe(true);
  const sum = split.ggn.trace.mean + split.residual.trace.mean;
  expect(withinRelative(split.hessian.trace.mean, sum, 1e-15).ok).toBe(true);
  // 15 samples of 3 classes: rank at most 30 of 51, the rest is an atom at zero.
  expect(split.ggn.density!.atom).toBeGreaterThan(0.4);
  // Power: the trace of another matrix is not within the error.
  const wrong = (split.hessian.trace.mean - traceOf(dense.ggn)) / split.hessian.trace.standardError;
  expect(Math.abs(wrong)).toBeGreaterThan(4);
});

test("the residual is multiplied by itself: it keeps its digits where the Hessian is all Gauss–Newton", () => {
  const regression = mlp({ sizes: [3, 5, 2], activation: "gelu" });
  const theta = randomParams(regression, 6);
  const { inputs } = randomData(regression, 8, 7);
  const f = predict(regression, theta, inputs);
  const noise = randomData(regression, 8, 8).targets.data;
  const at = (epsilon: number) => ({ inputs, targets: { ...f, data: f.data.map((y, i) => y + epsilon * noise[i]) } });
  const large = toDense(hessianResidual(regression, theta, at(1))).data;
  const epsilon = 2 ** -30;
  const small = toDense(hessianResidual(regression, theta, at(epsilon))).data;
  // R is linear in the errors f − y, which themselves carry the rounding of the targets.
  const scaled = large.map((value) => epsilon * value);
  expect(within(small, scaled, 1e-6 * epsilon).ok).toBe(true);
  const H = toDense(hessian(regression, theta, at(epsilon))).data;
  const G = toDense(ggn(regression, theta, at(epsilon))).data;
  const difference = H.map((value, i) => value - G[i]);
  expect(within(difference, scaled, 1e-14).ok).toBe(true);
  // At interpolation it is zero, exactly.
  expect(hessianResidual(regression, theta, { inputs, targets: f }).apply.length).toBe(2);
  expect(Math.max(...toDense(hessianResidual(regression, theta, { inputs, targets: f })).data.map(Math.abs))).toBe(0);
});

test("penalties and coupled samples belong to the split, too", () => {
  const penalised = sequential([dense({ outputs: 3 }), batchNorm(), activationLayer("tanh"), dense({ outputs: 2 })], {
    inputShape: [3],
    penalties: [squaredNormPenalty({ coefficient: 0.5 })],
  });
  const theta = randomParams(penalised, 9);
  const split = curvatureSplit(penalised, theta, randomData(penalised, 6, 10), {
    rng: createRng(11),
    densityProbes: 0,
    probes: 5,
  });
  expect(split.identityDefect).toBeLessThan(1e-13);
  expect(split.ggn.trace.standardError).toBeGreaterThan(0);
  expect(split.hessian.density).toBeNull();
});

test("a profile of coupled samples estimates the Gauss–Newton traces as well, with errors that hold", () => {
  const net = sequential([dense({ outputs: 4 }), batchNorm(), activationLayer("tanh"), dense({ outputs: 3 })], {
    inputShape: [3],
    loss: "cross-entropy",
  });
  const theta = randomParams(net, 31);
  const set = randomData(net, 12, 32);
  const H = toDense(hessian(net, theta, set));
  const G = toDense(ggn(net, theta, set));
  const profile = curvatureProfile(net, theta, set, { rng: createRng(33), probes: 400, top: 2 });
  const part = (M: { cols: number; data: Float64Array }, name: string | null): number =>
    net.blocks
      .filter((block) => name === null || block.layer === name)
      .reduce((sum, { offset, length }) => {
        for (let i = offset; i < offset + length; i++) sum += M.data[i * M.cols + i];
        return sum;
      }, 0);
  expect(profile.blocks.map((block) => block.name)).toEqual(["layer1", "layer2", "layer3"]);
  for (const block of profile.blocks) {
    expect(block.ggnStandardError).toBeGreaterThan(0);
    expect(Math.abs(block.ggnTrace - part(G, block.name))).toBeLessThan(4 * block.ggnStandardError);
    expect(Math.abs(block.trace.mean - part(H, block.name))).toBeLessThan(4 * block.trace.standardError);
    const values = eigh(toDense(hessian(net, theta, set, { block: block.name })), {
      vectors: false,
      triangle: "lower",
    }).values;
    const expected = values.slice(-2).reverse();
    expect(within(block.top, expected, 1e-4 * Math.abs(expected[0])).ok).toBe(true);
  }
  expect(Math.abs(profile.trace.mean - part(H, null))).toBeLessThan(4 * profile.trace.standardError);
  expect(Math.abs(profile.ggnTrace - part(G, null))).toBeLessThan(4 * profile.ggnStandardError);
  expect(withinRelative(profile.trace.mean, profile.ggnTrace + profile.residualTrace.mean, 1e-12).ok).toBe(true);
  // Independent samples: exact, without an error.
  const plain = mlp({ sizes: [3, 4, 3], activation: "tanh", loss: "cross-entropy" });
  const exact = curvatureProfile(plain, randomParams(plain, 34), set, { rng: createRng(35), probes: 2, top: 0 });
  expect([exact.ggnStandardError, ...exact.blocks.map((block) => block.ggnStandardError)]).toEqual([0, 0, 0]);
});

test("a convolutional network has the same reports as a fully connected one", () => {
  const image = sequential(
    [
      conv2d({ outputs: 2, kernel: 2 }),
      activationLayer("relu"),
      maxPool({ size: 2 }),
      flatten(),
      dense({ outputs: 3 }),
    ],
    { inputShape: [1, 5, 5], loss: "cross-entropy" },
  );
  const theta = randomParams(image, 12);
  const set = randomData(image, 10, 13);
  const G = toDense(ggn(image, theta, set));
  let trace = 0;
  for (let i = 0; i < G.rows; i++) trace += G.data[i * G.cols + i];
  const profile = curvatureProfile(image, theta, set, { rng: createRng(14), probes: 3, top: 1 });
  expect(withinRelative(profile.ggnTrace, trace, 1e-11).ok).toBe(true);
  const outliers = classOutliers(image, theta, set, { rng: createRng(15) });
  const { traces } = outliers;
  const sum = traces.class + traces.crossClass + traces.ownClass + traces.withinClass;
  expect(withinRelative(sum, trace, 1e-11).ok).toBe(true);
});

test("a user's loss that is none of ours has exact derivatives, Gauss–Newton products and residual", () => {
  const pseudoHuber = loss({
    name: "pseudo-Huber",
    value: (f, y) => f.reduce((sum, value, k) => sum + Math.sqrt(1 + (value - y[k]) ** 2) - 1, 0),
    gradient: (f, y, out) => f.forEach((value, k) => (out[k] = (value - y[k]) / Math.sqrt(1 + (value - y[k]) ** 2))),
    curvature: (f, y, u, out) => f.forEach((value, k) => (out[k] = u[k] / (1 + (value - y[k]) ** 2) ** 1.5)),
  });
  const own = mlp({ sizes: [3, 4, 2], activation: "silu", loss: pseudoHuber });
  const theta = randomParams(own, 16);
  const set = randomData(own, 9, 17);
  const errors = derivativeErrors(own, theta, set, 18);
  expect(errors.gradient).toBeLessThan(1e-6);
  expect(errors.hessian).toBeLessThan(1e-6);
  expect(errors.symmetry).toBeLessThan(1e-12);
  const split = curvatureSplit(own, theta, set, { rng: createRng(19), probes: 3, densityProbes: 0, count: 1 });
  expect(split.identityDefect).toBeLessThan(1e-13);
  expect(split.ggn.smallest[0]).toBeGreaterThan(-1e-6 * split.ggn.largest[0]); // the loss is convex
});

test("cancelled runs return what they have and say so", () => {
  const stopped = { aborted: true };
  const rng = createRng(20);
  const run = { rng, signal: stopped };
  expect(sharpness(net, params, data, run).status).toBe("cancelled");
  expect(principalDirections(net, params, data, run).status).toBe("cancelled");
  expect(flatness(net, params, data, run).status).toBe("cancelled");
  expect(flatness(net, params, data, run).trace.samples).toBe(0);
  expect(curvatureProfile(net, params, data, run).status).toBe("cancelled");
  expect(classOutliers(net, params, data, run).status).toBe("cancelled");
  expect(curvatureSplit(net, params, data, run).status).toBe("cancelled");
  expect(classifyCriticalPoint(net, params, data, { ...run, denseLimit: 0 }).spectrum.status).toBe("cancelled");
  expect(spectralCertificate(net, params, data, { ...run, denseLimit: 0 }).hessian.status).toBe("cancelled");
  // Stopped midway, the profile keeps the traces and leaves the eigenvalues out.
  let calls = 0;
  const later = {
    get aborted() {
      return ++calls > 5;
    },
  };
  const part = curvatureProfile(net, params, data, { rng, signal: later, probes: 50 });
  expect(part.status).toBe("cancelled");
  expect(part.trace.samples).toBeGreaterThan(0);
  expect(part.trace.samples).toBeLessThan(50);
  expect(part.blocks).toHaveLength(2);
});
