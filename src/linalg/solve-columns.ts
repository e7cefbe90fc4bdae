import type { Matrix } from "../core/index.js";
import { allFinite } from "./input.js";
import { binaryExponent, timesPowerOfTwo } from "./scalar.js";

const TINY = 2 ** -900; // columns below this are lifted: substitution near the subnormal numbers would lose digits
const LIFT = 200;
const LOWERED = 2 ** -300; // columns above this are lowered when they overflow: the product of two entries may, and the solution not
const LOWERING = -600;

/**
 * B <- `scale` times S B, S being what `run` multiplies by in place: a solve whose matrix was multiplied by the power of two
 * `scale`. Columns near the ends of the double range are multiplied by powers of two of their own, so that neither their
 * neighbours nor intermediate results decide what becomes of them. Returns false when a result is not finite.
 *
 * What is small in a large column may matter where A is graded, so it is lowered only when it has overflowed as it is; and a
 * tiny one is not lifted where that overflows.
 */
export function solveColumns(B: Matrix, scale: number, run: (columns: Matrix) => void): boolean {
  const { rows, cols, data } = B;
  const first = new Int32Array(cols); // powers of two for the first attempt
  const second = new Int32Array(cols); // and for the other one
  for (let j = 0; j < cols; j++) {
    let largest = 0;
    for (let at = j; at < data.length; at += cols) largest = Math.max(largest, Math.abs(data[at]));
    first[j] = largest > 0 && largest < TINY ? LIFT : 0;
    second[j] = largest > LOWERED ? LOWERING : 0;
  }
  const original = data.slice();
  attempt(B, first, binaryExponent(scale), run);
  if (allFinite(data)) return true;
  const bad = Array.from(first, (_, j) => j).filter((j) => !isFiniteColumn(B, j));
  const again = { rows, cols: bad.length, data: new Float64Array(rows * bad.length) };
  copyColumns({ rows, cols, data: original }, bad, again, bad.keys());
  attempt(
    again,
    bad.map((j) => second[j]),
    binaryExponent(scale),
    run,
  );
  copyColumns(again, bad.keys(), B, bad);
  return allFinite(again.data);
}

/** Multiplies column j by 2^exponents[j], runs, and multiplies back and by 2^exponent. */
function attempt(B: Matrix, exponents: ArrayLike<number>, exponent: number, run: (columns: Matrix) => void): void {
  scaleColumns(B, (j) => exponents[j]);
  run(B);
  scaleColumns(B, (j) => exponent - exponents[j]);
}

/** Multiplies each column by a power of two. */
export function scaleColumns({ cols, data }: Matrix, exponent: (column: number) => number): void {
  for (let j = 0; j < cols; j++) {
    const k = exponent(j);
    if (k !== 0) for (let at = j; at < data.length; at += cols) data[at] = timesPowerOfTwo(data[at], k);
  }
}

function isFiniteColumn({ cols, data }: Matrix, j: number): boolean {
  for (let at = j; at < data.length; at += cols) if (!Number.isFinite(data[at])) return false;
  return true;
}

/** Copies columns of one matrix to places in another of as many rows. */
function copyColumns(source: Matrix, from: Iterable<number>, target: Matrix, to: Iterable<number>): void {
  const places = [...to];
  let index = 0;
  for (const j of from) {
    const place = places[index++];
    for (let i = 0; i < source.rows; i++) target.data[i * target.cols + place] = source.data[i * source.cols + j];
  }
}
