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

/** Copies columns from … to − 1 of the kept rows columns[first … last − 1] (of n entries each) to `gathered`, one below the other. */
export function gatherRows(
  n: number,
  rows: Float64Array,
  kept: readonly number[],
  columns: Uint32Array,
  first: number,
  last: number,
  from: number,
  to: number,
  gathered: Float64Array,
  share: readonly [number, number] = [0, last - first],
): void {
  const width = to - from;
  for (let j = share[0]; j < share[1]; j++) {
    const at = kept[columns[first + j]] * n;
    gathered.set(rows.subarray(at + from, at + to), j * width);
  }
}

/**
 * Replaces columns from … to − 1 of the kept rows by `vectors`, kept.length² numbers, its columns first … last − 1, times the
 * gathered rows; of the kept rows those in `share`. `product` takes as many times to − from numbers.
 */
export function multiplyRows(
  n: number,
  rows: Float64Array,
  kept: readonly number[],
  first: number,
  last: number,
  vectors: Float64Array,
  from: number,
  to: number,
  gathered: Float64Array,
  product: Float64Array,
  share: readonly [number, number] = [0, kept.length],
): void {
  const count = kept.length;
  const width = to - from;
  const inner = last - first;
  const [start, end] = share;
  if (inner === 0) product.fill(0, 0, (end - start) * width);
  else if (width > 0) {
    const at = start * count + first;
    gemm(false, false, end - start, width, inner, 1, vectors, at, count, gathered, 0, width, 0, product, 0, width);
  }
  for (let i = start, taken = 0; i < end; i++, taken += width) {
    rows.set(product.subarray(taken, taken + width), kept[i] * n + from);
  }
}

/** Both for one thread; `room` takes at least (last − first + kept.length)(to − from) numbers. */
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
  const inside = (last - first) * (to - from);
  const gathered = room.subarray(0, inside);
  const product = room.subarray(inside, inside + kept.length * (to - from));
  gatherRows(n, rows, kept, columns, first, last, from, to, gathered);
  multiplyRows(n, rows, kept, first, last, vectors, from, to, gathered, product);
}
