import { ArgumentError, describe, type Matrix, requireMatrix, requireVector, ShapeError } from "../core/index.js";
import { gram } from "../linalg/index.js";
import { explicitRows } from "./dense-measurements.js";
import type { Measurements } from "./measurement-operator.js";

/** Evaluates all measurements of a matrix, A(X). */
export function measure(measurements: Measurements, X: Matrix): Float64Array {
  const { rows, cols } = requireMeasurements(measurements, "measurements", "measure").shape;
  requireMatrix(X, "X", "measure");
  if (X.rows !== rows || X.cols !== cols) {
    const got = `${X.rows} x ${X.cols}`;
    throw new ShapeError({ function: "measure", argument: "X", expected: `${rows} x ${cols}`, got });
  }
  const out = new Float64Array(measurements.rows);
  measurements.apply(X.data, out);
  return out;
}

/** Adjoint of the measurements, A*(r) = Σ r_i A_i. */
export function measureAdjoint(measurements: Measurements, r: Float64Array): Matrix {
  const { rows, cols } = requireMeasurements(measurements, "measurements", "measureAdjoint").shape;
  requireVector(r, measurements.rows, "r", "measureAdjoint");
  const data = new Float64Array(rows * cols);
  measurements.applyTranspose(r, data);
  return { rows, cols, data };
}

/** The m x (rows · cols) matrix whose row i holds the entries of A_i. */
export function measurementRows(measurements: Measurements): Matrix {
  requireMeasurements(measurements, "measurements", "measurementRows");
  const dense = explicitRows(measurements);
  if (dense !== undefined) return dense;
  const data = new Float64Array(measurements.rows * measurements.cols);
  const unit = new Float64Array(measurements.rows);
  for (let i = 0; i < measurements.rows; i++) {
    unit[i] = 1;
    measurements.applyTranspose(unit, data.subarray(i * measurements.cols, (i + 1) * measurements.cols));
    unit[i] = 0;
  }
  return { rows: measurements.rows, cols: measurements.cols, data };
}

/** The Gram matrix A A*, entry (i, j) = ⟨A_i, A_j⟩. */
export function measurementGram(measurements: Measurements): Matrix {
  return gram(measurementRows(measurements));
}

/**
 * Checks a measurement operator and returns it.
 *
 * @throws {ArgumentError} when it lacks the functions or the shape
 */
export function requireMeasurements(value: unknown, argument: string, caller: string): Measurements {
  const candidate = value as Partial<Measurements> | null | undefined;
  const shape = candidate?.shape;
  if (
    candidate === null ||
    typeof candidate !== "object" ||
    typeof candidate.apply !== "function" ||
    typeof candidate.applyTranspose !== "function" ||
    shape === undefined ||
    candidate.cols !== shape.rows * shape.cols
  ) {
    throw new ArgumentError({
      function: caller,
      argument,
      expected: "a family of measurements",
      got: describe(value),
      remedy: "build one with gaussianMeasurements, entryMeasurements, customMeasurements, …",
    });
  }
  if (!(candidate.rows! >= 1)) {
    const expected = "at least one measurement";
    throw new ShapeError({ function: caller, argument, expected, got: `${String(candidate.rows)} measurements` });
  }
  return candidate as Measurements;
}
