// Linear systems, indefinite, Hermitian and general matrices against ml-matrix and against NumPy/SciPy on one thread.
import { createRequire } from "node:module";
import { type Matrix, toRows } from "eigenscope/core";
import { eig, eighHermitian, ldl, pivotedQr, solve } from "eigenscope/linalg";
import { createRng, normalMatrix } from "eigenscope/random";
import type { BenchCase, Contender } from "../harness.js";
import { nativeContender, nativeVersions } from "../native.js";

const require = createRequire(import.meta.url);

interface MlMatrix {
  Matrix: { new (rows: number[][]): unknown; columnVector(values: number[]): unknown };
  LuDecomposition: new (A: unknown) => { solve(b: unknown): { to1DArray(): number[] } };
  EVD: new (A: unknown) => { realEigenvalues: number[]; imaginaryEigenvalues: number[]; eigenvectorMatrix: unknown };
}

const mlMatrix = (): MlMatrix => require("ml-matrix") as MlMatrix;

/** A_ij + sign A_ji. */
function part(seed: number, n: number, sign: 1 | -1): Matrix {
  const G = normalMatrix(createRng(seed), n, n);
  return { ...G, data: G.data.map((v, k) => v + sign * G.data[(k % n) * n + Math.floor(k / n)]!) };
}

/** Σ |λ| and max |λ|, whatever the order. */
function moduli(real: ArrayLike<number>, imaginary: ArrayLike<number>): number[] {
  const sizes = Array.from(real, (x, k) => Math.hypot(x, imaginary[k]!));
  return [sizes.reduce((sum, size) => sum + size, 0), Math.max(...sizes)];
}

const sum = (values: ArrayLike<number>): number => Array.from(values).reduce((total, value) => total + value, 0);

function define(
  name: string,
  claim: string,
  input: string,
  setup: string,
  work: string,
  inputs: () => Readonly<Record<string, Matrix>>,
  ours: (inputs: Readonly<Record<string, Matrix>>) => readonly number[],
  packages: (inputs: Readonly<Record<string, Matrix>>) => readonly Contender[] = () => [],
  checksumTolerance = 1e-9,
): BenchCase {
  return {
    name,
    claim,
    input,
    checksumTolerance,
    rounds: 5,
    contenders: () => {
      const matrices = inputs();
      const contenders: Contender[] = [{ name: "eigenscope", run: () => ours(matrices) }, ...packages(matrices)];
      const versions = nativeVersions();
      if (versions === null) return Promise.resolve({ contenders, missing: ["NumPy/SciPy"] });
      const raw = Object.fromEntries(Object.entries(matrices).map(([key, { data }]) => [key, data]));
      const shapes = Object.entries(matrices).map(
        ([key, { rows, cols }]) => `${key} = ${key}.reshape(${rows}, ${cols})`,
      );
      const code = [...shapes, setup].join("\n");
      contenders.push(nativeContender(`${versions}, one thread`, code, work, raw));
      return Promise.resolve({ contenders, missing: [] });
    },
  };
}

/** The cases of this file. */
export const cases: readonly BenchCase[] = [
  define(
    "linalg-solve",
    "A linear system is solved within a small multiple of LAPACK's time, many times faster than in ml-matrix.",
    "400 x 400 normal matrix, one right-hand side",
    "",
    "x = np.linalg.solve(a, b)\nchecksum = [x.sum(), x[0, 0]]",
    () => ({ a: normalMatrix(createRng(11), 400, 400), b: normalMatrix(createRng(12), 400, 1) }),
    ({ a, b }) => {
      const x = solve(a!, b!.data);
      return [sum(x), x[0]!];
    },
    ({ a, b }) => {
      const ml = mlMatrix();
      const [A, B] = [new ml.Matrix(toRows(a!)), ml.Matrix.columnVector(Array.from(b!.data))];
      const run = (): number[] => {
        const x = new ml.LuDecomposition(A).solve(B).to1DArray();
        return [sum(x), x[0]!];
      };
      return [{ name: "ml-matrix 6.15.1", run }];
    },
    1e-7,
  ),
  define(
    "linalg-solve-1000-native",
    "A system with as many right-hand sides as unknowns within a small multiple of LAPACK's time.",
    "1000 x 1000 normal matrix, 1000 right-hand sides",
    "",
    "x = np.linalg.solve(a, b)\nchecksum = [np.abs(x).sum()]",
    () => ({ a: normalMatrix(createRng(13), 1000, 1000), b: normalMatrix(createRng(14), 1000, 1000) }),
    ({ a, b }) => [sum(solve(a!, b!).data.map(Math.abs))],
  ),
  define(
    "linalg-ldl-native",
    "The indefinite factorisation by Bunch and Kaufman within a small multiple of LAPACK's time.",
    "500 x 500 symmetric matrix; log |det D|",
    "work_size = int(scipy.linalg.lapack.dsytrf_lwork(500, lower=1)[0])",
    [
      "f, p, info = scipy.linalg.lapack.dsytrf(a, lower=1, lwork=work_size)",
      "d, e, t, k = np.diag(f), np.diag(f, -1), 0.0, 0",
      "while k < 500:",
      "    two = p[k] < 0",
      "    t += np.log(abs(d[k] * d[k + 1] - e[k] ** 2)) if two else np.log(abs(d[k]))",
      "    k += 2 if two else 1",
      "checksum = [t]",
    ].join("\n"),
    () => ({ a: part(15, 500, 1) }),
    ({ a }) => {
      const { diagonal, offDiagonal } = ldl(a!);
      let total = 0;
      for (let k = 0; k < diagonal.length; k++) {
        const e = offDiagonal[k] ?? 0;
        total += Math.log(Math.abs(e === 0 ? diagonal[k]! : diagonal[k]! * diagonal[k + 1]! - e * e));
        if (e !== 0) k++;
      }
      return [total];
    },
  ),
  define(
    "linalg-hermitian-native",
    "All eigenvalues and vectors of a complex Hermitian matrix within a small multiple of LAPACK's time.",
    "values and vectors, 300 x 300",
    "a = re + 1j * im",
    "v = np.linalg.eigh(a)[0]\nchecksum = [v[0], v[150], v[-1]]",
    () => ({ re: part(16, 300, 1), im: part(17, 300, -1) }),
    ({ re, im }) => {
      const { values } = eighHermitian({ re: re!, im: im! });
      return [values[0]!, values[150]!, values[299]!];
    },
  ),
  define(
    "linalg-pivoted-qr-native",
    "QR with column pivoting within a small multiple of LAPACK's time.",
    "500 x 500 normal matrix, Q, R and P",
    "",
    "q, r, p = scipy.linalg.qr(a, mode='economic', pivoting=True)\nchecksum = [np.abs(np.diag(r)).sum(), p[0], p[-1]]",
    () => ({ a: normalMatrix(createRng(18), 500, 500) }),
    ({ a }) => {
      const { r, permutation } = pivotedQr(a!);
      return [sum(Float64Array.from({ length: 500 }, (_, i) => r.data[i * 501]!)), permutation[0]!, permutation[499]!];
    },
  ),
  define(
    "linalg-eig-native",
    "All eigenvalues and vectors of a general matrix within a small multiple of LAPACK's time.",
    "values and vectors, 300 x 300 normal matrix",
    "",
    "w, v = np.linalg.eig(a)\nchecksum = [np.abs(w).sum(), np.abs(w).max()]",
    () => ({ a: normalMatrix(createRng(19), 300, 300) }),
    ({ a }) => {
      const { real, imaginary } = eig(a!, { vectors: true });
      return moduli(real, imaginary);
    },
  ),
  define(
    "linalg-eig",
    "The general eigenproblem with vectors is solved several times faster than in ml-matrix.",
    "values and vectors, 150 x 150 normal matrix",
    "",
    "w, v = np.linalg.eig(a)\nchecksum = [np.abs(w).sum(), np.abs(w).max()]",
    () => ({ a: normalMatrix(createRng(20), 150, 150) }),
    ({ a }) => {
      const { real, imaginary } = eig(a!, { vectors: true });
      return moduli(real, imaginary);
    },
    ({ a }) => {
      const ml = mlMatrix();
      const A = new ml.Matrix(toRows(a!));
      const run = (): number[] => {
        const { realEigenvalues, imaginaryEigenvalues, eigenvectorMatrix } = new ml.EVD(A);
        if (eigenvectorMatrix === undefined) throw new Error("ml-matrix gave no vectors");
        return moduli(realEigenvalues, imaginaryEigenvalues);
      };
      return [{ name: "ml-matrix 6.15.1", run }];
    },
  ),
];
