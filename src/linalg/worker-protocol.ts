import type { Progress } from "../core/index.js";
import type { RoutinesBytes, SharedStore } from "../routines/index.js";
import type { EighCertificate } from "./eigh-certificate.js";
import type { EigenvalueRange } from "./spectrum-part.js";

/** Memory that all workers of a call see. */
export interface StoreReference {
  /** Number that no other store of the pool has. */
  readonly id: number;
  readonly store: SharedStore;
}

/** Some rows of a product, all in one shared store. */
export interface TileTask {
  readonly name: "tile";
  readonly store: StoreReference;
  readonly control: Int32Array;
  readonly rank: number;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  /** Rows first … end − 1 of the product. */
  readonly first: number;
  readonly end: number;
  readonly n: number;
  readonly k: number;
  readonly aOffset: number;
  readonly aStride: number;
  readonly bOffset: number;
  readonly bStride: number;
  readonly cOffset: number;
  /** A Gram matrix: B is A, and only columns up to the diagonal are wanted. */
  readonly lower: boolean;
}

/**
 * The part of one thread in an eigendecomposition by a team; the first thread answers [values, (first, before, after)], and
 * vectors are left as rows in the second store, from row `first` of its third n x n block on.
 */
export interface EigenTask {
  readonly name: "eigen";
  readonly control: Int32Array;
  readonly rank: number;
  readonly size: number;
  readonly n: number;
  readonly matrix: StoreReference;
  readonly conquest: StoreReference | null;
  readonly range: EigenvalueRange | undefined;
  readonly scale: number;
}

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
export type WorkerTask = TileTask | EigenTask | MultiplyTask | ReduceTask | BackTask | CertifyTask;

/** Message to a worker. */
export interface WorkerRequest {
  readonly id: number;
  readonly backend: "js" | "wasm";
  readonly fused: boolean;
  /** The WebAssembly modules, sent to each worker once: its script does not hold them. */
  readonly bytes: RoutinesBytes | undefined;
  /** Whether to report progress. */
  readonly report: boolean;
  /** Shared stores that may still come; what was set up for others can be forgotten. */
  readonly stores: readonly number[];
  readonly task: WorkerTask;
}

/** Message from a worker: progress, then result arrays or the message of the error that its task threw. */
export interface WorkerAnswer {
  readonly id: number;
  readonly progress?: Progress;
  readonly arrays?: Float64Array[];
  readonly certificate?: EighCertificate;
  readonly error?: string;
}
