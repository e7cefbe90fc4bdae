import { expect, test } from "vitest";
import { EigenscopeError } from "../../src/core/index.js";
import * as domains from "../../src/domains/index.js";
import { ntk } from "../../src/kernels/index.js";
import { fromMatrix } from "../../src/operators/index.js";
import { createRng } from "../../src/random/index.js";

const kernel = ntk({ depth: 3 });
const S = domains.sphere(3);
const T = domains.torus(2, 5);
const G = domains.gaussian(3);
const K = S.mercer(kernel, 5);
const P = S.sobolev({ symbol: "D", smoothness: 1, bandwidth: 5 });
const X = domains.fibonacciSphere(6);
const M = kernel.gram(X);
const ones = new Float64Array(6).fill(1);

/** Functions of the folder with arguments that they accept. */
const calls: readonly (readonly [string, (...args: never[]) => unknown, readonly unknown[]])[] = [
  ["conditionNumber", domains.conditionNumber, [K, { modes: "all" }]],
  ["sphere", domains.sphere, [3]],
  ["sphere.level", S.level, [3]],
  ["sphere.bandDimension", S.bandDimension, [3]],
  ["sphere.bandwidthFor", S.bandwidthFor, [30]],
  ["sphere.mercer", S.mercer, [kernel, 5, { method: "auto" }]],
  ["sphere.sobolev", S.sobolev, [{ symbol: "D", smoothness: 1, bandwidth: 3 }]],
  ["sphere.multiplier", S.multiplier, [Float64Array.of(1, 2)]],
  ["sphere.nodes", S.nodes, [5, { rng: createRng(1) }]],
  ["profile", P.profile, [1]],
  ["sampled", P.sampled, [X]],
  ["spectrumOf", P.spectrumOf, [kernel]],
  ["sphereAsymptotics", domains.sphereAsymptotics, [kernel, 3]],
  ["torusAsymptotics", domains.torusAsymptotics, [kernel, 2]],
  ["torusAsymptotics.predict", domains.torusAsymptotics(kernel, 2).predict, [[1, 2]]],
  ["singularCoefficient", domains.singularCoefficient, [3, 1.5, 4]],
  ["arcCosineSpectrum", domains.arcCosineSpectrum, [3, 1, 4]],
  ["multiplicity", domains.multiplicity, [3, 4]],
  ["logMultiplicity", domains.logMultiplicity, [3, 4]],
  ["zonalHarmonics", domains.zonalHarmonics, [3, 1, 4]],
  ["logZonalHarmonics", domains.logZonalHarmonics, [3, 1, 4]],
  ["zonalSum", domains.zonalSum, [Float64Array.of(1, 2), 3, 1]],
  ["equispacedCircle", domains.equispacedCircle, [4]],
  ["fibonacciSphere", domains.fibonacciSphere, [4]],
  ["productQuadrature", domains.productQuadrature, [3, 4]],
  ["sphereQuadrature", domains.sphereQuadrature, [3, 4]],
  ["simplexDesign", domains.simplexDesign, [3]],
  ["crossPolytope", domains.crossPolytope, [3]],
  ["sphericalDesign", domains.sphericalDesign, ["cube"]],
  ["sphericalHarmonics", domains.sphericalHarmonics, [X, 3]],
  ["zonalOperator", domains.zonalOperator, [K, X, { maxDegree: 3 }]],
  ["torus", domains.torus, [2, 5]],
  ["torus.level", T.level, [3]],
  ["torus.indexOf", T.indexOf, [[1, 2]]],
  ["torus.firstRow", T.firstRow, [kernel, {}]],
  ["torus.mercer", T.mercer, [kernel, {}]],
  ["torus.sobolev", T.sobolev, [{ smoothness: 1 }]],
  ["torus.poisson", T.poisson, ["ritz", {}]],
  ["torus.multiplier", T.multiplier, ["name", (): number => 1]],
  ["torus.multiplier.apply", T.sobolev({ smoothness: 1 }).apply, [new Float64Array(25)]],
  ["torusCoefficients", domains.torusCoefficients, [kernel, 1, 2]],
  ["composite", domains.composite, [K, P]],
  ["flatteningSymbol", domains.flatteningSymbol, [K, { growth: 1 }]],
  ["optimalSmoothness", domains.optimalSmoothness, [K, { symbol: "D" }]],
  ["gaussian", domains.gaussian, [3]],
  ["gaussian.level", G.level, [3]],
  ["gaussian.mercer", G.mercer, [kernel, 4]],
  ["gaussian.sobolev", G.sobolev, [{ smoothness: 1, bandwidth: 3 }]],
  ["gaussian.nodes", G.nodes, [3, { rng: createRng(1) }]],
  ["gaussian.compositeFactor", G.compositeFactor, [2, 1]],
  ["gaussian.composite", G.composite, [kernel, 3, 1]],
  ["gaussian.overlaps", G.overlaps, [2, 4]],
  ["gaussian.optimalSmoothness", G.optimalSmoothness, [kernel, 4]],
  ["gaussHermiteGrid", domains.gaussHermiteGrid, [2, 3]],
  ["hermitePolynomials", domains.hermitePolynomials, [1, 3]],
  ["hermiteSpectrum", domains.hermiteSpectrum, ["rbf", 1, 2, 3]],
  ["weightedNystrom", domains.weightedNystrom, [kernel, X, ones]],
  ["commutator", domains.commutator, [M, M, {}]],
  ["compareWithOperator", domains.compareWithOperator, [ones, K, { maxDegree: 1 }]],
  ["symmetricComposite", domains.symmetricComposite, [M, M]],
  ["sobolevFlow", domains.sobolevFlow, [{ eigenvalues: ones, residual: ones }, { times: [1] }]],
  ["timeToAccuracy", domains.timeToAccuracy, [{ eigenvalues: ones, residual: ones }, { epsilon: 0.1 }]],
  ["integrateSobolevFlow", domains.integrateSobolevFlow, [fromMatrix(M), fromMatrix(M), ones, { times: [1] }]],
];

const broken: readonly unknown[] = [
  undefined,
  null,
  Number.NaN,
  Infinity,
  -1,
  1.5,
  1e300,
  "x",
  {},
  [],
  new Float64Array(0),
  Float64Array.of(Number.NaN),
  { rows: 2, cols: 2, data: new Float64Array(3) },
  { rows: 2, cols: 2, data: Float64Array.of(1, Number.NaN, 0, 1) },
  (): number => Number.NaN,
];

/** True when a NaN stands anywhere in plain data. */
function holdsNaN(value: unknown): boolean {
  if (typeof value === "number") return Number.isNaN(value);
  if (value instanceof Float64Array) return value.some(Number.isNaN);
  return value !== null && typeof value === "object" && Object.values(value).some(holdsNaN);
}

test.each(calls)(
  "%s: broken arguments give documented errors or sound results, never a TypeError or a NaN",
  (name, call, args) => {
    const run = call as (...list: unknown[]) => unknown;
    expect(() => run(...args)).not.toThrow();
    args.forEach((_, position) => {
      for (const value of broken) {
        let result: unknown;
        try {
          result = run(...args.map((argument, i) => (i === position ? value : argument)));
        } catch (error) {
          expect(error, `${name}, argument ${position}: ${String(error)}`).toBeInstanceOf(EigenscopeError);
          continue;
        }
        expect(holdsNaN(result), `${name}, argument ${position}: ${String(value)} gives a NaN`).toBe(false);
      }
    });
  },
);
