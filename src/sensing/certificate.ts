import { square } from "../core/index.js";
import type { Matrix } from "../core/index.js";
import { matmul, svd } from "../linalg/index.js";
import type { Measurements } from "./measurement-operator.js";

/** What the dual solution proves about a minimiser of the nuclear norm. */
export interface DualCertificate {
  /** Rank of X: singular values above 1e-8 times the largest. */
  readonly rank: number;
  /** Singular values of A*(ν), descending; at most one. */
  readonly dualSingularValues: Float64Array;
  /** Number of them within 1e-6 of one: every minimiser lives in the span of their singular vectors. */
  readonly unitMultiplicity: number;
  /** ‖A*(ν) − P Qᵀ‖_F on the tangent space of X: zero at the optimum. */
  readonly tangentResidual: number;
  /** ‖A*(ν)‖₂ off the tangent space; below one it is strictly complementary. */
  readonly offTangentNorm: number;
  /** Dimension q (q + 1)/2 of the symmetric matrices S of the face P₁ S Q₁ᵀ of possible minimisers. */
  readonly faceDimension: number;
  /** Rank of the measurements on that face. */
  readonly faceRank: number;
  /** Whether X is the only minimiser: the measurements are injective on the face. */
  readonly unique: boolean;
}

const RANK_TOLERANCE = 1e-8;
const UNIT_TOLERANCE = 1e-6; // singular values of the certificate this close to one count as one
const INJECTIVE = 1e-8; // relative singular value below which the measurements do not see a direction of the face

/**
 * Examines the certificate A*(ν) of a feasible X.
 *
 * All minimisers are P₁ S Q₁ᵀ with S symmetric positive semi-definite and P₁, Q₁ the singular vectors of A*(ν) of
 * singular value one; the minimiser is unique exactly when the measurements are injective on the symmetric S. The
 * textbook condition, injectivity on the whole tangent space, is only sufficient.
 */
export function dualCertificate(measurements: Measurements, X: Matrix, certificate: Matrix): DualCertificate {
  const { rows, cols } = X;
  const own = svd(X, { method: "jacobi" });
  const largest = own.singularValues[0] ?? 0;
  let rank = 0;
  while (rank < own.singularValues.length && own.singularValues[rank] > RANK_TOLERANCE * largest) rank++;
  const dual = svd(certificate, { method: "jacobi" });
  const values = dual.singularValues;
  let q = 0;
  while (q < values.length && values[q] >= 1 - UNIT_TOLERANCE) q++;
  const P = columns(own.u, rank);
  const Q = columns(own.v, rank);
  // On the tangent space the certificate must be P Qᵀ: split it by the projections on the spans of P and Q.
  const PtC = matmul(P, certificate, { transposeA: true });
  const onLeft = matmul(P, PtC);
  const CQ = matmul(certificate, Q);
  const onRight = matmul(CQ, Q, { transposeB: true });
  const both = matmul(matmul(P, matmul(PtC, Q)), Q, { transposeB: true });
  const sign = matmul(P, Q, { transposeB: true });
  let residual = 0;
  const off = new Float64Array(rows * cols);
  for (let i = 0; i < off.length; i++) {
    const tangent = onLeft.data[i] + onRight.data[i] - both.data[i];
    off[i] = certificate.data[i] - tangent;
    residual += square(tangent - sign.data[i]);
  }
  const faceDimension = (q * (q + 1)) / 2;
  const faceRank = rankOnFace(measurements, columns(dual.u, q), columns(dual.v, q));
  return {
    rank,
    dualSingularValues: values,
    unitMultiplicity: q,
    tangentResidual: Math.sqrt(residual),
    offTangentNorm: svd({ rows, cols, data: off }, { vectors: "none" }).singularValues[0] ?? 0,
    faceDimension,
    faceRank,
    unique: faceRank === faceDimension,
  };
}

function columns(A: Matrix, count: number): Matrix {
  const data = new Float64Array(A.rows * count);
  for (let i = 0; i < A.rows; i++) for (let j = 0; j < count; j++) data[i * count + j] = A.data[i * A.cols + j];
  return { rows: A.rows, cols: count, data };
}

/** Rank of the measurements on span { p_i q_jᵀ + p_j q_iᵀ }. */
function rankOnFace(measurements: Measurements, P: Matrix, Q: Matrix): number {
  const q = P.cols;
  const dimension = (q * (q + 1)) / 2;
  if (dimension === 0) return 0;
  const { rows, cols } = measurements.shape;
  const images = new Float64Array(dimension * measurements.rows);
  const direction = new Float64Array(rows * cols);
  let at = 0;
  for (let i = 0; i < q; i++) {
    for (let j = i; j < q; j++) {
      // Unit Frobenius norm, so that the images are comparable.
      const scale = i === j ? 0.5 : Math.SQRT1_2;
      for (let a = 0; a < rows; a++) {
        for (let b = 0; b < cols; b++) {
          const entry = P.data[a * q + i] * Q.data[b * q + j] + P.data[a * q + j] * Q.data[b * q + i];
          direction[a * cols + b] = scale * entry;
        }
      }
      measurements.apply(direction, images.subarray(at * measurements.rows, (at + 1) * measurements.rows));
      at++;
    }
  }
  const { singularValues } = svd({ rows: dimension, cols: measurements.rows, data: images }, { vectors: "none" });
  return singularValues.filter((s) => s > INJECTIVE * singularValues[0]).length;
}
