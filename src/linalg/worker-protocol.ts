import type { EighCertificate } from "./eigh-certificate.js";
import type { EigenvalueRange } from "./spectrum-part.js";

/** One tile of a product: m x n sums over k, of the rows of A that start at aOffset. */
export interface MultiplyTask {
  readonly name: "multiply";
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly a: Float64Array;
  readonly aOffset: number;
  readonly aStride: number;
  readonly b: Float64Array;
  readonly bStride: number;
}

/**
 * Reduction to tridiagonal form and its eigenproblem; answers [values, (first, before, after)], and with vectors also
 * [rows, reflectors, tau].
 */
export interface ReduceTask {
  readonly name: "reduce";
  readonly n: number;
  readonly data: Float64Array;
  readonly vectors: boolean;
  readonly range: EigenvalueRange | undefined;
  readonly scale: number;
}

/** Back-transformation of some eigenvectors, given as rows. */
export interface BackTask {
  readonly name: "back";
  readonly n: number;
  readonly reflectors: Float64Array;
  readonly tau: Float64Array;
  readonly rows: Float64Array;
}

/** Certificate of an eigendecomposition; the answer has it as `certificate`. */
export interface CertifyTask {
  readonly name: "certify";
  readonly n: number;
  readonly data: Float64Array;
  readonly norm: number;
  readonly scale: number;
  readonly values: Float64Array;
  readonly vectors: Float64Array;
  /** As in SpectrumPart. */
  readonly first: number;
  readonly before: number;
  readonly after: number;
}

/** What a worker can do. */
export type WorkerTask = MultiplyTask | ReduceTask | BackTask | CertifyTask;

/** Message to a worker. */
export interface WorkerRequest {
  readonly id: number;
  readonly backend: "js" | "wasm";
  readonly fused: boolean;
  readonly task: WorkerTask;
}

/** Message from a worker: result arrays, or the message of the error that its task threw. */
export interface WorkerAnswer {
  readonly id: number;
  readonly arrays?: Float64Array[];
  readonly certificate?: EighCertificate;
  readonly error?: string;
}
