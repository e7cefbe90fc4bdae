import { execFileSync } from "node:child_process";
import { afterAll, expect, test, vi } from "vitest";
import { type Matrix, type Progress, ResourceError } from "../../src/core/index.js";
import { eigh, gram, matmul } from "../../src/linalg/index.js";
import { reductionLength, tridiagonalize } from "../../src/linalg/tridiagonalize.js";
import { type WorkerPool, workerPool } from "../../src/linalg/worker-pool.js";
import { CONTROL_LENGTH, giveUp, requireGoing, shareOf, teamOf } from "../../src/linalg/worker-team.js";
import { listen, startWorker, type WorkerLike } from "../../src/linalg/worker-threads.js";
import { createRng, normalMatrix } from "../../src/random/index.js";
import { setRoutinesBackend } from "../../src/routines/index.js";
import { withSpectrum } from "./support.js";

const pools: WorkerPool[] = [];
function pool(workers: number): WorkerPool {
  const created = workerPool({ workers });
  pools.push(created);
  return created;
}

/** A pool that notes the workers it starts; beyond `most` of them it fails to start one. */
function tracked(workers: number, most = Infinity): { created: WorkerPool; started: WorkerLike[] } {
  const started: WorkerLike[] = [];
  const createWorker = (source: string): WorkerLike => {
    if (started.length >= most) throw new Error("no more workers");
    const worker = startWorker(source);
    started.push(worker);
    return worker;
  };
  const created = workerPool({ workers, createWorker });
  pools.push(created);
  return { created, started };
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

test("teams of any size reproduce the bits of eigh, with and without deflation, in both back ends", async () => {
  // As many threads as there are workers, however few processors this machine has.
  vi.stubGlobal("navigator", { hardwareConcurrency: 8 });
  try {
    const pools = [pool(2), pool(3), pool(4)];
    const clustered = withSpectrum(
      7,
      Float64Array.from({ length: 291 }, (_, i) => (i < 150 ? 1 : i < 200 ? 2 + 1e-15 * i : i)),
    );
    // Around 300: pieces of the product with the matrix, two to three threads; 387: four of them, odd halves at every level.
    for (const [A, teams] of [
      [symmetric(301), pools.slice(0, 2)],
      [clustered, pools.slice(0, 2)],
      [{ rows: 290, cols: 290, data: new Float64Array(290 * 290).fill(1) }, pools.slice(1, 2)],
      [symmetric(387), pools.slice(2)],
    ] as const) {
      const expected = eigh(A);
      const values = eigh(A, { vectors: false });
      for (const each of teams) {
        expect(await each.eigh(A)).toEqual(expected);
        expect(await each.eigh(A, { vectors: false })).toEqual(values);
      }
    }
    const A = symmetric(300);
    const ranges = [{ indices: [290, 299] }, { indices: [20, 200] }, { interval: [0, 5] }] as const;
    for (const range of ranges) expect(await pools[1].eigh(A, { range })).toEqual(eigh(A, { range }));
    const expected = eigh(A);
    setRoutinesBackend("js");
    expect(await pools[0].eigh(A)).toEqual(expected);
    setRoutinesBackend("auto");
  } finally {
    vi.unstubAllGlobals();
  }
}, 60_000);

test("more workers than tiles, and products without rows, columns or terms", async () => {
  const eight = pool(8);
  for (const [m, n, k] of [
    [300, 7, 33],
    [0, 0, 0],
    [3, 0, 2],
    [2, 4, 0],
  ]) {
    const A = normalMatrix(createRng(1), m, k);
    const B = normalMatrix(createRng(2), k, n);
    expect(await eight.matmul(A, B)).toEqual(matmul(A, B));
    expect(await eight.gram(A)).toEqual(gram(A));
  }
});

test("a team is never larger than the processors, where these are known", async () => {
  vi.stubGlobal("navigator", { hardwareConcurrency: 1 });
  const { created: wide, started } = tracked(4);
  const A = symmetric(200);
  try {
    expect(await wide.eigh(A)).toEqual(eigh(A));
    expect(started.length).toBe(1);
  } finally {
    vi.unstubAllGlobals();
  }
});

test("where memory cannot be shared, parts are sent, with the same bits", async () => {
  const two = pool(2);
  const A = symmetric(150);
  await two.gram(symmetric(90)); // Node itself needs the constructor to start a worker
  vi.stubGlobal("SharedArrayBuffer", undefined);
  try {
    expect(await two.matmul(A, A, { transposeA: true })).toEqual(matmul(A, A, { transposeA: true }));
    expect(await two.gram(A)).toEqual(gram(A));
    expect(await two.eigh(A, { certificate: true })).toEqual(eigh(A, { certificate: true }));
    expect(await two.eigh(A, { vectors: false })).toEqual(eigh(A, { vectors: false }));
    const signal = { aborted: false };
    const late = two.eigh(A, { signal });
    signal.aborted = true;
    await expect(late).rejects.toThrow("got an aborted signal");
  } finally {
    vi.unstubAllGlobals();
  }
});

test("a signal stops the workers of a call, progress is told, and the pool goes on", async () => {
  const two = pool(2);
  const A = symmetric(500);
  await expect(two.eigh(A, { signal: { aborted: true } })).rejects.toThrow(
    "workerPool.eigh: the call must be left to run until it is done, got an aborted signal; call again; the inputs are unchanged",
  );
  const controller = new AbortController();
  const cut = two.eigh(A, { signal: controller.signal });
  setTimeout(() => controller.abort(), 5);
  await expect(cut).rejects.toBeInstanceOf(ResourceError);
  // A plain object is looked at whenever a worker reports.
  const polled = { aborted: false };
  const seen: Progress[] = [];
  const stopped = two.eigh(A, {
    signal: polled,
    onProgress: (progress) => (seen.push(progress), (polled.aborted = true)),
  });
  await expect(stopped).rejects.toThrow("got an aborted signal");
  expect(seen.length).toBe(1);
  expect(seen[0]).toMatchObject({ phase: "reduction", done: 24, total: 500 });
  const whole: Progress[] = [];
  expect(await two.eigh(A, { onProgress: (progress) => void whole.push(progress) })).toEqual(eigh(A));
  expect([...new Set(whole.map(({ phase }) => phase))]).toEqual(["reduction", "tridiagonal eigenproblem", "vectors"]);
  const reduced = whole.filter(({ phase }) => phase === "reduction").map(({ done }) => done);
  expect(reduced).toEqual([...reduced].sort((a, b) => a - b));
  expect(reduced[reduced.length - 1]).toBe(500);
  const products: Progress[] = [];
  await two.matmul(A, A, { onProgress: (progress) => void products.push(progress) });
  expect(products[products.length - 1]).toEqual({ phase: "product", done: 250_000, total: 250_000 });
  await two.gram(A, { onProgress: (progress) => void products.push(progress) });
  expect(products[products.length - 1]).toEqual({ phase: "product", done: 250_000, total: 250_000 });
  await expect(two.gram(A, { signal: { aborted: true } })).rejects.toThrow("workerPool.gram");
  await expect(two.matmul(A, A, { signal: { aborted: true } })).rejects.toThrow("workerPool.matmul");
});

test("when one worker of a team dies, the other is let go; one that cannot start harms nobody", async () => {
  const { created: fragile, started } = tracked(2);
  const A = symmetric(400);
  const expected = eigh(A);
  expect(await fragile.eigh(A)).toEqual(expected);
  for (const victim of [1, 0]) {
    const doomed = fragile.eigh(A).catch((error: unknown) => error);
    const next = fragile.matmul(A, A).catch((error: unknown) => error);
    await started[victim].terminate();
    expect(await doomed).toBeInstanceOf(ResourceError);
    expect(await next).toBeInstanceOf(ResourceError);
    expect(await fragile.eigh(A)).toEqual(expected);
    started.splice(0, 2, ...(victim === 1 ? [started[0], started[2]] : [started[2], started[1]]));
  }
  const { created: lonely } = tracked(2, 1);
  await expect(lonely.eigh(A)).rejects.toThrow("no more workers");
  expect((await lonely.matmul(symmetric(20), symmetric(20))).rows).toBe(20);
});

test("a given-up team throws at its next meeting; shares cover everything once", () => {
  const control = new Int32Array(new SharedArrayBuffer(4 * CONTROL_LENGTH));
  const team = teamOf(control, 0, 1);
  team.meet();
  team.meet();
  requireGoing(control);
  giveUp(control);
  expect(() => team.meet()).toThrow("the call was given up");
  expect(() => requireGoing(control)).toThrow("the call was given up");
  for (const count of [0, 1, 5, 31, 64, 1001]) {
    for (const size of [1, 2, 3, 8]) {
      let covered = 0;
      for (let rank = 0; rank < size; rank++) {
        const [from, to] = shareOf(teamOf(control, rank, size), count, 4);
        expect(from).toBe(covered);
        expect(to).toBeGreaterThanOrEqual(from);
        covered = to;
      }
      expect(covered).toBe(count);
    }
  }
});

test("a call given up while a thread is about to wait does not leave it asleep", () => {
  const control = new Int32Array(new SharedArrayBuffer(4 * CONTROL_LENGTH));
  const first = teamOf(control, 0, 2);
  const load = Atomics.load.bind(Atomics);
  const wait = vi.spyOn(Atomics, "wait").mockImplementation(() => {
    throw new Error("asleep for good");
  });
  // Given up right after the thread has looked at any one entry of the control block.
  for (let looks = 1; looks <= 3; looks++) {
    control.fill(0);
    let seen = 0;
    const spy = vi.spyOn(Atomics, "load").mockImplementation(((array: Int32Array, index: number) => {
      const value = load(array, index);
      if (++seen === looks) giveUp(control);
      return value;
    }) as typeof Atomics.load);
    try {
      expect(() => first.meet()).toThrow("the call was given up");
    } finally {
      spy.mockRestore();
    }
  }
  wait.mockRestore();
});

test("two meetings of a reduction never use the same pieces, also where rows between them need no reflector", () => {
  // Two blocks and a single row between them: three rows in a panel are skipped.
  const n = 301;
  const single = 290;
  const A = symmetric(n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) if (i !== j && (i - single) * (j - single) <= 0) A.data[i * n + j] = 0;
  }
  const store = new Float64Array(reductionLength(n, 1));
  store.set(A.data);
  const size = 5 * n; // the two sets end the store
  const sets = [store.length - 2 * size, store.length - size].map((at) => store.subarray(at, at + size));
  let before = sets.map((set) => set.slice());
  const used: number[] = [];
  const meet = (): void => {
    const changed = sets.map((set, k) => set.some((entry, i) => entry !== before[k][i]));
    expect(changed[0] && changed[1]).toBe(false);
    used.push(changed.indexOf(true)); // −1 for the meetings at the end of a panel
    before = sets.map((set) => set.slice());
  };
  tridiagonalize(n, store, { rank: 0, size: 1, meet });
  let meetings = 0;
  for (let k = 1; k < used.length; k++) {
    if (used[k] < 0 || used[k - 1] < 0) continue;
    expect(used[k]).toBe(1 - used[k - 1]);
    meetings++;
  }
  expect(meetings).toBeGreaterThan(30);
});

test("a progress function that throws rejects its call only", async () => {
  const two = pool(2);
  const A = symmetric(300);
  let told = 0;
  const onProgress = (): void => {
    told++;
    throw new RangeError("no more paper");
  };
  await expect(two.eigh(A, { onProgress })).rejects.toThrow("no more paper");
  expect(await two.eigh(A)).toEqual(eigh(A));
  expect(told).toBe(1);
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
  const { created: fragile, started } = tracked(2);
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
    "workerPool.matmul: B must be of 3 rows, to match A, got 2 (2 x 3 times 2 x 3)",
  );
  await expect(idle.eigh(x)).rejects.toThrow("workerPool.eigh");
  await expect(idle.eigh(A, { signals: null } as never)).rejects.toThrow(
    'workerPool.eigh: option "signals" must be one of vectors, range, triangle, certificate, signal, onProgress',
  );
  await expect(idle.gram(x, { vectors: true } as never)).rejects.toThrow("workerPool.gram: option");
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
  listeners["error"]({} as never);
  listeners["messageerror"]({} as never);
  expect(seen).toEqual([1, "lost", "a script that was refused", "an unreadable answer"]);
});

test("a worker whose answer cannot be read is ended and its call rejected; the next call starts another", async () => {
  const listeners: Record<string, (event: never) => void> = {};
  let [started, terminated] = [0, 0];
  const createWorker = (source: string): WorkerLike => {
    if (started++ > 0) return startWorker(source);
    return {
      postMessage: () => queueMicrotask(() => listeners["messageerror"]({} as never)),
      terminate: () => terminated++,
      addEventListener: (event, listener) => void (listeners[event] = listener),
    };
  };
  const one = workerPool({ workers: 1, createWorker });
  pools.push(one);
  const A = symmetric(40);
  await expect(one.gram(A)).rejects.toThrow("got an unreadable answer");
  expect(terminated).toBe(1);
  expect(await one.gram(A)).toEqual(gram(A));
  expect(started).toBe(2);
});
