import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type FlatteningSymbol,
  type ModeSpectrum,
  composite,
  conditionNumber,
  flatteningSymbol,
  gaussian,
  optimalSmoothness,
  sphere,
  torus,
  torusCoefficients,
} from "../../src/domains/index.js";
import { ntk } from "../../src/kernels/index.js";
import { tolerance } from "../support/compare.js";

/** A spectrum by degree with given eigenvalues, exact. */
function spectrumOf(eigenvalues: readonly number[], vanishing: readonly number[] = []): ModeSpectrum {
  const base = sphere(3).mercer(ntk({ depth: 3 }), eigenvalues.length - 1);
  const values = Float64Array.from(eigenvalues, (value, l) => (vanishing.includes(l) ? 0 : value));
  return { ...base, eigenvalues: values, errorBounds: values.map(() => 0), vanishing };
}

/** Lengths of the modes, as the growth bound takes them: the degree, or |k|. */
function lengths(spectrum: ModeSpectrum, level?: (index: number) => { readonly squaredNorm: number }): number[] {
  return Array.from(spectrum.eigenvalues.keys(), (i) => (level === undefined ? i : Math.sqrt(level(i).squaredNorm)));
}

/** Checks that the symbol is admissible, reaches the spread it states, and that the certificate proves it minimal. */
function verify(spectrum: ModeSpectrum, best: FlatteningSymbol, q: readonly number[]): void {
  const { symbol, spread, bound, growth, omitted } = best;
  const out = new Set(omitted);
  const slack = 1e-12;
  const order = q.map((_, i) => i).filter((i) => symbol[i] > 0);
  order.sort((a, b) => q[a] - q[b]);
  // Steps between neighbours suffice: the bounds multiply along the chain.
  for (let j = 1; j < order.length; j++) {
    const [a, b] = [order[j - 1], order[j]];
    const step = Math.log(symbol[b] / symbol[a]);
    expect(step).toBeGreaterThanOrEqual(-slack);
    expect(step).toBeLessThanOrEqual(growth * Math.log((1 + q[b]) / (1 + q[a])) + slack);
    if (q[a] === q[b]) expect(symbol[a]).toBe(symbol[b]);
  }
  const logs = Array.from(spectrum.eigenvalues, (mu, i) => Math.log(mu * symbol[i])).filter((_, i) => !out.has(i));
  const rounding = tolerance(
    64,
    1,
    1 + spread + Math.max(...logs.map(Math.abs)) + growth * Math.log(1 + Math.max(...q)),
  );
  expect(Math.abs(Math.max(...logs) - Math.min(...logs) - spread)).toBeLessThanOrEqual(rounding);
  if (bound === null) {
    expect(spread).toBe(0);
    return;
  }
  const { larger, smaller, reach } = bound;
  expect(out.has(larger) || out.has(smaller)).toBe(false);
  const allowed = q[smaller] > q[larger] ? growth * Math.log((1 + q[smaller]) / (1 + q[larger])) : 0;
  expect(Math.abs(reach - allowed)).toBeLessThanOrEqual(rounding);
  const needed = Math.log(spectrum.eigenvalues[larger]) - Math.log(spectrum.eigenvalues[smaller]) - allowed;
  expect(Math.abs(needed - spread)).toBeLessThanOrEqual(rounding);
}

test("the free symbol is admissible, reaches its spread, and two modes prove that none does better: sphere, torus, Gaussian space", () => {
  for (const depth of [2, 3]) {
    for (const growth of [0, 1, 2.5, 4, 9]) {
      for (const d of [2, 3, 7]) {
        const K = sphere(d).mercer(ntk({ depth }), 18);
        verify(K, flatteningSymbol(K, { growth }), lengths(K));
      }
      for (const [d, N] of [
        [1, 16],
        [1, 17],
        [2, 9],
        [2, 10],
        [3, 6],
      ] as const) {
        const domain = torus(d, N);
        const K = domain.mercer(ntk({ depth }));
        const q = lengths(K, (i) => domain.level(i));
        verify(K, flatteningSymbol(K, { growth }), q);
        const narrow = flatteningSymbol(K, { growth, maxDegree: 2 });
        verify(K, narrow, q);
        const outside = q.map((_, i) => i).filter((i) => domain.level(i).frequency.some((k) => Math.abs(k) > 2));
        for (const i of outside) expect([narrow.symbol[i], narrow.omitted.includes(i)]).toEqual([0, true]);
      }
      const G = gaussian(4).mercer(ntk({ depth }), 12);
      verify(G, flatteningSymbol(G, { growth }), lengths(G));
    }
  }
  const c = torusCoefficients(ntk({ depth: 3 }), 2, 3);
  const band = torus(2, 7);
  verify(
    c,
    flatteningSymbol(c, { growth: 2 }),
    lengths(c, (i) => band.level(i)),
  );
});

test("brute force over a grid of symbols finds nothing better, and comes close (naive twin)", () => {
  for (const [eigenvalues, growth] of [
    [[1, 0.3, 0.4, 0.02], 1.5],
    [[0.1, 1, 0.05, 0.2], 2],
    [[1, 0.5, 0.25, 0.125], 0.5],
    [[0.2, 0.3, 0.1, 1], 3],
  ] as const) {
    const best = flatteningSymbol(spectrumOf(eigenvalues), { growth });
    const STEPS = 60;
    let least = Infinity;
    const walk = (l: number, log: number, top: number, bottom: number): void => {
      if (top - bottom >= least) return;
      if (l === eigenvalues.length) {
        least = top - bottom;
        return;
      }
      const most = growth * Math.log((l + 1) / l);
      for (let j = 0; j <= STEPS; j++) {
        const x = log + (most * j) / STEPS;
        const height = Math.log(eigenvalues[l]) + x;
        walk(l + 1, x, Math.max(top, height), Math.min(bottom, height));
      }
    };
    const first = Math.log(eigenvalues[0]);
    walk(1, 0, first, first);
    expect(least).toBeGreaterThanOrEqual(best.spread - 1e-12);
    expect(least).toBeLessThanOrEqual(best.spread + (growth * Math.log(4)) / STEPS);
  }
});

test("random spectra with gaps: certificate, monotone in the growth bound, unchanged by scale", () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: -30, max: 3, noNaN: true }), { minLength: 2, maxLength: 12 }),
      fc.array(fc.nat(11), { maxLength: 5 }),
      fc.double({ min: 0, max: 12, noNaN: true }),
      (logs, gaps, growth) => {
        const vanishing = [...new Set(gaps)].filter((l) => l < logs.length);
        if (logs.length - vanishing.length < 2) return;
        const K = spectrumOf(logs.map(Math.exp), vanishing);
        const best = flatteningSymbol(K, { growth });
        verify(K, best, lengths(K));
        expect(flatteningSymbol(K, { growth: growth + 1 }).spread).toBeLessThanOrEqual(best.spread + 1e-12);
        const scaled = flatteningSymbol({ ...K, eigenvalues: K.eigenvalues.map((mu) => mu * 2 ** 40) }, { growth });
        expect(Math.abs(scaled.spread - best.spread)).toBeLessThan(1e-12 * (1 + best.spread));
      },
    ),
    { numRuns: 200 },
  );
});

test("a free symbol is at least as good as any exponent it may imitate, and the composite takes it as it is", () => {
  const domain = torus(2, 12);
  const K = domain.mercer(ntk({ depth: 3 }));
  const named = optimalSmoothness(K, { symbol: "D" });
  const free = flatteningSymbol(K, { growth: named.smoothness });
  expect(free.spread).toBeLessThanOrEqual(named.spread + 1e-13);
  expect(flatteningSymbol(K, { growth: named.smoothness + 1 }).spread).toBeLessThan(named.spread - 0.1);
  const T = conditionNumber(composite(K, free)).condition;
  expect(T.defined && free.condition.defined && Math.abs(T.value / free.condition.value - 1)).toBeLessThan(1e-12);
  const P = domain.multiplier("free", (k) => free.symbol[domain.indexOf(k)]);
  expect(P.condition.defined).toBe(true);
  // Gaussian space: the eigenvalues are those of the sphere times d, so the best symbol of the degree is the same.
  const onSphere = flatteningSymbol(sphere(3).mercer(ntk({ depth: 3 }), 15), { growth: 3 });
  const G = gaussian(3).mercer(ntk({ depth: 3 }), 15);
  const onGauss = flatteningSymbol(G, { growth: 3 });
  expect(Math.abs(onGauss.spread - onSphere.spread)).toBeLessThan(1e-13);
  const TG = conditionNumber(composite(G, onGauss)).condition;
  expect(TG.defined && Math.abs(Math.log(TG.value) - onGauss.spread)).toBeLessThan(1e-13);
  expect(() => composite(torus(2, 11).mercer(ntk({ depth: 3 })), free)).toThrow("composite: sobolev must be");
  // Within one length nothing can be levelled, nor by falling weights: no growth undercuts either.
  const wide = flatteningSymbol(K, { growth: 200 });
  let within = 0;
  for (let i = 0; i < 144; i++)
    for (let j = 0; j < 144; j++)
      if (domain.level(i).squaredNorm >= domain.level(j).squaredNorm)
        within = Math.max(within, Math.log(K.eigenvalues[i] / K.eigenvalues[j]));
  expect(Math.abs(wide.spread - within)).toBeLessThan(1e-13);
  expect(wide.bound?.reach).toBe(0);
});

test("best exponents of random spectra: no exponent on either side or on a grid does better, for every symbol", () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: -30, max: 3, noNaN: true }), { minLength: 2, maxLength: 30 }),
      fc.constantFrom("A", "B", "C", "D"),
      (logs, symbol) => {
        const K = spectrumOf(logs.map(Math.exp));
        const best = optimalSmoothness(K, { symbol });
        const spread = (s: number): number => {
          const nu = (l: number): number => l * (l + 1);
          const base = {
            A: (l: number) => (1 + l) ** 2,
            B: (l: number) => 1 + Math.sqrt(nu(l)),
            C: (l: number) => 1 + nu(l),
            D: (l: number) => 1 + l,
          }[symbol];
          const heights = Array.from(K.eigenvalues, (mu, l) => Math.log(mu) + s * Math.log(base(l)));
          return Math.max(...heights) - Math.min(...heights);
        };
        const s = best.smoothness;
        const slack = 1e-12 * (1 + best.spread + Math.abs(s));
        expect(Math.abs(spread(s) - best.spread)).toBeLessThanOrEqual(slack);
        for (const other of [s - 1e-3, s + 1e-3, s - 1, s + 1])
          expect(spread(other)).toBeGreaterThanOrEqual(best.spread - slack);
        for (let t = -40; t <= 40; t += 4) expect(spread(t)).toBeGreaterThanOrEqual(best.spread - slack);
        expect(best.active.length).toBeGreaterThanOrEqual(2);
      },
    ),
    { numRuns: 300 },
  );
});

test("the stated errors cover what the error bounds of the eigenvalues allow", () => {
  const K = sphere(5).mercer(ntk({ depth: 3 }), 20);
  const loose = { ...K, errorBounds: K.eigenvalues.map((mu) => 0.02 * mu) };
  const best = optimalSmoothness(loose, { symbol: "D" });
  const free = flatteningSymbol(loose, { growth: 4 });
  let moved = [0, 0];
  for (let seed = 0; seed < 50; seed++) {
    const eigenvalues = K.eigenvalues.map((mu, l) => mu * (1 + 0.02 * Math.sign(Math.sin(7 * seed + 3 * l * l + 1))));
    const other = { ...loose, eigenvalues };
    moved = [
      Math.max(moved[0], Math.abs(optimalSmoothness(other, { symbol: "D" }).spread - best.spread)),
      Math.max(moved[1], Math.abs(flatteningSymbol(other, { growth: 4 }).spread - free.spread)),
    ];
  }
  expect(moved[0]).toBeLessThanOrEqual(best.spreadError);
  expect(moved[1]).toBeLessThanOrEqual(free.spreadError);
  expect(Math.min(...moved)).toBeGreaterThan(0.2 * free.spreadError); // the bound is not idle
  expect(optimalSmoothness(K, { symbol: "D" }).spreadError).toBeLessThan(1e-6);
});
