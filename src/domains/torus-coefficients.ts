import { type LongRunning, ResourceError, pow, requireInteger, requireOptions } from "../core/index.js";
import type { Kernel } from "../kernels/index.js";
import { requireKernel } from "./require-kernel.js";
import { torus, vanishesOnTorus } from "./torus.js";
import type { ModeSpectrum } from "./types.js";

/** The fine grid has about that many points at least: they cost little. */
const CHEAP_POINTS = 2 ** 18;
/** Largest fine grid, in points. */
const MOST_POINTS = 2 ** 26;

/**
 * Computes the Fourier coefficients c_k of an embedded kernel on the torus T^d: eigenvalues of the integral operator, not of a grid.
 *
 * Relation: c_k = ∫ K(0, x) e^{−2πi k·x} dx. Grid eigenvalues are the alias sums λ_k(N) = Σ_m c_{k + Nm}, so that those of two fine grids
 * M and 2M differ from c_k by O(M^{−(d+1)}), the decay of network kernels, and are extrapolated in that exponent.
 *
 * @param kernel       any kernel with a profile
 * @param d            number of angles
 * @param maxFrequency largest |k_j|, B
 * @param options      signal and progress, per grid
 * @returns c_k on all k with |k_j| <= B, indexed as `torus(d, 2B + 1)` does, and error bounds: the size of the extrapolation and the
 * rounding of the transform
 * @throws {ArgumentError} for d, maxFrequency or a kernel out of range
 * @throws {ResourceError} when the finer grid would exceed 2^26 points
 *
 * Accuracy: as the bounds say; aliasing of the finer grid is of relative size (|k|/2M)^{d+1} with M >= 8B. Cost: two transforms.
 *
 * @example
 * ```ts
 * import { sphere, torus, torusCoefficients } from "eigenscope/domains";
 * import { ntk } from "eigenscope/kernels";
 * const { eigenvalues } = torusCoefficients(ntk({ depth: 3 }), 1, 4);
 * console.log(eigenvalues[3].toFixed(6), sphere(2).mercer(ntk({ depth: 3 }), 3).eigenvalues[3].toFixed(6)); // 0.048748 0.048748
 * console.log(torus(1, 9).mercer(ntk({ depth: 3 })).eigenvalues[3] > eigenvalues[3]); // true
 * ```
 */
export function torusCoefficients(
  kernel: Kernel,
  d: number,
  maxFrequency: number,
  options: LongRunning = {},
): ModeSpectrum {
  const caller = "torusCoefficients";
  requireKernel(kernel, caller);
  requireInteger(d, "d", caller, 1, 12);
  const B = requireInteger(maxFrequency, "maxFrequency", caller, 0, 2 ** 20);
  requireOptions(options, ["signal", "onProgress"], caller);
  let M = 8;
  while (M < 8 * B || pow(4 * M, d) <= CHEAP_POINTS) M *= 2; // even grids: a parity's sign does not change along an alias sum
  if (pow(2 * M, d) > MOST_POINTS) {
    throw new ResourceError({
      function: caller,
      argument: "maxFrequency",
      expected: `such that grids of (2M)^d <= 2^26 = ${MOST_POINTS} points suffice, M >= 8 maxFrequency`,
      got: `(${2 * M})^${d}`,
      remedy: "use the eigenvalues of a grid, which contain their aliases",
    });
  }
  const coarse = torus(d, M);
  const fine = torus(d, 2 * M);
  const first = coarse.mercer(kernel, options);
  const second = fine.mercer(kernel, options);
  const band = torus(d, 2 * B + 1);
  const modes = pow(2 * B + 1, d);
  const eigenvalues = new Float64Array(modes);
  const errorBounds = new Float64Array(modes);
  const vanishing: number[] = [];
  const digits = new Int32Array(d);
  const gain = pow(2, d + 1) - 1;
  for (let i = 0; i < modes; i++) {
    if (vanishesOnTorus(kernel, i, d, 2 * B + 1, digits)) {
      vanishing.push(i);
      continue;
    }
    const { frequency } = band.level(i);
    const a = coarse.indexOf(frequency);
    const b = fine.indexOf(frequency);
    const correction = (second.eigenvalues[b] - first.eigenvalues[a]) / gain;
    eigenvalues[i] = second.eigenvalues[b] + correction;
    errorBounds[i] = Math.abs(correction) + 2 * second.errorBounds[b] + first.errorBounds[a];
    if (Math.abs(eigenvalues[i]) <= errorBounds[i]) vanishing.push(i);
  }
  return {
    conventions: {
      ...second.conventions,
      domain: `torus T^${d}, |k_j| <= ${B}`,
      measure: "uniform probability measure",
    },
    eigenvalues,
    errorBounds,
    multiplicities: new Float64Array(modes).fill(1),
    vanishing,
  };
}
