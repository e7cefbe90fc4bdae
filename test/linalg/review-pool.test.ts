// A pool under conditions that are not those of its own tests: what its script holds, who starts its workers, when it is closed.
import { afterAll, expect, test, vi } from "vitest";
import type { Matrix } from "../../src/core/index.js";
import { gram, matmul, workerPool } from "../../src/linalg/index.js";
import type { WorkerPool } from "../../src/linalg/worker-pool.js";
import type { WorkerRequest } from "../../src/linalg/worker-protocol.js";
import { WORKER_SOURCE } from "../../src/linalg/worker-source.js";
import { startWorker, type WorkerLike } from "../../src/linalg/worker-threads.js";
import { createRng, normalMatrix } from "../../src/random/index.js";
import { routinesBytes, setRoutinesBackend, takeRoutinesBytes } from "../../src/routines/index.js";

const pools: WorkerPool[] = [];
afterAll(() => Promise.all(pools.map((each) => each.close())));

/** A pool of one worker, what was posted to it, and what it said. */
function watched(prefix = ""): { pool: WorkerPool; posted: WorkerRequest[]; said: unknown[] } {
  const posted: WorkerRequest[] = [];
  const said: unknown[] = [];
  const createWorker = (source: string): WorkerLike => {
    const worker = startWorker(`${prefix}${source}`);
    worker.on?.("message", (data: unknown) => void said.push(data));
    const { postMessage } = worker;
    worker.postMessage = (message, transfer) => {
      posted.push(message as WorkerRequest);
      postMessage.call(worker, message, transfer);
    };
    return worker;
  };
  const pool = workerPool({ workers: 1, createWorker });
  pools.push(pool);
  return { pool, posted, said };
}

test("the script of a worker holds no WebAssembly: it is sent once, and then compiled there", async () => {
  const { plain, fused } = routinesBytes();
  for (const bytes of [plain, fused]) {
    expect(bytes.length).toBeGreaterThan(1000);
    for (let at = 0; at + 100 < bytes.length; at += 500) expect(WORKER_SOURCE).not.toContain(bytes.slice(at, at + 100));
  }
  // The worker tells how many modules it has compiled, and of how many bytes.
  const spy = `{
    const { parentPort } = process.getBuiltinModule("node:worker_threads");
    const { Module } = WebAssembly;
    WebAssembly.Module = new Proxy(Module, {
      construct: (target, args) => (parentPort.postMessage({ id: -1, compiled: args[0].length }), new target(...args)),
    });
  }\n`;
  const { pool, posted, said } = watched(spy);
  const A = normalMatrix(createRng(1), 40, 40);
  setRoutinesBackend("js");
  expect(await pool.gram(A)).toEqual(gram(A));
  setRoutinesBackend("auto");
  for (let call = 0; call < 3; call++) expect(await pool.matmul(A, A)).toEqual(matmul(A, A));
  expect(posted.map(({ backend, bytes }) => [backend, bytes !== undefined])).toEqual([
    ["js", false],
    ["wasm", true],
    ["wasm", false],
    ["wasm", false],
  ]);
  const compiled = said.flatMap((data) => (data as { compiled?: number }).compiled ?? []);
  const length = atob(plain).length;
  // As it is, and for memory that threads share (three bytes more).
  expect(compiled).toEqual([length, length + 3]);
});

test("a thread may be given the modules it has", () => {
  takeRoutinesBytes(routinesBytes());
  expect(setRoutinesBackend("wasm")).toBe("wasm");
});

test("a worker of one's own is started from the text that createWorker gets; what is no function is refused", async () => {
  const A = normalMatrix(createRng(2), 40, 3);
  const { pool } = watched();
  expect(await pool.gram(A)).toEqual(gram(A));
  expect(() => workerPool({ createWorker: "worker.js" as never })).toThrow(
    'workerPool: option "createWorker" must be a function, got "worker.js"',
  );
});

test("a page that forbids workers from blobs is told so; the next call is not promised to work", async () => {
  const listeners: Record<string, (event: never) => void> = {};
  const createWorker = (): WorkerLike => ({
    postMessage: () => queueMicrotask(() => listeners["error"]({} as never)), // as Chromium: an event without a message
    terminate: () => undefined,
    addEventListener: (event, listener) => void (listeners[event] = listener),
  });
  const pool = workerPool({ workers: 1, createWorker });
  await expect(pool.gram(normalMatrix(createRng(1), 40, 2))).rejects.toThrow(
    "workerPool: the worker of a call must be alive until the call is done, got a script that was refused; " +
      "let the content security policy allow workers from blob: (worker-src)",
  );
});

test("a closed pool refuses every call, those without work too; closing twice waits for the same end", async () => {
  let ended = 0;
  const createWorker = (source: string): WorkerLike => {
    const worker = startWorker(source);
    const { terminate } = worker;
    worker.terminate = async () => {
      await terminate.call(worker);
      await new Promise((resolve) => setTimeout(resolve, 20));
      ended++;
    };
    return worker;
  };
  const pool = workerPool({ workers: 2, createWorker });
  const A = normalMatrix(createRng(3), 80, 80);
  await pool.gram(A);
  const first = pool.close();
  const second = pool.close();
  await second;
  expect(ended).toBe(2);
  await first;
  expect(ended).toBe(2);
  const nothing: Matrix = { rows: 0, cols: 0, data: new Float64Array(0) };
  const message = "got a closed pool; create another pool";
  for (const X of [A, nothing]) {
    await expect(pool.matmul(X, X)).rejects.toThrow(message);
    await expect(pool.gram(X)).rejects.toThrow(message);
    await expect(pool.eigh(X)).rejects.toThrow(message);
  }
});

test("without shared memory or a registry of what is collected, pools work; kept stores are not used then", async () => {
  const A = normalMatrix(createRng(4), 90, 90);
  const pool = workerPool({ workers: 2 });
  pools.push(pool);
  vi.stubGlobal("FinalizationRegistry", undefined);
  vi.resetModules();
  try {
    const fresh = await import("../../src/linalg/index.js");
    const other = fresh.workerPool({ workers: 1 });
    pools.push(other);
    expect(await other.gram(A)).toEqual(gram(A));
    expect(await pool.gram(A)).toEqual(gram(A));
    vi.stubGlobal("SharedArrayBuffer", undefined);
    expect(await pool.gram(A)).toEqual(gram(A));
  } finally {
    vi.unstubAllGlobals();
  }
});

test("memory of calls of many shapes, and of large ones, does not pile up", async () => {
  const pool = workerPool({ workers: 2 });
  pools.push(pool);
  const data = new Float64Array(400 * 400).fill(0.5);
  const growth = async (calls: number, cols: number, rows: (call: number) => number): Promise<number> => {
    const call = (n: number): Promise<unknown> => pool.gram({ rows: n, cols, data: data.subarray(0, n * cols) });
    await call(rows(0));
    const before = process.memoryUsage().rss;
    for (let k = 1; k <= calls; k++) await call(rows(k));
    return (process.memoryUsage().rss - before) / 2 ** 20;
  };
  // As every store stayed in some thread, these were 470 to 620 and 950 MB, and more with every call.
  expect(await growth(200, 200, (k) => 200 + ((37 * k) % 200))).toBeLessThan(250);
  expect(await growth(20, 2, () => 3000)).toBeLessThan(500);
});
