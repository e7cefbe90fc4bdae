import { execFileSync } from "node:child_process";
import { afterAll, expect, test } from "vitest";
import { type Matrix, ResourceError } from "../../src/core/index.js";
import { eigh, gram, matmul } from "../../src/linalg/index.js";
import { type WorkerPool, workerPool } from "../../src/linalg/worker-pool.js";
import { listen, startWorker, type WorkerLike } from "../../src/linalg/worker-threads.js";
import { createRng, normalMatrix } from "../../src/random/index.js";
import { setRoutinesBackend } from "../../src/routines/index.js";

const pools: WorkerPool[] = [];
function pool(workers: number): WorkerPool {
  const created = workerPool({ workers });
  pools.push(created);
  return created;
}
afterAll(() => Promise.all(pools.map((each) => each.close())));

function symmetric(n: number): Matrix {
  const A = normalMatrix(createRng(n), n, n);
  for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) A.data[j * n + i] = A.data[i * n + j];
  return A;
}

test("the bundled worker is what its sources give", () => {
  const script = new URL("../../scripts/build-worker.mjs", import.meta.url);
  // Exit code 1, hence an exception, when the text differs.
  execFileSync(process.execPath, [script.pathname, "--check"], { stdio: "pipe" });
});

test("every method gives the bits of the plain function, for any number of workers and both back ends", async () => {
  const [one, two, three] = [pool(1), pool(2), pool(3)];
  const rng = createRng(3);
  for (const [m, n, k] of [
    [1, 1, 1],
    [0, 3, 2],
    [33, 5, 7],
    [70, 129, 300],
  ]) {
    const A = normalMatrix(rng, m, k);
    const B = normalMatrix(rng, k, n);
    const transposedA = normalMatrix(rng, k, m);
    const transposedB = normalMatrix(rng, n, k);
    for (const each of [one, two, three]) {
      expect(await each.matmul(A, B)).toEqual(matmul(A, B));
      expect(await each.matmul(transposedA, B, { transposeA: true })).toEqual(
        matmul(transposedA, B, { transposeA: true }),
      );
      expect(await each.matmul(A, transposedB, { transposeB: true })).toEqual(
        matmul(A, transposedB, { transposeB: true }),
      );
      expect(await each.gram(A)).toEqual(gram(A));
    }
  }
  for (const n of [0, 1, 40, 131]) {
    const A = symmetric(n);
    const expected = eigh(A);
    for (const each of [one, two, three]) {
      expect(await each.eigh(A)).toEqual(expected);
      expect((await each.eigh(A, { vectors: false })).values).toEqual(eigh(A, { vectors: false }).values);
    }
  }
  for (const range of [{ indices: [3, 6] }, { interval: [-1, 1] }, { interval: [90, 91] }] as const) {
    const A = symmetric(120);
    const options = { range, certificate: true };
    for (const each of [one, three]) {
      expect(await each.eigh(A, options)).toEqual(eigh(A, options));
      expect(await each.eigh(A, { range, vectors: false })).toEqual(eigh(A, { range, vectors: false }));
    }
  }
  expect((await two.eigh(symmetric(70), { certificate: true })).certificate?.complete).toBe(true);
  const A = symmetric(100);
  const expected = await two.eigh(A);
  setRoutinesBackend("js");
  expect(await two.eigh(A)).toEqual(expected);
  setRoutinesBackend("auto");
});

test("calls may overlap; inputs are left alone", async () => {
  const two = pool(2);
  const A = symmetric(96);
  const before = A.data.slice();
  const results = await Promise.all([
    two.matmul(A, A),
    two.gram(A),
    two.eigh(A),
    two.matmul(A, A, { transposeA: true }),
  ]);
  expect(results[0]).toEqual(matmul(A, A));
  expect(results[1]).toEqual(gram(A));
  expect(results[3]).toEqual(matmul(A, A, { transposeA: true }));
  expect(A.data).toEqual(before);
});

test("a worker that dies rejects the calls that waited for it; the next call starts a new one", async () => {
  const started: WorkerLike[] = [];
  const fragile = workerPool({
    workers: 2,
    createWorker: () => {
      const worker = startWorker();
      started.push(worker);
      return worker;
    },
  });
  pools.push(fragile);
  const A = symmetric(64);
  const doomed = fragile.eigh(symmetric(400)).catch((error: unknown) => error);
  await started[0].terminate();
  const error = await doomed;
  expect(error).toBeInstanceOf(ResourceError);
  expect((error as Error).message).toMatch(
    /^workerPool: the worker of a call must be alive until the call is done, got exit code \d; call again; the inputs are unchanged$/,
  );
  expect(await fragile.matmul(A, A)).toEqual(matmul(A, A));
  // One worker died, one new one took its place, and the second slot started its first.
  expect(started.length).toBe(3);
});

test("close rejects what is under way and what comes later; bad input never reaches a worker", async () => {
  const closing = workerPool();
  expect(closing.workers).toBe(2);
  const A = symmetric(300);
  const cut = closing.eigh(A);
  const rejection = expect(cut).rejects.toThrow("got a pool closed before the end");
  await closing.close();
  await rejection;
  await expect(closing.matmul(A, A)).rejects.toThrow("got a closed pool");
  await closing.close();
  const idle = pool(1);
  const x = normalMatrix(createRng(1), 2, 3);
  await expect(idle.matmul(x, x)).rejects.toThrow(
    "workerPool.matmul: B must be of 3 rows after transposition, to match A, got 2 rows (2 x 3 times 2 x 3)",
  );
  await expect(idle.eigh(x)).rejects.toThrow("workerPool.eigh");
  await expect(idle.eigh(A, { certificate: true, vectors: false })).rejects.toThrow('option "certificate"');
  await expect(idle.eigh(A, { range: { indices: [2, 1] } })).rejects.toThrow("workerPool.eigh: range.indices[1]");
  expect(() => workerPool({ workers: 0 })).toThrow("workerPool: workers must be an integer in [1, 64], got 0");
});

test("a worker of the browser kind is listened to by events", () => {
  const listeners: Record<string, (event: never) => void> = {};
  const seen: unknown[] = [];
  const worker: WorkerLike = {
    postMessage: () => undefined,
    terminate: () => undefined,
    addEventListener: (event, listener) => void (listeners[event] = listener),
  };
  listen(
    worker,
    (data) => seen.push(data),
    (reason) => seen.push(reason),
  );
  listeners["message"]({ data: 1 } as never);
  listeners["error"]({ message: "lost" } as never);
  expect(seen).toEqual([1, "lost"]);
});
