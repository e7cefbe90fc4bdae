import { type Matrix } from "../core/index.js";
import { eigh } from "../linalg/index.js";
import { type Loss, softmax, unitCotangent } from "../networks/index.js";

/**
 * Square roots of the loss curvature: matrices S_1 … S_C (n x outputs) with Q_i = Σ_k s_{ik} s_{ik}ᵀ for each sample i.
 *
 * Relation: the Gauss–Newton matrix is (1/n) Σ_k Σ_i (J_iᵀ s_{ik})(J_iᵀ s_{ik})ᵀ, so that C backward passes give its trace,
 * its Kronecker factors and its class parts. mse: s_k = e_k. Cross-entropy: s_k = √p_k (e_k − p). Other losses: from the
 * eigenvectors of each Q_i; negative eigenvalues are cut to zero.
 */
export function curvatureRoots(loss: Loss, outputs: Matrix, targets: Matrix): Matrix[] {
  const { rows, cols } = outputs;
  const units = Array.from({ length: cols }, (_, k) => unitCotangent(rows, cols, k));
  if (loss.name === "mse") return units;
  if (loss.name === "cross-entropy") {
    const p = softmax(outputs);
    return units.map((unit, k) => {
      for (let i = 0; i < rows; i++) {
        const root = Math.sqrt(p.data[i * cols + k]);
        for (let j = 0; j < cols; j++) {
          unit.data[i * cols + j] = root * (unit.data[i * cols + j] - p.data[i * cols + j]);
        }
      }
      return unit;
    });
  }
  const columns = units.map((unit) => loss.curvature(outputs, targets, unit)); // Q_i e_k in row i
  const roots = units.map(() => new Float64Array(rows * cols));
  for (let i = 0; i < rows; i++) {
    const Q = new Float64Array(cols * cols);
    for (let k = 0; k < cols; k++) for (let j = 0; j < cols; j++) Q[j * cols + k] = columns[k].data[i * cols + j];
    const { values, vectors } = eigh({ rows: cols, cols, data: Q }, { triangle: "lower" });
    for (let k = 0; k < cols; k++) {
      const root = Math.sqrt(Math.max(0, values[k]));
      for (let j = 0; j < cols; j++) roots[k][i * cols + j] = root * vectors.data[j * cols + k];
    }
  }
  return roots.map((data) => ({ rows, cols, data }));
}
