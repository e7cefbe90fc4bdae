import { ARENA_START, type WasmArena, createArena, fusedInEffect, fusedProducts, routinesBackend } from "./backend.js";
import { PANEL_DEPTH } from "./pack.js";

/** Rows of the left factor packed at once (256 kB with 256 terms: stays in L2). */
export const BLOCK_ROWS = 128;
/** Columns of the right factor packed at once (1 MB with 256 terms). */
export const BLOCK_COLS = 512;
/** Right panels kept side by side, so that a block of sums crosses into an ordinary array once per 1024 terms. */
export const RIGHT_PANELS = 4;
/** Doubles of one right panel. */
export const RIGHT_LENGTH: number = PANEL_DEPTH * BLOCK_COLS;
/** Constants and the state of one row. */
const SCRATCH = 32 + 2 * BLOCK_COLS;

/** The work space of packed products; nothing survives in it between calls. */
export interface ProductArena extends WasmArena {
  /** Index of the left panel, BLOCK_ROWS x PANEL_DEPTH doubles. */
  readonly left: number;
  /** Index of the right panels of RIGHT_LENGTH doubles each: RIGHT_PANELS in the shared arena, one beside a resident matrix. */
  readonly right: number;
  /** Index of the sums, BLOCK_ROWS x BLOCK_COLS doubles. */
  readonly sums: number;
  /** Index of 32 + 2 · BLOCK_COLS doubles for constants and the state of one row. */
  readonly scratch: number;
}

/** Doubles that a work space with this many right panels takes. */
export function productLength(rightPanels: number): number {
  return BLOCK_ROWS * PANEL_DEPTH + rightPanels * RIGHT_LENGTH + BLOCK_ROWS * BLOCK_COLS + SCRATCH;
}

/** Lays a work space out from index `start` of a memory on. */
export function layProducts(arena: WasmArena, start: number, rightPanels: number): ProductArena {
  const { functions, values, memory } = arena;
  const right = start + BLOCK_ROWS * PANEL_DEPTH;
  const sums = right + rightPanels * RIGHT_LENGTH;
  return { functions, values, memory, left: start, right, sums, scratch: sums + BLOCK_ROWS * BLOCK_COLS };
}

/** The same work space with fused products, once they were asked for; null where the engine has none. */
const fusedTwins = new WeakMap<ProductArena, ProductArena | null>();

/** The arena itself, or its twin with fused products when those are in effect. */
export function fusedIfAllowed(arena: ProductArena): ProductArena {
  if (!fusedInEffect()) return arena;
  let twin = fusedTwins.get(arena);
  if (twin === undefined) {
    const fused = fusedProducts(arena.memory);
    twin = fused === null ? null : { ...arena, functions: { ...arena.functions, ...fused } };
    fusedTwins.set(arena, twin);
  }
  return twin ?? arena;
}

let shared: ProductArena | null | undefined;

/** The shared work space of packed products, or null when JavaScript is in effect. */
export function productArena(): ProductArena | null {
  if (routinesBackend() === "js") return null;
  if (shared === undefined) {
    const start = ARENA_START / 8;
    const created = createArena(start + productLength(RIGHT_PANELS));
    shared = created === null ? null : layProducts(created, start, RIGHT_PANELS);
  }
  return shared === null ? null : fusedIfAllowed(shared);
}
