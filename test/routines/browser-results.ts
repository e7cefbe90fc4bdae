// What the browser test computes on both sides: bits of routines and elementary functions, and of a worker pool.
import * as core from "../../src/core/index.js";
import { fft } from "../../src/fft/index.js";
import { workerPool } from "../../src/linalg/worker-pool.js";
import { createRng, normalMatrix } from "../../src/random/index.js";
import { arcCosineGram, gemm, residentMatrix, routinesBackend, symv } from "../../src/routines/index.js";

/** FNV-1a over the bytes of a double array. */
function digest(values: ArrayLike<number>): string {
  let hash = 0x811c9dc5;
  for (const byte of new Uint8Array(Float64Array.from(values).buffer)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash.toString(16);
}

/** Name and digest of each result, and the back end in effect. */
export async function results(withWorkers: boolean): Promise<Record<string, string>> {
  const n = 50;
  const A = normalMatrix(createRng(1), n, n);
  const product = new Float64Array(n * n);
  gemm(false, true, n, n, n, 1, A.data, 0, n, A.data, 0, n, 0, product, 0, n);
  const resident = residentMatrix(n, n);
  resident.set(product);
  const y = new Float64Array(n);
  symv(n, 1, resident, 0, n, A.data, 0, 0, y, 0);
  const unit = Float64Array.from({ length: 2 * n }, (_, i) =>
    i % 2 === 0 ? core.cosTurns(i, 77) : core.sinTurns(i - 1, 77),
  );
  const kernel = new Float64Array(n * n);
  arcCosineGram(n, 2, unit, 0, 2, new Float64Array(n).fill(1), 0.5, 5, "ntk", kernel, 0, n);
  const arguments_ = Array.from({ length: 400 }, (_, i) => (i - 200) * 0.37 + i * i * 1e-3);
  const elementary = arguments_.flatMap((x) => [
    core.sin(x),
    core.cos(1e10 * x),
    core.exp(x),
    core.expm1(x / 100),
    core.log(Math.abs(x) + 0.1),
    core.log1p(Math.abs(x)),
    core.tanh(x / 50),
    core.acos(x / 300),
    core.asin(x / 300),
    core.atan2(x, 3),
  ]);
  const found: Record<string, string> = {
    backend: routinesBackend(),
    product: digest(product),
    symv: digest(y),
    kernel: digest(kernel),
    elementary: digest(elementary),
    fourier: digest(fft(A.data.slice(0, 105)).re),
  };
  if (withWorkers) {
    const pool = workerPool({ workers: 2 });
    found["pool product"] = digest((await pool.matmul(A, A, { transposeB: true })).data);
    found["pool eigenvalues"] = digest((await pool.eigh({ rows: n, cols: n, data: product })).values);
    await pool.close();
  }
  return found;
}
