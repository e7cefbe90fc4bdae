// What the two divide-and-conquer methods, for eigenvectors and for singular vectors, share in a merge.
import { gemm } from "../routines/index.js";

/** A row is not zero in the columns of the first half only … */
export const FIRST = 0;
/** … in both halves, after a deflating rotation … */
export const BOTH = 1;
/** … or in those of the second half only. */
export const SECOND = 2;

/** Merges the ascending orders of two solved blocks, start … middle − 1 and second … end − 1. */
export function mergeOrders(
  values: Float64Array,
  order: Uint32Array,
  start: number,
  middle: number,
  second: number,
  end: number,
): Uint32Array {
  const sorted = new Uint32Array(middle - start + end - second);
  for (let i = start, j = second, k = 0; k < sorted.length; k++) {
    if (j >= end || (i < middle && values[order[i]] <= values[order[j]])) sorted[k] = order[i++];
    else sorted[k] = order[j++];
  }
  return sorted;
}

/** The kept poles in the order FIRST, BOTH, SECOND, so that each half multiplies one contiguous range of them. */
export interface Grouping {
  /** Positions in `kept`. */
  readonly columns: Uint32Array;
  /** The first half takes columns 0 … upTo − 1. */
  readonly upTo: number;
  /** The second half takes columns from … count − 1. */
  readonly from: number;
}

/** Groups the kept rows by the columns in which they are not zero. */
export function groupByKind(kept: readonly number[], start: number, kind: Uint8Array): Grouping {
  const columns = new Uint32Array(kept.length);
  let filled = 0;
  const ends = [0, 0, 0];
  for (const wanted of [FIRST, BOTH, SECOND]) {
    for (let j = 0; j < kept.length; j++) if (kind[kept[j] - start] === wanted) columns[filled++] = j;
    ends[wanted] = filled;
  }
  return { columns, upTo: ends[BOTH], from: ends[FIRST] };
}

/**
 * Replaces columns from … to − 1 of the kept rows (of n entries each) by the product of `vectors`, whose columns are
 * grouped, with the rows columns[first … last − 1]. `room` takes at least (last − first + kept.length)(to − from) numbers.
 */
export function multiplyHalf(
  n: number,
  rows: Float64Array,
  kept: readonly number[],
  columns: Uint32Array,
  first: number,
  last: number,
  vectors: Float64Array,
  from: number,
  to: number,
  room: Float64Array,
): void {
  const count = kept.length;
  const width = to - from;
  const inner = last - first;
  const gathered = room.subarray(0, inner * width);
  for (let j = 0; j < inner; j++) {
    const at = kept[columns[first + j]] * n;
    gathered.set(rows.subarray(at + from, at + to), j * width);
  }
  const product = room.subarray(inner * width, (inner + count) * width);
  if (inner === 0) product.fill(0);
  else if (width > 0) {
    gemm(false, false, count, width, inner, 1, vectors, first, count, gathered, 0, width, 0, product, 0, width);
  }
  for (let i = 0; i < count; i++) rows.set(product.subarray(i * width, (i + 1) * width), kept[i] * n + from);
}
