import { ARENA_START, createArena, routinesBackend, type WasmArena } from "./backend.js";
import { fftOrder, fftRadices, fftTwiddles, pairedTwiddles, passConstants } from "./fft-tables.js";
import type { FftEngine } from "./fft-engine.js";
import { createWeakSlot, type WeakSlot } from "./weak-slot.js";

/** Larger grids (2 GiB in WebAssembly memory) go panel by panel instead. */
const MOST_POINTS = 2 ** 27;
/** Smaller ones are not worth a memory. */
const LEAST_POINTS = 16;
/** Points that are transformed along several axes while they are in the second cache. */
const CHUNK = 2 ** 15;
/** Memories up to this number of points are kept for the next grid, larger ones as long as nothing else needs the room. */
const KEPT_POINTS = 2 ** 21;
/** Points that come in together. */
const STAGED = 2 ** 12;
const LONGEST_LINE = 2 ** 12;
/** Other rows at least this long are transformed one by one by an engine; of fewer than FEW_LINES shorter ones too. */
const LONG_ROW = 2 ** 10;
const SHORTEST_BY_ENGINE = 2 ** 6;
const FEW_LINES = 5;
/** Grids of fewer than eight longer lines are declined: a panel of eight would be larger than the grid. */
const LONG_COLUMN = 2 ** 13;
/** Bytes of a line of the cache, and after how many of them it puts entries into the same place again. */
const CACHE_LINE = 64;
const ALIAS = 4096;
/** Shorter pieces are not padded: copying them one by one would cost more. */
const LEAST_PADDED = 1024;

/** Where the parts of a grid and the tables of its axes lie in WebAssembly memory; addresses in bytes. */
interface GridLayout {
  readonly axes: readonly AxisPlan[];
  /** Work space of one panel. */
  readonly panel: number;
  /** Room for the rows that come in. */
  readonly staging: number;
  /** First real part, and from real to imaginary parts. */
  readonly real: number;
  readonly apart: number;
  /** Whether rows are left to an engine. */
  readonly byEngine: boolean;
  /** The first of the axes whose product, the unit, is transformed at once while it is in the cache. */
  readonly inner: number;
  /** Points of a unit, and from one unit to the next. */
  readonly unit: number;
  readonly pitch: number;
  /** The end of all this. */
  readonly end: number;
}

/** One axis: what the transforms of its length need. */
interface AxisPlan {
  readonly length: number;
  readonly radices: readonly number[];
  /** Address of the radices and of the order of the results (32-bit integers), and of the twiddles. */
  readonly plan: number;
  readonly order: number;
  readonly twiddles: number;
  /** Twiddles in pairs where the rows are done line by line, otherwise 0. */
  readonly paired: number;
}

/** What became of a grid. */
export type GridOutcome = "declined" | "finite" | "not finite";

/** A memory with the tables of the last grid. */
interface GridMemory {
  readonly arena: WasmArena;
  shape: string;
}
let kept: GridMemory | null = null;
const recent: WeakSlot<GridMemory> = createWeakSlot();

/**
 * Transforms a row-major grid of complex numbers along every axis, inside WebAssembly memory: the parts are copied in
 * piece by piece and transformed along their last axes on the way; then the other axes follow, in panels of columns.
 *
 * @param re real parts
 * @param im imaginary parts
 * @param shape lengths of the axes, their product the number of points
 * @param divisor every result is divided by it
 * @param outRe where the real parts of the results go; re itself when absent
 * @param outIm where the imaginary parts go
 * @param rowEngine makes engines for rows that do not fit the panels; without it such grids are declined
 * @returns whether every result is finite; "declined" when nothing was done because this way is closed (JavaScript back
 *   end, an axis with a prime factor above 101, a single line, fewer than eight long columns, a tiny or huge grid)
 */
export function transformGrid(
  re: Float64Array,
  im: Float64Array,
  shape: readonly number[],
  divisor: number,
  outRe: Float64Array = re,
  outIm: Float64Array = im,
  rowEngine?: (length: number) => FftEngine,
): GridOutcome {
  const points = re.length;
  if (points < LEAST_POINTS || points > MOST_POINTS || points === Math.max(...shape)) return "declined";
  if (routinesBackend() === "js") return "declined";
  const lengths = shape.filter((length) => length > 1);
  const layout = layoutOf(lengths, points, rowEngine !== undefined);
  const memory = layout === null ? null : memoryOf(layout, lengths, points);
  if (layout === null || memory === null) return "declined";
  const { functions, values } = memory;
  const { axes, panel, staging, real, apart, byEngine, inner, unit, pitch } = layout;
  const row = axes[axes.length - 1];
  const engine = byEngine ? rowEngine?.(row.length) : undefined;
  const parts = [values.subarray(real / 8), values.subarray((real + apart) / 8)];
  const along = (axis: AxisPlan, from: number, stride: number, slabs: number): void => {
    const { length, plan, order, twiddles } = axis;
    functions.gridColumns(real + 8 * from, 8 * stride, apart, slabs, length, plan, order, twiddles, panel);
  };
  /** Copies rows in and transforms them on their way into the grid, where they lie `step` apart from `to` on. */
  const enter = (from: number, rows: number, to: number, step: number): void => {
    const { length, plan, order, twiddles, paired } = row;
    if (engine !== undefined) {
      for (let r = 0; r < rows; r++) {
        engine.transform(re, im, from + r * length, parts[0], parts[1], to + r * step, 1);
      }
      return;
    }
    if (paired === 0 && step === length) {
      // Panels read eight rows before they write them, so these may be copied to their place at once.
      const target = real + 8 * to;
      values.set(re.subarray(from, from + rows * length), target / 8);
      values.set(im.subarray(from, from + rows * length), (target + apart) / 8);
      functions.gridRows(target, apart, rows, length, target, 8 * step, apart, plan, order, twiddles, panel);
      return;
    }
    const most = rowsAtOnce(length);
    const away = 8 * length * most + CACHE_LINE;
    for (let start = 0; start < rows; start += most) {
      const lines = Math.min(most, rows - start);
      const [first, end] = [from + start * length, from + (start + lines) * length];
      values.set(re.subarray(first, end), staging / 8);
      values.set(im.subarray(first, end), (staging + away) / 8);
      const target = real + 8 * (to + start * step);
      if (paired !== 0) functions.powerRows(staging, away, lines, length, target, 8 * step, apart, order, paired);
      else functions.gridRows(staging, away, lines, length, target, 8 * step, apart, plan, order, twiddles, panel);
    }
  };
  const units = points / unit;
  // As many units at once as the cache holds; padded ones of more than one row are taken one by one.
  const together =
    pitch === unit || unit === row.length ? unitsAtOnce(unit / row.length, Math.max(1, Math.floor(CHUNK / unit))) : 1;
  for (let start = 0; start < units; start += together) {
    const count = unit * Math.min(together, units - start);
    enter(unit * start, count / row.length, pitch * start, unit === row.length ? pitch : row.length);
    for (let axis = axes.length - 2, stride = row.length; axis >= inner; axis--) {
      along(axes[axis], pitch * start, stride, count / stride / axes[axis].length);
      stride *= axes[axis].length;
    }
  }
  for (let axis = inner - 1, stride = pitch; axis >= 0; axis--) {
    along(axes[axis], 0, stride, (units * pitch) / stride / axes[axis].length);
    stride *= axes[axis].length;
  }
  let finite = true;
  const leaving = pitch === unit ? Math.ceil(CHUNK / unit) : 1;
  for (let start = 0; start < units; start += leaving) {
    const count = unit * Math.min(leaving, units - start);
    for (const [part, base] of [
      [outRe, real],
      [outIm, real + apart],
    ] as const) {
      const at = base + 8 * pitch * start;
      if (functions.finishPart(at, count, divisor) !== 0) finite = false;
      part.set(values.subarray(at / 8, at / 8 + count), unit * start);
    }
  }
  return finite ? "finite" : "not finite";
}

/** Places in memory for a grid, or null when an axis has a prime factor above 101 (rows may have one where there are engines). */
function layoutOf(lengths: readonly number[], points: number, engines: boolean): GridLayout | null {
  const rowLength = lengths[lengths.length - 1];
  const columns = lengths.slice(0, -1);
  const long = rowLength >= (points < FEW_LINES * rowLength ? SHORTEST_BY_ENGINE : LONG_ROW);
  const byEngine = engines && !isLine(rowLength) && (long || fftRadices(rowLength) === null);
  const longest = Math.max(...columns, byEngine ? 0 : rowLength);
  if (longest > LONG_COLUMN && points < 8 * longest) return null;
  let end = ARENA_START;
  const take = (bytes: number): number => {
    const at = end;
    end += CACHE_LINE * Math.ceil(bytes / CACHE_LINE);
    return at;
  };
  const axes: AxisPlan[] = [];
  for (const length of byEngine ? columns : lengths) {
    const radices = fftRadices(length);
    if (radices === null) return null;
    const known = axes.find((axis) => axis.length === length);
    const fresh = (): AxisPlan => {
      const [plan, order] = [take(4 * radices.length), take((4 * length) / radices[radices.length - 1])];
      const paired = isLine(length) ? take(16 * length) : 0;
      const constants = radices.reduce((sum, radix) => sum + passConstants(radix), 0);
      return { length, radices, plan, order, twiddles: take(16 * length + 8 * constants), paired };
    };
    axes.push(known ?? fresh());
  }
  if (byEngine) axes.push({ length: rowLength, radices: [], plan: 0, order: 0, twiddles: 0, paired: 0 });
  const staging = byEngine ? 0 : take(16 * rowLength * rowsAtOnce(rowLength) + CACHE_LINE);
  // Two panels, the addresses of eight lines, the room of a prime.
  const panel = take(288 * longest + 2 * CACHE_LINE);
  const last = axes.length - 1;
  let inner = last;
  let unit = axes[last].length;
  while (inner > 0 && unit * axes[inner - 1].length <= CHUNK) unit *= axes[--inner].length;
  const rows = unit / axes[last].length;
  const padded = inner > 0 && unit >= LEAST_PADDED && (8 * unit) % ALIAS === 0 && (rows === 1 || rows % 8 === 0);
  const pitch = padded ? unit + CACHE_LINE / 8 : unit;
  const real = take((8 * points * pitch) / unit);
  // Equal entries of the parts, which are used together, should not fall into the same place of the cache either.
  take(CACHE_LINE);
  const apart = take((8 * points * pitch) / unit) - real;
  return { axes, panel, staging, real, apart, byEngine, inner, unit, pitch, end };
}

/** The memory for a grid, with the tables of its axes in their places. */
function memoryOf(layout: GridLayout, lengths: readonly number[], points: number): WasmArena | null {
  const shape = `${lengths.join(" ")} ${layout.byEngine}`;
  const known = kept ?? recent.get();
  let memory = known !== null && known.arena.memory.buffer.byteLength >= layout.end ? known : null;
  if (memory === null) {
    // The old one first, so that its room is free for the new one.
    kept = null;
    recent.set(null);
    const arena = createArena((layout.end - ARENA_START) / 8);
    if (arena === null) return null;
    memory = { arena, shape: "" };
    if (points <= KEPT_POINTS) kept = memory;
    else recent.set(memory);
  }
  const { arena } = memory;
  if (memory.shape === shape) return arena;
  for (const { length, radices, plan, order, twiddles, paired } of new Set(layout.axes)) {
    if (plan === 0) continue;
    new Int32Array(arena.memory.buffer, plan).set(radices);
    new Int32Array(arena.memory.buffer, order).set(fftOrder(length, radices));
    arena.values.set(fftTwiddles(length, radices), twiddles / 8);
    if (paired !== 0) arena.values.set(pairedTwiddles(length), paired / 8);
  }
  memory.shape = shape;
  return arena;
}

/** Whether rows of this length are transformed line by line: powers of two whose line stays in the first cache. */
function isLine(length: number): boolean {
  return length >= 16 && length <= LONGEST_LINE && (length & (length - 1)) === 0;
}

/** Rows that come in together, a multiple of eight. */
function rowsAtOnce(length: number): number {
  return 8 * Math.max(1, Math.floor(STAGED / length / 8));
}

/** The largest number of units up to `most` whose rows fill panels of eight, or at least eight rows. */
function unitsAtOnce(rows: number, most: number): number {
  for (let units = most; units > 0; units--) if ((rows * units) % 8 === 0) return units;
  return rows * most >= 8 ? most : 8;
}
