import { createRng, fillNormal } from "eigenscope/random";
import {
  arcCosineGram,
  arcCosinePacked,
  gemm,
  gemv,
  residentMatrix,
  setRoutinesBackend,
  symv,
} from "eigenscope/routines";
import { gram, workerPool } from "eigenscope/linalg";
import { fusedContender } from "../fused.js";
import type { BenchCase, Contender } from "../harness.js";
import { nativeContender, nativeVersions } from "../native.js";
import { peer, peerModule } from "../peers.js";

type Contenders = Awaited<ReturnType<BenchCase["contenders"]>>;

function normals(seed: number, length: number): Float64Array {
  const values = new Float64Array(length);
  fillNormal(createRng(seed), values);
  return values;
}

/** Entries that would show a wrong product: a corner, the middle, and the sum of everything. */
function checksumOf(values: ArrayLike<number>): number[] {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return [sum, values[0]!, values[values.length >> 1]!, values[values.length - 1]!];
}
const CHECKSUM = "checksum = [C.sum(), C.flat[0], C.flat[C.size // 2], C.flat[C.size - 1]]";

function collect(list: readonly (Contender | string)[]): Contenders {
  return {
    contenders: list.filter((entry): entry is Contender => typeof entry !== "string"),
    missing: list.filter((entry): entry is string => typeof entry === "string"),
  };
}

function native(
  setup: string,
  work: string,
  inputs: Record<string, Float64Array>,
  routine?: string,
): Contender | string {
  const versions = nativeVersions();
  const suffix = routine === undefined ? "" : `, ${routine}`;
  return versions === null ? `NumPy and SciPy${suffix}` : nativeContender(versions + suffix, setup, work, inputs);
}

/** Our gemm with a back end of choice. */
function ours(name: string, backend: "js" | "wasm", n: number, a: Float64Array, b: Float64Array): Contender {
  const c = new Float64Array(n * n);
  return {
    name,
    run: () => {
      setRoutinesBackend(backend);
      gemm(false, false, n, n, n, 1, a, 0, n, b, 0, n, 0, c, 0, n);
      setRoutinesBackend("auto");
      return checksumOf(c);
    },
  };
}

async function productPeers(n: number, a: Float64Array, b: Float64Array): Promise<(Contender | string)[]> {
  const list: (Contender | string)[] = [];
  const rows = (x: Float64Array): Float64Array[] => Array.from({ length: n }, (_, i) => x.slice(i * n, (i + 1) * n));

  interface Nd {
    readonly data: Float64Array;
  }
  const numpyTs = await peerModule<{ array(values: unknown): Nd; matmul(x: Nd, y: Nd): Nd }>("numpy-ts");
  if (numpyTs === null) list.push("numpy-ts");
  else {
    const nested = (x: Float64Array): Nd => numpyTs.module.array(rows(x).map((row) => Array.from(row)));
    const [x, y] = [nested(a), nested(b)];
    list.push({ name: numpyTs.label, run: () => checksumOf(numpyTs.module.matmul(x, y).data) });
  }

  interface MlMatrix {
    mmul(other: MlMatrix): MlMatrix;
    to1DArray(): number[];
  }
  const ml = peer<{ Matrix: new (values: Float64Array[]) => MlMatrix }>("ml-matrix");
  if (ml === null) list.push("ml-matrix");
  else {
    const [x, y] = [new ml.module.Matrix(rows(a)), new ml.module.Matrix(rows(b))];
    list.push({ name: ml.label, run: () => checksumOf(x.mmul(y).to1DArray()) });
  }

  const numeric = peer<{ dot(x: number[][], y: number[][]): number[][] }>("numeric");
  if (numeric === null) list.push("numeric");
  else {
    const [x, y] = [rows(a).map((row) => Array.from(row)), rows(b).map((row) => Array.from(row))];
    list.push({ name: numeric.label, run: () => checksumOf(numeric.module.dot(x, y).flat()) });
  }

  type Dgemm = (
    order: string,
    ta: string,
    tb: string,
    m: number,
    n: number,
    k: number,
    alpha: number,
    a: Float64Array,
    lda: number,
    b: Float64Array,
    ldb: number,
    beta: number,
    c: Float64Array,
    ldc: number,
  ) => void;
  const stdlib = peer<Dgemm>("@stdlib/blas-base-dgemm");
  if (stdlib === null) list.push("@stdlib/blas-base-dgemm");
  else {
    const c = new Float64Array(n * n);
    const t = "no-transpose";
    list.push({
      name: stdlib.label,
      run: () => {
        stdlib.module("row-major", t, t, n, n, n, 1, a, n, b, n, 0, c, n);
        return checksumOf(c);
      },
    });
  }
  return list;
}

function productCase(n: number, slowPeers: boolean): BenchCase {
  return {
    name: `routines-gemm-${n}`,
    claim: "matmul runs within 3.5 times of OpenBLAS on one thread and at least 2.5 times as fast as numpy-ts",
    input: `two ${n} x ${n} normal matrices`,
    checksumTolerance: 1e-9,
    flops: 2 * n ** 3,
    rounds: slowPeers ? 5 : 7,
    contenders: async () => {
      const a = normals(1, n * n);
      const b = normals(2, n * n);
      const list: (Contender | string)[] = [
        ours("eigenscope, WebAssembly", "wasm", n, a, b),
        ours("eigenscope, JavaScript", "js", n, a, b),
      ];
      if (slowPeers) list.push(...(await productPeers(n, a, b)));
      list.push(native(`a=a.reshape(${n},${n}); b=b.reshape(${n},${n})`, `C = a @ b\n${CHECKSUM}`, { a, b }));
      return collect(list);
    },
  };
}

function javascriptCase(n: number): BenchCase {
  return {
    name: `routines-gemm-js-${n}`,
    claim: "the pure JavaScript product reaches 2.5 GFLOP/s, twice numeric and four times ml-matrix",
    input: `two ${n} x ${n} normal matrices`,
    checksumTolerance: 1e-9,
    flops: 2 * n ** 3,
    contenders: async () => {
      const a = normals(1, n * n);
      const b = normals(2, n * n);
      return collect([ours("eigenscope, JavaScript", "js", n, a, b), ...(await productPeers(n, a, b))]);
    },
  };
}

function vectorCase(kind: "gemv" | "symv", n: number): BenchCase {
  return {
    name: `routines-${kind}-${n}`,
    claim:
      kind === "gemv"
        ? "gemv on a resident matrix stays within 1.3 times of OpenBLAS"
        : "symv on a resident matrix reads half of it; it is bound by instructions (two numbers each, no fused multiply-add), not by memory",
    input: `${n} x ${n} matrix times a vector, 20 times`,
    checksumTolerance: 1e-9,
    flops: 40 * n * n,
    rounds: 7,
    contenders: () => {
      const a = residentMatrix(n, n);
      fillNormal(createRng(1), a);
      for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) a[j * n + i] = a[i * n + j]!;
      const x = normals(2, n);
      const y = new Float64Array(n);
      const run = (backend: "js" | "wasm") => (): number[] => {
        setRoutinesBackend(backend);
        for (let repeat = 0; repeat < 20; repeat++) {
          if (kind === "gemv") gemv(false, n, n, 1, a, 0, n, x, 0, 1, 0, y, 0, 1);
          else symv(n, 1, a, 0, n, x, 0, 0, y, 0);
        }
        setRoutinesBackend("auto");
        return checksumOf(y);
      };
      const theirs = (call: string, routine?: string): Contender | string =>
        native(
          `a=np.asfortranarray(a.reshape(${n},${n}))`,
          `for _ in range(20): C = ${call}\n${CHECKSUM}`,
          { a: a.slice(), x },
          routine,
        );
      return Promise.resolve(
        collect([
          { name: "eigenscope, WebAssembly", run: run("wasm") },
          { name: "eigenscope, JavaScript", run: run("js") },
          ...(kind === "symv" ? [fusedContender(run("wasm"))] : []),
          ...(kind === "gemv"
            ? [theirs("a @ x")]
            : [theirs("scipy.linalg.blas.dsymv(1.0, a, x, lower=1)", "dsymv"), theirs("a @ x", "A @ x")]),
        ]),
      );
    },
  };
}

/**
 * NumPy's way to the same kernel: the recursion on whole matrices, in place, with √(1 − cos²) for the sine of the angle. In
 * place is up to twice as fast as the textbook's expressions, which allocate a matrix per operation.
 */
const NTK = `
def kernel():
    R = x @ x.T; np.clip(R, -1, 1, out=R); T = R.copy(); F = np.empty_like(R); S = np.empty_like(R)
    for _ in range(depth - 1):
        np.arccos(R, out=F); np.subtract(np.pi, F, out=F); F /= np.pi
        np.multiply(R, R, out=S); np.subtract(1, S, out=S); np.sqrt(S, out=S); S /= np.pi
        R *= F; R += S; np.clip(R, -1, 1, out=R)
        T *= F; T += R
    np.fill_diagonal(T, depth)
    return T`;

function arcCase(n: number, dimension: number, depth: number): BenchCase {
  return {
    name: `routines-ntk-${dimension}-${depth}`,
    claim: "the tiled NTK Gram matrix takes a fraction of the time of NumPy's whole-matrix recursion",
    input: `${n} points in dimension ${dimension}, relu, depth ${depth}`,
    checksumTolerance: 1e-7,
    contenders: () => {
      const x = normals(3, n * dimension);
      for (let i = 0; i < n; i++) {
        let norm = 0;
        for (let k = 0; k < dimension; k++) norm += x[i * dimension + k]! ** 2;
        for (let k = 0; k < dimension; k++) x[i * dimension + k]! /= Math.sqrt(norm);
      }
      const ones = new Float64Array(n).fill(1);
      const out = new Float64Array(n * n);
      const run = (backend: "js" | "wasm") => (): number[] => {
        setRoutinesBackend(backend);
        arcCosineGram(n, dimension, x, 0, dimension, ones, 0.5, depth, "ntk", out, 0, n);
        setRoutinesBackend("auto");
        return checksumOf(out);
      };
      return Promise.resolve(
        collect([
          { name: "eigenscope, WebAssembly", run: run("wasm") },
          { name: "eigenscope, JavaScript", run: run("js") },
          native(`x=x.reshape(${n},${dimension}); depth=${depth}${NTK}`, `C = kernel()\n${CHECKSUM}`, { x }),
        ]),
      );
    },
  };
}

/** One round: 1.6 GB of results, and nothing else can do it here (NumPy needs four full matrices of 3.2 GB). */
function packedCase(n: number, dimension: number, depth: number): BenchCase {
  return {
    name: `scale-packed-ntk-${n}`,
    claim:
      "the NTK of 20,000 points needs 4 n (n + 1) bytes and the time of its inner products; 50,000 points would be 6.25 times both",
    input: `${n} points in dimension ${dimension}, relu, depth ${depth}, upper triangle packed`,
    checksumTolerance: 1e-12,
    rounds: 1,
    contenders: () => {
      const x = normals(3, n * dimension);
      for (let i = 0; i < n; i++) {
        let norm = 0;
        for (let k = 0; k < dimension; k++) norm += x[i * dimension + k]! ** 2;
        for (let k = 0; k < dimension; k++) x[i * dimension + k]! /= Math.sqrt(norm);
      }
      const ones = new Float64Array(n).fill(1);
      const out = new Float64Array((n * (n + 1)) / 2);
      const run = (): number[] => {
        arcCosinePacked(n, dimension, x, 0, dimension, ones, 0.5, depth, "ntk", out);
        return [out[0]!, out[1]!, out[n - 1]!, out[out.length >> 1]!];
      };
      return Promise.resolve({ contenders: [{ name: "eigenscope", run }], missing: [] });
    },
  };
}

function poolCase(n: number): BenchCase {
  return {
    name: `routines-pool-${n}`,
    claim: "two workers nearly halve the time of a large product, with the same bits",
    input: `two ${n} x ${n} normal matrices`,
    checksumTolerance: 1e-9,
    flops: 2 * n ** 3,
    contenders: () => {
      const a = normals(1, n * n);
      const b = normals(2, n * n);
      const A = { rows: n, cols: n, data: a };
      const B = { rows: n, cols: n, data: b };
      const pools = [1, 2].map((workers) => workerPool({ workers }));
      return Promise.resolve(
        collect([
          { name: "eigenscope, 2 workers", run: async () => checksumOf((await pools[1]!.matmul(A, B)).data) },
          { name: "eigenscope, 1 worker", run: async () => checksumOf((await pools[0]!.matmul(A, B)).data) },
          ours("eigenscope, calling thread", "wasm", n, a, b),
          native(`a=a.reshape(${n},${n}); b=b.reshape(${n},${n})`, `C = a @ b\n${CHECKSUM}`, { a, b }),
        ]),
      );
    },
  };
}

function gramCase(n: number, k: number): BenchCase {
  return {
    name: `routines-gram-${n}`,
    claim: "A A' costs half a product",
    input: `${n} points in dimension ${k}`,
    checksumTolerance: 1e-9,
    flops: n * n * k,
    contenders: () => {
      const a = normals(1, n * k);
      const points = { rows: n, cols: k, data: a };
      return Promise.resolve(
        collect([
          { name: "eigenscope", run: () => checksumOf(gram(points).data) },
          native(`a=a.reshape(${n},${k})`, `C = a @ a.T\n${CHECKSUM}`, { a }),
        ]),
      );
    },
  };
}

/** Cases of the routines. */
export const cases: readonly BenchCase[] = [
  productCase(500, true),
  productCase(1000, false),
  javascriptCase(400),
  gramCase(1000, 500),
  vectorCase("gemv", 1000),
  vectorCase("gemv", 2000),
  vectorCase("symv", 1000),
  vectorCase("symv", 2000),
  arcCase(2000, 10, 3),
  arcCase(2000, 10, 20),
  arcCase(2000, 784, 3),
  arcCase(2000, 784, 20),
  packedCase(20_000, 10, 3),
  poolCase(1000),
];
