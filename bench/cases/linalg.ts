// Dense linear algebra against the JavaScript packages and against NumPy/SciPy on one thread. The goals are ratios; what
// falls short stands in docs/linalg.md with the reason.
import { createRequire } from "node:module";
import { type Matrix, toRows } from "eigenscope/core";
import { cholesky, eigh, gram, matmul, qr, svd } from "eigenscope/linalg";
import { createRng, normalMatrix } from "eigenscope/random";
import { setRoutinesBackend } from "eigenscope/routines";
import { fusedContender } from "../fused.js";
import { type BenchCase, type Contender, once } from "../harness.js";
import { nativeContender, nativeVersions } from "../native.js";

const require = createRequire(import.meta.url);

/** A symmetric matrix with a bulk and a decaying part: G Gᵀ/n of a normal matrix. */
function covariance(n: number): Matrix {
  const G = gram(normalMatrix(createRng(n), n, n));
  return { rows: n, cols: n, data: G.data.map((entry) => entry / n) };
}

function ends(values: ArrayLike<number>): number[] {
  const sorted = Array.from(values).sort((a, b) => a - b);
  return [sorted[0]!, sorted[sorted.length >> 1]!, sorted[sorted.length - 1]!];
}

function trace(data: ArrayLike<number>, n: number): number[] {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += data[i * (n + 1)]!;
  return [sum, data[1]!];
}

function native(
  missing: string[],
  work: string,
  inputs: Readonly<Record<string, Float64Array>>,
  shape: string,
): Contender[] {
  const versions = nativeVersions();
  if (versions === null) {
    missing.push("NumPy/SciPy");
    return [];
  }
  return [nativeContender(`${versions}, one thread`, `a = a.reshape(${shape})`, work, inputs)];
}

interface MlMatrix {
  Matrix: new (rows: number[][]) => { mmul(other: unknown): { get(i: number, j: number): number } };
  EVD: new (A: unknown, options: { assumeSymmetric: boolean }) => { realEigenvalues: number[] };
  SVD: new (A: unknown) => { diagonal: number[] };
  CHO: new (A: unknown) => { lowerTriangularMatrix: { get(i: number, j: number): number } };
  QrDecomposition: new (A: unknown) => {
    upperTriangularMatrix: { get(i: number, j: number): number };
    orthogonalMatrix: unknown;
  };
}

/** What the cases use of numpy-ts. */
interface NumpyTs {
  array(values: unknown): unknown;
  matmul(a: unknown, b: unknown): { get(indices: number[]): number; toArray(): number[][] };
  linalg: {
    cholesky(a: unknown): { toArray(): number[][] };
    qr(a: unknown): { r: { toArray(): number[][] } };
    svd(a: unknown): { s: { toArray(): number[] } };
  };
}

const mlMatrix = (): MlMatrix => require("ml-matrix") as MlMatrix;
const numpyTs = async (): Promise<NumpyTs> => (await import("numpy-ts")) as unknown as NumpyTs;

function matmulCase(name: string, n: number, backend: "auto" | "js", claim: string, rounds: number): BenchCase {
  return {
    name,
    claim,
    input: `product of two ${n} x ${n} normal matrices`,
    checksumTolerance: 1e-11,
    flops: 2 * n ** 3,
    rounds,
    contenders: async () => {
      const A = normalMatrix(createRng(1), n, n);
      const B = normalMatrix(createRng(2), n, n);
      const missing: string[] = [];
      const ml = mlMatrix();
      const [mlA, mlB] = [new ml.Matrix(toRows(A)), new ml.Matrix(toRows(B))];
      const numeric = require("numeric") as { dot(a: number[][], b: number[][]): number[][] };
      const [rowsA, rowsB] = [toRows(A), toRows(B)];
      const np = await numpyTs();
      const [npA, npB] = [np.array(rowsA), np.array(rowsB)];
      return {
        missing,
        contenders: [
          {
            name: backend === "js" ? "eigenscope, JavaScript routines" : "eigenscope",
            run: () => {
              setRoutinesBackend(backend);
              const { data } = matmul(A, B);
              setRoutinesBackend("auto");
              return [data[0]!, data[n + 1]!, data[n * n - 1]!];
            },
          },
          { name: "numpy-ts 1.4.0", run: () => entriesOf(np.matmul(npA, npB).toArray(), n) },
          { name: "numeric 1.2.6", run: () => entriesOf(numeric.dot(rowsA, rowsB), n) },
          {
            name: "ml-matrix 6.15.1",
            run: () => {
              const C = mlA.mmul(mlB);
              return [C.get(0, 0), C.get(1, 1), C.get(n - 1, n - 1)];
            },
          },
          ...native(
            missing,
            "c = a @ b\nchecksum = [c[0, 0], c[1, 1], c[-1, -1]]",
            { a: A.data, b: B.data },
            `${n}, ${n}); b = b.reshape(${n}, ${n}`,
          ),
        ],
      };
    },
  };
}

function entriesOf(rows: number[][], n: number): number[] {
  return [rows[0]![0]!, rows[1]![1]!, rows[n - 1]![n - 1]!];
}

/** Cases against NumPy alone, at n = 1000; ours with fused multiply-add too, where the engine has it. */
function nativeCase(
  name: string,
  claim: string,
  input: string,
  A: () => Matrix,
  ours: (A: Matrix) => readonly number[],
  work: string,
  tolerance: number,
): BenchCase {
  return {
    name,
    claim,
    input,
    checksumTolerance: tolerance,
    rounds: 5,
    contenders: async () => {
      const matrix = A();
      const missing: string[] = [];
      const peers = native(missing, work, { a: matrix.data }, `${matrix.rows}, ${matrix.cols}`);
      const contenders: Contender[] = [{ name: "eigenscope", run: () => ours(matrix) }];
      const fused = matrix.rows > 1000 ? null : fusedContender(() => ours(matrix)); // large cases take long enough
      if (typeof fused === "string") missing.push(fused);
      else if (fused !== null) contenders.push(fused);
      return { missing, contenders: [...contenders, ...peers] };
    },
  };
}

/** Eigenvalues and vectors by emlapack's dsyev, whose heap of 16 MiB ends near n = 500. */
function emlapackEigh(A: Matrix): Contender {
  const em = require("emlapack") as {
    _malloc(bytes: number): number;
    _free(address: number): void;
    setValue(address: number, value: number, type: string): void;
    getValue(address: number, type: string): number;
    cwrap(name: string, result: null, types: string[]): (...addresses: number[]) => void;
    HEAPF64: Float64Array;
  };
  const n = A.rows;
  const dsyev = em.cwrap("dsyev_", null, new Array<string>(9).fill("number"));
  return {
    name: "emlapack 0.0.3",
    run: () => {
      const [job, uplo, order, lwork, info] = [1, 1, 4, 4, 4].map((bytes) => em._malloc(bytes));
      const [a, w, work] = [n * n, n, 34 * n].map((length) => em._malloc(8 * length));
      em.setValue(job!, "V".charCodeAt(0), "i8");
      em.setValue(uplo!, "U".charCodeAt(0), "i8");
      em.setValue(order!, n, "i32");
      em.setValue(lwork!, 34 * n, "i32");
      em.HEAPF64.set(A.data, a! / 8);
      dsyev(job!, uplo!, order!, a!, order!, w!, work!, lwork!, info!);
      const checksum = ends(em.HEAPF64.slice(w! / 8, w! / 8 + n));
      for (const address of [job, uplo, order, lwork, info, a, w, work]) em._free(address!);
      return checksum;
    },
  };
}

function packagesCase(
  name: string,
  claim: string,
  input: string,
  A: () => Matrix,
  ours: (A: Matrix) => readonly number[],
  peers: (A: Matrix) => Promise<readonly Contender[]>,
  tolerance: number,
): BenchCase {
  return {
    name,
    claim,
    input,
    checksumTolerance: tolerance,
    rounds: 3,
    contenders: async () => {
      const matrix = A();
      return { missing: [], contenders: [{ name: "eigenscope", run: () => ours(matrix) }, ...(await peers(matrix))] };
    },
  };
}

const eigenvalueWork = "v = np.linalg.eigvalsh(a)\nchecksum = [v[0], v[len(v) // 2], v[-1]]";
const eighWork = "v = np.linalg.eigh(a)[0]\nchecksum = [v[0], v[len(v) // 2], v[-1]]";
const svdWork = "v = np.linalg.svd(a, full_matrices=False)[1]\nchecksum = [v[-1], v[(len(v) - 1) // 2], v[0]]";
const choleskyWork = "l = np.linalg.cholesky(a)\nchecksum = [np.trace(l), l[1, 0]]";
const qrWork = "q, r = np.linalg.qr(a)\nchecksum = [np.abs(np.diag(r)).sum()]";

function absoluteTrace(get: (i: number) => number, n: number): number[] {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += Math.abs(get(i));
  return [sum];
}

const qrChecksum = (A: Matrix): number[] => {
  const { r } = qr(A);
  return absoluteTrace((i) => r.data[i * (r.cols + 1)]!, r.cols);
};
const choleskyChecksum = (A: Matrix): number[] => {
  const { l } = cholesky(A);
  return [trace(l.data, l.rows)[0]!, l.data[l.cols]!];
};

/** The cases of this file. */
export const cases: readonly BenchCase[] = [
  matmulCase(
    "linalg-matmul",
    500,
    "auto",
    "Products are several times faster than those of any JavaScript package.",
    3,
  ),
  matmulCase("linalg-matmul-js", 300, "js", "Plain JavaScript routines alone beat numeric and ml-matrix.", 3),
  nativeCase(
    "linalg-matmul-native",
    "The product of large matrices stays within a small multiple of OpenBLAS on one thread.",
    "square of a 1000 x 1000 normal matrix",
    () => normalMatrix(createRng(1), 1000, 1000),
    (A) => trace(matmul(A, A).data, 1000),
    "c = a @ a\nchecksum = [np.trace(c), c[0, 1]]",
    1e-11,
  ),
  nativeCase(
    "linalg-eigenvalues-native",
    "All eigenvalues of a symmetric matrix within a small multiple of LAPACK's time.",
    "values only, 1000 x 1000 covariance matrix",
    () => covariance(1000),
    (A) => ends(eigh(A, { vectors: false }).values),
    eigenvalueWork,
    1e-11,
  ),
  nativeCase(
    "linalg-eigh-native",
    "All eigenvalues and vectors of a symmetric matrix within a small multiple of LAPACK's time.",
    "values and vectors, 1000 x 1000 covariance matrix",
    () => covariance(1000),
    (A) => ends(eigh(A).values),
    eighWork,
    1e-11,
  ),
  packagesCase(
    "linalg-eigh",
    "The symmetric eigenproblem with vectors is solved many times faster than by any JavaScript package.",
    "values and vectors, 500 x 500 covariance matrix",
    () => covariance(500),
    (A) => ends(eigh(A).values),
    async (A) => {
      const ml = mlMatrix();
      const matrix = new ml.Matrix(toRows(A));
      return [
        { name: "ml-matrix 6.15.1", run: () => ends(new ml.EVD(matrix, { assumeSymmetric: true }).realEigenvalues) },
        emlapackEigh(A),
      ];
    },
    1e-10,
  ),
  nativeCase(
    "linalg-svd-native",
    "The thin SVD within a small multiple of LAPACK's time.",
    "values and vectors, 500 x 500 normal matrix",
    () => normalMatrix(createRng(3), 500, 500),
    (A) => ends(svd(A).singularValues),
    svdWork,
    1e-11,
  ),
  packagesCase(
    "linalg-svd",
    "The thin SVD is many times faster than in any JavaScript package.",
    "values and vectors, 200 x 200 normal matrix",
    () => normalMatrix(createRng(3), 200, 200),
    (A) => ends(svd(A).singularValues),
    async (A) => {
      const ml = mlMatrix();
      const matrix = new ml.Matrix(toRows(A));
      const np = await numpyTs();
      const array = np.array(toRows(A));
      return [
        { name: "ml-matrix 6.15.1", run: () => ends(new ml.SVD(matrix).diagonal) },
        { name: "numpy-ts 1.4.0", run: () => ends(np.linalg.svd(array).s.toArray()) },
      ];
    },
    1e-6, // numpy-ts takes square roots of the eigenvalues of the Gram matrix
  ),
  nativeCase(
    "linalg-cholesky-native",
    "Cholesky within a small multiple of LAPACK's time.",
    "1000 x 1000 covariance matrix plus the identity",
    () => shifted(covariance(1000)),
    choleskyChecksum,
    choleskyWork,
    1e-11,
  ),
  nativeCase(
    "linalg-qr-native",
    "QR with Q formed within a small multiple of LAPACK's time.",
    "1000 x 1000 normal matrix, Q and R",
    () => normalMatrix(createRng(4), 1000, 1000),
    qrChecksum,
    qrWork,
    1e-11,
  ),
  packagesCase(
    "linalg-factorizations",
    "Cholesky and QR are several times faster than in the JavaScript packages.",
    "Cholesky and QR of a 300 x 300 positive definite matrix",
    () => shifted(covariance(300)),
    (A) => [...choleskyChecksum(A), ...qrChecksum(A)],
    async (A) => {
      const n = A.rows;
      const ml = mlMatrix();
      const matrix = new ml.Matrix(toRows(A));
      const np = await numpyTs();
      const array = np.array(toRows(A));
      return [
        {
          name: "ml-matrix 6.15.1",
          run: () => {
            const l = new ml.CHO(matrix).lowerTriangularMatrix;
            const { upperTriangularMatrix: r, orthogonalMatrix: q } = new ml.QrDecomposition(matrix);
            if (q === undefined) throw new Error("ml-matrix gave no Q");
            return [absoluteTrace((i) => l.get(i, i), n)[0]!, l.get(1, 0), ...absoluteTrace((i) => r.get(i, i), n)];
          },
        },
        {
          name: "numpy-ts 1.4.0",
          run: () => {
            const l = np.linalg.cholesky(array).toArray();
            const r = np.linalg.qr(array).r.toArray();
            return [absoluteTrace((i) => l[i]![i]!, n)[0]!, l[1]![0]!, ...absoluteTrace((i) => r[i]![i]!, n)];
          },
        },
      ];
    },
    1e-10,
  ),
  {
    ...nativeCase(
      "linalg-scale",
      "Eigenvalues of a dense matrix of order 4000 are a matter of seconds.",
      "values only, 4000 x 4000 covariance matrix",
      () => covariance(4000),
      (A) => ends(eigh(A, { vectors: false }).values),
      eigenvalueWork,
      1e-11,
    ),
    rounds: 1,
  },
  {
    name: "scale-eigenvalues-10000",
    claim: "Eigenvalues of a dense matrix of order 10,000 are a matter of minutes.",
    input:
      "values only, 10,000 x 10,000 symmetric matrix with a graded diagonal, once; trace and square sum confirm it",
    checksumTolerance: 1e-9,
    flops: (4 * 10000 ** 3) / 3,
    rounds: 1,
    contenders: () => {
      const A = largeSymmetric(10000);
      const n = A.rows;
      let trace = 0;
      let squares = 0;
      for (let i = 0; i < n; i++) trace += A.data[i * (n + 1)]!;
      for (const entry of A.data) squares += entry * entry;
      const ours = once("eigenscope", () => {
        const { values } = eigh(A, { vectors: false });
        return [values.reduce((sum, value) => sum + value, 0), values.reduce((sum, value) => sum + value * value, 0)];
      });
      const sums = { name: "sums over the matrix (a check, no eigenvalues)", run: () => [trace, squares] };
      return Promise.resolve({ contenders: [ours, sums], missing: ["NumPy/SciPy (left out at this size)"] });
    },
  },
];

/** Symmetric, cheap to make: normal entries below a diagonal that grows from 0 to n. */
function largeSymmetric(n: number): Matrix {
  const { data } = normalMatrix(createRng(5), n, n);
  for (let i = 0; i < n; i++) {
    data[i * (n + 1)]! += i;
    for (let j = 0; j < i; j++) data[j * n + i] = data[i * n + j]!;
  }
  return { rows: n, cols: n, data };
}

/** A + I. */
function shifted(A: Matrix): Matrix {
  return { ...A, data: A.data.map((entry, k) => (k % (A.cols + 1) === 0 ? entry + 1 : entry)) };
}
