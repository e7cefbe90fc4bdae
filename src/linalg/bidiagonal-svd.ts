import { bidiagonalQr } from "./bidiagonal-qr.js";
import type { RowSvd } from "./svd.js";

/**
 * SVD of an upper bidiagonal matrix, vectors as rows; d and e (length n, e[n − 1] unused) are destroyed. B scaled near one.
 */
export function bidiagonalSvd(n: number, d: Float64Array, e: Float64Array, wantVectors: boolean): RowSvd {
  return qrSvd(n, d, e, wantVectors);
}

/** By QR iteration alone. */
export function qrSvd(n: number, d: Float64Array, e: Float64Array, wantVectors: boolean): RowSvd {
  const width = wantVectors ? n : 0;
  const u = identityRows(n, width);
  const v = identityRows(n, width);
  bidiagonalQr(n, d, e, u, width, v, width);
  for (let k = 0; k < n; k++) {
    if (d[k] >= 0) continue;
    d[k] = -d[k];
    for (let i = k * width; i < (k + 1) * width; i++) v[i] = -v[i];
  }
  const order = Uint32Array.from(d, (_, k) => k).sort((a, b) => d[b] - d[a] || a - b);
  return {
    values: Float64Array.from(order, (k) => d[k]),
    u: permuteRows(u, width, order),
    v: permuteRows(v, width, order),
  };
}

function identityRows(n: number, width: number): Float64Array {
  const rows = new Float64Array(n * width);
  for (let i = 0; i < width; i++) rows[i * width + i] = 1;
  return rows;
}

function permuteRows(rows: Float64Array, width: number, order: Uint32Array): Float64Array {
  const out = new Float64Array(rows.length);
  for (let k = 0; k < order.length; k++) out.set(rows.subarray(order[k] * width, (order[k] + 1) * width), k * width);
  return out;
}
