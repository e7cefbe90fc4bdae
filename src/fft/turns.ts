import { cosTurns, sinTurns } from "../core/index.js";

/** Recent tables by length, oldest first: transforms of one kind need one or two of them again and again. */
const tables = new Map<number, Float64Array>();
const TABLES_KEPT = 8;
/** Longer ones are megabytes: the last one stays as long as nothing else needs the room. */
const LONGEST_KEPT = 2 ** 20;
let large: { readonly length: number; readonly table: WeakRef<Float64Array> } | null = null;

/** e^{−2πi k/n} for k = 0 … ⌊n/4⌋ as interleaved numbers, from the recent tables when possible. */
export function quarterTurns(n: number): Float64Array {
  const known = tables.get(n) ?? (large?.length === n ? large.table.deref() : undefined);
  if (known !== undefined) return known;
  const count = Math.floor(n / 4) + 1;
  const table = new Float64Array(2 * count);
  for (let k = 0; k < count; k++) {
    table[2 * k] = cosTurns(k, n);
    table[2 * k + 1] = -sinTurns(k, n);
  }
  if (n > LONGEST_KEPT) {
    large = { length: n, table: new WeakRef(table) };
    return table;
  }
  tables.set(n, table);
  for (const oldest of tables.keys()) {
    if (tables.size <= TABLES_KEPT) break;
    tables.delete(oldest);
  }
  return table;
}
