import fc from "fast-check";
import { expect, test } from "vitest";
import { ArgumentError, NonFiniteError, ResourceError, ShapeError } from "../../src/core/index.js";
import {
  commutator,
  composite,
  conditionNumber,
  sphere,
  sobolevFlow,
  sphereAsymptotics,
  torus,
  torusAsymptotics,
  torusCoefficients,
} from "../../src/domains/index.js";
import { type Kernel, arcCosine, nngp, ntk, zonalKernel } from "../../src/kernels/index.js";
import { eigh } from "../../src/linalg/index.js";
import { createRng, fillNormal } from "../../src/random/index.js";
import { gamma } from "../../src/special/index.js";
import { maxDifference, tolerance } from "../support/compare.js";
import { spectrumLaws } from "../support/laws/domain-laws.js";
import { fixture } from "../support/shared.js";

interface TorusCase {
  readonly inputs: { d: number; N: number; L: number; Delta: string };
  readonly outputs: { first_row: { offset: number[]; value: string }[]; eig: { k: number[]; lam: string }[] };
  readonly tolerance: { abs: number };
}
const cases = fixture<{ cases: Record<string, TorusCase> }>("domains/sobolev.json").cases;

for (const [id, { inputs, outputs, tolerance: allowed }] of Object.entries(cases).filter(([key]) =>
  key.startsWith("S6"),
)) {
  test(`${id}: first row, eigenvalues, error bars, trace`, () => {
    const domain = torus(inputs.d, inputs.N);
    const kernel = ntk({ depth: inputs.L, activation: Number(inputs.Delta) === 1 ? "abs" : "relu" });
    const row = domain.firstRow(kernel)!;
    for (const { offset, value } of outputs.first_row)
      expect(Math.abs(row[domain.indexOf(offset)] - Number(value))).toBeLessThan(1e-15);
    const spectrum = domain.mercer(kernel);
    spectrumLaws(spectrum);
    for (const { k, lam } of outputs.eig) {
      const error = Math.abs(spectrum.eigenvalues[domain.indexOf(k)] - Number(lam));
      expect(error).toBeLessThanOrEqual(allowed.abs);
      expect(error).toBeLessThanOrEqual(spectrum.errorBounds[0]);
    }
    expect(Math.abs(spectrum.traceDefect)).toBeLessThan(tolerance(4, row.length, inputs.L));
    // Symmetries: sign of each component and permutation of components.
    const { eigenvalues } = spectrum;
    const k = outputs.eig[outputs.eig.length - 2].k;
    const mirrored = eigenvalues[domain.indexOf(k.map((x) => -x).reverse())];
    expect(Math.abs(mirrored - eigenvalues[domain.indexOf(k)])).toBeLessThanOrEqual(spectrum.errorBounds[0]);
  });
}

test("dense eigenvalues, Gram matrix of the embedded points, odd and even sizes, dimensions 1 to 3", () => {
  for (const [d, N] of [
    [1, 1],
    [1, 2],
    [1, 7],
    [2, 3],
    [2, 4],
    [3, 3],
  ]) {
    const domain = torus(d, N);
    for (const kernel of [
      ntk({ depth: 3 }),
      ntk({ depth: 2, activation: "erf", weightVariance: 1.2, biasVariance: 0.2, inputScaling: "unit" }),
    ]) {
      const dense = eigh(kernel.gram(domain.embedded), { vectors: false }).values;
      const fast = Float64Array.from(domain.mercer(kernel).eigenvalues).sort();
      expect(
        maxDifference(
          dense.map((x) => x / N ** d),
          fast,
        ),
      ).toBeLessThan(tolerance(40, 1, kernel.profile(0)));
    }
  }
});

test("parity: odd sums vanish on even grids for two layers except ±e_j, are filled on odd grids; abs keeps none", () => {
  const even = torus(2, 8);
  const spectrum = even.mercer(ntk({ depth: 2 }));
  const vanishing = new Set(spectrum.vanishing);
  for (let i = 0; i < 64; i++) {
    const { frequency, squaredNorm } = even.level(i);
    expect(vanishing.has(i)).toBe(Math.abs(frequency[0] + frequency[1]) % 2 === 1 && squaredNorm !== 1);
  }
  expect(torus(2, 9).mercer(ntk({ depth: 2 })).vanishing).toEqual([]);
  expect(even.mercer(ntk({ depth: 3, activation: "abs" })).vanishing.length).toBe(32);
  const report = conditionNumber(spectrum);
  expect(!report.condition.defined && report.condition.reason).toContain("unresolved");
  expect(conditionNumber(spectrum, { modes: "nonzero" }).condition.defined).toBe(true);
});

test("multipliers of real operators are even: others are refused with the frequency", () => {
  const grid = torus(2, 6);
  expect(() => grid.multiplier("drift", (k) => k[0])).toThrow(
    "torus.multiplier: symbol must be even, σ(k) = σ(−k), got 1 and -1 at ±(1, 0)",
  );
  // The Nyquist frequency is its own mirror image, and mixed products are even.
  expect(
    grid.multiplier("mixed", (k) => (Math.abs(k[0]) === 3 || Math.abs(k[1]) === 3 ? 7 : k[0] * k[1])).symbol.length,
  ).toBe(36);
  expect(grid.multiplier("length", (_, squared) => Math.sqrt(squared)).symbol[1]).toBe(1);
});

test("zero modes by theory are those of the transform, for every kernel with a parity, and none is learned", () => {
  const kernels = [
    ntk({ depth: 2 }),
    ntk({ depth: 2, activation: "leaky-relu" }),
    ntk({ depth: 3, activation: "abs" }),
    ntk({ depth: 3, activation: "identity" }),
    nngp({ depth: 2 }),
    arcCosine(0),
    arcCosine(1),
    arcCosine(2),
    ntk({ depth: 3 }),
    ntk({ depth: 2, weightVariance: 2, biasVariance: 0.1 }),
  ];
  for (const kernel of kernels) {
    // The profile alone says nothing of its origin: its zeros are rounding.
    const hidden = zonalKernel((theta, supplement) => kernel.profile(theta, supplement));
    for (const [d, N] of [
      [1, 2],
      [1, 10],
      [1, 11],
      [2, 2],
      [2, 6],
      [2, 8],
      [3, 4],
      [4, 4],
    ] as const) {
      const domain = torus(d, N);
      const known = domain.mercer(kernel);
      const found = domain.mercer(hidden);
      expect(known.vanishing, `${kernel.name}, ${d}, ${N}`).toEqual(found.vanishing);
      found.eigenvalues.forEach((value, i) =>
        expect(Math.abs(value - known.eigenvalues[i])).toBeLessThanOrEqual(found.errorBounds[i]),
      );
      const residual = new Float64Array(N ** d).fill(1);
      expect(sobolevFlow({ ...known, residual }, { times: [1] }).neverLearned).toEqual(known.vanishing);
      expect(sobolevFlow({ ...found, residual }, { times: [1] }).neverLearned).toEqual(known.vanishing);
    }
  }
  const { eigenvalues, vanishing } = torusCoefficients(ntk({ depth: 2 }), 2, 4);
  const band = torus(2, 9);
  const odd = Array.from(eigenvalues.keys()).filter((i) => {
    const sum = band.level(i).frequency.reduce((total, k) => total + Math.abs(k), 0);
    return sum % 2 === 1 && sum > 1;
  });
  expect(vanishing).toEqual(odd);
  for (const i of odd) expect(eigenvalues[i]).toBe(0);
});

test("decay: eigenvalues approach the law with its constants, by parity, for every depth and d = 1, 2, 3", () => {
  for (const [d, N, k, allowed] of [
    [1, 8192, 32, 0.012],
    [2, 512, 32, 0.02],
    [3, 128, 16, 0.12],
  ]) {
    for (const kernel of [
      ntk({ depth: 2 }),
      ntk({ depth: 3 }),
      ntk({ depth: 5, normalised: true }),
      ntk({ depth: 3, activation: "abs" }),
    ]) {
      const law = torusAsymptotics(kernel, d);
      const domain = torus(d, N);
      const { eigenvalues } = domain.mercer(kernel);
      for (const first of [k, k + 1]) {
        const frequency = [first, ...new Array<number>(d - 1).fill(0)];
        const value = eigenvalues[domain.indexOf(frequency)];
        const predicted = law.predict(frequency);
        if (predicted === 0) expect(value).toBe(0);
        else expect(Math.abs(value / predicted - 1), `${kernel.name}, d = ${d}, ${first}`).toBeLessThan(allowed);
      }
    }
  }
  // By the formula of the spec: on the circle it is the law of the sphere, in the plane the constant is written out.
  const kernel = ntk({ depth: 3 });
  const circle = sphereAsymptotics(kernel, 2);
  const line = torusAsymptotics(kernel, 1);
  expect(Math.abs(line.evenConstant / circle.evenConstant - 1)).toBeLessThan(tolerance(8, 1));
  expect(Math.abs(line.oddConstant / circle.oddConstant - 1)).toBeLessThan(tolerance(8, 1));
  const plane = torusAsymptotics(kernel, 2);
  const constant = ((2 * Math.PI) / Math.SQRT2) * (gamma(1.5) / (2 * Math.PI ** 2.5));
  expect(Math.abs(plane.evenConstant / ((plane.slopeAtZero + plane.slopeAtPi) * constant) - 1)).toBeLessThan(
    tolerance(8, 1),
  );
  expect(() => plane.predict([0, 0])).toThrow("torusAsymptotics.predict: frequency must be other than zero");
  expect(() => plane.predict([1])).toThrow("frequency.length must be an integer in [2, 2]");
  expect(() => torusAsymptotics(nngp({ depth: 3 }), 2)).toThrow(ArgumentError);
});

test("operator coefficients: those of the circle within their bars, and alias sums of them give the grid's eigenvalues", () => {
  for (const kernel of [
    ntk({ depth: 2 }),
    ntk({ depth: 3 }),
    nngp({ depth: 3 }),
    ntk({ depth: 3, activation: "erf" }),
  ]) {
    const B = 40;
    const { eigenvalues, errorBounds } = torusCoefficients(kernel, 1, B);
    const mu = sphere(2).mercer(kernel, B);
    const band = torus(1, 2 * B + 1);
    for (let k = 0; k <= B; k++) {
      const i = band.indexOf([-k]);
      const error = Math.abs(eigenvalues[i] - mu.eigenvalues[k]);
      expect(error, `${kernel.name}, k = ${k}`).toBeLessThanOrEqual(errorBounds[i] + mu.errorBounds[k]);
    }
  }
  // λ_k(N) = Σ c_{k + Nm} on odd and even grids, up to the coefficients beyond the band.
  for (const [d, N, B] of [
    [2, 7, 45],
    [2, 8, 44],
    [3, 5, 8],
  ]) {
    const kernel = ntk({ depth: 3 });
    const c = torusCoefficients(kernel, d, B);
    const band = torus(d, 2 * B + 1);
    const grid = torus(d, N);
    const sums = new Float64Array(N ** d);
    let inside = 0;
    for (let i = 0; i < c.eigenvalues.length; i++) {
      sums[grid.indexOf(band.level(i).frequency)] += c.eigenvalues[i];
      inside += c.eigenvalues[i];
    }
    const outside = kernel.profile(0) - inside; // Σ over all k is K(0): what is left is shared out over the N^d classes
    const { eigenvalues } = grid.mercer(kernel);
    const uncertainty = c.errorBounds.reduce((a, b) => a + b, 0);
    for (let i = 0; i < sums.length; i++) {
      expect(eigenvalues[i] - sums[i]).toBeGreaterThanOrEqual(-uncertainty);
      expect(eigenvalues[i] - sums[i]).toBeLessThanOrEqual((4 * outside) / sums.length + uncertainty);
    }
    expect(outside).toBeLessThan(0.1 * kernel.profile(0));
  }
  expect(torusCoefficients(ntk({ depth: 2 }), 2, 3).vanishing.length).toBe(20); // odd sums but ±e_j, in 7 x 7
  expect(() => torusCoefficients(ntk({ depth: 2 }), 3, 100)).toThrow(ResourceError);
  expect(() => torusCoefficients(ntk({ depth: 2 }), 0, 1)).toThrow(
    "torusCoefficients: d must be an integer in [1, 12]",
  );
});

test("Sobolev multipliers: naive product, inverse, centred frequencies, condition, commutation with the kernel", () => {
  for (const [d, N] of [
    [1, 6],
    [1, 7],
    [2, 5],
  ]) {
    const domain = torus(d, N);
    const n = N ** d;
    const f = fillNormal(createRng(9), new Float64Array(n));
    for (const frequency of ["integer", "angular"] as const) {
      const P = domain.sobolev({ smoothness: 1.7, frequency });
      const Q = domain.sobolev({ smoothness: -1.7, frequency });
      expect(maxDifference(Q.apply(P.apply(f)), f)).toBeLessThan(
        tolerance(
          40,
          n,
          P.symbol.reduce((a, b) => Math.max(a, b)),
        ),
      );
      const factor = frequency === "angular" ? 4 * Math.PI ** 2 : 1;
      const top = (1 + factor * d * Math.floor(N / 2) ** 2) ** 1.7;
      expect(P.condition.defined && Math.abs(P.condition.value / top - 1)).toBeLessThan(1e-14);
    }
    // A cosine is an eigenfunction with the symbol as eigenvalue.
    const P = domain.sobolev({ symbol: "D", smoothness: 0.5 });
    const mode = Float64Array.from({ length: n }, (_, i) => Math.cos((2 * Math.PI * (2 * (i % N))) / N));
    const scale = 3 ** 0.5; // |k| = 2 on the last axis
    P.apply(mode).forEach((value, i) => expect(Math.abs(value - scale * mode[i])).toBeLessThan(1e-14));
  }
  const grid = torus(2, 5);
  const K = ntk({ depth: 3 }).gram(grid.embedded);
  const P = sphere(4).sobolev({ symbol: "C", smoothness: 1, bandwidth: 3 }).kernel.gram(grid.embedded);
  expect(commutator(K, P).frobeniusRatio).toBeLessThan(1e-14);
});

test("composite by frequency, ritz and residual symbols of the Poisson problem", () => {
  const domain = torus(2, 6);
  const K = domain.mercer(ntk({ depth: 3 }));
  expect(composite(ntk({ depth: 3 }), domain.sobolev({ smoothness: 1 })).eigenvalues[7]).toBe(
    composite(K, domain.sobolev({ smoothness: 1 })).eigenvalues[7],
  );
  const cut = domain.sobolev({ smoothness: 1, bandwidth: 1 });
  expect(cut.symbol[domain.indexOf([1, 1])]).toBe(3);
  expect(cut.symbol[domain.indexOf([2, 0])]).toBe(0);
  const ritz = domain.multiplier("ritz", (_, squaredNorm) => squaredNorm);
  expect(ritz.condition.defined).toBe(false); // constants are invisible to |∇f|²
  const T = composite(K, ritz);
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 35 }),
      (i) => T.eigenvalues[i] === K.eigenvalues[i] * domain.level(i).squaredNorm,
    ),
  );
});

test("a kernel of four million points needs no more than its transform; progress is reported and cancelling stops", () => {
  const phases: string[] = [];
  const domain = torus(2, 256);
  const signal = { aborted: false };
  const full = domain.mercer(ntk({ depth: 3 }), { onProgress: ({ phase }) => phases.push(phase) });
  expect(full.complete).toBe(true);
  expect(new Set(phases).size).toBe(2);
  let evaluations = 0;
  const counted: Kernel = { ...ntk({ depth: 3 }), profile: (theta) => ((evaluations += 1), Math.cos(theta)) };
  domain.mercer(counted);
  expect(evaluations).toBe((129 * 130) / 2); // sorted offsets only
  const stopped = domain.mercer(ntk({ depth: 3 }), {
    signal,
    onProgress: ({ done }) => (signal.aborted = done > 1000),
  });
  expect(stopped.complete).toBe(false);
  expect(stopped.eigenvalues.every((x) => x === 0)).toBe(true);
});

test("bad input is refused by name", () => {
  expect(() => torus(0, 4)).toThrow("torus: d must be an integer in [1, 12], got 0");
  expect(() => torus(3, 2000)).toThrow(ResourceError);
  expect(() => torus(2, 4).indexOf([1])).toThrow(ArgumentError);
  expect(() => torus(1, 4).sobolev({ smoothness: Number.POSITIVE_INFINITY })).toThrow(
    "smoothness must be a number in [-200, 200]",
  );
  expect(() => torus(1, 4).sobolev({ smoothness: 1, symbol: "H" as "A" })).toThrow(
    'symbol must be one of "A", "B", "C", "D", got "H"',
  );
  expect(() => torus(1, 4).sobolev({ smoothness: 1 }).apply(new Float64Array(5))).toThrow(ShapeError);
  expect(() => torus(1, 4).sobolev({ smoothness: 1, bandwidth: 3 })).toThrow(
    "torus.sobolev: bandwidth must be an integer in [0, 2], got 3",
  );
  expect(() => torus(1, 4).mercer(ntk({ depth: 2 }), 5 as never)).toThrow(
    "torus.mercer: options must be an object, got 5",
  );
  expect(() => torus(1, 4).mercer(null as never)).toThrow("torus.mercer: kernel must be a Kernel");
  expect(() => torus(1, 4).multiplier("x", () => Number.NaN)).toThrow(NonFiniteError);
  expect(() => torus(1, 4).mercer(zonalKernel(() => Number.NaN))).toThrow(NonFiniteError);
});
