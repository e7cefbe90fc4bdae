import { type LongRunning, type Tagged, isCancelled } from "../../core/index.js";
import {
  commutator,
  compareWithOperator,
  fibonacciSphere,
  sphere,
  sphereQuadrature,
  sphericalDesign,
  torus,
} from "../../domains/index.js";
import { type Kernel, ntk } from "../../kernels/index.js";
import { eigh } from "../../linalg/index.js";
import { type Rng, spherePoints } from "../../random/index.js";
import type { Comparison } from "../claims/claim.js";
import { atLeast, atMost, equals } from "../sensing/recipe.js";
import type { SettledSobolevOptions } from "./options.js";

/** Matrices at sampled points against operators on the sphere. */
export interface MatrixPart {
  /** Spectra of K/n at independent uniform points. */
  readonly samples: readonly {
    readonly n: number;
    readonly eigenvalues: readonly number[];
    readonly distance: number;
    readonly scaledDistance: number;
  }[];
  /** The operator's eigenvalues with multiplicity, descending, as many as are compared. */
  readonly operator: readonly number[];
  /** Sampled Sobolev matrices. */
  readonly sobolev: readonly {
    readonly n: number;
    readonly rank: number;
    readonly band: number;
    readonly condition: Tagged;
  }[];
  /** Relative Frobenius norms of K P − P K. */
  readonly commutators: readonly { readonly points: string; readonly ratio: number; readonly zero: boolean }[];
  /** What is compared with what was expected. */
  readonly comparisons: readonly Comparison[];
}

/** Largest degree whose clusters are compared. */
const DEGREES = 3;

/** How sampled matrices differ from operators: clusters of width n^{−1/2}, ranks, and commutators that vanish on some point sets only. */
export function matrixPart(
  { dimension, depth, sampleSizes }: SettledSobolevOptions,
  rng: Rng,
  running: LongRunning,
): MatrixPart {
  const domain = sphere(dimension);
  const kernel = ntk({ depth });
  const spectrum = domain.mercer(kernel, DEGREES);
  const samples: MatrixPart["samples"][number][] = [];
  for (const [i, n] of sampleSizes.entries()) {
    if (isCancelled(running.signal)) break;
    running.onProgress?.({ phase: "matrices", done: i, total: sampleSizes.length + 1 });
    const { values } = eigh(kernel.gram(spherePoints(rng.fork(n), n, dimension)), { vectors: false });
    const { distance, scaledDistance } = compareWithOperator(values, spectrum);
    const eigenvalues = Array.from(values.slice(-32).reverse(), (value) => value / n);
    samples.push({ n, eigenvalues, distance, scaledDistance });
  }
  const operator = Array.from(domain.mercer(kernel, 5).eigenvalues)
    .flatMap((mu, k) => Array<number>(domain.level(k).multiplicity).fill(mu))
    .sort((a, b) => b - a)
    .slice(0, 32);
  const band = domain.sobolev({ symbol: "D", smoothness: 1, bandwidth: DEGREES });
  const sobolev = [10, 16, 64].map((n) => {
    const { rank, condition } = band.sampled(fibonacciSphere(n));
    return { n, rank, band: band.bandDimension, condition };
  });
  const commutators = pointSets(kernel, dimension);
  return {
    samples,
    operator,
    sobolev,
    commutators,
    comparisons: [
      ...samples.map(({ n, scaledDistance }): Comparison => ({
        name: `√n times the distance of the top 16 eigenvalues, n = ${n}`,
        measured: scaledDistance,
        expected: { minimum: 0.3, maximum: 2.5 },
        tolerance: 0,
      })),
      equals(
        "rank of the sampled Sobolev matrix on 64 points: the dimension of its band",
        sobolev[2].rank,
        band.bandDimension,
        0,
      ),
      ...commutators.map(({ points, ratio, zero }) =>
        zero ? atMost(`commutator on ${points}`, ratio, 1e-13) : atLeast(`commutator on ${points}`, ratio, 1e-4),
      ),
    ],
  };
}

function pointSets(kernel: Kernel, dimension: number): MatrixPart["commutators"] {
  const domain = sphere(dimension);
  const P = domain.sobolev({ symbol: "D", smoothness: 2, bandwidth: 6 }).kernel;
  const fibonacci = fibonacciSphere(64);
  const icosahedron = sphericalDesign("icosahedron").points;
  const rule = sphereQuadrature(dimension, 12);
  const limited = domain.multiplier(domain.mercer(kernel, 6).eigenvalues).kernel;
  const grid = torus(dimension - 1, 8);
  const multiplier = grid.sobolev({ symbol: "C", smoothness: 1 });
  const n = grid.nodes.rows;
  const columns = new Float64Array(n * n);
  for (let j = 0; j < n; j++) {
    const unit = new Float64Array(n);
    unit[j] = 1;
    multiplier.apply(unit).forEach((value, i) => (columns[i * n + j] = value));
  }
  const { weights } = rule;
  return [
    {
      points: "64 Fibonacci points",
      ratio: commutator(kernel.gram(fibonacci), P.gram(fibonacci)).frobeniusRatio,
      zero: false,
    },
    {
      points: "the icosahedron",
      ratio: commutator(kernel.gram(icosahedron), P.gram(icosahedron)).frobeniusRatio,
      zero: true,
    },
    {
      points: "a rule exact to degree 12, weighted, K cut at degree 6",
      ratio: commutator(limited.gram(rule.points), P.gram(rule.points), { weights }).frobeniusRatio,
      zero: true,
    },
    {
      points: "the same rule, weighted, K not cut",
      ratio: commutator(kernel.gram(rule.points), P.gram(rule.points), { weights }).frobeniusRatio,
      zero: false,
    },
    {
      points: "the 8 × 8 torus grid",
      ratio: commutator(kernel.gram(grid.embedded), { rows: n, cols: n, data: columns }).frobeniusRatio,
      zero: true,
    },
  ];
}
