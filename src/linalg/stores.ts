import { residentMatrix, routinesBackend } from "../routines/index.js";
import { beyondMemory, newArray } from "./input.js";

/** Doubles kept for the next factorisation of the same shape (64 MB): fresh pages cost up to a tenth of the work. */
const KEPT = 2 ** 23;
/** Below this order an ordinary array does as well. */
const RESIDENT = 96;

interface Spare {
  readonly store: Float64Array;
  readonly rows: number;
  readonly cols: number;
  readonly backend: string;
}

/** Latest first. */
let spares: Spare[] = [];

/**
 * A rows x cols work array where the routines are fastest, with whatever an earlier call left in it. Return it with
 * {@link releaseStore}; one that is not returned (an error on the way) is simply collected.
 */
export function borrowStore(rows: number, cols: number): Float64Array {
  if (Math.min(rows, cols) < RESIDENT) return newArray(rows * cols, "linalg");
  const backend = routinesBackend();
  const found = spares.find((spare) => spare.rows === rows && spare.cols === cols && spare.backend === backend);
  if (found === undefined) {
    try {
      return residentMatrix(rows, cols);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw beyondMemory("linalg", "the work space", rows * cols);
    }
  }
  spares = spares.filter((spare) => spare !== found);
  return found.store;
}

/** Takes a store back when nothing refers to it any more; the oldest ones go when too much is kept. */
export function releaseStore(store: Float64Array, rows: number, cols: number): void {
  if (Math.min(rows, cols) < RESIDENT || store.length > KEPT) return;
  spares.unshift({ store, rows, cols, backend: routinesBackend() });
  let total = 0;
  spares = spares.filter((spare) => (total += spare.store.length) <= KEPT);
}
