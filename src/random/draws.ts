import { type Matrix, requireInteger, requireVector } from "../core/index.js";
import { requireRng } from "./require-rng.js";
import type { Rng } from "./rng.js";

/** Fills `out` with independent standard normals. */
export function fillNormal(rng: Rng, out: Float64Array): Float64Array {
  const stream = requireRng(rng, "fillNormal");
  requireVector(out, null, "out", "fillNormal");
  for (let i = 0; i < out.length; i++) out[i] = stream.normal();
  return out;
}

/** Fills `out` with independent random signs, +1 or −1 with probability one half. */
export function fillRademacher(rng: Rng, out: Float64Array): Float64Array {
  const stream = requireRng(rng, "fillRademacher");
  requireVector(out, null, "out", "fillRademacher");
  for (let i = 0; i < out.length; i++) out[i] = stream.uint32() >= 0x8000_0000 ? 1 : -1;
  return out;
}

/** Draws a rows x cols matrix of independent standard normals, row after row. */
export function normalMatrix(rng: Rng, rows: number, cols: number): Matrix {
  requireInteger(rows, "rows", "normalMatrix");
  requireInteger(cols, "cols", "normalMatrix");
  return { rows, cols, data: fillNormal(rng, new Float64Array(rows * cols)) };
}

/**
 * Draws n independent points from the uniform probability measure on the unit sphere of R^d, one per row.
 *
 * Relation: a standard normal vector divided by its norm is uniform on the sphere.
 *
 * @throws {ArgumentError} when n < 0 or d < 1
 */
export function spherePoints(rng: Rng, n: number, d: number): Matrix {
  requireInteger(n, "n", "spherePoints");
  requireInteger(d, "d", "spherePoints", 1);
  const data = new Float64Array(n * d);
  for (let i = 0; i < n; i++) {
    const point = data.subarray(i * d, (i + 1) * d);
    let squares = 0;
    // A vector of norm 0 (possible for d = 1 only with a normal of exactly 0) is drawn again.
    while (squares === 0) {
      squares = 0;
      fillNormal(rng, point);
      for (let j = 0; j < d; j++) squares += point[j]! * point[j]!;
    }
    const norm = Math.sqrt(squares);
    for (let j = 0; j < d; j++) point[j] = point[j]! / norm;
  }
  return { rows: n, cols: d, data };
}

/** A uniformly random permutation of 0 … n − 1 (Fisher–Yates with unbiased indices). */
export function permutation(rng: Rng, n: number): Uint32Array {
  requireInteger(n, "n", "permutation", 0, 2 ** 32 - 1);
  const out = Uint32Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = uniformInteger(rng, i + 1);
    const swap = out[i]!;
    out[i] = out[j]!;
    out[j] = swap;
  }
  return out;
}

/** A uniform integer in [0, bound), without modulo bias: words beyond the last full block are rejected. */
export function uniformInteger(rng: Rng, bound: number): number {
  requireInteger(bound, "bound", "uniformInteger", 1, 2 ** 32);
  const stream = requireRng(rng, "uniformInteger");
  const limit = 2 ** 32 - (2 ** 32 % bound);
  let word = stream.uint32();
  while (word >= limit) word = stream.uint32();
  return word % bound;
}
