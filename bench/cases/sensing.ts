// Spectral networks: what a training step costs beyond its singular value decompositions, and how it scales.
import { svd } from "eigenscope/linalg";
import { createRng, normalMatrix } from "eigenscope/random";
import {
  gaussianMeasurements,
  initializeSpectralNetwork,
  measure,
  nuclearNormMinimization,
  sensingGradient,
  spectralMap,
  spectralMapAdjoint,
  spectralNetwork,
} from "eigenscope/sensing";
import type { BenchCase } from "../harness.js";

const sum = (values: ArrayLike<number>): number => Array.from(values).reduce((total, value) => total + value, 0);

/** Γ and its adjoint against the bare decomposition. */
function mapCase(n: number): BenchCase {
  return {
    name: `sensing-map-${n}`,
    claim: "the spectral map with its adjoint costs at most twice the singular value decomposition inside it",
    input: `one Gaussian ${n} x ${n} matrix, tanh, 20 repetitions`,
    checksumTolerance: 1e-12,
    contenders: async () => {
      const rng = createRng(1);
      const W = normalMatrix(rng, n, n);
      const G = normalMatrix(rng, n, n);
      return {
        contenders: [
          {
            name: "spectral map and adjoint",
            run: () => {
              let last = 0;
              for (let i = 0; i < 20; i++) {
                const { factors } = spectralMap(W, "tanh");
                spectralMapAdjoint(factors, G, "tanh");
                last = sum(factors.singularValues);
              }
              return [last];
            },
          },
          {
            name: "Jacobi decomposition alone",
            run: () => {
              let last = 0;
              for (let i = 0; i < 20; i++) last = sum(svd(W, { method: "jacobi" }).singularValues);
              return [last];
            },
          },
        ],
        missing: [],
      };
    },
  };
}

/** One gradient of the whole network, over n and m; the foil is the measurements alone. */
function gradientCase(n: number, m: number): BenchCase {
  return {
    name: `sensing-gradient-${n}-${m}`,
    claim: "a gradient costs its decompositions and two passes over the measurements, nothing that grows faster",
    input: `${n} x ${n}, ${m} Gaussian measurements, K = 2, tanh, 10 repetitions`,
    checksumTolerance: 1e-12,
    contenders: async () => {
      const rng = createRng(2);
      const A = gaussianMeasurements({ rows: n, cols: n, count: m, rng });
      const network = spectralNetwork({ rows: n, cols: n, widths: 2, normalisation: "mean" });
      const theta = initializeSpectralNetwork(network, { scheme: "random", scale: 0.3, rng });
      const y = normalMatrix(rng, m, 1).data;
      const { X } = sensingGradient(network, A, y, theta);
      const back = new Float64Array(n * n);
      return {
        contenders: [
          {
            name: "loss and gradient",
            run: () => {
              let loss = 0;
              for (let i = 0; i < 10; i++) ({ loss } = sensingGradient(network, A, y, theta));
              return [loss];
            },
          },
          {
            name: "measurements and their adjoint alone",
            run: () => {
              let loss = 0;
              for (let i = 0; i < 10; i++) {
                const r = measure(A, X).map((value, j) => value - y[j]);
                A.applyTranspose(r, back);
                loss = sum(r.map((value) => value * value)) / (2 * m);
              }
              return [loss];
            },
          },
        ],
        missing: [],
      };
    },
  };
}

/** Nuclear-norm minimisation at two thresholds: the same optimum. */
const programCase: BenchCase = {
  name: "sensing-nuclear-norm",
  claim:
    "a 12 x 12 program with 90 measurements is solved to a gap of 1e-9 in under a second, at any sensible threshold",
  input: "rank 2 truth, Gaussian measurements, tolerance 1e-11",
  checksumTolerance: 1e-7,
  rounds: 3,
  contenders: async () => {
    const rng = createRng(3);
    const A = gaussianMeasurements({ rows: 12, cols: 12, count: 90, rng });
    const left = normalMatrix(rng, 12, 2);
    const truth = { rows: 12, cols: 12, data: new Float64Array(144) };
    for (let i = 0; i < 12; i++) {
      for (let j = 0; j < 12; j++)
        truth.data[i * 12 + j] = left.data[2 * i] * left.data[2 * j] + left.data[2 * i + 1] * left.data[2 * j + 1];
    }
    const y = measure(A, truth);
    const solve = (threshold?: number): readonly number[] => [
      nuclearNormMinimization(A, y, { tolerance: 1e-11, ...(threshold === undefined ? {} : { threshold }) })
        .nuclearNorm,
    ];
    return {
      contenders: [
        { name: "default threshold 0.2 ‖X‖", run: () => solve() },
        { name: "threshold 1", run: () => solve(1) },
      ],
      missing: [],
    };
  },
};

/** Cases of the spectral networks. */
export const cases: readonly BenchCase[] = [
  mapCase(8),
  mapCase(28),
  gradientCase(14, 118),
  gradientCase(28, 235),
  gradientCase(28, 470),
  programCase,
];
