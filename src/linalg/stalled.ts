import { NotConvergedError } from "../core/index.js";

/**
 * The error of a QL, QR or Jacobi iteration that used up its sweeps: no matrix is known to do that, so there is no result
 * with a status; the numbers say how far it came.
 */
export function stalled(
  caller: string,
  argument: string,
  sweeps: number,
  index: number,
  remaining: number,
  norm: number,
): NotConvergedError {
  return new NotConvergedError({
    function: caller,
    argument,
    expected: `diagonalised within ${sweeps} sweeps per value`,
    got: `an entry of ${remaining.toExponential(2)} off the diagonal at value ${index}, beside a norm of ${norm.toExponential(2)}`,
    remedy: "scale the input near one, try another method, and please report the matrix",
  });
}
