// Runs in Node and in a page: what a worker pool with shared memory gives, as numbers that can be compared.
import { eigh, gram, matmul, workerPool } from "../../src/linalg/index.js";
import { createRng, normalMatrix } from "../../src/random/index.js";

/** FNV-1a over the bytes of the numbers. */
function digest(values: Float64Array): number {
  let hash = 0x811c9dc5;
  for (const byte of new Uint8Array(values.buffer, values.byteOffset, values.byteLength)) {
    hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  }
  return hash;
}

/** Digests by the pool and by the synchronous functions, and what a cancelled and a closed pool say. */
export async function poolResults(): Promise<Record<string, number | string | boolean>> {
  const A = gram(normalMatrix(createRng(11), 301, 301));
  const pool = workerPool({ workers: 3 });
  const whole = await pool.eigh(A);
  const again = await pool.eigh(A, { vectors: false });
  const product = await pool.matmul(A, A, { transposeB: true });
  const phases: string[] = [];
  await pool.eigh(A, { onProgress: ({ phase }) => void (phases.includes(phase) || phases.push(phase)) });
  const controller = new AbortController();
  const cut = pool.eigh(A, { signal: controller.signal });
  setTimeout(() => controller.abort(), 2);
  const message = (error: unknown): string => (error as Error).message;
  const cancelled = await cut.then(() => "finished before the signal", message);
  const after = await pool.gram(A);
  await pool.close();
  await pool.close();
  return {
    shared: typeof SharedArrayBuffer === "function",
    values: digest(whole.values),
    vectors: digest(whole.vectors!.data),
    valuesAlone: digest(again.values),
    product: digest(product.data),
    gram: digest(after.data),
    valuesHere: digest(eigh(A).values),
    vectorsHere: digest(eigh(A).vectors.data),
    productHere: digest(matmul(A, A, { transposeB: true }).data),
    gramHere: digest(gram(A).data),
    phases: phases.join(", "),
    cancelled,
    closed: await pool.matmul(A, A).then(() => "", message),
  };
}
