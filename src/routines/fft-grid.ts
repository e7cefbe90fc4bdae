import { ARENA_START, createArena, routinesBackend, type WasmArena, type WasmFunctions } from "./backend.js";
import { fftStages, type FftStage, fftRadices, fftTwiddles } from "./fft-passes.js";

/** Larger grids (1 GiB in WebAssembly memory) go panel by panel instead. */
const MOST_POINTS = 2 ** 26;
/** Smaller ones are done before a memory is set up. */
const LEAST_POINTS = 512;
/** Columns transformed together: 16 complex numbers, four cache lines. */
const COLUMNS = 16;

/** The memory of the last grid, as long as nothing else needs the room. */
let recent: WeakRef<WasmArena> | null = null;

/**
 * Transforms a row-major grid of complex numbers along every axis, inside WebAssembly memory: the parts are copied in and
 * woven together once, rows are transformed where they lie, columns in panels of 16.
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
  const plans = shape.map((length) => ({ length, radices: length === 1 ? [] : fftRadices(length) }));
  const longest = Math.max(...shape);
  const panel = 2 * longest * COLUMNS;
  // Twiddles (fewer than 2 · longest numbers over all passes), two panels, the grid.
  const table = ARENA_START / 8;
  const first = table + 2 * longest;
  const second = first + panel;
  const grid = second + panel;
  if (plans.some((plan) => plan.radices === null)) return false;
  const arena = arenaOf(grid + 2 * points);
  if (arena === null) return false;
  const { functions, values } = arena;
  weave(arena, re, im, grid, first, panel);
  let stride = points;
  for (const { length, radices } of plans) {
    stride /= length;
    if (length === 1) continue;
    values.set(fftTwiddles(length, radices as readonly number[]), table);
    const work = { table: 8 * table, first: 8 * first, second: 8 * second };
    if (stride === 1) transformRows(functions, length, radices as readonly number[], 8 * grid, points / length, work);
    else transformColumns(functions, length, radices as readonly number[], 8 * grid, points, stride, work);
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

/** Copies the parts in, piece by piece through the panels, and interleaves them into the grid. */
function weave(
  { functions, values }: WasmArena,
  re: Float64Array,
  im: Float64Array,
  grid: number,
  room: number,
  size: number,
): void {
  for (let start = 0; start < re.length; start += size) {
    const count = Math.min(size, re.length - start);
    values.set(re.subarray(start, start + count), room);
    values.set(im.subarray(start, start + count), room + count);
    functions.interleave(8 * room, 8 * (grid + 2 * start), count);
  }
}

/** The reverse, dividing. */
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

/** Rows: the first pass reads the grid, the last one writes it, the others go between the work spaces. */
function transformRows(
  functions: WasmFunctions,
  length: number,
  radices: readonly number[],
  grid: number,
  rows: number,
  work: Work,
): void {
  const stages = fftStages(length, radices, 1);
  for (let row = 0; row < rows; row++) {
    const address = grid + 16 * row * length;
    const end = runPasses(functions, stages, address, work, stages.length > 1 ? address : null);
    if (end !== address) functions.copyPieces(end, 0, address, 0, 16 * length, 1);
  }
}

function transformColumns(
  functions: WasmFunctions,
  length: number,
  radices: readonly number[],
  grid: number,
  points: number,
  stride: number,
  work: Work,
): void {
  const full = fftStages(length, radices, Math.min(COLUMNS, stride));
  const rest = stride % COLUMNS === 0 ? full : fftStages(length, radices, stride % COLUMNS);
  for (let slab = 0; slab < points; slab += length * stride) {
    for (let column = 0; column < stride; column += COLUMNS) {
      const count = Math.min(COLUMNS, stride - column);
      const address = grid + 16 * (slab + column);
      functions.copyPieces(address, 16 * stride, work.first, 16 * count, 16 * count, length);
      const end = runPasses(functions, count === COLUMNS || stride < COLUMNS ? full : rest, work.first, work, null);
      functions.copyPieces(end, 16 * count, address, 16 * stride, 16 * count, length);
    }
  }
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
