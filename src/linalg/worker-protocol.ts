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

/** Reduction to tridiagonal form and its eigenproblem; answers [values] or [values, rows, reflectors, tau]. */
export interface ReduceTask {
  readonly name: "reduce";
  readonly n: number;
  readonly data: Float64Array;
  readonly vectors: boolean;
}

/** Back-transformation of some eigenvectors, given as rows. */
export interface BackTask {
  readonly name: "back";
  readonly n: number;
  readonly reflectors: Float64Array;
  readonly tau: Float64Array;
  readonly rows: Float64Array;
}

/** What a worker can do. */
export type WorkerTask = MultiplyTask | ReduceTask | BackTask;

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
  readonly error?: string;
}
