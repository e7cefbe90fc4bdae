import { ARENA_START, createArena, fusedInEffect, fusedProduct, routinesBackend, type WasmArena } from "./backend.js";
import { PANEL_DEPTH } from "./pack.js";

/** Rows of the left factor packed at once (256 kB with 256 terms: stays in L2). */
export const BLOCK_ROWS = 128;
/** Columns of the right factor packed at once (1 MB with 256 terms). */
export const BLOCK_COLS = 512;

/** The shared work space of packed products: two panels and a block of sums; nothing survives in it between calls. */
export interface ProductArena extends WasmArena {
  /** Index of the left panel, BLOCK_ROWS x PANEL_DEPTH doubles. */
  readonly left: number;
  /** Index of the right panel, PANEL_DEPTH x BLOCK_COLS doubles. */
  readonly right: number;
  /** Index of the sums, BLOCK_ROWS x BLOCK_COLS doubles. */
  readonly sums: number;
  /** Index of 32 + 2 · BLOCK_COLS doubles for constants and the state of one row. */
  readonly scratch: number;
}

let arena: ProductArena | null | undefined;
/** The same with fused products, once they were asked for. */
let fusedArena: ProductArena | null | undefined;

/** The work space of packed products, or null when JavaScript is in effect. */
export function productArena(): ProductArena | null {
  if (routinesBackend() === "js") return null;
  if (arena === undefined) {
    const left = ARENA_START / 8;
    const right = left + BLOCK_ROWS * PANEL_DEPTH;
    const sums = right + PANEL_DEPTH * BLOCK_COLS;
    const scratch = sums + BLOCK_ROWS * BLOCK_COLS;
    const created = createArena(scratch + 32 + 2 * BLOCK_COLS);
    arena = created === null ? null : { ...created, left, right, sums, scratch };
  }
  if (arena === null || !fusedInEffect()) return arena;
  if (fusedArena === undefined) {
    const multiplyPanels = fusedProduct(arena.memory);
    fusedArena = multiplyPanels === null ? null : { ...arena, functions: { ...arena.functions, multiplyPanels } };
  }
  return fusedArena ?? arena;
}
