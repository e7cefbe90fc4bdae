import { EPSILON, type Matrix, pow } from "../core/index.js";
import { largestModulus, norm2, timesQuotient } from "./input.js";
import { matmul } from "./products.js";
import { binaryExponent, length2 } from "./scalar.js";

/** Measured quality of eigenvectors. */
export interface VectorCertificate {
  /** ‖A v − λ v‖₂ of each eigenvector (‖A x − λ B x‖₂ for a pencil). */
  readonly residualNorms: Float64Array;
  /** Largest residual norm divided by ‖A‖_F (by ‖A‖_F + |λ| ‖B‖_F, and by the norm of x, for a pencil); 0 for the zero matrix. */
  readonly backwardError: number;
  /** Largest entry in modulus of Vᴴ V − I (of Xᵀ B X − I for a pencil). */
  readonly orthogonalityLoss: number;
}

/** Measured quality of the eigendecomposition of a Hermitian matrix. */
export interface HermitianCertificate extends VectorCertificate {
  /** Bound on |values[j] − λ_j(A)|, by Weyl's theorem: ‖A V − V Λ‖_F + ‖A‖_F ‖Vᴴ V − I‖_F plus the rounding of these measurements. */
  readonly errorBounds: Float64Array;
}

/** The products of the certificate itself are rounded: n ε ‖A‖_F times this is added to the bounds. Each of a complex one is two sums. */
const MEASUREMENT = 4;

/** A complex matrix in two parts. */
interface Complex {
  readonly re: Matrix;
  readonly im: Matrix;
}

/** Measures A V = V diag(values), Vᴴ V = I for a complex Hermitian A of Frobenius norm `norm`. */
export function certifyHermitian(A: Complex, norm: number, values: Float64Array, V: Complex): HermitianCertificate {
  const n = values.length;
  const residual = multiply(A, V, false);
  for (let k = 0; k < n * n; k++) {
    residual.re[k] -= values[k % n] * V.re.data[k];
    residual.im[k] -= values[k % n] * V.im.data[k];
  }
  const residualNorms = Float64Array.from({ length: n }, (_, j) =>
    length2(norm2(residual.re, j, n, n), norm2(residual.im, j, n, n)),
  );
  const gram = multiply(V, V, true);
  for (let j = 0; j < n; j++) gram.re[j * (n + 1)] -= 1;
  let orthogonalityLoss = 0;
  for (let k = 0; k < n * n; k++) orthogonalityLoss = Math.max(orthogonalityLoss, length2(gram.re[k], gram.im[k]));
  const worst = residualNorms.reduce((largest, value) => Math.max(largest, value), 0);
  const dependence = length2(norm2(gram.re, 0, n * n), norm2(gram.im, 0, n * n));
  const bound = norm2(residualNorms, 0, n) + norm * (dependence + MEASUREMENT * n * EPSILON);
  const errorBounds = new Float64Array(n).fill(bound);
  return { residualNorms, backwardError: norm === 0 ? 0 : worst / norm, orthogonalityLoss, errorBounds };
}

/** op(A) B, op the conjugate transpose when asked for. */
function multiply(A: Complex, B: Complex, adjoint: boolean): { re: Float64Array; im: Float64Array } {
  const options = { transposeA: adjoint };
  const sign = adjoint ? -1 : 1; // the adjoint conjugates: im of A changes sign
  const ii = matmul(A.im, B.im, options).data;
  const ir = matmul(A.im, B.re, options).data;
  return {
    re: matmul(A.re, B.re, options).data.map((entry, k) => entry - sign * ii[k]),
    im: matmul(A.re, B.im, options).data.map((entry, k) => entry + sign * ir[k]),
  };
}

/**
 * Measures A X = B X diag(values), Xᵀ B X = I, with both matrices brought near one by powers of two: products of the entries as they
 * are may leave the double range where the pencil itself does not.
 */
export function certifyPencil(A: Matrix, B: Matrix, values: Float64Array, X: Matrix): VectorCertificate {
  const n = values.length;
  const scaleA = powerNearOne(A, 1);
  const root = powerNearOne(B, 2); // root² B is near one, and X / root belongs to it
  const times = (M: Matrix, factor: number): Matrix => ({ ...M, data: M.data.map((entry) => entry * factor) });
  const [a, b, x] = [times(A, scaleA), times(times(B, root), root), times(X, 1 / root)];
  const lambda = timesQuotient(values.slice(), scaleA, root * root);
  const residual = matmul(a, x).data;
  const image = matmul(b, x);
  const residualNorms = new Float64Array(n);
  const normA = norm2(a.data, 0, n * n);
  const normB = norm2(b.data, 0, n * n);
  let backwardError = 0;
  for (let j = 0; j < n; j++) {
    for (let k = j; k < n * n; k += n) residual[k] -= lambda[j] * image.data[k];
    residualNorms[j] = norm2(residual, j, n, n);
    const scale = (normA + Math.abs(lambda[j]) * normB) * norm2(x.data, j, n, n);
    if (scale > 0) backwardError = Math.max(backwardError, residualNorms[j] / scale);
  }
  const gram = matmul(x, image, { transposeA: true }).data;
  let orthogonalityLoss = 0;
  for (let k = 0; k < n * n; k++) {
    orthogonalityLoss = Math.max(orthogonalityLoss, Math.abs(gram[k] - (k % (n + 1) === 0 ? 1 : 0)));
  }
  return { residualNorms: timesQuotient(residualNorms, root, scaleA), backwardError, orthogonalityLoss };
}

/** A power of two whose `order`-th power brings the entries near one. */
function powerNearOne(A: Matrix, order: 1 | 2): number {
  const modulus = largestModulus(A.data);
  if (modulus === 0) return 1;
  return pow(2, -Math.max(-1000, Math.min(1000, Math.trunc(binaryExponent(modulus) / order))));
}
