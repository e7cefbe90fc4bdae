// The packed product, compiled twice: FUSED = 0 in the module of all routines, FUSED = 1 in a module of its own that
// engines without relaxed SIMD refuse as a whole.

import { term } from "./term";

/** Most doubles of a right panel that share L2 (1 MB) with the sums. */
const SHALLOW = 49152;

/** out (rows x cols, stride outStride) receives, or with `add` gains, left · right; panels of 4, sizes multiples of 4. */
export function multiplyPanels(left: usize, right: usize, out: usize, rows: i32, cols: i32, depth: i32, outStride: i32, add: i32): void {
  panels(left, right, out, rows, cols, depth, outStride, add, 0, cols);
}

/**
 * out += alpha · (left · right), each sum rounded before alpha is applied; alpha is read at an address. Only tiles with
 * an entry at column <= row + diagonal are computed.
 */
export function addPanels(left: usize, right: usize, out: usize, rows: i32, cols: i32, depth: i32, outStride: i32, alpha: usize, diagonal: i32): void {
  panels(left, right, out, rows, cols, depth, outStride, 1, alpha, diagonal);
}

/** alpha = 0 means no factor. An address and not a number: a number would occupy a register throughout the inner loop. */
function panels(left: usize, right: usize, out: usize, rows: i32, cols: i32, depth: i32, outStride: i32, add: i32, alpha: usize, diagonal: i32): void {
  const rowBytes = <usize>outStride << 3;
  const panelBytes = <usize>depth << 5;
  // While the right panel fits in L2 the sums are visited row by row, in the order in which memory is fetched ahead.
  const byRows = cols * depth <= SHALLOW;
  const outer = byRows ? rows : cols;
  const inner = byRows ? cols : rows;
  for (let p = 0; p < outer; p += 4) {
    for (let q = 0; q < inner; q += 4) {
      const i = byRows ? p : q;
      const j = byRows ? q : p;
      if (j > i + diagonal + 3) continue;
      let a = left + panelBytes * <usize>(i >> 2);
      let b = right + panelBytes * <usize>(j >> 2);
      const end = a + panelBytes;
      let c00 = f64x2.splat(0);
      let c01 = f64x2.splat(0);
      let c10 = f64x2.splat(0);
      let c11 = f64x2.splat(0);
      let c20 = f64x2.splat(0);
      let c21 = f64x2.splat(0);
      let c30 = f64x2.splat(0);
      let c31 = f64x2.splat(0);
      // Two terms per turn; the exit between them keeps them apart, as in rowSums of products.ts.
      while (a < end) {
        let b0 = v128.load(b);
        let b1 = v128.load(b, 16);
        let s = v128.load64_splat(a);
        c00 = term(s, b0, c00);
        c01 = term(s, b1, c01);
        s = v128.load64_splat(a, 8);
        c10 = term(s, b0, c10);
        c11 = term(s, b1, c11);
        s = v128.load64_splat(a, 16);
        c20 = term(s, b0, c20);
        c21 = term(s, b1, c21);
        s = v128.load64_splat(a, 24);
        c30 = term(s, b0, c30);
        c31 = term(s, b1, c31);
        if (a + 32 >= end) break;
        b0 = v128.load(b, 32);
        b1 = v128.load(b, 48);
        s = v128.load64_splat(a, 32);
        c00 = term(s, b0, c00);
        c01 = term(s, b1, c01);
        s = v128.load64_splat(a, 40);
        c10 = term(s, b0, c10);
        c11 = term(s, b1, c11);
        s = v128.load64_splat(a, 48);
        c20 = term(s, b0, c20);
        c21 = term(s, b1, c21);
        s = v128.load64_splat(a, 56);
        c30 = term(s, b0, c30);
        c31 = term(s, b1, c31);
        a += 64;
        b += 64;
      }
      let o = out + rowBytes * <usize>i + (<usize>j << 3);
      if (alpha) {
        const factor = v128.load64_splat(alpha);
        c00 = f64x2.mul(factor, c00);
        c01 = f64x2.mul(factor, c01);
        c10 = f64x2.mul(factor, c10);
        c11 = f64x2.mul(factor, c11);
        c20 = f64x2.mul(factor, c20);
        c21 = f64x2.mul(factor, c21);
        c30 = f64x2.mul(factor, c30);
        c31 = f64x2.mul(factor, c31);
      }
      if (add) {
        v128.store(o, f64x2.add(v128.load(o), c00));
        v128.store(o, f64x2.add(v128.load(o, 16), c01), 16);
        o += rowBytes;
        v128.store(o, f64x2.add(v128.load(o), c10));
        v128.store(o, f64x2.add(v128.load(o, 16), c11), 16);
        o += rowBytes;
        v128.store(o, f64x2.add(v128.load(o), c20));
        v128.store(o, f64x2.add(v128.load(o, 16), c21), 16);
        o += rowBytes;
        v128.store(o, f64x2.add(v128.load(o), c30));
        v128.store(o, f64x2.add(v128.load(o, 16), c31), 16);
        continue;
      }
      v128.store(o, c00);
      v128.store(o, c01, 16);
      o += rowBytes;
      v128.store(o, c10);
      v128.store(o, c11, 16);
      o += rowBytes;
      v128.store(o, c20);
      v128.store(o, c21, 16);
      o += rowBytes;
      v128.store(o, c30);
      v128.store(o, c31, 16);
    }
  }
}

/** Packs `count` (a multiple of 4) rows of `depth` contiguous terms into micro-panels of 4; as pack.ts with termStep 1. */
export function packRows(source: usize, rowStep: i32, count: i32, depth: i32, target: usize): void {
  const rowBytes = <usize>rowStep << 3;
  const pairs = depth & ~1;
  for (let i = 0; i < count; i += 4) {
    let p0 = source + rowBytes * <usize>i;
    let p1 = p0 + rowBytes;
    let p2 = p1 + rowBytes;
    let p3 = p2 + rowBytes;
    const end = target + (<usize>pairs << 5);
    while (target < end) {
      const a = v128.load(p0);
      const b = v128.load(p1);
      const c = v128.load(p2);
      const d = v128.load(p3);
      v128.store(target, v128.shuffle<f64>(a, b, 0, 2));
      v128.store(target, v128.shuffle<f64>(c, d, 0, 2), 16);
      v128.store(target, v128.shuffle<f64>(a, b, 1, 3), 32);
      v128.store(target, v128.shuffle<f64>(c, d, 1, 3), 48);
      p0 += 16;
      p1 += 16;
      p2 += 16;
      p3 += 16;
      target += 64;
    }
    if (depth & 1) {
      f64.store(target, f64.load(p0));
      f64.store(target, f64.load(p1), 8);
      f64.store(target, f64.load(p2), 16);
      f64.store(target, f64.load(p3), 24);
      target += 32;
    }
  }
}

/** The same for rows that are columns of the storage: four neighbours per term, terms `termStep` apart. */
export function packColumns(source: usize, termStep: i32, count: i32, depth: i32, target: usize): void {
  const termBytes = <usize>termStep << 3;
  const panelBytes = <usize>depth << 5;
  // Term by term through memory: a row of the storage is read from end to end.
  for (let t = 0; t < depth; t++) {
    let p = source + termBytes * <usize>t;
    let out = target + (<usize>t << 5);
    const end = p + (<usize>count << 3);
    while (p < end) {
      v128.store(out, v128.load(p));
      v128.store(out, v128.load(p, 16), 16);
      p += 32;
      out += panelBytes;
    }
  }
}
