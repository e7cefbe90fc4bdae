import { ArgumentError, type Matrix, describe, requireFinite, requireInteger } from "../core/index.js";
import type { Rng } from "../random/index.js";
import { newArray } from "./input.js";
import { qr } from "./qr.js";

/**
 * Draws an orthogonal matrix from the Haar measure.
 *
 * Relation: Q of the QR factorisation, with positive diagonal of R, of an n x n matrix of independent standard normals;
 * without the sign rule the law would not be Haar's.
 *
 * @param rng source of normals, such as an Rng; n² of them are drawn, row after row
 * @param n order, >= 0
 * @throws {ArgumentError} when n is not an integer >= 0 or rng has no normals
 * @throws {NonFiniteError} when one of them is not finite
 *
 * Accuracy: ‖Qᵀ Q − I‖ within a small multiple of n ε. Cost: 8 n³/3 flops.
 * @see [mezzadri2007]
 *
 * @example
 * ```ts
 * import { createRng } from "eigenscope/random";
 * import { orthogonalMatrix } from "eigenscope/linalg";
 * const { data } = orthogonalMatrix(createRng(1), 2);
 * console.log(Math.abs(data[0] * data[1] + data[2] * data[3]) < 1e-15); // true
 * ```
 */
export function orthogonalMatrix(rng: Pick<Rng, "normal">, n: number): Matrix {
  requireInteger(n, "n", "orthogonalMatrix");
  if (typeof rng?.normal !== "function") {
    throw new ArgumentError({
      function: "orthogonalMatrix",
      argument: "rng",
      expected: "a source of normals { normal(): number }",
      got: describe(rng),
      remedy: "use createRng(seed)",
    });
  }
  const data = newArray(n * n, "orthogonalMatrix");
  for (let i = 0; i < data.length; i++) data[i] = rng.normal();
  requireFinite(data, "rng.normal()", "orthogonalMatrix");
  return qr({ rows: n, cols: n, data }).q;
}
