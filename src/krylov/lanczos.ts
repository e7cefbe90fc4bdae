import {
  ArgumentError,
  EPSILON,
  type LongRunning,
  type Matrix,
  OptionError,
  ShapeError,
  axpy,
  describe,
  dot,
  isCancelled,
  norm,
  requireInteger,
  requireOneOf,
  requireOptions,
} from "../core/index.js";
import {
  type AsyncSymmetricOperator,
  type SymmetricOperator,
  requireAsyncOperator,
  requireSymmetricOperator,
} from "../operators/index.js";
import { appendRow, createBasis, orthogonalize, workRow } from "./basis.js";
import { createLossEstimate } from "./loss-estimate.js";
import { type Coroutine, drive, driveAsync, multiply } from "./products.js";
import { type StartOptions, requireFiniteProduct, requireStart } from "./start.js";

/** How much work keeps the Lanczos vectors orthogonal. */
export type Reorthogonalization = "full" | "selective" | "none";

/** Options of {@link lanczosSteps}. */
export interface LanczosStepsOptions extends StartOptions {
  /**
   * "full" (default): each vector against all earlier ones, twice. "selective": only at steps where the estimated
   * overlap passes √ε, which keeps the Ritz values accurate. "none": three terms only; ghosts appear.
   */
  readonly reorthogonalization?: Reorthogonalization;
  /** Keep the basis; true by default, and it must be true unless reorthogonalization is "none" (three vectors then). */
  readonly keepBasis?: boolean;
  /** An earlier factorisation of the same operator, of the same mode: the run goes on from it, bit for bit. */
  readonly resume?: LanczosFactorization;
}

/** Options of {@link lanczos}. */
export interface LanczosOptions extends LanczosStepsOptions, LongRunning {
  /** Number of steps wanted, earlier ones included when resuming; the result has fewer when an invariant subspace is found or the signal says stop. */
  readonly steps: number;
}

/** A Lanczos factorisation of k steps. Growing it further leaves earlier records valid. */
export interface LanczosFactorization {
  /** Format of this record, which is also a state: see `resume`. */
  readonly kind: "eigenscope-lanczos-1";
  /** k, the number of steps done. */
  readonly steps: number;
  /** V, k x n: the Lanczos vectors as rows; null when the basis is not kept. */
  readonly basis: Matrix | null;
  /** Diagonal of T, length k. */
  readonly diagonal: Float64Array;
  /** Off-diagonal of T, length k − 1, positive. */
  readonly offDiagonal: Float64Array;
  /** β, the norm of the residual term. */
  readonly residualNorm: number;
  /**
   * v, the unit vector of the residual term, orthogonal to the basis; zero when `invariant`. Without a basis it is
   * overwritten two steps later.
   */
  readonly next: Float64Array;
  /** v_k, the last vector multiplied; without a basis it is overwritten two steps later. */
  readonly last: Float64Array;
  /** How the vectors were kept orthogonal. */
  readonly reorthogonalization: Reorthogonalization;
  /** True when β is zero up to rounding: the basis spans an invariant subspace and T's eigenvalues are A's. */
  readonly invariant: boolean;
  /** Products with A so far: one per step. */
  readonly matvecs: number;
}

/** β below this multiple of √n ε ‖T‖ is the rounding error of one product and one orthogonalisation. */
const BREAKDOWN_FACTOR = 10;

/**
 * Reduces a symmetric operator to tridiagonal form on a growing Krylov space.
 *
 * Relation: A Vᵀ = Vᵀ T + β v e_kᵀ with V Vᵀ = I and V v = 0, where V holds the Lanczos vectors as rows, T is
 * tridiagonal and e_k is the last unit vector; {@link lanczosSteps} gives the same at every step.
 * For eigenvalues use eigsh, which restarts in bounded memory; for a density use spectralDensity.
 *
 * @param A symmetric operator of order n >= 1; symmetry is the caller's promise (checkedSymmetric tests it)
 * @param options.steps number of steps; at most n are done
 * @param options.start first vector; random from `rng` when absent
 * @returns the factorisation after the last step
 * @throws {ArgumentError} when A lacks the symmetric mark, steps < 1, or neither start nor rng is given
 * @throws {NonFiniteError} when a product of A has an entry that is not finite
 *
 * Accuracy: "full" keeps max |V Vᵀ − I| at a few ε and the relation at a few √n ε ‖A‖: each vector is orthogonalised
 * twice, by the recurrence (whose other coefficients are zero in exact arithmetic) and against the whole basis.
 * Cost: one matvec a step; "full" adds 4 k n flops at step k in two sweeps over the basis; 8 n (k + 3) bytes.
 * Stopping: after `steps`, or when β <= 10 √n ε ‖T‖₁ (invariant subspace). A record is a state: pass it as `resume`.
 * @see [golubvanloan2013]
 * @see [parlett1998]
 *
 * @example
 * ```ts
 * import { diagonal } from "eigenscope/operators";
 * import { lanczos } from "eigenscope/krylov";
 * const A = diagonal([1, 1, 4]); // two distinct eigenvalues: an invariant subspace after two steps
 * const { steps, invariant, matvecs } = lanczos(A, { steps: 3, start: Float64Array.of(1, 1, 1) });
 * console.log(steps, invariant, matvecs); // 2 true 2
 * ```
 */
export function lanczos(A: SymmetricOperator, options: LanczosOptions): LanczosFactorization {
  const operator = requireSymmetricOperator(A, "A", "lanczos");
  return drive(operator, lanczosCoroutine(operator.rows, options));
}

/**
 * The form of {@link lanczos} for operators whose products are computed elsewhere.
 *
 * Relation: the numbers of lanczos for the same products, bit for bit.
 *
 * @param A asynchronous symmetric operator
 * @param options those of lanczos
 * @returns a promise of the factorisation
 * @throws {ArgumentError} as lanczos, as a rejection
 */
export async function lanczosAsync(A: AsyncSymmetricOperator, options: LanczosOptions): Promise<LanczosFactorization> {
  const operator = requireAsyncOperator(A, "A", "lanczosAsync", "symmetric");
  return driveAsync(operator, lanczosCoroutine(operator.rows, options));
}

function* lanczosCoroutine(n: number, options: LanczosOptions): Coroutine<LanczosFactorization> {
  const caller = "lanczos";
  requireOptions(
    options,
    ["steps", "start", "rng", "reorthogonalization", "keepBasis", "resume", "signal", "onProgress"],
    caller,
    "required",
  );
  const { steps: wanted, signal, onProgress, ...rest } = options;
  const steps = requireInteger(wanted, "steps", caller, 1);
  if (rest.resume !== undefined && (rest.resume.invariant || rest.resume.steps >= steps)) return rest.resume;
  const run = startLanczos(n, rest, steps);
  for (;;) {
    yield* multiply(run.current, run.product);
    const factorization = run.advance();
    onProgress?.({
      phase: caller,
      done: factorization.steps,
      total: steps,
      figures: { residualNorm: factorization.residualNorm },
    });
    if (factorization.steps === steps || factorization.invariant || isCancelled(signal)) return factorization;
  }
}

/**
 * Yields the Lanczos factorisation after every step, until the subspace is invariant (at the latest after n steps).
 *
 * Relation: each record satisfies A Vᵀ = Vᵀ T + β v e_kᵀ, as in {@link lanczos}. Records stay valid: rows of the basis
 * and entries of T are written once.
 *
 * @param A symmetric operator of order n >= 1
 * @param options.reorthogonalization "full", "selective" or "none"
 * @returns a generator; the last record has `invariant: true` and is also the return value
 * @throws {ArgumentError} as {@link lanczos}; all checks happen at the first `next()`
 *
 * Cost: as {@link lanczos}; storage doubles as needed.
 * @see [simon1984]
 *
 * @example
 * ```ts
 * import { diagonal } from "eigenscope/operators";
 * import { lanczosSteps } from "eigenscope/krylov";
 * for (const { steps, residualNorm } of lanczosSteps(diagonal([1, 2, 4]), { start: Float64Array.of(1, 1, 1) })) {
 *   if (steps === 1) console.log(residualNorm.toFixed(4)); // 1.2472
 * }
 * ```
 */
export function* lanczosSteps(
  A: SymmetricOperator,
  options: LanczosStepsOptions,
): Generator<LanczosFactorization, LanczosFactorization, void> {
  const operator = requireSymmetricOperator(A, "A", "lanczos");
  const run = startLanczos(operator.rows, options);
  for (;;) {
    operator.apply(run.current, run.product);
    const factorization = run.advance();
    yield factorization;
    if (factorization.invariant) return factorization;
  }
}

/** A run that waits for a product with A: whoever drives it computes that here, in a worker or on a server. */
export interface LanczosRun {
  /** v_k, the vector to multiply. */
  readonly current: Float64Array;
  /** Room for A v_k, to be filled before `advance`. */
  readonly product: Float64Array;
  /** Does the rest of step k; not to be called again after an invariant record. */
  advance(): LanczosFactorization;
}

/** Numbers of a basis that are allocated ahead for the steps expected (256 MB); beyond, the storage doubles as needed. */
const ROOM_AHEAD = 2 ** 25;

/** Checks the options and prepares the first step, for drivers in this library; see {@link lanczosSteps}. */
export function startLanczos(n: number, options: LanczosStepsOptions, expectedSteps = 7): LanczosRun {
  const { mode, keepBasis, resume } = requireInput(n, options);
  const ahead = Math.min(expectedSteps, n, Math.max(7, Math.floor(ROOM_AHEAD / n)));
  const basis = createBasis(n, keepBasis ? Math.max(ahead, resume?.steps ?? 0) + 1 : 3);
  const loss = mode === "selective" ? createLossEstimate(n) : null;
  const T = createTridiagonal();
  let h = new Float64Array(8); // coefficients of w in the basis
  let previous: Float64Array = new Float64Array(n); // v_{k−1}
  let current: Float64Array; // v_k
  let beta = 0; // the β between them
  let k = 0;
  if (resume === undefined) {
    current = appendRow(basis, requireStart(n, options, "lanczos"), 1);
  } else {
    // Everything else is a function of what the record holds, replayed in the order of the first run.
    k = resume.steps;
    beta = resume.residualNorm;
    for (let j = 0; j < k; j++) {
      const after = j + 1 < k ? resume.offDiagonal[j] : beta;
      T.append(resume.diagonal[j], j > 0 ? resume.offDiagonal[j - 1] : 0, after);
      loss?.passesLimit(resume.diagonal[j], after);
    }
    const rows = resume.basis;
    for (let j = 0; rows !== null && j < k - 1; j++) appendRow(basis, rows.data.subarray(j * n, (j + 1) * n), 1);
    previous = appendRow(basis, resume.last, 1);
    current = appendRow(basis, resume.next, 1);
  }
  let w = workRow(basis); // A v_k, orthogonalised in place

  const advance = (): LanczosFactorization => {
    k++;
    // β v_{k−1} goes before the inner product: once overlaps have grown, the other order loses digits of α.
    if (k > 1) axpy(-beta, previous, w);
    let alpha = dot(current, w);
    axpy(-alpha, current, w);
    let residualNorm: number;
    if (mode === "full") {
      // The recurrence was the first pass of Gram–Schmidt (its other coefficients are zero by symmetry); this is the
      // second, and more follow where it still removes something. It also corrects α by what rounding left in.
      if (k > h.length) h = new Float64Array(2 * k);
      residualNorm = orthogonalize(basis, k, w, h);
      alpha += h[k - 1];
    } else {
      residualNorm = norm(w);
      if (loss?.passesLimit(alpha, residualNorm)) residualNorm = orthogonalize(basis, k, w, new Float64Array(k));
    }
    requireFiniteProduct(alpha + residualNorm, k, "lanczos");
    const scale = T.append(alpha, beta, residualNorm);
    const exhausted = mode !== "none" && k === n; // no direction is left
    const invariant = exhausted || residualNorm <= BREAKDOWN_FACTOR * Math.sqrt(n) * EPSILON * scale;
    if (!keepBasis && basis.count === 3) basis.count = 0; // v_{k−2} makes room
    const next = invariant ? new Float64Array(n) : appendRow(basis, w, residualNorm);
    w = workRow(basis);
    previous = current;
    current = next;
    beta = residualNorm;
    return {
      kind: "eigenscope-lanczos-1",
      steps: k,
      basis: keepBasis ? { rows: k, cols: n, data: basis.data.subarray(0, k * n) } : null,
      diagonal: T.diagonal.subarray(0, k),
      offDiagonal: T.offDiagonal.subarray(0, k - 1),
      residualNorm,
      next,
      last: previous,
      reorthogonalization: mode,
      invariant,
      matvecs: k,
    };
  };
  return {
    get current() {
      return current;
    },
    get product() {
      return w;
    },
    advance,
  };
}

interface Input {
  readonly mode: Reorthogonalization;
  readonly keepBasis: boolean;
  readonly resume: LanczosFactorization | undefined;
}

function requireInput(n: number, options: LanczosStepsOptions): Input {
  const caller = "lanczos";
  if (n === 0) {
    throw new ShapeError({ function: caller, argument: "A", expected: "of order >= 1", got: "0 x 0" });
  }
  requireOptions(options, ["start", "rng", "reorthogonalization", "keepBasis", "resume"], caller, "required");
  const resume = options?.resume;
  const mode = requireOneOf(
    options?.reorthogonalization ?? resume?.reorthogonalization ?? "full",
    ["full", "selective", "none"],
    "reorthogonalization",
    caller,
  );
  const keepBasis = options?.keepBasis ?? (resume === undefined || resume.basis !== null);
  if (!keepBasis && mode !== "none") {
    throw new OptionError({
      function: caller,
      argument: "keepBasis",
      expected: `true with reorthogonalization "${mode}"`,
      got: "false",
      remedy: 'vectors that are not kept cannot be orthogonalised against: use reorthogonalization "none"',
    });
  }
  if (resume !== undefined) requireResumable(resume, n, mode, keepBasis);
  return { mode, keepBasis, resume };
}

function requireResumable(
  resume: LanczosFactorization,
  n: number,
  mode: Reorthogonalization,
  keepBasis: boolean,
): void {
  const k = resume.steps;
  const fits =
    resume.reorthogonalization === mode &&
    !resume.invariant &&
    resume.diagonal?.length === k &&
    resume.offDiagonal?.length === k - 1 &&
    resume.next?.length === n &&
    resume.last?.length === n &&
    (resume.basis === null ? !keepBasis : keepBasis && resume.basis.rows === k && resume.basis.cols === n);
  if (fits) return;
  throw new ArgumentError({
    function: "lanczos",
    argument: "resume",
    expected: `a factorisation of order ${n}, mode "${mode}", ${keepBasis ? "with" : "without"} its basis, not invariant`,
    got: describe(resume),
  });
}

/** A tridiagonal matrix under construction. */
function createTridiagonal(): {
  diagonal: Float64Array;
  offDiagonal: Float64Array;
  append(alpha: number, betaBefore: number, betaAfter: number): number;
} {
  let count = 0;
  let scale = 0; // ‖T‖₁ including the residual's β
  return {
    diagonal: new Float64Array(16),
    offDiagonal: new Float64Array(16),
    append(alpha, betaBefore, betaAfter) {
      if (count === this.diagonal.length) {
        this.diagonal = doubled(this.diagonal);
        this.offDiagonal = doubled(this.offDiagonal);
      }
      this.diagonal[count] = alpha;
      if (count > 0) this.offDiagonal[count - 1] = betaBefore;
      count++;
      scale = Math.max(scale, betaBefore + Math.abs(alpha) + betaAfter);
      return scale;
    },
  };
}

function doubled(values: Float64Array): Float64Array {
  const larger = new Float64Array(2 * values.length);
  larger.set(values);
  return larger;
}
