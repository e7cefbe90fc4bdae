import type { Matrix } from "../../core/index.js";
import { qr } from "../../linalg/index.js";
import { mulberry32, type ReplayRng } from "../../random/index.js";

/** The generator of the recipes: floor uniforms, one cosine normal per two uniforms. */
export function replay(seed: number): ReplayRng {
  return mulberry32(seed, { uniform: "floor", normals: "single" });
}

/** rows x cols independent normals, row after row. */
export function replayNormal(rng: ReplayRng, rows: number, cols: number): Matrix {
  return { rows, cols, data: rng.normals(rows * cols) };
}

/** Orthogonal n x n: Q of the QR factorisation of a normal matrix, R with positive diagonal. */
export function replayOrthogonal(rng: ReplayRng, n: number): Matrix {
  return qr(replayNormal(rng, n, n)).q;
}
