// The worker pool with two workers against the same work on the calling thread and against NumPy on one thread.
import type { Matrix } from "eigenscope/core";
import { eigh, gram, matmul, workerPool } from "eigenscope/linalg";
import { createRng, normalMatrix } from "eigenscope/random";
import type { BenchCase } from "../harness.js";
import { nativeContender, nativeVersions } from "../native.js";

/** Throws unless two results have the same bits: the times would compare different things. */
function requireSameBits(name: string, pool: Float64Array, alone: Float64Array): void {
  const differs = pool.findIndex((entry, k) => !Object.is(entry, alone[k]));
  if (differs >= 0) throw new Error(`bench ${name}: entry ${differs} of the pool is not that of one thread`);
}

function poolCase(
  name: string,
  claim: string,
  input: string,
  A: () => Matrix,
  byPool: (pool: ReturnType<typeof workerPool>, A: Matrix) => Promise<Float64Array>,
  alone: (A: Matrix) => Float64Array,
  checksum: (result: Float64Array, n: number) => readonly number[],
  nativeWork: string,
  rounds: number,
): BenchCase {
  return {
    name,
    claim,
    input,
    checksumTolerance: 1e-11,
    rounds,
    contenders: async () => {
      const matrix = A();
      const n = matrix.rows;
      const pool = workerPool({ workers: 2 });
      requireSameBits(name, await byPool(pool, matrix), alone(matrix));
      const versions = nativeVersions();
      const setup = `a = a.reshape(${n}, ${n})`;
      return {
        missing: versions === null ? ["NumPy/SciPy"] : [],
        contenders: [
          { name: "eigenscope, pool of two", run: async () => checksum(await byPool(pool, matrix), n) },
          { name: "eigenscope, calling thread", run: () => checksum(alone(matrix), n) },
          ...(versions === null
            ? []
            : [nativeContender(`${versions}, one thread`, setup, nativeWork, { a: matrix.data })]),
        ],
      };
    },
  };
}

const diagonalEnds = (data: Float64Array, n: number): number[] => [data[0]!, data[n + 1]!, data[n * n - 1]!];
const spectrumEnds = (values: Float64Array): number[] => [values[0]!, values[values.length >> 1]!, values.at(-1)!];

/** G Gᵀ/n of a normal matrix. */
function covariance(n: number): Matrix {
  const G = gram(normalMatrix(createRng(n), n, n));
  return { rows: n, cols: n, data: G.data.map((entry) => entry / n) };
}

function matmulCase(name: string, n: number, rounds: number): BenchCase {
  return poolCase(
    name,
    "Two workers multiply large matrices within 1.8 times the time of OpenBLAS on one thread.",
    `square of a ${n} x ${n} normal matrix, two workers`,
    () => normalMatrix(createRng(1), n, n),
    async (pool, A) => (await pool.matmul(A, A)).data,
    (A) => matmul(A, A).data,
    diagonalEnds,
    "c = a @ a\nchecksum = [c[0, 0], c[1, 1], c[-1, -1]]",
    rounds,
  );
}

function eighCase(name: string, vectors: boolean, claim: string): BenchCase {
  return poolCase(
    name,
    claim,
    `${vectors ? "values and vectors" : "values only"}, 1000 x 1000 covariance matrix, two workers`,
    () => covariance(1000),
    async (pool, A) => (await pool.eigh(A, { vectors })).values,
    (A) => eigh(A, { vectors }).values,
    spectrumEnds,
    `v = np.linalg.${vectors ? "eigh(a)[0]" : "eigvalsh(a)"}\nchecksum = [v[0], v[len(v) // 2], v[-1]]`,
    7,
  );
}

/** The cases of this file. */
export const cases: readonly BenchCase[] = [
  matmulCase("pool-matmul", 1000, 9),
  matmulCase("pool-matmul-500", 500, 15),
  eighCase(
    "pool-eigh",
    true,
    "Two workers solve the symmetric eigenproblem in about the time of LAPACK on one thread.",
  ),
  eighCase("pool-eigenvalues", false, "Two workers share the reduction to tridiagonal form."),
];
