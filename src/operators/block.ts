import { ArgumentError, type ExactSpectrum, ShapeError } from "../core/index.js";
import {
  type LinearOperator,
  type SymmetricOperator,
  applyTransposeOf,
  hasTranspose,
  isSymmetric,
} from "./operator.js";
import { requireOperator } from "./require-operator.js";

/**
 * Makes a block-diagonal operator.
 *
 * Relation: blocks act on consecutive pieces of the vector; the spectrum is the union of the blocks' spectra.
 *
 * @param blocks one or more operators
 * @returns their direct sum, symmetric when all blocks are; its exact spectrum when all blocks have one
 * @throws {ArgumentError} without blocks
 *
 * Cost: one product with each block.
 *
 * @example
 * ```ts
 * import { blockDiagonal, diagonal } from "eigenscope/operators";
 * console.log(blockDiagonal(diagonal([3]), diagonal([1, 2])).exactSpectrum?.().values.join(" ")); // 1 2 3
 * ```
 */
export function blockDiagonal(...blocks: SymmetricOperator[]): SymmetricOperator;
export function blockDiagonal(...blocks: LinearOperator[]): LinearOperator;
export function blockDiagonal(...blocks: LinearOperator[]): LinearOperator {
  const parts = requireBlocks(blocks, "blockDiagonal");
  const rows = parts.reduce((sum, block) => sum + block.rows, 0);
  const cols = parts.reduce((sum, block) => sum + block.cols, 0);
  const each =
    (transpose: boolean) =>
    (x: Float64Array, out: Float64Array): void => {
      let from = 0;
      let to = 0;
      for (const block of parts) {
        const [outputs, inputs] = transpose ? [block.cols, block.rows] : [block.rows, block.cols];
        const piece = x.subarray(from, from + inputs);
        if (transpose) applyTransposeOf(block, piece, out.subarray(to, to + outputs));
        else block.apply(piece, out.subarray(to, to + outputs));
        from += inputs;
        to += outputs;
      }
    };
  const apply = each(false);
  if (parts.every(isSymmetric)) {
    const known = parts.every((block) => block.exactSpectrum !== undefined);
    const exact = known ? { exactSpectrum: () => union(parts.map((block) => block.exactSpectrum!())) } : {};
    return { rows, cols, symmetric: true, apply, applyTranspose: apply, ...exact } as SymmetricOperator;
  }
  return parts.every(hasTranspose) ? { rows, cols, apply, applyTranspose: each(true) } : { rows, cols, apply };
}

/**
 * Makes an operator of a grid of operators.
 *
 * Relation: block row i of the product is Σ_j grid[i][j] x_j.
 *
 * @param grid rows of operators; blocks in a row have equal rows, blocks in a column equal columns
 * @returns the assembled operator, not marked symmetric
 * @throws {ArgumentError} for an empty or ragged grid
 * @throws {ShapeError} when blocks do not fit
 *
 * Cost: one product with each block and one scratch vector.
 */
export function block(grid: readonly (readonly LinearOperator[])[]): LinearOperator {
  const width = Array.isArray(grid) ? (grid[0]?.length ?? 0) : 0;
  if (width === 0 || grid.some((row) => row?.length !== width)) {
    throw new ArgumentError({
      function: "block",
      argument: "grid",
      expected: "a rectangle of operators",
      got: "an empty or ragged one",
    });
  }
  const parts = grid.map((row, i) => row.map((part, j) => requireOperator(part, `grid[${i}][${j}]`, "block")));
  const heights = parts.map((row) => row[0].rows);
  const widths = parts[0].map((part) => part.cols);
  parts.forEach((row, i) => {
    row.forEach((part, j) => {
      if (part.rows === heights[i] && part.cols === widths[j]) return;
      throw new ShapeError({
        function: "block",
        argument: `grid[${i}][${j}]`,
        expected: `${heights[i]} x ${widths[j]}`,
        got: `${part.rows} x ${part.cols}`,
      });
    });
  });
  const rows = heights.reduce((sum, height) => sum + height, 0);
  const cols = widths.reduce((sum, w) => sum + w, 0);
  const scratch = new Float64Array(Math.max(rows, cols)); // one block's product
  const each =
    (transpose: boolean) =>
    (x: Float64Array, out: Float64Array): void => {
      out.fill(0, 0, transpose ? cols : rows);
      let row = 0;
      for (let i = 0; i < parts.length; i++) {
        let column = 0;
        for (let j = 0; j < width; j++) {
          const [from, inputs, to, outputs] = transpose
            ? [row, heights[i], column, widths[j]]
            : [column, widths[j], row, heights[i]];
          const product = scratch.subarray(0, outputs);
          if (transpose) applyTransposeOf(parts[i][j], x.subarray(from, from + inputs), product);
          else parts[i][j].apply(x.subarray(from, from + inputs), product);
          for (let k = 0; k < outputs; k++) out[to + k] += product[k];
          column += widths[j];
        }
        row += heights[i];
      }
    };
  const apply = each(false);
  return parts.flat().every(hasTranspose) ? { rows, cols, apply, applyTranspose: each(true) } : { rows, cols, apply };
}

function requireBlocks(blocks: readonly LinearOperator[], caller: string): LinearOperator[] {
  if (blocks.length === 0) {
    throw new ArgumentError({ function: caller, argument: "blocks", expected: "one or more operators", got: "none" });
  }
  return blocks.map((part, i) => requireOperator(part, `blocks[${i}]`, caller));
}

function union(spectra: readonly ExactSpectrum[]): ExactSpectrum {
  const values = Float64Array.from(spectra.flatMap((spectrum) => Array.from(spectrum.values))).sort();
  return { kind: "exact", values, errorBound: Math.max(...spectra.map((spectrum) => spectrum.errorBound)) };
}
