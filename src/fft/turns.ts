import { cosTurns, sinTurns } from "../core/index.js";
import { createWeakSlot, type WeakSlot } from "../routines/index.js";

/** Recent tables by length, oldest first: transforms of one kind need one or two of them again and again. */
const tables = new Map<number, Float64Array>();
const TABLES_KEPT = 8;
/** Longer ones are megabytes: the last one stays as long as nothing else needs the room. */
const LONGEST_KEPT = 2 ** 20;
const large: WeakSlot<{ readonly length: number; readonly table: Float64Array }> = createWeakSlot();

/** e^{−2πi k/n} for k = 0 … ⌊n/4⌋ as interleaved numbers, from the recent tables when possible. */
export function quarterTurns(n: number): Float64Array {
  const known = tables.get(n);
  if (known !== undefined) return known;
  if (n > LONGEST_KEPT) {
    const last = large.get();
    if (last?.length === n) return last.table;
    large.set(null);
  }
  const count = Math.floor(n / 4) + 1;
  const table = new Float64Array(2 * count);
  for (let k = 0; k < count; k++) {
    table[2 * k] = cosTurns(k, n);
    table[2 * k + 1] = -sinTurns(k, n);
  }
  if (n > LONGEST_KEPT) {
    large.set({ length: n, table });
    return table;
  }
  tables.set(n, table);
  for (const oldest of tables.keys()) {
    if (tables.size <= TABLES_KEPT) break;
    tables.delete(oldest);
  }
  return table;
}
