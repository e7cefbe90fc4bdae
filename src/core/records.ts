/** A dense real matrix: plain data, row-major, entry (i, j) at `data[i * cols + j]`. */
export interface Matrix {
  /** Number of rows. */
  readonly rows: number;
  /** Number of columns. */
  readonly cols: number;
  /** The entries, row after row. */
  readonly data: Float64Array;
}

/** A statistical estimate: never a bare number. */
export interface Estimate {
  /** The estimate. */
  readonly mean: number;
  /** Standard error of the mean (NaN never appears: one sample gives Infinity). */
  readonly standardError: number;
  /** Number of independent samples. */
  readonly samples: number;
  /** Operator applications spent. */
  readonly matvecs: number;
}

/** A quantity that exists. */
export interface DefinedValue<T> {
  /** Discriminator. */
  readonly defined: true;
  /** The quantity. */
  readonly value: T;
}

/** A quantity that does not exist for this input. */
export interface UndefinedValue {
  /** Discriminator. */
  readonly defined: false;
  /** Why there is none. */
  readonly reason: string;
}

/** A quantity that may not exist: either a value, or the reason why there is none. */
export type Tagged<T = number> = DefinedValue<T> | UndefinedValue;

/** Wraps a value that exists. */
export function defined<T>(value: T): Tagged<T> {
  return { defined: true, value };
}

/** States why a quantity does not exist. */
export function undefinedBecause<T = number>(reason: string): Tagged<T> {
  return { defined: false, reason };
}

/** All eigenvalues, computed by a dense method. */
export interface ExactSpectrum {
  /** Discriminator. */
  readonly kind: "exact";
  /** Eigenvalues, ascending. */
  readonly values: Float64Array;
  /** Bound on the error of each value, in the units of the values. */
  readonly errorBound: number;
}

/** Some eigenvalues, each with its residual norm. */
export interface PartialSpectrum {
  /** Discriminator. */
  readonly kind: "partial";
  /** Order of the operator. */
  readonly dimension: number;
  /** The eigenvalues found, in the order of the method that found them. */
  readonly values: Float64Array;
  /** ‖A v − λ v‖₂ for unit v, one per value: an eigenvalue lies within this distance. */
  readonly residualNorms: Float64Array;
}

/** A smoothed estimate of the eigenvalue distribution, with what it was made of. */
export interface DensitySpectrum {
  /** Discriminator. */
  readonly kind: "density";
  /** Order of the operator. */
  readonly dimension: number;
  /** Abscissae, ascending. */
  readonly grid: Float64Array;
  /** Density on the grid; together with atom and outliers it has mass one. */
  readonly density: Float64Array;
  /** Pointwise confidence band over the probes, on the grid. */
  readonly band: { readonly lower: Float64Array; readonly upper: Float64Array; readonly level: number };
  /** Quadrature nodes (Ritz values) of all probes. */
  readonly nodes: Float64Array;
  /** Quadrature weights, summing to one together with atom and outliers. */
  readonly weights: Float64Array;
  /** Mass at zero that is known exactly, or 0. */
  readonly atom: number;
  /** Eigenvalues that were computed one by one and taken out of the bulk. */
  readonly outliers: Float64Array;
}

/** What a spectrum is: all of it, some of it, or its distribution. */
export type Spectrum = ExactSpectrum | PartialSpectrum | DensitySpectrum;

/** Inputs with their targets, one sample per row. */
export interface LabelledData {
  /** n x d matrix of inputs. */
  readonly inputs: Matrix;
  /** n x c matrix of targets (one-hot rows for classes). */
  readonly targets: Matrix;
}
