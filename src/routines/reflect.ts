import { requireBlock } from "./extent.js";
import { residentProducts } from "./resident.js";

/** Reflectors that go to WebAssembly in one call: their numbers have to fit beside the matrix. */
const MOST = 256;

/**
 * Applies a sequence of reflectors of three rows each from the left: what a QR sweep does to the rows it has passed.
 *
 * Relation: for p = 0, 1, … A ← H_p A, H_p = I − τ_p u uᵀ with u = (1, v, w) on rows p, p + 1, p + 2;
 * per column s = τ ((a₀ + v a₁) + w a₂), a₀ −= s, a₁ −= s v, a₂ −= s w, the same in all back ends.
 *
 * @param cols columns of A
 * @param count reflectors; A has count + 2 rows
 * @param reflectors τ, v, w of each, one after the other
 * @param a storage of A, overwritten
 * @param offset index of its first entry
 * @param stride distance of its rows
 * @throws {ShapeError} when a block leaves its array
 *
 * Accuracy: a few roundings per entry and reflector. Cost: 10 cols count flops.
 */
export function reflectRows(
  cols: number,
  count: number,
  reflectors: Float64Array,
  a: Float64Array,
  offset: number,
  stride: number,
): void {
  requireBlock(a, offset, stride, count + 2, cols, "a", "reflectRows");
  requireBlock(reflectors, 0, 3, count, 3, "reflectors", "reflectRows");
  if (cols === 0 || count === 0) return;
  if (besideMatrix("reflectRows", cols, count, reflectors, a, offset, stride)) return;
  for (let p = 0; p < count; p++) {
    const tau = reflectors[3 * p];
    const v = reflectors[3 * p + 1];
    const w = reflectors[3 * p + 2];
    let x = offset + p * stride;
    let y = x + stride;
    let z = y + stride;
    for (const end = x + cols; x < end; x++, y++, z++) {
      const s = tau * (a[x] + v * a[y] + w * a[z]);
      a[x] -= s;
      a[y] -= s * v;
      a[z] -= s * w;
    }
  }
}

/**
 * The same from the right, on columns p, p + 1, p + 2: A ← A H_p.
 *
 * Relation: as {@link reflectRows} for Aᵀ.
 *
 * @param rows rows of A
 * @param count reflectors; A has count + 2 columns
 * @param reflectors τ, v, w of each, one after the other
 * @param a storage of A, overwritten
 * @param offset index of its first entry
 * @param stride distance of its rows
 * @throws {ShapeError} when a block leaves its array
 *
 * Accuracy: a few roundings per entry and reflector. Cost: 10 rows count flops.
 */
export function reflectColumns(
  rows: number,
  count: number,
  reflectors: Float64Array,
  a: Float64Array,
  offset: number,
  stride: number,
): void {
  requireBlock(a, offset, stride, rows, count + 2, "a", "reflectColumns");
  requireBlock(reflectors, 0, 3, count, 3, "reflectors", "reflectColumns");
  if (rows === 0 || count === 0) return;
  if (besideMatrix("reflectColumns", rows, count, reflectors, a, offset, stride)) return;
  for (let i = 0; i < rows; i++) {
    let at = offset + i * stride;
    let x = a[at];
    let y = a[at + 1];
    for (let p = 0; p < 3 * count; p += 3, at++) {
      const v = reflectors[p + 1];
      const w = reflectors[p + 2];
      const z = a[at + 2];
      const s = reflectors[p] * (x + v * y + w * z);
      a[at] = x - s;
      x = y - s * v;
      y = z - s * w;
    }
    a[at] = x;
    a[at + 1] = y;
  }
}

/** The same in WebAssembly on a resident matrix; false when the caller must do it. */
function besideMatrix(
  name: "reflectRows" | "reflectColumns",
  others: number,
  count: number,
  reflectors: Float64Array,
  a: Float64Array,
  offset: number,
  stride: number,
): boolean {
  const resident = count > MOST ? null : residentProducts(a);
  if (resident === null) return false;
  const { functions, values, scratch } = resident;
  for (let k = 0; k < 3 * count; k++) values[scratch + k] = reflectors[k];
  functions[name](others, count, 8 * scratch, a.byteOffset + 8 * offset, stride);
  return true;
}
