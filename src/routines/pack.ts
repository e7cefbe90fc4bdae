/** Depth of a packed panel: the sum over k is cut into blocks of this many terms, in every back end. */
export const PANEL_DEPTH = 256;

/**
 * Packs `count` rows of `depth` terms into micro-panels of `width` rows: panel q holds, term by term, rows
 * q·width … q·width + width − 1, and rows beyond `count` are zero.
 *
 * Entry (i, p) is read at offset + i·rowStep + p·termStep, so one function packs both factors and their transposes.
 */
export function pack(
  source: Float64Array,
  offset: number,
  rowStep: number,
  termStep: number,
  count: number,
  depth: number,
  width: number,
  target: Float64Array,
  targetOffset: number,
): void {
  let base = targetOffset;
  let first = 0;
  if (width === 4) {
    for (; first + 4 <= count; first += 4) {
      let s0 = offset + first * rowStep;
      let s1 = s0 + rowStep;
      let s2 = s1 + rowStep;
      let s3 = s2 + rowStep;
      for (let p = 0; p < depth; p++) {
        target[base] = source[s0];
        target[base + 1] = source[s1];
        target[base + 2] = source[s2];
        target[base + 3] = source[s3];
        base += 4;
        s0 += termStep;
        s1 += termStep;
        s2 += termStep;
        s3 += termStep;
      }
    }
  } else if (width === 2) {
    for (; first + 2 <= count; first += 2) {
      let s0 = offset + first * rowStep;
      let s1 = s0 + rowStep;
      for (let p = 0; p < depth; p++) {
        target[base] = source[s0];
        target[base + 1] = source[s1];
        base += 2;
        s0 += termStep;
        s1 += termStep;
      }
    }
  }
  for (; first < count; first += width) {
    const valid = Math.min(width, count - first);
    for (let p = 0; p < depth; p++) {
      const s = offset + first * rowStep + p * termStep;
      for (let r = 0; r < valid; r++) target[base + r] = source[s + r * rowStep];
      for (let r = valid; r < width; r++) target[base + r] = 0;
      base += width;
    }
  }
}

/** Length of `count` rows packed in micro-panels of `width` rows with `depth` terms. */
export function packedLength(count: number, depth: number, width: number): number {
  return Math.ceil(count / width) * width * depth;
}
