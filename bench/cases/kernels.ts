// Kernels and their spectra: the torus by n-dimensional FFT, Gram matrices through the public kernel, Funk–Hecke at high degree.
import { sphere, torus } from "eigenscope/domains";
import { ntk } from "eigenscope/kernels";
import { createRng, normalMatrix } from "eigenscope/random";
import type { BenchCase, Contender } from "../harness.js";
import { nativeContender, nativeVersions } from "../native.js";

/** The NTK recursion of NumPy on an array of angles, whole-array operations. */
const RECURSION = `
def ntk(theta, depth):
    T = np.cos(theta)
    for _ in range(depth - 1):
        f = 1 - theta / np.pi
        rho = (np.sin(theta) + (np.pi - theta) * np.cos(theta)) / np.pi
        theta = np.arccos(np.clip(rho, -1, 1))
        T = rho + f * T
    return T
`;

function torusCase(d: number, N: number, depth: number): BenchCase {
  const points = N ** d;
  return {
    name: `kernels-torus-${d}d-${N}`,
    claim: "all N^d eigenvalues of a torus NTK cost one FFT: O(d N^d log N) time and memory in proportion to N^d",
    input: `NTK of depth ${depth} on the ${N}^${d} grid, ${points} eigenvalues of the ${points} x ${points} matrix`,
    checksumTolerance: 1e-6, // NumPy's arccos of a cosine loses half of the digits near angle 0
    rounds: 3,
    contenders: () => {
      const kernel = ntk({ depth });
      const domain = torus(d, N);
      const frequencies = [0, 1, 2, 5].map((k) => [k, ...new Array<number>(d - 1).fill(0)]);
      const contenders: Contender[] = [
        {
          name: "eigenscope",
          run: () => {
            const { eigenvalues } = domain.mercer(kernel);
            return frequencies.map((k) => eigenvalues[domain.indexOf(k)]!);
          },
        },
      ];
      const versions = nativeVersions();
      if (versions !== null) {
        const axes = Array.from({ length: d }, () => `np.cos(2*np.pi*np.arange(${N})/${N})`).join(", ");
        const work = [
          `t = sum(np.meshgrid(${axes}, indexing="ij")) / ${d}`,
          `row = ntk(np.arccos(np.clip(t, -1, 1)), ${depth})`,
          `spectrum = scipy.fft.fftn(row).real / ${points}`,
          `checksum = [spectrum[(k,) + (0,) * ${d - 1}] for k in (0, 1, 2, 5)]`,
        ].join("\n");
        contenders.push(nativeContender(versions, RECURSION, work));
      }
      return Promise.resolve({ contenders, missing: versions === null ? ["numpy, scipy"] : [] });
    },
  };
}

function gramCase(n: number, d: number, depth: number): BenchCase {
  return {
    name: `kernels-gram-${d}-${depth}`,
    claim: "ntk(…).gram costs what its tiled routine costs: checks, norms and directions add a few percent",
    input: `${n} points of R^${d}, depth ${depth}`,
    checksumTolerance: 1e-6,
    rounds: 3,
    contenders: () => {
      const X = normalMatrix(createRng(1), n, d);
      const kernel = ntk({ depth });
      const contenders: Contender[] = [
        {
          name: "eigenscope",
          run: () => {
            const K = kernel.gram(X).data;
            return [K[0]!, K[1]!, K[n - 1]!, K[n * n - 2]!];
          },
        },
      ];
      const versions = nativeVersions();
      if (versions !== null) {
        const work = [
          "r = np.sqrt((x * x).sum(1)); u = x / r[:, None]",
          `K = np.outer(r, r) * ntk(np.arccos(np.clip(u @ u.T, -1, 1)), ${depth})`,
          "K = K.ravel()",
          `checksum = [K[0], K[1], K[${n - 1}], K[${n * n - 2}]]`,
        ].join("\n");
        contenders.push(nativeContender(versions, `x = x.reshape(${n}, ${d})\n${RECURSION}`, work, { x: X.data }));
      }
      return Promise.resolve({ contenders, missing: versions === null ? ["numpy, scipy"] : [] });
    },
  };
}

const mercerCase: BenchCase = {
  name: "kernels-mercer-2000",
  claim: "2,001 Mercer eigenvalues with error bars: O(K) kernel values and O(K²) flops, no matrix",
  input: "NTK of depth 5 on the sphere in R^10, degrees 0 to 2,000, two quadratures of 4,052 and 4,575 nodes",
  checksumTolerance: 1e-12,
  rounds: 3,
  contenders: () =>
    Promise.resolve({
      contenders: [
        {
          name: "eigenscope",
          run: () => {
            const { eigenvalues } = sphere(10).mercer(ntk({ depth: 5 }), 2000);
            return [eigenvalues[0]!, eigenvalues[1]!, eigenvalues[2]!];
          },
        },
      ],
      missing: [],
    }),
};

/** Cases of kernels and domains. */
export const cases: readonly BenchCase[] = [
  torusCase(2, 256, 3),
  torusCase(2, 1024, 3),
  torusCase(3, 128, 3),
  gramCase(2000, 10, 3),
  gramCase(2000, 784, 20),
  mercerCase,
];
