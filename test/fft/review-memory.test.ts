import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterAll, expect, test } from "vitest";
import { engineOf } from "../../src/fft/plan.js";
import { quarterTurns } from "../../src/fft/turns.js";
import { fftn } from "../../src/fft/index.js";
import { createWeakSlot, setRoutinesBackend } from "../../src/routines/index.js";

setFlagsFromString("--expose-gc");
const gc = runInNewContext("gc") as () => void;
/** What an unfinished marking had seen already goes the second time. */
const collect = (): void => {
  gc();
  gc();
};

afterAll(() => {
  setRoutinesBackend("auto");
});

/** Bytes of arrays and WebAssembly memories that are still there after `run`. */
function bytesKept(run: () => void): number {
  collect();
  const before = process.memoryUsage().external;
  run();
  collect();
  return process.memoryUsage().external - before;
}

// A WeakRef keeps what it is made of until the job ends, so a loop without an await is what shows it.
test("a loop over lengths, without a pause, keeps the tables of one long transform, not of all", () => {
  setRoutinesBackend("js");
  const n = 3 * 2 ** 17;
  const one = bytesKept(() => engineOf(n));
  expect(one).toBeGreaterThan(16 * n);
  const more = bytesKept(() => {
    for (const length of [5 * 2 ** 16, 7 * 2 ** 16, 9 * 2 ** 15, 15 * 2 ** 15, 25 * 2 ** 14, n]) engineOf(length);
  });
  expect(more).toBeLessThan(one);
  const turns = bytesKept(() => {
    for (let i = 1; i < 9; i++) quarterTurns(2 ** 20 + 4 * i);
  });
  expect(turns).toBeLessThan(2 * 4 * 2 ** 20);
});

test("of several lengths below that the last ones are kept, as far as they are not too large together", () => {
  setRoutinesBackend("auto");
  const primes = [262139, 262133, 262127, 262121, 262111, 262109, 262103, 262079];
  engineOf(4); // the tables of the other back end go
  const prime = bytesKept(() => engineOf(primes[0]));
  const all = bytesKept(() => {
    for (const n of primes) engineOf(n);
  });
  expect(prime).toBeGreaterThan(64 * primes[0]!);
  expect(all).toBeLessThan(2 * prime);
  // Short ones: a handful stays.
  const short = [1001, 999, 1024, 17, 64, 4096, 37, 500].map((n) => engineOf(n));
  for (const engine of short) expect(engineOf(engine.length)).toBe(engine);
  expect(engineOf(primes[7])).not.toBe(engineOf(primes[6]));
});

test("a loop over large grids keeps the memory of one", () => {
  setRoutinesBackend("auto");
  const side = 2 ** 11;
  const grid = { re: new Float64Array(side * (side + 40)).fill(1) };
  const kept = bytesKept(() => {
    for (const rows of [side - 48, side, side + 16, side + 32, side + 40]) {
      fftn({ re: grid.re.subarray(0, rows * side) }, [rows, side]);
    }
  });
  expect(kept).toBeLessThan(2 * 16 * grid.re.length);
});

test("a weak slot holds the last thing", () => {
  const slot = createWeakSlot<{ readonly name: string }>();
  expect(slot.get()).toBeNull();
  slot.set(null);
  expect(slot.get()).toBeNull();
  for (const name of ["first", "second"]) {
    slot.set({ name });
    expect(slot.get()?.name).toBe(name);
  }
  slot.set(null);
  expect(slot.get()).toBeNull();
});
