import type { Matrix } from "../core/index.js";
import type { MeasurementKind, Measurements } from "./measurement-operator.js";

/** Explicit rows of the dense families: read again by the Gram matrix and the baselines without copying. */
const denseRows = new WeakMap<Measurements, Matrix>();

/** The explicit rows of a dense family; undefined for the others. */
export function explicitRows(measurements: Measurements): Matrix | undefined {
  return denseRows.get(measurements);
}

/** Builds measurements from the explicit matrix whose row i holds the entries of A_i. */
export function denseMeasurements(kind: MeasurementKind, rows: number, cols: number, explicit: Matrix): Measurements {
  const { data } = explicit;
  const count = explicit.rows;
  const size = explicit.cols;
  const measurements: Measurements = {
    rows: count,
    cols: size,
    kind,
    shape: { rows, cols },
    commuting: null,
    apply(x, out) {
      // Four partial sums: one would wait for each addition, and the loop is meant to run at memory speed.
      for (let i = 0; i < count; i++) {
        const at = i * size;
        let s0 = 0;
        let s1 = 0;
        let s2 = 0;
        let s3 = 0;
        let j = 0;
        for (; j + 3 < size; j += 4) {
          s0 += data[at + j] * x[j];
          s1 += data[at + j + 1] * x[j + 1];
          s2 += data[at + j + 2] * x[j + 2];
          s3 += data[at + j + 3] * x[j + 3];
        }
        for (; j < size; j++) s0 += data[at + j] * x[j];
        out[i] = s0 + s1 + (s2 + s3);
      }
    },
    applyTranspose(r, out) {
      out.fill(0);
      let i = 0;
      // Four rows at a time: a quarter of the passes over `out`.
      for (; i + 3 < count; i += 4) {
        const a = i * size;
        const b = a + size;
        const c = b + size;
        const e = c + size;
        const [ra, rb, rc, re] = [r[i], r[i + 1], r[i + 2], r[i + 3]];
        for (let j = 0; j < size; j++) {
          out[j] += ra * data[a + j] + rb * data[b + j] + (rc * data[c + j] + re * data[e + j]);
        }
      }
      for (; i < count; i++) for (let j = 0; j < size; j++) out[j] += r[i] * data[i * size + j];
    },
  };
  denseRows.set(measurements, explicit);
  return measurements;
}
