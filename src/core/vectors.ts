/** Inner product xᵀy over the first x.length entries; four partial sums, so the order of additions is fixed and pipelined. */
export function dot(x: Float64Array, y: Float64Array): number {
  const n = x.length;
  const n4 = n - (n % 4);
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  for (let i = 0; i < n4; i += 4) {
    s0 += x[i]! * y[i]!;
    s1 += x[i + 1]! * y[i + 1]!;
    s2 += x[i + 2]! * y[i + 2]!;
    s3 += x[i + 3]! * y[i + 3]!;
  }
  for (let i = n4; i < n; i++) s0 += x[i]! * y[i]!;
  return s0 + s1 + (s2 + s3);
}

/**
 * Euclidean norm without overflow or harmful underflow; NaN when an entry is NaN.
 *
 * The plain sum of squares is used while it is safely inside the range of doubles; otherwise the entries are scaled
 * by the largest one first.
 */
export function norm(x: Float64Array): number {
  const squares = dot(x, x);
  if (squares > 1e-280 && squares < 1e300) return Math.sqrt(squares);
  let largest = 0;
  for (let i = 0; i < x.length; i++) {
    const size = Math.abs(x[i]!);
    if (!(size <= largest)) largest = size; // a NaN enters here and stays
    if (Number.isNaN(largest)) return Number.NaN;
  }
  if (largest === 0 || largest === Infinity) return largest;
  let scaled = 0;
  for (let i = 0; i < x.length; i++) {
    const ratio = x[i]! / largest; // division: 1 / largest overflows for subnormal entries
    scaled += ratio * ratio;
  }
  return largest * Math.sqrt(scaled);
}

/** Adds a multiple in place: y ← y + a x. */
export function axpy(a: number, x: Float64Array, y: Float64Array): void {
  for (let i = 0; i < x.length; i++) y[i] = y[i]! + a * x[i]!;
}

/** Multiplies in place: x ← a x. */
export function scaleVector(a: number, x: Float64Array): void {
  for (let i = 0; i < x.length; i++) x[i] = a * x[i]!;
}
