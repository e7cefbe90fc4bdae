import {
  ArgumentError,
  type LongRunning,
  type Matrix,
  ResourceError,
  type Tagged,
  describe,
  isCancelled,
  requireFinite,
  requireInteger,
  requireOneOf,
  requireOptions,
  requireVector,
  pow,
  square,
  cos,
  sin,
  log2,
} from "../core/index.js";
import { fftn, ifftn } from "../fft/index.js";
import type { Kernel } from "../kernels/index.js";
import { conditionOfSymbol } from "./conditioning.js";
import { evenSum, expandEven, halfGridValues, transformEven } from "./even-grid.js";
import { decodeFrequency, frequencyFactor } from "./frequencies.js";
import { type SobolevSymbol, requireSymbol, symbolValue } from "./symbols.js";
import { requireKernel } from "./require-kernel.js";
import { vanishesByParity } from "./sphere-spectrum.js";
import type { ModeSpectrum } from "./types.js";

/** Largest grid that is accepted: 2³⁰ points are 16 GiB of complex numbers. */
const MAXIMUM_POINTS = 2 ** 30;

/** Options of `torus(d, N).sobolev`. */
export interface TorusSobolevOptions {
  /** Which symbol, with ℓ = |k|; "C" by default, (1 + |k|²)^s. */
  readonly symbol?: SobolevSymbol;
  /** Smoothness s, any real number. */
  readonly smoothness: number;
  /** "integer": ν = |k| (default); "angular": ν = 2π|k|, the true Laplacian of period 1 (symbols B and C only differ). */
  readonly frequency?: "integer" | "angular";
  /** Frequencies with a component beyond this are cut to σ = 0; at most ⌊N/2⌋, which is the default (nothing is cut). */
  readonly bandwidth?: number;
}

/** A Fourier multiplier on the grid. */
export interface TorusMultiplier {
  /** Short text of the symbol. */
  readonly name: string;
  /** Grid whose frequencies these are, as in the conventions of its spectra. */
  readonly domain: string;
  /** σ(k) at the flat row-major index of the FFT. */
  readonly symbol: Float64Array;
  /** Largest over smallest σ, or why there is no such number: a value <= 0, or a ratio beyond 1e13. */
  readonly condition: Tagged;
  /** Applies the operator to N^d grid values: inverse FFT of σ times FFT. */
  apply(f: Float64Array): Float64Array;
  /** The spectrum of a kernel on the same grid, for {@link composite}. */
  spectrumOf(kernel: Kernel): TorusSpectrum;
}

/** Spectrum on the torus grid. */
export interface TorusSpectrum extends ModeSpectrum {
  /** Lengths of the axes: [N, …, N]. */
  readonly shape: readonly number[];
  /** Most negative eigenvalue that rounding produced where the true one is zero or positive (0 if none). */
  readonly negativeRounding: number;
  /** Sum of all eigenvalues minus K(0): the trace identity, zero up to rounding. */
  readonly traceDefect: number;
  /** False when cancelled before the end: the eigenvalues are then zeros. */
  readonly complete: boolean;
}

/** The torus T^d = [0, 1)^d with its N^d equispaced grid, and the kernels embedded by x ↦ (cos 2πx_j, sin 2πx_j)/√d. */
export interface TorusDomain {
  /** Text for titles. */
  readonly name: string;
  /** Number of angles. */
  readonly dimension: number;
  /** Grid points per axis. */
  readonly size: number;
  /** The N^d x d matrix of grid points in [0, 1)^d, row-major. Built at each access. */
  readonly nodes: Matrix;
  /** The N^d x 2d matrix of embedded points on S^{2d−1}. Built at each access. */
  readonly embedded: Matrix;
  /** Centred frequency vector of a flat index: components in (−N/2, N/2]. */
  level(index: number): { readonly frequency: Int32Array; readonly squaredNorm: number; readonly multiplicity: number };
  /** Flat index of a frequency vector (any integers, taken modulo N). */
  indexOf(frequency: ArrayLike<number>): number;
  /** K(0, j/N) for all grid points j, by symmetry from the sorted offsets. */
  firstRow(kernel: Kernel, options?: LongRunning): Float64Array | null;
  /**
   * All eigenvalues of the grid matrix K/N^d of the embedded kernel, by one n-dimensional transform, which
   * uses that the kernel is even in every coordinate.
   *
   * The embedded points are taken at the norm that `kernel.conventions.profileNorm` says.
   * Relation: λ_k = N^{−d} Σ_j K(0, j/N) e^{−2πi k·j/N} = Σ_{m ∈ Z^d} c_{k + Nm}, c the Fourier coefficients of the kernel.
   */
  mercer(kernel: Kernel, options?: LongRunning): TorusSpectrum;
  /** Sobolev operator as a Fourier multiplier with centred frequencies. */
  sobolev(options: TorusSobolevOptions): TorusMultiplier;
  /**
   * The quadratic loss of the Poisson problem −Δu = f as a multiplier: "ritz" is the energy |∇u|², symbol |k|²; "residual" the
   * squared residual |Δu + f|², symbol |k|⁴ (times 4π² and 16π⁴ with angular frequencies). Constants are invisible to both.
   */
  poisson(loss: "ritz" | "residual", options?: { readonly frequency?: "integer" | "angular" }): TorusMultiplier;
  /** Any multiplier σ(k) = σ(−k) given as a function of the centred frequency; others do not map real functions to real ones. */
  multiplier(name: string, symbol: (frequency: Int32Array, squaredNorm: number) => number): TorusMultiplier;
}

/**
 * The torus T^d with an equispaced grid of N points per axis.
 *
 * Relation: every rotation-invariant kernel becomes translation invariant, K(x, y) = f(x − y) with
 * cos θ = (1/d) Σ cos 2π(x_j − y_j): the grid matrix is d-level circulant and Fourier modes are its exact eigenvectors,
 * for every d and N. Sobolev operators share them, so products of operators are products by frequency.
 *
 * @param d number of angles, 1 to 12
 * @param N grid points per axis, any integer >= 1 (odd sizes alias differently from even ones)
 * @throws {ArgumentError} for d or N out of range
 * @throws {ResourceError} when N^d exceeds 2^30
 *
 * Accuracy: eigenvalues to 4 ε log₂(N^d) times the root mean square of the kernel, as `errorBounds` says; those that vanish by parity
 * (even N, no bias) are exactly 0.
 * Cost: O(d (N/2)^d log N) for the transform, N^d for the result, 24 bytes per grid point; the kernel itself is
 * evaluated about N^d/(2^d d!) times.
 *
 * @example
 * ```ts
 * import { ntk } from "eigenscope/kernels";
 * import { torus } from "eigenscope/domains";
 * const domain = torus(2, 8);
 * const spectrum = domain.mercer(ntk({ depth: 3 }));
 * console.log(spectrum.eigenvalues[domain.indexOf([0, 0])]); // 0.86906223565412
 * ```
 */
export function torus(d: number, N: number): TorusDomain {
  requireInteger(d, "d", "torus", 1, 12);
  requireInteger(N, "N", "torus", 1);
  const points = pow(N, d);
  if (points > MAXIMUM_POINTS) {
    throw new ResourceError({
      function: "torus",
      argument: "N",
      expected: `small enough for N^d <= 2^30 = ${MAXIMUM_POINTS}`,
      got: `${N}^${d} = ${points.toExponential(3)}`,
      remedy: "use a coarser grid",
    });
  }
  const shape: readonly number[] = Array.from({ length: d }, () => N);
  const domain: TorusDomain = {
    name: `torus T^${d}, ${N}^${d} grid`,
    dimension: d,
    size: N,
    get nodes() {
      return gridPoints(d, N, points);
    },
    get embedded() {
      return embeddedPoints(d, N, points);
    },
    level(index) {
      requireInteger(index, "index", "torus.level", 0, points - 1);
      const frequency = new Int32Array(d);
      return { frequency, squaredNorm: decodeFrequency(index, d, N, frequency), multiplicity: 1 };
    },
    indexOf(frequency) {
      requireVectorLength(frequency, d);
      let index = 0;
      for (let j = 0; j < d; j++) {
        requireInteger(frequency[j], `frequency[${j}]`, "torus.indexOf", -Number.MAX_SAFE_INTEGER);
        index = index * N + (((frequency[j] % N) + N) % N);
      }
      return index;
    },
    firstRow(kernel, options = {}) {
      requireKernel(kernel, "torus.firstRow", 2 * d);
      requireOptions(options, ["signal", "onProgress"], "torus.firstRow");
      const half = halfGridValues(kernel, d, N, options);
      return half === null ? null : expandEven(half, d, N);
    },
    mercer(kernel, options = {}) {
      requireKernel(kernel, "torus.mercer", 2 * d);
      requireOptions(options, ["signal", "onProgress"], "torus.mercer");
      return gridSpectrum(kernel, d, N, points, shape, options);
    },
    sobolev(options) {
      requireOptions(options, ["symbol", "smoothness", "frequency", "bandwidth"], "torus.sobolev");
      const half = Math.floor(N / 2);
      const bandwidth = requireInteger(options?.bandwidth ?? half, "bandwidth", "torus.sobolev", 0, half);
      const symbol = requireSymbol(options?.symbol ?? "C", options?.smoothness, "torus.sobolev");
      const factor = frequencyFactor(options.frequency, "torus.sobolev");
      const s = options.smoothness;
      return domain.multiplier(
        `symbol ${symbol}, s = ${s}, ${options.frequency ?? "integer"} frequencies`,
        (k, squaredNorm) =>
          bandwidth < half && k.some((component) => Math.abs(component) > bandwidth)
            ? 0
            : symbolValue(symbol, s, Math.sqrt(squaredNorm), factor * squaredNorm),
      );
    },
    poisson(loss, options = {}) {
      requireOneOf(loss, ["ritz", "residual"], "loss", "torus.poisson");
      requireOptions(options, ["frequency"], "torus.poisson");
      const factor = frequencyFactor(options.frequency, "torus.poisson");
      return domain.multiplier(`Poisson ${loss}, ${options.frequency ?? "integer"} frequencies`, (_, squaredNorm) =>
        loss === "ritz" ? factor * squaredNorm : square(factor * squaredNorm),
      );
    },
    multiplier(name, symbol) {
      if (typeof name !== "string" || typeof symbol !== "function") {
        throw new ArgumentError({
          function: "torus.multiplier",
          argument: typeof name === "string" ? "symbol" : "name",
          expected: typeof name === "string" ? "a function of the frequency" : "a text",
          got: describe(typeof name === "string" ? symbol : name),
        });
      }
      const values = new Float64Array(points);
      const frequency = new Int32Array(d);
      for (let i = 0; i < points; i++) values[i] = symbol(frequency, decodeFrequency(i, d, N, frequency));
      requireFinite(values, "symbol", "torus.multiplier");
      requireEven(values, domain);
      return {
        name,
        domain: gridName(d, N),
        symbol: values,
        condition: conditionOfSymbol(values),
        spectrumOf: (kernel) => domain.mercer(kernel),
        apply(f) {
          requireVector(f, points, "f", "torus.multiplier.apply");
          requireFinite(f, "f", "torus.multiplier.apply");
          const transformed = fftn({ re: f, im: new Float64Array(points) }, shape);
          for (let i = 0; i < points; i++) {
            transformed.re[i] *= values[i];
            transformed.im[i] *= values[i];
          }
          return ifftn(transformed, shape).re;
        },
      };
    },
  };
  return domain;
}

function requireVectorLength(frequency: ArrayLike<number>, d: number): void {
  requireInteger(frequency?.length, "frequency.length", "torus.indexOf", d, d);
}

function gridPoints(d: number, N: number, points: number): Matrix {
  const data = new Float64Array(points * d);
  for (let i = 0; i < points; i++) {
    let rest = i;
    for (let j = d - 1; j >= 0; j--) {
      const digit = rest % N;
      rest = (rest - digit) / N;
      data[i * d + j] = digit / N;
    }
  }
  return { rows: points, cols: d, data };
}

function embeddedPoints(d: number, N: number, points: number): Matrix {
  const angles = gridPoints(d, N, points).data;
  const data = new Float64Array(points * 2 * d);
  const scale = 1 / Math.sqrt(d);
  for (let i = 0; i < points * d; i++) {
    data[2 * i] = scale * cos(2 * Math.PI * angles[i]);
    data[2 * i + 1] = scale * sin(2 * Math.PI * angles[i]);
  }
  return { rows: points, cols: 2 * d, data };
}

function gridSpectrum(
  kernel: Kernel,
  d: number,
  N: number,
  points: number,
  shape: readonly number[],
  options: LongRunning,
): TorusSpectrum {
  const conventions = {
    domain: gridName(d, N),
    dimension: d,
    measure: "grid average",
    modes: "frequency, flat row-major index of the FFT",
    kernel: kernel.conventions,
  } as const;
  const half = halfGridValues(kernel, d, N, options);
  if (half === null || isCancelled(options.signal)) {
    const zeros = new Float64Array(points);
    return {
      conventions,
      eigenvalues: zeros,
      errorBounds: zeros.slice().fill(Infinity),
      multiplicities: zeros.slice().fill(1),
      vanishing: [],
      shape,
      negativeRounding: 0,
      traceDefect: 0,
      complete: false,
    };
  }
  requireFinite(half, "kernel.profile", "torus.mercer");
  options.onProgress?.({ phase: "Fourier transform", done: 0, total: null });
  const atZero = half[0];
  const squares = evenSum(half, d, N, square);
  transformEven(half, d, N);
  const eigenvalues = expandEven(half, d, N);
  // The transform's error in the 2-norm is at most c ε log₂ n times the norm of its result; spread over n modes this is
  // the root mean square of the row. The kernel's own rounding, a few ε of its diagonal, averages the same way.
  const rms = Math.sqrt(squares / points);
  const bound = 4 * Number.EPSILON * (log2(Math.max(2, points)) + 1) * rms + 4 * Number.EPSILON * Math.abs(atZero);
  const errorBounds = new Float64Array(points).fill(bound);
  const vanishing: number[] = [];
  let negativeRounding = 0;
  let sum = 0;
  const frequency = new Int32Array(d);
  const parity = N % 2 === 0 && (vanishesByParity(kernel, 4) || vanishesByParity(kernel, 5));
  for (let i = 0; i < points; i++) {
    const value = eigenvalues[i] / points;
    sum += value;
    if (parity && vanishesOnTorus(kernel, i, d, N, frequency)) {
      eigenvalues[i] = 0;
      errorBounds[i] = 0;
      vanishing.push(i);
      continue;
    }
    eigenvalues[i] = value;
    if (Math.abs(value) <= bound) vanishing.push(i);
    if (value < negativeRounding) negativeRounding = value;
  }
  return {
    conventions,
    eigenvalues,
    errorBounds,
    multiplicities: new Float64Array(points).fill(1),
    vanishing,
    shape,
    negativeRounding,
    traceDefect: sum - atZero,
    complete: true,
  };
}

/**
 * Parity by theory: t^j has the frequencies |k|₁ = j, j − 2, …, so that a part of the kernel that is a polynomial of t leaves the higher
 * frequencies of its parity at zero. Aliases on even grids have the same parity and larger |k|₁.
 */
export function vanishesOnTorus(kernel: Kernel, index: number, d: number, N: number, frequency: Int32Array): boolean {
  decodeFrequency(index, d, N, frequency);
  let sum = 0;
  for (let j = 0; j < d; j++) sum += Math.abs(frequency[j]);
  return vanishesByParity(kernel, sum);
}

/** Real operators have even symbols; the Nyquist frequency N/2 is its own mirror image. */
function requireEven(values: Float64Array, { dimension: d, size: N, level }: TorusDomain): void {
  for (let i = 0; i < values.length; i++) {
    let rest = i;
    let mirrored = 0;
    for (let place = 1, j = 0; j < d; j++, place *= N) {
      const digit = rest % N;
      rest = (rest - digit) / N;
      mirrored += ((N - digit) % N) * place;
    }
    if (values[i] === values[mirrored]) continue;
    throw new ArgumentError({
      function: "torus.multiplier",
      argument: "symbol",
      expected: "even, σ(k) = σ(−k)",
      got: `${values[i]} and ${values[mirrored]} at ±(${level(i).frequency.join(", ")})`,
    });
  }
}

function gridName(d: number, N: number): string {
  return `torus T^${d}, ${N}^${d} grid, embedded in S^${2 * d - 1}`;
}
