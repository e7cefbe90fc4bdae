// Krylov methods against SciPy on one thread: time for the same accuracy.
import { eigsh, lanczos, lobpcg, svds } from "eigenscope/krylov";
import { type SymmetricOperator, diagonal, fromFunction } from "eigenscope/operators";
import { createRng } from "eigenscope/random";
import type { BenchCase, Contender } from "../harness.js";
import { nativeContender, nativeVersions } from "../native.js";

/** Diagonal of the test operators: a bulk in [0, 1] and ten values above it. */
function spectrum(n: number): Float64Array {
  return Float64Array.from({ length: n }, (_, i) => (i < 10 ? 2 + i / 4 : (i * 0.6180339887498949) % 1));
}

/** 1-D Laplacian plus a potential: a cheap operator without a closed form. */
function schroedinger(n: number): SymmetricOperator {
  const potential = Float64Array.from({ length: n }, (_, i) => 2 + 10 * Math.exp(-(((i - n / 3) / 40) ** 2)));
  return fromFunction(
    n,
    (x, out) => {
      for (let i = 0; i < n; i++) {
        out[i] = potential[i]! * x[i]! - (i > 0 ? x[i - 1]! : 0) - (i < n - 1 ? x[i + 1]! : 0);
      }
    },
    { symmetric: true },
  );
}

/** Does a short task ten times, so that both sides are timed warm; the last result counts. */
function tenTimes(task: () => number[]): number[] {
  let result: number[] = [];
  for (let i = 0; i < 10; i++) result = task();
  return result;
}

const schroedingerInPython = `n = int(size[0])
i = np.arange(n)
A = scipy.sparse.diags([2 + 10*np.exp(-((i - n/3)/40)**2), -np.ones(n-1), -np.ones(n-1)], [0, -1, 1]).tocsr()`;

function native(
  missing: string[],
  setup: string,
  work: string,
  inputs: Readonly<Record<string, Float64Array>>,
): Contender[] {
  const versions = nativeVersions();
  if (versions === null) {
    missing.push("NumPy/SciPy");
    return [];
  }
  return [nativeContender(versions, setup, work, inputs)];
}

/** Krylov cases. */
export const cases: readonly BenchCase[] = [
  {
    name: "krylov-lanczos",
    claim:
      "Fully reorthogonalised Lanczos agrees with two BLAS-2 passes a step in NumPy; the goal is at most 0.75 of their time (the floor 1.2), because the recurrence already is the first pass.",
    input: "100 vectors of length 100,000, diagonal operator",
    checksumTolerance: 1e-9,
    rounds: 5,
    contenders: async () => {
      const n = 100_000;
      const d = spectrum(n);
      const start = Float64Array.from({ length: n }, (_, i) => 1 + Math.sin(i));
      const missing: string[] = [];
      const work = `V = np.empty((101, n)); V[0] = start/np.linalg.norm(start); alpha = []
for j in range(100):
    w = d*V[j]
    h = V[:j+1] @ w; w -= h @ V[:j+1]
    g = V[:j+1] @ w; w -= g @ V[:j+1]
    alpha.append(h[j] + g[j]); beta = np.linalg.norm(w); V[j+1] = w/beta
checksum = [alpha[0], alpha[1], alpha[2]]`;
      return {
        contenders: [
          {
            name: "eigenscope",
            run: () => Array.from(lanczos(diagonal(d), { steps: 100, start }).diagonal.slice(0, 3)),
          },
          ...native(missing, "n = len(d)", work, { d, start }),
        ],
        missing,
      };
    },
  },
  {
    name: "krylov-eigsh",
    claim: "Ten extreme eigenvalues of order 1,000,000 in bounded memory; the goal is at most twice ARPACK's time.",
    input: "10 largest of order 1,000,000, separated from a bulk, relative residual 1e-8",
    checksumTolerance: 1e-9,
    rounds: 2,
    contenders: async () => {
      const d = spectrum(1_000_000);
      const missing: string[] = [];
      const work = `w = scipy.sparse.linalg.eigsh(A, k=10, which='LA', tol=1e-8, ncv=28, return_eigenvectors=False)
checksum = sorted(w)`;
      return {
        contenders: [
          {
            name: "eigenscope",
            run: () => Array.from(eigsh(diagonal(d), { count: 10, rng: createRng(1) }).values).reverse(),
          },
          ...native(missing, "A = scipy.sparse.diags(d)", work, { d }),
        ],
        missing,
      };
    },
  },
  {
    name: "krylov-eigsh-small",
    claim:
      "Five extreme eigenvalues of a cheap operator of order 2,000, for fewer products than ARPACK; the goal is at most twice its time, and the measured ratio says whether it is met.",
    input: "5 largest of a Schroedinger operator of order 2,000, relative residual 1e-8, ten times",
    checksumTolerance: 1e-9,
    rounds: 5,
    contenders: async () => {
      const missing: string[] = [];
      const A = schroedinger(2000);
      const work = `for _ in range(10): w = scipy.sparse.linalg.eigsh(A, k=5, which='LA', tol=1e-8, ncv=24)[0]
checksum = sorted(w)`;
      return {
        contenders: [
          {
            name: "eigenscope",
            run: () => tenTimes(() => Array.from(eigsh(A, { count: 5, rng: createRng(1) }).values).reverse()),
          },
          ...native(missing, schroedingerInPython, work, { size: Float64Array.of(2000) }),
        ],
        missing,
      };
    },
  },
  {
    name: "krylov-lobpcg",
    claim: "LOBPCG agrees with SciPy's; the goal is at most twice its time.",
    input: "5 largest of a Schroedinger operator of order 2,000, ten times",
    checksumTolerance: 1e-6,
    rounds: 5,
    contenders: async () => {
      const missing: string[] = [];
      const A = schroedinger(2000);
      const work = `rng = np.random.default_rng(1)
X = rng.normal(size=(n, 8))
for _ in range(10): w, _ = scipy.sparse.linalg.lobpcg(A, X.copy(), largest=True, tol=1e-6, maxiter=500)
checksum = sorted(w)[-3:]`;
      return {
        contenders: [
          {
            name: "eigenscope",
            run: () =>
              tenTimes(() => {
                const options = { count: 5, blockSize: 8, tolerance: 1e-7, rng: createRng(1) } as const;
                return Array.from(lobpcg(A, { ...options, which: "largest" }).values)
                  .slice(0, 3)
                  .reverse();
              }),
          },
          ...native(missing, schroedingerInPython, work, { size: Float64Array.of(2000) }),
        ],
        missing,
      };
    },
  },
  {
    name: "krylov-svds",
    claim:
      "svds agrees with SciPy's for fewer products; the goal is at most twice its time, and the measured ratio says whether it is met.",
    input: "6 largest of 20,000 x 5,000, diagonal 1/(1 + i), ten times",
    checksumTolerance: 1e-7,
    rounds: 5,
    contenders: async () => {
      const missing: string[] = [];
      const [rows, cols] = [20_000, 5_000];
      const multiply = (x: Float64Array, out: Float64Array): void => {
        out.fill(0);
        for (let i = 0; i < cols; i++) out[i] = x[i]! / (1 + i);
      };
      const A = fromFunction(cols, multiply, { rows, applyTranspose: multiply });
      const setup =
        "A = scipy.sparse.csr_matrix((1/(1 + np.arange(5000.0)), (np.arange(5000), np.arange(5000))), shape=(20000, 5000))";
      const work =
        "for _ in range(10): checksum = sorted(scipy.sparse.linalg.svds(A, k=6, tol=1e-8, return_singular_vectors=True)[1])";
      return {
        contenders: [
          {
            name: "eigenscope",
            run: () => tenTimes(() => Array.from(svds(A, { count: 6, rng: createRng(1) }).singularValues).reverse()),
          },
          ...native(missing, setup, work, { size: Float64Array.of(0) }),
        ],
        missing,
      };
    },
  },
];
