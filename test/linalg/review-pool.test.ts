// A pool under conditions that are not those of its own tests: what its script holds, who starts its workers, when it is closed.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll, expect, test, vi } from "vitest";
import type { Matrix } from "../../src/core/index.js";
import { eigh, gram, matmul, workerPool } from "../../src/linalg/index.js";
import type { WorkerPool } from "../../src/linalg/worker-pool.js";
import type { WorkerRequest } from "../../src/linalg/worker-protocol.js";
import { WORKER_SOURCE } from "../../src/linalg/worker-source.js";
import { startWorker, type WorkerLike } from "../../src/linalg/worker-threads.js";
import { createRng, normalMatrix } from "../../src/random/index.js";
import { routinesBytes, setRoutinesBackend, takeRoutinesBytes } from "../../src/routines/index.js";

const pools: WorkerPool[] = [];
afterAll(() => Promise.all(pools.map((each) => each.close())));

function aborting(): { signal: AbortSignal; abort: () => void } {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort() };
}

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

test("calls cut at any moment are rejected, and leave the next ones their bits", async () => {
  const pool = workerPool({ workers: 2 });
  pools.push(pool);
  const A = gram(normalMatrix(createRng(5), 200, 150));
  const expected = { eigh: eigh(A).values, gram: gram(A).data, matmul: matmul(A, A).data };
  await pool.gram(A);
  let cut = 0;
  for (let moment = 0; moment < 15; moment++) {
    const { signal, abort } = aborting();
    const calls = [pool.eigh(A, { signal }), pool.gram(A, { signal }), pool.matmul(A, A, { signal }), pool.gram(A)];
    setTimeout(abort, moment * 1.5);
    const outcomes = await Promise.allSettled(calls);
    for (const [i, outcome] of outcomes.entries()) {
      if (outcome.status === "rejected") {
        expect(String(outcome.reason)).toContain("got an aborted signal");
        cut++;
        continue;
      }
      const found = i === 0 ? (outcome.value as { values: Float64Array }).values : (outcome.value as Matrix).data;
      const wanted = i === 0 ? expected.eigh : i === 2 ? expected.matmul : expected.gram;
      expect(found.every((value, k) => Object.is(value, wanted[k]))).toBe(true);
    }
    expect(outcomes[3].status).toBe("fulfilled");
  }
  expect(cut).toBeGreaterThan(5);
});

test("inputs in shared memory, in single precision or inside a larger array; changed while the call runs", async () => {
  const pool = workerPool({ workers: 2 });
  pools.push(pool);
  const n = 70;
  const A = gram(normalMatrix(createRng(6), n, n));
  const shared = new Float64Array(new SharedArrayBuffer(8 * n * n));
  shared.set(A.data);
  const within = new Float64Array(n * n + 5).subarray(5);
  within.set(A.data);
  for (const data of [shared, within, Float32Array.from(A.data)]) {
    const X = { rows: n, cols: n, data } as Matrix;
    expect(await pool.matmul(X, A)).toEqual(matmul(X, A));
    expect(await pool.gram(X)).toEqual(gram(X));
    expect(await pool.eigh(X)).toEqual(eigh(X));
  }
  const expected = [matmul(A, A).data, gram(A).data, eigh(A).values];
  const calls = [pool.matmul(A, A), pool.gram(A), pool.eigh(A, { certificate: true })] as const;
  A.data.fill(Number.NaN);
  const [product, square, eigen] = await Promise.all(calls);
  expect([product.data, square.data, eigen.values]).toEqual(expected);
  expect(eigen.certificate?.complete).toBe(true);
});

test("a process with pools that were never closed ends, two copies of the library share it, threads have pools of their own", async () => {
  const folder = mkdtempSync(join(tmpdir(), "eigenscope-pool-"));
  try {
    const source = fileURLToPath(new URL("../../src", import.meta.url));
    const contents = `export * from "${source}/linalg/index.ts"; export * from "${source}/random/index.ts";`;
    for (const format of ["esm", "cjs"] as const) {
      const outfile = join(folder, format === "esm" ? "library.mjs" : "library.cjs");
      const stdin = { contents, resolveDir: source, loader: "ts" } as const;
      await build({ stdin, bundle: true, format, outfile, platform: "neutral", mainFields: ["module", "main"] });
    }
    writeFileSync(
      join(folder, "program.mjs"),
      `import { createRequire } from "node:module";
      import { isMainThread, parentPort, Worker } from "node:worker_threads";
      import * as one from "./library.mjs";
      const two = createRequire(import.meta.url)("./library.cjs");
      const A = one.gram(one.normalMatrix(one.createRng(1), 80, 80));
      const values = String(one.eigh(A).values);
      if (isMainThread) {
        const pools = [one, two, one, two].map((library) => library.workerPool());
        const found = await Promise.all(pools.map((pool) => pool.eigh(A)));
        console.log(found.every((eigen) => String(eigen.values) === values));
        await pools[0].close();
        const thread = new Worker(new URL(import.meta.url));
        thread.on("message", (right) => console.log("thread", right));
        thread.on("exit", (code) => console.log("ended", code));
        pools[1].gram(A).then(() => console.log("last"));
      } else {
        const { values: found } = await two.workerPool().eigh(A);
        parentPort.postMessage(String(found) === values);
      }`,
    );
    const output = execFileSync(process.execPath, [join(folder, "program.mjs")], { encoding: "utf8", timeout: 30_000 });
    expect(output.trim().split("\n").sort()).toEqual(["ended 0", "last", "thread true", "true"]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
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
  // As every store stayed in some thread, these were 470 to 620 and 550 MB, and more with every call.
  expect(await growth(200, 200, (k) => 200 + ((37 * k) % 200))).toBeLessThan(250);
  expect(await growth(12, 2, () => 3000)).toBeLessThan(420);
});
