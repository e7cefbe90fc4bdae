import { expect, test } from "vitest";
import { ArgumentError, NonFiniteError, norm, ShapeError } from "../../src/core/index.js";
import {
  asyncOperatorFromHvp,
  classifyCriticalPoint,
  classOutliers,
  curvatureProfile,
  curvatureSplit,
  estimateEffectiveRank,
  flatness,
  hessian,
  kfac,
  operatorFromGradient,
  operatorFromHvp,
  principalDirections,
  sharpness,
  spectralCertificate,
} from "../../src/curvature/index.js";
import { eigh } from "../../src/linalg/index.js";
import { gradient, initialize, mlp } from "../../src/networks/index.js";
import { toDense } from "../../src/operators/index.js";
import { createRng, type Rng } from "../../src/random/index.js";
import { randomData, randomParams } from "../networks/support.js";
import { within } from "../support/compare.js";

const net = mlp({ sizes: [3, 4, 2], activation: "tanh", loss: "cross-entropy" });
const params = randomParams(net, 1);
const data = randomData(net, 8, 2);

test("randomness that is missing is an error that says how to pass it", () => {
  const none = {} as { rng: Rng };
  const calls: Record<string, () => unknown> = {
    initialize: () => initialize(net, "he", undefined as unknown as Rng),
    curvatureProfile: () => curvatureProfile(net, params, data, none),
    curvatureSplit: () => curvatureSplit(net, params, data, undefined as unknown as { rng: Rng }),
    classOutliers: () => classOutliers(net, params, data, none),
    principalDirections: () => principalDirections(net, params, data, none),
    flatness: () => flatness(net, params, data, none),
    sharpness: () => sharpness(net, params, data, none),
    spectralCertificate: () => spectralCertificate(net, params, data, none),
    estimateEffectiveRank: () => estimateEffectiveRank(hessian(net, params, data), none),
    operatorFromHvp: () => operatorFromHvp(1, ([x = 0]) => [x], none),
    "Kfac.quality": () => kfac(net, params, data).quality(none),
  };
  for (const [name, call] of Object.entries(calls)) {
    expect(call, name).toThrow(ArgumentError);
    expect(call).toThrow(
      `${name}: rng must be a stream of random numbers, got undefined; pass { rng: createRng(seed) }`,
    );
  }
});

test("a foreign product that fills in nothing, a part, or adds to what is there is refused", async () => {
  const text = "product must be finite, and written to every entry of out or returned";
  const options = (): { rng: Rng } => ({ rng: createRng(3) });
  expect(() => operatorFromHvp(2, () => undefined, options())).toThrow(text);
  expect(() => operatorFromHvp(2, (v, out) => void (out[0] = v[0]), options())).toThrow(text);
  expect(() => operatorFromHvp(2, (v, out) => v.forEach((value, i) => (out[i] += value)), options())).toThrow(text);
  await expect(asyncOperatorFromHvp(2, async () => undefined, options())).rejects.toThrow(text);
});

test("a foreign gradient of a wrong length, a promise, or one that is not finite is refused at the product", () => {
  const product = (given: () => unknown): (() => void) => {
    const H = operatorFromGradient(Float64Array.of(1, 2), given as () => number[]);
    return () => H.apply(Float64Array.of(1, 0), new Float64Array(2));
  };
  expect(product(() => [1])).toThrow(ShapeError);
  expect(product(() => [1])).toThrow(
    "operatorFromGradient: gradient must be a function that fills out or returns an array of length 2, got length 1 from it",
  );
  expect(product(() => [Number.NaN, 1])).toThrow(NonFiniteError);
  expect(product(() => undefined)).toThrow(NonFiniteError); // nothing was filled in
  expect(product(async () => [1, 2])).toThrow(ArgumentError);
  expect(product(async () => [1, 2])).toThrow("use asyncOperatorFromHvp for promises");
});

test("a critical point is judged on the block that was named", () => {
  const { spectrum, gradientNorm } = classifyCriticalPoint(net, params, data, { block: "layer2" });
  const H = toDense(hessian(net, params, data, { block: "layer2" }));
  const { values } = eigh(H, { vectors: false, triangle: "lower" });
  expect(within([spectrum.smallest, spectrum.largest], [values[0], values[values.length - 1]], 1e-13).ok).toBe(true);
  expect(within(gradientNorm, norm(gradient(net, params, data).subarray(16)), 1e-15).ok).toBe(true);
  expect(() => classifyCriticalPoint(net, params, data, { block: "layer7" })).toThrow(ArgumentError);
});

test("the dense way to the spectrum's ends looks at the signal between products", () => {
  let looks = 0;
  const signal = {
    get aborted() {
      return ++looks > 3;
    },
  };
  const { kind, spectrum } = classifyCriticalPoint(net, params, data, { signal, gradientTolerance: 1e9 });
  expect([kind, spectrum.status, spectrum.matvecs]).toEqual(["undecided", "cancelled", 3]);
  const certificate = spectralCertificate(net, params, data, { rng: createRng(4), signal: { aborted: true } });
  expect(certificate.hessian.status).toBe("cancelled");
  const reason = "the run was cancelled before the spectrum was known";
  expect(certificate.hessian.kappa).toEqual({ defined: false, reason });
  expect(certificate.hessian.kappaNonzero).toEqual({ defined: false, reason });
});

test("an unknown activation is an error even in a network without a hidden layer", () => {
  expect(() => mlp({ sizes: [1, 1], activation: "rellu" as "relu" })).toThrow('"rellu"');
});
