import { dot, gemmLower, gemv, symv } from "../routines/index.js";
import { norm2 } from "./input.js";
import { applyRight, blockReflector, scratchLength } from "./reflectors.js";
import { length2 } from "./scalar.js";
import { borrowStore, releaseStore } from "./stores.js";

const PANEL = 16; // complex reflectors gathered before one update of rank 4 · 16
const BACK_PANEL = 32; // complex reflectors per block of the back-transformation
const TINY = 1e-200; // vectors below are scaled up: phases of subnormal numbers are no phases
const LIFT = 2 ** 600;

/** A = Q diag(phase) T diag(phase)ᴴ Qᴴ with T real symmetric tridiagonal and Q kept as reflectors. */
export interface HermitianReduction {
  /** Order of A. */
  readonly n: number;
  /** Diagonal of T. */
  readonly diagonal: Float64Array;
  /** n entries, T[i][i + 1] >= 0; the last one is 0. */
  readonly offDiagonal: Float64Array;
  /** Row 2i: reflector i, its i complex entries interleaved, the last one 1. */
  readonly reflectors: Float64Array;
  /** τ of each reflector; real, so that every H is Hermitian. */
  readonly tau: Float64Array;
  /** Phases, interleaved. */
  readonly phases: Float64Array;
  /** Gives the memory of the reflectors back, which may not be used afterwards. */
  readonly release: () => void;
}

/**
 * Reduces a Hermitian matrix re + i im to real tridiagonal form by blocked complex Householder similarity.
 *
 * Everything is written in real numbers: entry a of A is the 2 x 2 block (re a, −im a; im a, re a) of a symmetric matrix M
 * of order 2n, and a complex vector has its parts interleaved. M v is then A v, the leading blocks stay leading, and
 * the complex rank-one matrix v wᴴ is v wᵀ + (Jv)(Jw)ᵀ with J the multiplication by i; so the symmetric product and the
 * update of the real reduction serve unchanged, and no operation of the matrix–vector products is redundant.
 * Rows are cleared from the bottom as there. [dongarra1989]
 */
export function reduceHermitian(n: number, re: Float64Array, im: Float64Array): HermitianReduction {
  const N = 2 * n;
  const height = N + 8 * PANEL + 1;
  const a = borrowStore(height, N);
  embed(n, re, im, a);
  const diagonal = new Float64Array(n);
  const offDiagonal = new Float64Array(n);
  const tau = new Float64Array(n);
  const phases = new Float64Array(N);
  if (n > 0) phases[N - 2] = 1;
  const left = N * N; // 4 · PANEL rows v, Jv, w, Jw of each reflector of the panel
  const right = left + 4 * PANEL * N; // 4 · PANEL rows w, Jw, v, Jv: M −= leftᵀ right
  const w = right + 4 * PANEL * N; // N entries, τ (A v − corrections)
  const weights = new Float64Array(4 * PANEL); // coefficients of the postponed updates
  let end = n; // rows >= end are done
  while (end > 0) {
    const count = Math.min(PANEL, end);
    for (let c = 0; c < count; c++) {
      const i = end - 1 - c;
      const row = 2 * i * N; // column i of A, above and on the diagonal
      const size = 2 * i;
      if (c > 0) {
        for (let k = 0; k < 4 * c; k++) weights[k] = a[left + k * N + size];
        gemv(true, 4 * c, size + 1, -1, a, right, N, weights, 0, 1, 1, a, row, 1);
      }
      diagonal[i] = a[row + size];
      if (i === 0) break;
      tau[i] = makeReflector(a, row, i, offDiagonal, phases);
      const vRow = left + 4 * c * N;
      const wRow = right + 4 * c * N;
      if (tau[i] === 0) {
        a.fill(0, vRow, vRow + 4 * N);
        a.fill(0, wRow, wRow + 4 * N);
        continue;
      }
      symv(size, tau[i], a, 0, N, a, row, 0, a, w);
      if (c > 0) {
        gemv(false, 4 * c, size, tau[i], a, right, N, a, row, 1, 0, weights, 0, 1);
        gemv(true, 4 * c, size, -1, a, left, N, weights, 0, 1, 1, a, w, 1);
      }
      const half = 0.5 * tau[i] * dot(size, a, w, 1, a, row, 1); // vᴴ A v is real
      for (let j = 0; j < size; j += 2) {
        const vr = a[row + j];
        const vi = a[row + j + 1];
        const wr = a[w + j] - half * vr;
        const wi = a[w + j + 1] - half * vi;
        storePair(a, vRow + j, N, vr, vi);
        storePair(a, vRow + 2 * N + j, N, wr, wi);
        storePair(a, wRow + j, N, wr, wi);
        storePair(a, wRow + 2 * N + j, N, vr, vi);
      }
    }
    end -= count;
    gemmLower(true, false, 2 * end, 4 * count, -1, a, left, N, a, right, N, a, 0, N);
  }
  return { n, diagonal, offDiagonal, reflectors: a, tau, phases, release: () => releaseStore(a, height, N) };
}

/** z and, in the row below, i z. */
function storePair(a: Float64Array, at: number, stride: number, re: number, im: number): void {
  a[at] = re;
  a[at + 1] = im;
  a[at + stride] = -im;
  a[at + stride + 1] = re;
}

/** The lower triangle of M; what lies above it is never read. */
function embed(n: number, re: Float64Array, im: Float64Array, a: Float64Array): void {
  const N = 2 * n;
  for (let i = 0; i < n; i++) {
    let even = 2 * i * N;
    for (let j = i * n; j <= i * n + i; j++, even += 2) {
      const x = re[j];
      const y = im[j];
      a[even] = x;
      a[even + 1] = -y;
      a[even + N] = y;
      a[even + N + 1] = x;
    }
  }
}

/**
 * Makes the reflector H = I − τ v vᴴ that maps the i complex numbers x at `at` to (0, …, 0, β), |β| = ‖x‖, of the phase
 * opposite to that of the last one; x becomes v, whose last entry is 1. Stores |β| and the phase that makes it real:
 * T = Φ |T| Φᴴ with φ_{i−1} = φ_i β/|β|. Returns τ; 0 means H = I.
 */
function makeReflector(
  x: Float64Array,
  at: number,
  i: number,
  offDiagonal: Float64Array,
  phases: Float64Array,
): number {
  const last = at + 2 * i - 2;
  const lift = norm2(x, at, 2 * i) < TINY ? LIFT : 1;
  if (lift !== 1) for (let j = at; j < at + 2 * i; j++) x[j] *= lift;
  const tail = norm2(x, at, 2 * i - 2);
  const modulus = length2(x[last], x[last + 1]);
  const phaseLift = modulus < TINY ? LIFT : 1; // the phase of subnormal numbers would not have modulus one
  const lifted = length2(x[last] * phaseLift, x[last + 1] * phaseLift);
  const ur = modulus === 0 ? 1 : (x[last] * phaseLift) / lifted;
  const ui = modulus === 0 ? 0 : (x[last + 1] * phaseLift) / lifted;
  const norm = tail === 0 ? modulus : length2(modulus, tail);
  offDiagonal[i - 1] = norm / lift;
  const sign = tail === 0 ? 1 : -1;
  const pr = sign * (phases[2 * i] * ur - phases[2 * i + 1] * ui);
  const pi = sign * (phases[2 * i] * ui + phases[2 * i + 1] * ur);
  const size = length2(pr, pi); // 1 up to rounding, which would add up along the diagonal
  phases[2 * i - 2] = pr / size;
  phases[2 * i - 1] = pi / size;
  const pivot = modulus + norm;
  // x / (u · pivot), u of modulus one.
  if (tail !== 0) {
    for (let j = at; j < last; j += 2) {
      const re = x[j];
      const im = x[j + 1];
      x[j] = (re * ur + im * ui) / pivot;
      x[j + 1] = (im * ur - re * ui) / pivot;
    }
  }
  x[last] = 1;
  x[last + 1] = 0;
  return tail === 0 ? 0 : pivot / norm;
}

/** Eigenvectors of A as rows of interleaved complex numbers. */
export interface HermitianRows {
  /** count x 2n. */
  readonly rows: Float64Array;
  /** Gives their memory back. */
  readonly release: () => void;
}

/**
 * Turns eigenvectors z of T, given as the rows of `real` (count x n), into eigenvectors Q Φ z of A.
 *
 * A complex reflector is the product of two real ones in the doubled space, along v and Jv with the same τ: they are
 * orthogonal. So the blocks of the real back-transformation serve, with two rows per reflector.
 */
export function backTransformHermitian(
  reduction: HermitianReduction,
  count: number,
  real: Float64Array,
): HermitianRows {
  const { n, reflectors, tau, phases } = reduction;
  const N = 2 * n;
  const widest = 2 * Math.min(BACK_PANEL, n);
  const height = count + Math.ceil(scratchLength(widest, N, count) / Math.max(1, N));
  const store = borrowStore(height, N);
  const scratch = store.subarray(count * N);
  for (let k = 0, to = 0; k < count; k++) {
    for (let i = 0, from = k * n; i < N; i += 2, from++, to += 2) {
      store[to] = phases[i] * real[from];
      store[to + 1] = phases[i + 1] * real[from];
    }
  }
  for (let start = 1; start < n; start += BACK_PANEL) {
    const stop = Math.min(n, start + BACK_PANEL);
    const length = 2 * (stop - 1); // the longest reflector
    const v = new Float64Array(2 * (stop - start) * length);
    const factors = new Float64Array(2 * (stop - start));
    for (let i = start, to = 0; i < stop; i++, to += 2 * length) {
      const from = 2 * i * N;
      for (let j = 0; j < 2 * i; j += 2) storePair(v, to + j, length, reflectors[from + j], reflectors[from + j + 1]);
      factors.fill(tau[i], 2 * (i - start), 2 * (i - start) + 2);
    }
    const block = blockReflector(v, factors.length, length, factors);
    applyRight(block, false, count, store, 0, N, scratch);
  }
  return { rows: store, release: () => releaseStore(store, height, N) };
}
