import { type Matrix, transpose } from "../core/index.js";

/** Sign that makes the entry of largest modulus (the first of equals) positive. */
export function signOf(values: Float64Array, offset: number, length: number): 1 | -1 {
  let largest = 0;
  let sign: 1 | -1 = 1;
  for (let i = offset; i < offset + length; i++) {
    const modulus = Math.abs(values[i]);
    if (modulus > largest) {
      largest = modulus;
      sign = values[i] < 0 ? -1 : 1;
    }
  }
  return sign;
}

/** Turns vectors stored as rows (count x n) into the columns of an n x count matrix with the sign convention; `rows` is overwritten. */
export function columnsFromRows(count: number, n: number, rows: Float64Array): Matrix {
  for (let k = 0; k < count; k++) {
    if (signOf(rows, k * n, n) === 1) continue;
    for (let i = k * n; i < (k + 1) * n; i++) rows[i] = -rows[i];
  }
  return transpose({ rows: count, cols: n, data: rows });
}
