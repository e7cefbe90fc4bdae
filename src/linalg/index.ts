/**
 * Dense linear algebra: products, factorisations, the symmetric and the general eigenproblem, singular values, matrix
 * functions and Gauss quadrature from recurrence coefficients.
 * @module linalg
 */
export type { MatrixInput, Triangle, VectorInput } from "./input.js";
export { gram, matmul, type MatmulOptions } from "./products.js";
export * from "./matvec.js";
export type { Certified, Certifying } from "./certified.js";
export { orthogonalityLoss, type FactorizationCertificate } from "./certificate.js";
export * from "./norms.js";
export * from "./qr.js";
export { pivotedQr, reconstructPivotedQr, type PivotedQrFactorization, type PivotedQrOptions } from "./pivoted-qr.js";
export {
  cholesky,
  reconstructCholesky,
  solveCholesky,
  tryCholesky,
  type CholeskyAttempt,
  type CholeskyFactorization,
  type CholeskyOptions,
} from "./cholesky.js";
export {
  logDeterminant,
  lu,
  reconstructLu,
  solve,
  type LogDeterminant,
  type LuFactorization,
  type LuOptions,
} from "./lu.js";
export { inverse, solveLu, type SolveLuOptions } from "./inverse.js";
export { solveTriangular, type TriangularOptions } from "./triangular.js";
export * from "./least-squares.js";
export * from "./null-space.js";
export {
  tridiagonalEigh,
  type TridiagonalEigen,
  type TridiagonalEigenWithFirstRow,
  type TridiagonalEigenWithVectors,
  type TridiagonalEighOptions,
} from "./tridiagonal-eigh.js";
export { eigh, type EighOptions, type SymmetricEigen, type SymmetricEigenWithVectors } from "./eigh.js";
export type { EigenvalueRange } from "./spectrum-part.js";
export { reconstructEigh, type CountCheck, type EighCertificate } from "./eigh-certificate.js";
export * from "./eigh-hermitian.js";
export * from "./generalized-eigh.js";
export type { HermitianCertificate, VectorCertificate } from "./vector-certificate.js";
export { sturmCount } from "./bisection.js";
export * from "./ldl.js";
export * from "./condition.js";
export { reconstructSvd, svd, type SingularValueDecomposition, type SvdOptions, type SvdWithVectors } from "./svd.js";
export * from "./golub-welsch.js";
export * from "./orthogonal-matrix.js";
export {
  eig,
  type ComplexVectors,
  type EigOptions,
  type GeneralEigen,
  type GeneralEigenWithConditions,
  type GeneralEigenWithVectors,
} from "./eig.js";
export { reconstructSchur, schur, type SchurDecomposition, type SchurOptions } from "./schur.js";
export * from "./normality.js";
export * from "./expm.js";
export * from "./matrix-function.js";
export { workerPool, type WorkerPool, type WorkerPoolOptions } from "./worker-pool.js";
export type { WorkerLike } from "./worker-threads.js";
