import { EPSILON } from "../core/index.js";

/** Follows how fast Lanczos vectors lose their orthogonality, without computing an inner product. */
export interface LossEstimate {
  /**
   * Takes α_j and β_j of step j; true when v_{j+1} must be orthogonalised against all earlier vectors, which the
   * estimate then assumes to happen.
   */
  passesLimit(alpha: number, beta: number): boolean;
}

/** Overlaps up to √ε leave the Ritz values accurate to ε (semi-orthogonality). */
const LIMIT = Math.sqrt(EPSILON);

/**
 * The recurrence of the overlaps ω_{j,k} = v_jᵀ v_k, which follows from the three-term recurrence in rounded arithmetic:
 * β_j ω_{j+1,k} = β_k ω_{j,k+1} + (α_k − α_j) ω_{j,k} + β_{k−1} ω_{j,k−1} − β_{j−1} ω_{j−1,k} + rounding.
 *
 * The rounding term is replaced by a bound with the sign that makes the overlap larger, where [simon1984] draws it at
 * random: no random numbers, and the estimate errs to the safe side.
 *
 * Cost: 10 j flops at step j.
 * @see [simon1984]
 */
export function createLossEstimate(n: number): LossEstimate {
  const alphas: number[] = [];
  const betas: number[] = []; // betas[k] joins v_{k+1} and v_{k+2} (0-based)
  let before: number[] = []; // ω_{j−1, ·}
  let now: number[] = [1]; // ω_{j, ·}, the last entry ω_{j, j} = 1
  let again = false; // a full pass is needed for two consecutive vectors, else the next one inherits the old overlap
  return {
    passesLimit(alpha, beta) {
      const j = alphas.length; // v_j (0-based) is the newest vector, v_{j+1} comes
      alphas.push(alpha);
      betas.push(beta);
      const next: number[] = new Array<number>(j + 2).fill(0);
      let largest = 0;
      for (let k = 0; k < j; k++) {
        const sum =
          betas[k] * now[k + 1] +
          (alphas[k] - alpha) * now[k] +
          (k > 0 ? betas[k - 1] * now[k - 1] : 0) -
          betas[j - 1] * before[k];
        next[k] = (sum + Math.sign(sum) * EPSILON * (betas[k] + beta)) / beta;
        largest = Math.max(largest, Math.abs(next[k]));
      }
      next[j] = (Math.sqrt(n) * EPSILON * betas[0]) / beta; // the local overlap is one rounding of the recurrence
      next[j + 1] = 1;
      const due = largest > LIMIT || again;
      again = largest > LIMIT && !again;
      if (due) for (let k = 0; k <= j; k++) next[k] = Math.sqrt(n) * EPSILON;
      before = now;
      now = next;
      return due;
    },
  };
}
