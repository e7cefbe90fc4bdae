import { EPSILON, type Matrix } from "../core/index.js";
import { type Basis, appendRow, basisRow, createBasis, orthogonalize } from "./basis.js";
import { requireFiniteProduct } from "./start.js";

/**
 * A run of Arnoldi's method that waits for products.
 *
 * Relation: A Vᵀ = Vᵀ H + β v e_kᵀ with V Vᵀ = I and V v = 0, H upper Hessenberg, for any square operator.
 * @see [saad1992]
 */
export interface ArnoldiRun {
  /** The Arnoldi vectors as rows, the next one included unless the space is invariant. */
  readonly basis: Basis;
  /** Columns of H above and on the diagonal, then the entry below it. */
  readonly columns: Float64Array[];
  /** True when β is zero up to rounding. */
  invariant: boolean;
}

/** β below this multiple of √n ε ‖H‖₁ is rounding. */
const BREAKDOWN_FACTOR = 10;

/** The run before its first product; v is a unit vector. */
export function startArnoldi(v: Float64Array, expectedSteps: number): ArnoldiRun {
  const basis = createBasis(v.length, Math.min(expectedSteps, v.length, 63) + 1);
  appendRow(basis, v, 1);
  return { basis, columns: [], invariant: false };
}

/** The vector to multiply next. */
export function arnoldiVector({ basis, columns }: ArnoldiRun): Float64Array {
  return basisRow(basis, columns.length);
}

/** Takes the product of that vector (orthogonalised in place) into the factorisation. */
export function advanceArnoldi(run: ArnoldiRun, product: Float64Array, caller: string): void {
  const { basis, columns } = run;
  const n = basis.dimension;
  const k = columns.length + 1;
  const column = new Float64Array(k + 1);
  const beta = orthogonalize(basis, k, product, column);
  requireFiniteProduct(beta + column[k - 1], k, caller);
  column[k] = beta;
  columns.push(column);
  let scale = 0;
  for (const entries of columns) {
    let sum = 0;
    for (const entry of entries) sum += Math.abs(entry);
    scale = Math.max(scale, sum);
  }
  run.invariant = k === n || beta <= BREAKDOWN_FACTOR * Math.sqrt(n) * EPSILON * scale;
  if (!run.invariant) appendRow(basis, product, beta);
}

/** H of the steps done, k x k. */
export function hessenberg({ columns }: ArnoldiRun): Matrix {
  const k = columns.length;
  const data = new Float64Array(k * k);
  columns.forEach((column, j) => {
    for (let i = 0; i <= Math.min(j + 1, k - 1); i++) data[i * k + j] = column[i];
  });
  return { rows: k, cols: k, data };
}
