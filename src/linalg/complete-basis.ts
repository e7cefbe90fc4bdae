import { transpose } from "../core/index.js";
import { applyQ, householderQr } from "./householder-qr.js";
import { newArray } from "./input.js";

/**
 * Extends `count` orthonormal rows of length n to `total` orthonormal rows, keeping the given ones bit for bit: the
 * further rows are the columns of the full Q of their QR factorisation.
 */
export function completeRows(n: number, count: number, total: number, rows: Float64Array): Float64Array {
  const out = newArray(total * n, "svd");
  out.set(rows.subarray(0, count * n));
  if (total === count) return out;
  const factor = householderQr(transpose({ rows: count, cols: n, data: rows.slice(0, count * n) }));
  const extra = total - count;
  const columns = new Float64Array(n * extra); // last columns of I, then of Q
  for (let k = 0; k < extra; k++) columns[(count + k) * extra + k] = 1;
  applyQ(factor, false, columns, extra);
  out.set(transpose({ rows: n, cols: extra, data: columns }).data, count * n);
  return out;
}
