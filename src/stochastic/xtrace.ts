import { EPSILON, type Matrix, isCancelled, type Status } from "../core/index.js";
import { type Coroutine } from "../krylov/index.js";
import { matmul, qr, svd } from "../linalg/index.js";
import { addSample, createMoments, type IntervalEstimate, intervalAround, sampleVariance } from "./estimate.js";
import { besides, multiplyColumns, probeMatrix } from "./probes.js";
import { levelOfLook, samplingAdvice } from "./sampling.js";
import type { TraceResult, TraceSettings } from "./trace-result.js";

/** Columns of R whose contribution to the range is below this share of the largest are rounding errors. */
const RANK_TOLERANCE = 1e-12;

/**
 * The k estimates share all but one of their vectors, so their spread alone understates the variance of their mean: by
 * 1.1 to 1.7 for k << n and by about n/(n − k) more when the sketch fills the space (measured on flat, decaying and
 * indefinite spectra; how-many-probes.md has the coverage). This factor times n/(n − k) errs on the wide side.
 */
const VARIANCE_FACTOR = 1.7;

/** Test vectors that adaptive runs begin with; then doubled. */
const FIRST_VECTORS = 16;

/**
 * XTrace: each of k test vectors serves as probe of the operator deflated by the range of the other k − 1, so that all
 * 2k products count twice. The k estimates are exchangeable, not independent; the standard error allows for that.
 *
 * Relation: tr_i = tr Q_iᵀ A Q_i + c_i xᵢᵀ A xᵢ with Q_i a basis of the range of A Ω without column i,
 * xᵢ = (I − Q_i Q_iᵀ) ωᵢ and c_i = (n − k + 1)/‖xᵢ‖², which makes the probe uniform on the sphere of the complement.
 * @see [epperly2024]
 */
export function* xtrace(settings: TraceSettings): Coroutine<TraceResult> {
  const { n, rng, budget, tolerance, stop, confidence, signal, onProgress } = settings;
  const fixed = tolerance === null && stop === null;
  const most = Math.min(Math.floor(budget / 2), n);
  let size = fixed ? most : Math.min(FIRST_VECTORS, most);
  let omega: Matrix = { rows: n, cols: 0, data: new Float64Array(0) };
  let images: Matrix = omega;
  let matvecs = 0;
  for (let look = 1; ; look++) {
    const fresh = probeMatrix("sphere", rng, n, size - omega.cols);
    omega = besides(omega, fresh);
    images = besides(images, yield* multiplyColumns(fresh));
    const { q, r } = qr(images);
    const AQ = yield* multiplyColumns(q);
    matvecs += fresh.cols + q.cols;
    // Every doubling is a look: the error probability is spent over them, as by every rule that may stop early.
    const level = fixed ? confidence : levelOfLook(confidence, look);
    const estimate = leaveOneOut(n, omega, images, q, r, AQ, matvecs, level);
    const result = { ...estimate, interval: { ...estimate.interval, level: confidence } };
    const half = (result.interval.upper - result.interval.lower) / 2;
    onProgress?.({
      phase: "trace by xtrace",
      done: matvecs,
      total: null,
      figures: { mean: result.mean, halfWidth: half },
    });
    const reached = fixed || (tolerance === null ? stop!(result) : half <= tolerance * Math.abs(result.mean));
    const affordable = size < n && matvecs + 3 * size <= budget; // size new vectors, and A Q anew for twice as many
    let status: Status = "converged";
    if (isCancelled(signal)) status = "cancelled";
    else if (!reached && !affordable) status = "max-iterations";
    if (reached || status !== "converged") {
      return { ...result, method: "xtrace", distribution: "sphere", status, advice: samplingAdvice(status) };
    }
    size = Math.min(2 * size, n);
  }
}

function leaveOneOut(
  n: number,
  omega: Matrix,
  images: Matrix,
  q: Matrix,
  r: Matrix,
  AQ: Matrix,
  matvecs: number,
  confidence: number,
): IntervalEstimate {
  const k = omega.cols;
  const H = matmul(q, AQ, { transposeA: true });
  let captured = 0;
  for (let i = 0; i < k; i++) captured += H.data[i * k + i];
  const directions = leftOutDirections(r);
  if (directions === null || k >= n) {
    // The range of A is spanned even without any one vector: tr Qᵀ A Q is the trace, up to rounding.
    let size = 0;
    for (let i = 0; i < q.data.length; i++) size += Math.abs(q.data[i] * AQ.data[i]);
    const rounding = n * EPSILON * size;
    const interval = { lower: captured - rounding, upper: captured + rounding, level: confidence };
    return { mean: captured, standardError: 0, samples: k, matvecs, interval };
  }
  const overlaps = matmul(q, omega, { transposeA: true });
  const moments = createMoments();
  const inside = new Float64Array(k); // coordinates of Q_i Q_iᵀ ω_i in Q
  for (let i = 0; i < k; i++) {
    const s = Float64Array.from({ length: k }, (_, j) => directions.data[j * k + i]);
    let along = 0; // sᵀ Qᵀ ω_i
    let lost = 0; // sᵀ H s: what leaving out column i takes from the captured trace
    for (let j = 0; j < k; j++) {
      along += s[j] * overlaps.data[j * k + i];
      let row = 0;
      for (let l = 0; l < k; l++) row += H.data[j * k + l] * s[l];
      lost += s[j] * row;
    }
    for (let j = 0; j < k; j++) inside[j] = overlaps.data[j * k + i] - s[j] * along;
    let squares = 0;
    let form = 0;
    for (let row = 0; row < n; row++) {
      let x = omega.data[row * k + i];
      let Ax = images.data[row * k + i];
      for (let j = 0; j < k; j++) {
        x -= q.data[row * k + j] * inside[j];
        Ax -= AQ.data[row * k + j] * inside[j];
      }
      squares += x * x;
      form += x * Ax;
    }
    addSample(moments, captured - lost + ((n - k + 1) / squares) * form);
  }
  const mean = moments.mean;
  const standardError = Math.sqrt((VARIANCE_FACTOR * (n / (n - k)) * sampleVariance(moments)) / k);
  const interval = intervalAround(mean, standardError, k, confidence);
  return { mean, standardError, samples: k, matvecs, interval };
}

/**
 * Unit vectors s_i with Q_i Q_iᵀ = Q (I − s_i s_iᵀ) Qᵀ: the normalised columns of R⁻ᵀ, orthogonal to all columns of R but
 * the i-th. Null when R is singular: no column is then missed.
 */
function leftOutDirections(r: Matrix): Matrix | null {
  const k = r.cols;
  const { u, singularValues, v } = svd(r);
  if (singularValues[k - 1] <= RANK_TOLERANCE * singularValues[0]) return null;
  // R⁻ᵀ = U Σ⁻¹ Vᵀ, with Σ⁻¹ scaled by the smallest singular value: only directions matter.
  const data = new Float64Array(k * k);
  for (let i = 0; i < k; i++) {
    for (let j = 0; j < k; j++) data[i * k + j] = u.data[i * k + j] * (singularValues[k - 1] / singularValues[j]);
  }
  const S = matmul({ rows: k, cols: k, data }, v, { transposeB: true });
  for (let i = 0; i < k; i++) {
    let squares = 0;
    for (let j = 0; j < k; j++) squares += S.data[j * k + i] * S.data[j * k + i];
    const length = Math.sqrt(squares);
    for (let j = 0; j < k; j++) S.data[j * k + i] /= length;
  }
  return S;
}
