import {
  ArgumentError,
  EPSILON,
  type Matrix,
  NonFiniteError,
  SingularError,
  describe,
  exp,
  log,
  requireOptions,
} from "../core/index.js";
import { eigh } from "./eigh.js";
import type { MatrixInput, Triangle } from "./input.js";
import { inTheNameOf } from "./named.js";
import { matmul } from "./products.js";

/** Functions of {@link matrixFunction} that have a name. */
export type MatrixFunctionName = "exp" | "log" | "sqrt" | "inverse" | "inverse-sqrt" | "sign";

/** Options of {@link matrixFunction}. */
export interface MatrixFunctionOptions {
  /** Read this triangle of A only; without it symmetry is checked against n ε ‖A‖_F. */
  readonly triangle?: Triangle;
}

const NAMES: readonly MatrixFunctionName[] = ["exp", "log", "sqrt", "inverse", "inverse-sqrt", "sign"];

/**
 * Computes a function of a symmetric matrix from its eigendecomposition.
 *
 * Relation: f(A) = V diag(f(λ)) Vᵀ, symmetric to the last bit.
 * An eigenvalue with |λ| <= n ε ‖A‖_F is not distinguishable from zero: there `sqrt` takes 0, and `log`, `inverse`,
 * `inverse-sqrt` and `sign`, which jump or blow up at zero, are refused. For a general matrix see {@link expm}.
 *
 * @param A n x n, symmetric
 * @param f a name, or a function of one eigenvalue
 * @throws {SingularError} when log, inverse, inverse-sqrt or sign meets an eigenvalue that may be zero
 * @throws {ArgumentError} when log, sqrt or inverse-sqrt meets a negative eigenvalue, or f is neither name nor function
 * @throws {NonFiniteError} when f returns NaN or an infinity
 *
 * Accuracy: n ε max |f| plus n ε ‖A‖ times the Lipschitz constant of f on the spectrum. Cost: that of {@link eigh} plus 2 n³ flops.
 *
 * @example
 * ```ts
 * import { fromRows } from "eigenscope/core";
 * import { matrixFunction } from "eigenscope/linalg";
 * const root = matrixFunction(fromRows([[5, 4], [4, 5]]), "sqrt");
 * console.log(root.data[0].toFixed(12), root.data[1].toFixed(12)); // 2.000000000000 1.000000000000
 * ```
 */
export function matrixFunction(
  A: MatrixInput,
  f: MatrixFunctionName | ((eigenvalue: number) => number),
  options: MatrixFunctionOptions = {},
): Matrix {
  requireOptions(options, ["triangle"], "matrixFunction");
  if (typeof f !== "function" && !NAMES.includes(f)) {
    throw new ArgumentError({
      function: "matrixFunction",
      argument: "f",
      expected: `a function or one of ${NAMES.join(", ")}`,
      got: describe(f),
    });
  }
  const { values, vectors, norm } = inTheNameOf("matrixFunction", () => eigh(A, { ...options, vectors: true }));
  const n = values.length;
  const threshold = n * EPSILON * norm;
  const scaled = new Float64Array(n * n); // V diag(f(λ))
  for (let j = 0; j < n; j++) {
    const image = typeof f === "function" ? f(values[j]) : named(f, values[j], threshold);
    if (!Number.isFinite(image)) {
      throw new NonFiniteError({
        function: "matrixFunction",
        argument: "f",
        expected: "finite on the spectrum",
        got: `f(${values[j]}) = ${image}`,
      });
    }
    for (let i = 0; i < n; i++) scaled[i * n + j] = vectors.data[i * n + j] * image;
  }
  const { data } = inTheNameOf("matrixFunction", () =>
    matmul({ rows: n, cols: n, data: scaled }, vectors, { transposeB: true }),
  );
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) data[i * n + j] = data[j * n + i] = 0.5 * data[i * n + j] + 0.5 * data[j * n + i];
  }
  return { rows: n, cols: n, data };
}

function named(name: MatrixFunctionName, value: number, threshold: number): number {
  if (name === "exp") return exp(value);
  const mayBeZero = Math.abs(value) <= threshold;
  if (mayBeZero && name === "sqrt") return 0;
  if (mayBeZero) {
    throw new SingularError({
      function: "matrixFunction",
      argument: "A",
      expected: `without eigenvalues below n ε ‖A‖_F = ${threshold.toExponential(2)} for "${name}"`,
      got: `eigenvalue ${value.toExponential(2)}`,
      remedy: "pass a function of your own that says what happens at zero",
    });
  }
  if (name === "sign") return Math.sign(value);
  if (name === "inverse") return 1 / value;
  if (value < 0) {
    throw new ArgumentError({
      function: "matrixFunction",
      argument: "A",
      expected: `positive semidefinite for "${name}"`,
      got: `eigenvalue ${value.toExponential(6)}`,
    });
  }
  if (name === "log") return log(value);
  return name === "sqrt" ? Math.sqrt(value) : 1 / Math.sqrt(value);
}
