/**
 * The first-hour surface: what most programs need, re-exported from the folders that own it.
 * @module eigenscope
 */
export {
  EigenscopeError,
  ShapeError,
  fromRows,
  identity,
  matrix,
  requireConverged,
  toMatrix,
  toRows,
  transpose,
  type Matrix,
} from "./core/index.js";
export { createRng, normalMatrix, spherePoints, type Rng } from "./random/index.js";
export { cholesky, eig, eigh, gram, leastSquares, matmul, qr, solve, svd } from "./linalg/index.js";
export { fft, ifft } from "./fft/index.js";
export { fromFunction, fromMatrix, type LinearOperator, type SymmetricOperator } from "./operators/index.js";
export { eigsh, lanczos } from "./krylov/index.js";
export { matrixSpectrum } from "./spectra/index.js";
export { fitMarchenkoPastur, marchenkoPastur } from "./rmt/index.js";
export { ntk } from "./kernels/index.js";
export { sphere, torus } from "./domains/index.js";
export { hvp, initialize, loss, mlp } from "./networks/index.js";
export { hessian, sharpness } from "./curvature/index.js";
export { train } from "./training/index.js";
