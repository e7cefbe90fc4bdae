import { ARENA_START, createArena, fusedInEffect, fusedProducts, routinesBackend, type WasmArena } from "./backend.js";
import { NEAR, WIDE_SIDE, type ZonalTable } from "./zonal-table.js";

/** Rows of a block of pairs. */
export const ZONAL_ROWS = 256;
/** Columns of a block of pairs. */
export const ZONAL_COLS = 512;
/** Extra doubles between rows of a block: rows 4096 bytes apart would all fall into one set of the cache. */
export const SKEW = 8;
/** Dimensions whose packed points stay in the work space; more go through it in slabs. */
export const SLAB = 1024;
/** The sides of the table are 2^22 bytes apart: the row routine takes the sign of the cosine as bit 22 of the address. */
const SIDES_APART = 1 << 19;
/** Index of the first wide piece among all doubles of positive exponent and five mantissa bits, times its 64 bytes. */
const FIRST_PIECE = ((1023 - 7) << 5) * 64;

/** Work space of zonal kernels in the WebAssembly back end; nothing but the table survives in it between calls. */
export interface ZonalArena extends WasmArena {
  /** Address of the constants of the row routine. */
  readonly constants: number;
  /** Index of the scale of the row, twice: the last pair of the constants. */
  readonly scale: number;
  /** Address that the row routine adds to the bits of a piece. */
  readonly table: number;
  /** Index of the packed left points, ZONAL_ROWS x SLAB doubles. */
  readonly left: number;
  /** Index of the packed right points, ZONAL_COLS x SLAB doubles. */
  readonly right: number;
  /** Index of the cosines of a block, ZONAL_ROWS rows of ZONAL_COLS + SKEW doubles. */
  readonly cosines: number;
  /** Index of its kernel values, stored likewise. */
  readonly block: number;
  /** Index of the transposed block, ZONAL_COLS rows of ZONAL_ROWS + SKEW doubles. */
  readonly transposed: number;
  /** Index of the scales of its columns. */
  readonly weights: number;
}

/** Where the two sides of the table begin. */
const NEAR_SIDE = ARENA_START / 8 + 16;
const FAR_SIDE = NEAR_SIDE + SIDES_APART;

let arena: ZonalArena | null | undefined;
let fusedArena: ZonalArena | null | undefined;
/** The table whose pieces are in the work space, and how many of those built. */
let loaded: ZonalTable | null = null;
let copied = 0;

/** The work space with a table loaded, or null when JavaScript is in effect. */
export function zonalArena(table: ZonalTable): ZonalArena | null {
  if (routinesBackend() === "js") return null;
  if (arena === undefined) arena = create();
  if (arena === null) return null;
  loadTable(arena, table);
  if (!fusedInEffect()) return arena;
  if (fusedArena === undefined) {
    const fused = fusedProducts(arena.memory);
    fusedArena = fused === null ? null : { ...arena, functions: { ...arena.functions, ...fused } };
  }
  return fusedArena ?? arena;
}

function create(): ZonalArena | null {
  const cells = ZONAL_ROWS * (ZONAL_COLS + SKEW);
  // The left points lie between the sides of the table.
  const left = NEAR_SIDE + WIDE_SIDE;
  const right = FAR_SIDE + WIDE_SIDE;
  const cosines = right + ZONAL_COLS * SLAB;
  const block = cosines + cells;
  const transposed = block + cells;
  const weights = transposed + ZONAL_COLS * (ZONAL_ROWS + SKEW);
  const created = createArena(weights + ZONAL_COLS);
  if (created === null) return null;
  const { memory, values } = created;
  values.fill(1, ARENA_START / 8, ARENA_START / 8 + 2);
  values.fill(NEAR, ARENA_START / 8 + 2, ARENA_START / 8 + 4);
  const masks = new BigInt64Array(memory.buffer, ARENA_START + 32, 4);
  masks.fill(0x7fffffffffffffffn, 0, 2); // the modulus
  masks.fill(-1n << 47n, 2, 4); // the left end of a piece
  const table = 8 * NEAR_SIDE - FIRST_PIECE;
  const scale = ARENA_START / 8 + 8;
  return { ...created, constants: ARENA_START, scale, table, left, right, cosines, block, transposed, weights };
}

/** Brings the pieces of a table to the work space: all of them, or those built since the last call. */
export function loadTable({ values }: ZonalArena, table: ZonalTable): void {
  const { wide, built } = table;
  if (loaded !== table) {
    loaded = table;
    copied = built.length;
    values.set(wide.subarray(0, WIDE_SIDE), NEAR_SIDE);
    values.set(wide.subarray(WIDE_SIDE), FAR_SIDE);
  }
  for (; copied < built.length; copied++) {
    const at = built[copied];
    values.set(wide.subarray(at, at + 8), at < WIDE_SIDE ? NEAR_SIDE + at : FAR_SIDE + at - WIDE_SIDE);
  }
}
