import {
  ArgumentError,
  type CancellationSignal,
  type Matrix,
  NonFiniteError,
  type Progress,
  ShapeError,
  type Status,
  axpy,
  describe,
  isCancelled,
  norm,
  requireFinite,
  requireMatrix,
} from "../core/index.js";
import { eigh } from "../linalg/index.js";
import { type Rng, type RngState } from "../random/index.js";
import {
  type Basis,
  appendRow,
  basisRow,
  createBasis,
  orthogonalize,
  subtract,
  symmetricProducts,
  workRow,
} from "./basis.js";
import { type Coroutine, multiplyBlock } from "./products.js";
import { randomUnit } from "./start.js";
import { rotateRows, roundoff } from "./thick-restart.js";

/** Checked options of lobpcg. */
export interface LobpcgSettings {
  readonly n: number;
  readonly count: number;
  readonly which: "smallest" | "largest";
  readonly blockSize: number;
  readonly preconditioner: ((r: Float64Array, out: Float64Array) => void) | undefined;
  readonly rng: Rng;
  readonly tolerance: number;
  readonly maximumIterations: number;
  readonly signal: CancellationSignal | undefined;
  readonly onProgress: ((progress: Progress) => void) | undefined;
}

/** What a run carries from one iteration to the next; all for ± A, whose smallest values are wanted. */
export interface LobpcgRun {
  /** Trial space, orthonormal rows: the block X, then residuals, then directions P. */
  readonly trial: Basis;
  /** Products of the trial vectors. */
  readonly images: Basis;
  /** P: the directions of the last step, as rows. */
  readonly directions: Basis;
  /** Products of the directions. */
  readonly directionImages: Basis;
  /** Ritz values of X; empty before the first Rayleigh–Ritz step. */
  values: Float64Array;
  scale: number;
  iterations: number;
  matvecs: number;
}

/** An unfinished run of lobpcg: plain numbers that structured clone and serializeState can store. */
export interface LobpcgState {
  /** Format of this record. */
  readonly kind: "eigenscope-lobpcg-1";
  /** Order of the operator. */
  readonly n: number;
  /** Number of eigenpairs wanted. */
  readonly count: number;
  /** Which ones. */
  readonly which: "smallest" | "largest";
  /** Vectors iterated together. */
  readonly blockSize: number;
  /** State of the random stream. */
  readonly rng: RngState;
  /** Ritz values of the block, of A or −A. */
  readonly values: Float64Array;
  /** The block, vectors as rows. */
  readonly vectors: Float64Array;
  /** Its products. */
  readonly images: Float64Array;
  /** Directions of the last step, vectors as rows. */
  readonly directions: Float64Array;
  /** Their products. */
  readonly directionImages: Float64Array;
  /** Largest |Ritz value| so far. */
  readonly scale: number;
  /** Iterations so far. */
  readonly iterations: number;
  /** Products so far. */
  readonly matvecs: number;
}

/** A direction whose norm falls below this share in orthogonalisation adds nothing but rounding errors. */
const DEPENDENT = 1e-10;

/** Below this share the product of a direction is computed anew: combining known ones would lose as many digits. */
const CANCELLED = 1e-3;

/** The first block: guesses, then random vectors. */
export function createLobpcgRun(settings: LobpcgSettings, guess: Matrix | undefined): LobpcgRun {
  const run = emptyRun(settings);
  fillFirstBlock(run.trial, settings, guess);
  return run;
}

function emptyRun({ n, blockSize }: LobpcgSettings): LobpcgRun {
  const capacity = Math.min(n, 3 * blockSize);
  return {
    trial: createBasis(n, capacity, "small"),
    images: createBasis(n, capacity, "small"),
    directions: createBasis(n, blockSize),
    directionImages: createBasis(n, blockSize),
    values: new Float64Array(0),
    scale: 0,
    iterations: 0,
    matvecs: 0,
  };
}

/**
 * Iterates until the wanted residuals are below target; the run then holds the Ritz vectors in the first rows of `trial`.
 *
 * Relation: Rayleigh–Ritz on span[X, R, P] with an orthonormal basis, an ordinary eigenproblem.
 * @see [knyazev2001]
 */
export function* iterateLobpcg(
  settings: LobpcgSettings,
  run: LobpcgRun,
): Coroutine<{ readonly status: Status; readonly residualNorms: Float64Array }> {
  const { n, count, blockSize, preconditioner, rng, tolerance, maximumIterations, signal, onProgress } = settings;
  const { trial, images, directions, directionImages } = run;
  if (run.values.length === 0) {
    yield* multiplyRows(settings, run);
    rayleighRitz(settings, run);
  }
  const residuals = Array.from({ length: blockSize }, () => new Float64Array(n));
  const residualNorms = new Float64Array(blockSize);
  for (;;) {
    for (let i = 0; i < blockSize; i++) {
      residuals[i].set(basisRow(images, i));
      axpy(-run.values[i], basisRow(trial, i), residuals[i]);
      residualNorms[i] = norm(residuals[i]);
    }
    const target = Math.max(tolerance * run.scale, roundoff(n, run.scale));
    const wanted = residualNorms.subarray(0, count);
    const converged = wanted.filter((value) => value <= target).length;
    onProgress?.({
      phase: "lobpcg",
      done: converged,
      total: count,
      figures: { residualNorm: Math.max(...wanted), matvecs: run.matvecs },
    });
    if (converged === count) return { status: "converged", residualNorms };
    if (isCancelled(signal)) return { status: "cancelled", residualNorms };
    if (run.iterations >= maximumIterations) return { status: "max-iterations", residualNorms };
    run.iterations++;
    // Soft locking: converged vectors stay in the trial space but get neither a residual nor a direction.
    const active = residuals.map((_, i) => i).filter((i) => residualNorms[i] > target);
    for (const i of active) append(trial, preconditioned(residuals[i], preconditioner));
    yield* multiplyRows(settings, run);
    let added = trial.count - blockSize;
    for (const i of directions.count > 0 ? active : []) {
      added += yield* extend(settings, run, basisRow(directions, i), basisRow(directionImages, i));
    }
    if (added === 0 && trial.count < n) {
      append(trial, randomUnit(n, rng));
      yield* multiplyRows(settings, run);
    }
    if (trial.count === blockSize) return { status: "max-iterations", residualNorms }; // the block is the whole space
    rayleighRitz(settings, run);
  }
}

function fillFirstBlock(trial: Basis, { n, blockSize, rng }: LobpcgSettings, guess: Matrix | undefined): void {
  if (guess !== undefined) {
    requireMatrix(guess, "guess", "lobpcg");
    requireFinite(guess.data, "guess", "lobpcg");
    if (guess.rows !== n) {
      throw new ShapeError({
        function: "lobpcg",
        argument: "guess",
        expected: `of ${n} rows`,
        got: `${guess.rows} x ${guess.cols}`,
      });
    }
    for (let j = 0; j < guess.cols && trial.count < blockSize; j++) {
      append(
        trial,
        Float64Array.from({ length: n }, (_, i) => guess.data[i * guess.cols + j]),
      );
    }
  }
  while (trial.count < blockSize) append(trial, randomUnit(n, rng));
}

/** Appends what of v is independent of the rows: its norm relative to v's, with the coefficients in `h`; 0 when nothing is. */
function append(trial: Basis, v: Float64Array, h: Float64Array = new Float64Array(trial.count)): number {
  const before = norm(v);
  if (!(before > 0) || trial.count === trial.dimension) return 0;
  const w = workRow(trial); // v itself may be a row of another basis, never this one's work row
  for (let i = 0; i < w.length; i++) w[i] = v[i] / before;
  const length = orthogonalize(trial, trial.count, w, h);
  if (!(length > DEPENDENT)) return 0;
  appendRow(trial, w, length);
  return length;
}

/** Computes the products of the trial vectors that have none yet; the largest eigenvalues are the smallest of −A. */
function* multiplyRows({ n, which }: LobpcgSettings, run: LobpcgRun): Coroutine<void> {
  const { trial, images } = run;
  const from = images.count;
  const columns = trial.count - from;
  const products = images.data.subarray(from * n, trial.count * n);
  yield* multiplyBlock(trial.data.subarray(from * n, trial.count * n), products, columns);
  images.count = trial.count;
  run.matvecs += columns;
  if (columns > 0) requireFiniteVector(products, run.matvecs);
  if (which === "largest") for (let i = 0; i < products.length; i++) products[i] = -products[i];
}

/**
 * Adds a direction and its product to the trial space; 1 when it was independent. The known product is combined like the
 * direction itself, unless so much cancelled that a fresh one is due.
 */
function* extend(settings: LobpcgSettings, run: LobpcgRun, v: Float64Array, image: Float64Array): Coroutine<number> {
  const { trial, images } = run;
  const count = trial.count;
  const h = new Float64Array(count);
  const before = norm(v);
  const length = append(trial, v, h);
  if (length === 0) return 0;
  if (length < CANCELLED) {
    yield* multiplyRows(settings, run);
    return 1;
  }
  const combined = workRow(images);
  for (let i = 0; i < combined.length; i++) combined[i] = image[i] / before;
  subtract(images, count, h, combined);
  appendRow(images, combined, length);
  return 1;
}

/** Replaces the block by the Ritz vectors of the smallest values, and P by their shares outside the old block. */
function rayleighRitz({ n, blockSize }: LobpcgSettings, run: LobpcgRun): void {
  const { trial, images, directions, directionImages } = run;
  const size = trial.count;
  const { values, vectors } = eigh(symmetricProducts(trial, images));
  const mixed = new Float64Array(size * blockSize);
  for (let i = 0; i < size; i++) {
    for (let k = 0; k < blockSize; k++) mixed[i * blockSize + k] = vectors.data[i * size + k];
  }
  const outside = mixed.slice(blockSize * blockSize); // the rows of the mixture that do not belong to the old block
  const fresh = size - blockSize;
  directions.count = directionImages.count = fresh > 0 ? blockSize : 0;
  for (const [space, target] of [
    [trial, directions],
    [images, directionImages],
  ] as const) {
    if (fresh > 0) rotateRows(space.data.subarray(blockSize * n), n, outside, fresh, blockSize, target.data);
    rotateRows(space.data, n, mixed, size, blockSize, space.data);
    space.count = blockSize;
  }
  run.values = values.slice(0, blockSize);
  run.scale = Math.max(run.scale, Math.abs(values[0]), Math.abs(values[size - 1]));
}

function preconditioned(
  residual: Float64Array,
  preconditioner: ((r: Float64Array, out: Float64Array) => void) | undefined,
): Float64Array {
  if (preconditioner === undefined) return residual;
  const out = new Float64Array(residual.length);
  preconditioner(residual, out);
  requireFiniteVector(out, 0);
  return out;
}

function requireFiniteVector(v: Float64Array, matvec: number): void {
  if (Number.isFinite(norm(v))) return;
  throw new NonFiniteError({
    function: "lobpcg",
    argument: matvec === 0 ? "preconditioner" : "A",
    expected: "an operator with finite products",
    got: matvec === 0 ? "NaN or an infinity in its result" : `NaN or an infinity in product ${matvec}`,
    remedy: "check it on a random unit vector",
  });
}

/** Takes the state of a run, copying: the iteration works in place. */
export function saveLobpcg({ n, count, which, blockSize, rng }: LobpcgSettings, run: LobpcgRun): LobpcgState {
  const { trial, images, directions, directionImages, values, scale, iterations, matvecs } = run;
  return {
    kind: "eigenscope-lobpcg-1",
    n,
    count,
    which,
    blockSize,
    rng: rng.state,
    values: values.slice(),
    vectors: trial.data.slice(0, blockSize * n),
    images: images.data.slice(0, blockSize * n),
    directions: directions.data.slice(0, directions.count * n),
    directionImages: directionImages.data.slice(0, directions.count * n),
    scale,
    iterations,
    matvecs,
  };
}

/**
 * Rebuilds a run from its state.
 *
 * @throws {ArgumentError} when the state belongs to another problem
 */
export function restoreLobpcg(state: LobpcgState, settings: LobpcgSettings): LobpcgRun {
  const { n, count, which, blockSize } = settings;
  const sizes = { n, count, which, blockSize };
  const fits =
    state?.kind === "eigenscope-lobpcg-1" &&
    Object.entries(sizes).every(([key, value]) => state[key as keyof typeof sizes] === value) &&
    state.values?.length === blockSize &&
    state.vectors?.length === blockSize * n &&
    state.images?.length === blockSize * n &&
    state.directions?.length === state.directionImages?.length;
  if (!fits) {
    throw new ArgumentError({
      function: "lobpcg",
      argument: "resume",
      expected: `the state of a run with ${Object.entries(sizes)
        .map(([key, value]) => `${key} ${value}`)
        .join(", ")}`,
      got: describe(state),
      remedy: "pass the options of the first run; only tolerance, maximumIterations, signal and onProgress may change",
    });
  }
  const run = emptyRun(settings);
  run.trial.data.set(state.vectors);
  run.images.data.set(state.images);
  run.trial.count = run.images.count = blockSize;
  run.directions.data.set(state.directions);
  run.directionImages.data.set(state.directionImages);
  run.directions.count = run.directionImages.count = state.directions.length / n;
  run.values = state.values.slice();
  run.scale = state.scale;
  run.iterations = state.iterations;
  run.matvecs = state.matvecs;
  return run;
}
