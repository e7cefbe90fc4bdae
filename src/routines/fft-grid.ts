import { ARENA_START, createArena, routinesBackend, type WasmArena, type WasmFunctions } from "./backend.js";
import { fftStages, type FftStage, fftRadices, fftTwiddles } from "./fft-passes.js";

/** Larger grids (2 GiB in WebAssembly memory) go panel by panel instead. */
const MOST_POINTS = 2 ** 27;
/** Smaller ones are done before a memory is set up. */
const LEAST_POINTS = 512;
/** Columns transformed together: long runs of memory, but a panel that stays in L2. */
const COLUMNS = 32;
const LONG_AXIS_COLUMNS = 16;
const LONG_AXIS = 2048;

/** The memory of the last grid, as long as nothing else needs the room. */
let recent: WeakRef<WasmArena> | null = null;

/**
 * Transforms a row-major grid of complex numbers along every axis, inside WebAssembly memory: the parts are copied in
 * piece by piece, woven together and transformed along their rows on the way; then the other axes follow, in panels of
 * columns.
 *
 * @param re real parts, overwritten by the transform
 * @param im imaginary parts, overwritten
 * @param shape lengths of the axes, their product the number of points
 * @param divisor every result is divided by it
 * @returns false when this way is closed (JavaScript back end, an axis with a prime factor above 7, a tiny or huge grid)
 *   and nothing was done
 */
export function transformGrid(re: Float64Array, im: Float64Array, shape: readonly number[], divisor: number): boolean {
  const points = re.length;
  if (points < LEAST_POINTS || points > MOST_POINTS || routinesBackend() === "js") return false;
  // Axes of length 1 change nothing; the last of the others has its entries side by side.
  const plans = shape.filter((length) => length > 1).map((length) => ({ length, radices: fftRadices(length) }));
  const longest = Math.max(...shape);
  const width = longest > LONG_AXIS ? LONG_AXIS_COLUMNS : COLUMNS;
  const panel = 2 * longest * width;
  // Twiddles (fewer than 2 · longest numbers over all passes), two panels, two rows, the grid.
  const table = ARENA_START / 8;
  const first = table + 2 * longest;
  const second = first + panel;
  const rows = second + panel;
  const grid = rows + 4 * longest;
  if (plans.some((plan) => plan.radices === null)) return false;
  const arena = arenaOf(grid + 2 * points);
  if (arena === null) return false;
  const { functions, values } = arena;
  const rowLength = plans[plans.length - 1].length;
  const rowRadices = plans[plans.length - 1].radices as readonly number[];
  values.set(fftTwiddles(rowLength, rowRadices), table);
  const rowWork = { table: 8 * table, first: 8 * rows, second: 8 * (rows + 2 * longest) };
  const stages = fftStages(rowLength, rowRadices, 1);
  weaveRows(arena, re, im, grid, first, second, (panel >> 1) - ((panel >> 1) % rowLength), rowLength, stages, rowWork);
  let stride = points;
  for (const { length, radices } of plans) {
    stride /= length;
    if (stride === 1) continue;
    values.set(fftTwiddles(length, radices as readonly number[]), table);
    const work = { table: 8 * table, first: 8 * first, second: 8 * second };
    transformColumns(functions, length, radices as readonly number[], 8 * grid, points, stride, width, work);
  }
  unweave(arena, re, im, grid, first, panel, divisor);
  return true;
}

function arenaOf(doubles: number): WasmArena | null {
  const known = recent?.deref();
  if (known !== undefined && known.values.length >= ARENA_START / 8 + doubles) return known;
  const arena = createArena(doubles);
  recent = arena === null ? null : new WeakRef(arena);
  return arena;
}

/** Copies whole rows in, at most `most` points at a time, interleaves their parts and transforms them into the grid. */
function weaveRows(
  { functions, values }: WasmArena,
  re: Float64Array,
  im: Float64Array,
  grid: number,
  parts: number,
  woven: number,
  most: number,
  length: number,
  stages: readonly FftStage[],
  work: Work,
): void {
  for (let start = 0; start < re.length; start += most) {
    const count = Math.min(most, re.length - start);
    values.set(re.subarray(start, start + count), parts);
    values.set(im.subarray(start, start + count), parts + count);
    const target = grid + 2 * start;
    functions.interleave(8 * parts, 8 * (stages.length === 0 ? target : woven), count);
    if (stages.length === 0) continue;
    for (let row = 0; row < 2 * count; row += 2 * length) {
      runPasses(functions, stages, 8 * (woven + row), work, 8 * (target + row));
    }
  }
}

/** Takes the parts apart and copies them out, dividing. */
function unweave(
  { functions, values }: WasmArena,
  re: Float64Array,
  im: Float64Array,
  grid: number,
  room: number,
  size: number,
  divisor: number,
): void {
  for (let start = 0; start < re.length; start += size) {
    const count = Math.min(size, re.length - start);
    functions.separate(8 * (grid + 2 * start), 8 * room, count, divisor);
    re.set(values.subarray(room, room + count), start);
    im.set(values.subarray(room + count, room + 2 * count), start);
  }
}

/** Addresses of the twiddles and of two work spaces. */
interface Work {
  readonly table: number;
  readonly first: number;
  readonly second: number;
}

function transformColumns(
  functions: WasmFunctions,
  length: number,
  radices: readonly number[],
  grid: number,
  points: number,
  stride: number,
  width: number,
  work: Work,
): void {
  const full = fftStages(length, radices, Math.min(width, stride));
  const rest = stride % width === 0 ? full : fftStages(length, radices, stride % width);
  for (let slab = 0; slab < points; slab += length * stride) {
    for (let column = 0; column < stride; column += width) {
      const count = Math.min(width, stride - column);
      const address = grid + 16 * (slab + column);
      const stages = count === width || stride < width ? full : rest;
      transformPanel(functions, stages, address, 16 * stride, count, length, work);
    }
  }
}

/**
 * Transforms `count` columns in place. The first pass reads them where they lie when its radix is 4, the last one puts
 * them back when its radix is 2, 4 or 5; otherwise they are copied.
 */
function transformPanel(
  functions: WasmFunctions,
  stages: readonly FftStage[],
  address: number,
  rowStep: number,
  count: number,
  length: number,
  work: Work,
): void {
  const final = stages[stages.length - 1];
  const gathers = stages[0].radix === 4 && stages.length > 1;
  const scatter = stages.length > 1 ? lastPass(functions, final.radix) : null;
  if (gathers) functions.gather4(address, rowStep, work.first, work.table + 8 * stages[0].first, count, stages[0].m);
  else functions.copyPieces(address, rowStep, work.first, 16 * count, 16 * count, length);
  const middle = stages.slice(gathers ? 1 : 0, scatter === null ? undefined : -1);
  const end = runPasses(functions, middle, work.first, work, null);
  if (scatter === null) functions.copyPieces(end, 16 * count, address, rowStep, 16 * count, length);
  else scatter(end, address, rowStep, length / final.radix, count);
}

function lastPass(functions: WasmFunctions, radix: number): WasmFunctions["last4"] | null {
  if (radix === 4) return functions.last4;
  return radix === 2 ? functions.last2 : radix === 5 ? functions.last5 : null;
}

/** Runs the passes from an address, the last one into `target` when given; returns the address of the result. */
function runPasses(
  functions: WasmFunctions,
  stages: readonly FftStage[],
  start: number,
  work: Work,
  target: number | null,
): number {
  let from = start;
  for (let i = 0; i < stages.length; i++) {
    const { radix, first, span, m } = stages[i];
    const free = from === work.second ? work.first : work.second;
    const to = target !== null && i === stages.length - 1 ? target : free;
    const w = work.table + 8 * first;
    if (radix === 4) functions.pass4(from, to, w, span, m);
    else if (radix === 2) functions.pass2(from, to, w, span, m);
    else if (radix === 3) functions.pass3(from, to, w, span, m);
    else if (radix === 5) functions.pass5(from, to, w, span, m);
    else functions.pass7(from, to, w, span, m);
    from = to;
  }
  return from;
}
