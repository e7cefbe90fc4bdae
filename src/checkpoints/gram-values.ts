import { EPSILON } from "../core/index.js";
import { eigh, matmul } from "../linalg/index.js";
import type { LayerValues } from "./layer-record.js";

/** Reads rows from … to − 1 of a rows x cols matrix, row-major, finite. */
export type ReadRows = (from: number, to: number) => Promise<Float64Array>;

/**
 * Computes the singular values of a matrix that is read in tiles of rows, by its smaller Gram matrix.
 *
 * Relation: s = √λ of WᵀW (cols <= rows: one pass) or W Wᵀ (cols > rows: every pair of tiles). Squaring halves the digits:
 * values below √ε s_1 are noise, and reliableAbove says so.
 * Memory: two tiles and the Gram matrix of the smaller side.
 */
export async function gramSingularValues(
  rows: number,
  cols: number,
  tileRows: number,
  read: ReadRows,
): Promise<LayerValues> {
  const order = Math.min(rows, cols);
  const gram = new Float64Array(order * order);
  for (let from = 0; from < rows; from += tileRows) {
    const to = Math.min(rows, from + tileRows);
    const tile = { rows: to - from, cols, data: await read(from, to) };
    if (cols <= rows) {
      const part = matmul(tile, tile, { transposeA: true }).data;
      for (let e = 0; e < gram.length; e++) gram[e] += part[e];
      continue;
    }
    for (let start = 0; start <= from; start += tileRows) {
      const end = Math.min(rows, start + tileRows);
      const other = start === from ? tile : { rows: end - start, cols, data: await read(start, end) };
      const part = matmul(tile, other, { transposeB: true });
      for (let i = 0; i < part.rows; i++) {
        for (let j = 0; j < part.cols; j++) {
          gram[(from + i) * order + start + j] = part.data[i * part.cols + j];
          gram[(start + j) * order + from + i] = part.data[i * part.cols + j];
        }
      }
    }
  }
  const { values } = eigh({ rows: order, cols: order, data: gram }, { vectors: false, triangle: "lower" });
  const singularValues = values.map((value) => Math.sqrt(Math.max(0, value))).reverse();
  return {
    singularValues,
    method: "gram",
    reliableAbove: Math.sqrt(EPSILON * Math.max(rows, cols)) * singularValues[0],
  };
}
