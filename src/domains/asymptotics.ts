import { ArgumentError, requireInteger, requireNumber, acos, cos, sin, exp, log, pow } from "../core/index.js";
import type { Kernel } from "../kernels/index.js";
import { gammaRatio, logGamma } from "../special/index.js";
import { requireKernel } from "./require-kernel.js";

/** Leading behaviour of the eigenvalues of a bias-free NTK on S^{d−1} at large degree. */
export interface SphereAsymptotics {
  /** −dΘ/dθ at θ = 0, times the scale of the kernel. */
  readonly slopeAtZero: number;
  /** −dΘ/dφ at φ = π − θ = 0, times the scale of the kernel. */
  readonly slopeAtPi: number;
  /** Limit of μ_k k^d over even k. */
  readonly evenConstant: number;
  /** Limit of μ_k k^d over odd k; 0 when the parity gap never closes (two layers, or abs). */
  readonly oddConstant: number;
  /** μ_k ~ C (k + (d − 2)/2)^{−d} with the constant of k's parity. */
  predict(degree: number): number;
}

/**
 * The law of decay of the eigenvalues of a bias-free NTK, with its constants.
 *
 * Relation: μ_k ~ (a₊ + (−1)^k a₋) 2^{d−2} Γ(d/2)²/π (k + (d − 2)/2)^{−d}, a₊ = Δ L(L − 1)/π,
 * a₋ = (2Δ/π) Π_{j=1}^{L−2} ϱ′(r_j), r_1 = 2Δ − 1, r_{j+1} = ϱ(r_j) for Δ < 1, and a₋ = a₊ for Δ = 1.
 * The exponent d does not depend on the depth; only the constants do.
 *
 * @param kernel a plain bias-free NTK of a s + b|s|
 * @param d      ambient dimension
 * @throws {ArgumentError} for another kernel
 *
 * Accuracy: relative error O(1/k²) beyond the shift of k.
 * @see [bietti2021]
 *
 * @example
 * ```ts
 * import { ntk } from "eigenscope/kernels";
 * import { sphereAsymptotics } from "eigenscope/domains";
 * console.log(sphereAsymptotics(ntk({ depth: 3 }), 3).slopeAtPi); // 0.159154943
 * ```
 */
export function sphereAsymptotics(kernel: Kernel, d: number): SphereAsymptotics {
  requireKernel(kernel, "sphereAsymptotics");
  requireInteger(d, "d", "sphereAsymptotics", 2);
  const { kind, depth, linearAbsolute, homogeneous, architecture, parameterisation } = kernel.conventions;
  const fits = kind === "ntk" && homogeneous && architecture === "plain" && parameterisation === "ntk";
  if (!fits || linearAbsolute === null || depth === null) {
    throw new ArgumentError({
      function: "sphereAsymptotics",
      argument: "kernel",
      expected: "a plain bias-free NTK of an activation a s + b|s|",
      got: kernel.name,
      remedy: "fit the decay of mercer(kernel).eigenvalues instead",
    });
  }
  const { linear: a, absolute: b } = linearAbsolute;
  const delta = (b * b) / (a * a + b * b);
  const scale = kernel.profile(0) / depth;
  const plus = (delta * depth * (depth - 1)) / Math.PI;
  let minus = plus;
  if (delta < 1) {
    minus = (2 * delta) / Math.PI;
    let theta = acos(2 * delta - 1);
    for (let j = 1; j <= depth - 2; j++) {
      minus *= 1 - ((2 * delta) / Math.PI) * theta;
      const rho = cos(theta) + ((2 * delta) / Math.PI) * (sin(theta) - theta * cos(theta));
      theta = acos(Math.min(1, rho));
    }
  }
  const constant = exp((d - 2) * Math.LN2 + 2 * logGamma(d / 2)) / Math.PI;
  const even = scale * (plus + minus) * constant;
  const odd = depth === 2 || delta === 1 ? 0 : scale * (plus - minus) * constant;
  return {
    slopeAtZero: scale * plus,
    slopeAtPi: scale * minus,
    evenConstant: even,
    oddConstant: odd,
    predict(degree) {
      requireInteger(degree, "degree", "sphereAsymptotics.predict", 1);
      return (degree % 2 === 0 ? even : odd) * pow(degree + (d - 2) / 2, -d);
    },
  };
}

/** Leading behaviour of the Fourier coefficients of an embedded bias-free NTK on the torus at large frequency. */
export interface TorusAsymptotics {
  /** −dΘ/dθ at θ = 0, times the scale of the kernel. */
  readonly slopeAtZero: number;
  /** −dΘ/dφ at φ = π − θ = 0, times the scale of the kernel. */
  readonly slopeAtPi: number;
  /** Limit of c_k |k|^{d+1} over frequencies of even Σ k_j. */
  readonly evenConstant: number;
  /** Limit over odd Σ k_j; 0 when these vanish (two layers, or abs). */
  readonly oddConstant: number;
  /** c_k ~ C |k|^{−(d+1)} with the constant of the parity of Σ k_j. */
  predict(frequency: ArrayLike<number>): number;
}

/**
 * The law of decay of the Fourier coefficients of an embedded bias-free NTK on T^d, with its constants.
 *
 * Relation: c_k ~ (a₊ + (−1)^{Σ k_j} a₋) (2π/√d) Γ((d + 1)/2)/(2π^{(d+3)/2}) |k|^{−(d+1)}, a₊ and a₋ as in {@link sphereAsymptotics}: the
 * kernel has cones at δ = 0 and at δ = (½, …, ½), with |x − y| ≈ 2π|δ|/√d.
 *
 * @param kernel a plain bias-free NTK of a s + b|s|
 * @param d      number of angles
 * @throws {ArgumentError} for another kernel
 *
 * Accuracy: relative error O(|k|^{−2}) along an axis; eigenvalues of a grid contain their aliases besides.
 *
 * @example
 * ```ts
 * import { ntk } from "eigenscope/kernels";
 * import { torusAsymptotics, torusCoefficients, torus } from "eigenscope/domains";
 * const law = torusAsymptotics(ntk({ depth: 3 }), 1);
 * const c = torusCoefficients(ntk({ depth: 3 }), 1, 64).eigenvalues;
 * console.log((c[torus(1, 129).indexOf([64])] / law.predict([64])).toFixed(3)); // 1.000
 * ```
 */
export function torusAsymptotics(kernel: Kernel, d: number): TorusAsymptotics {
  const caller = "torusAsymptotics";
  requireKernel(kernel, caller);
  requireInteger(d, "d", caller, 1, 1000);
  const { slopeAtZero, slopeAtPi, oddConstant: odd } = sphereAsymptotics(kernel, 2 * d);
  const constant = exp(logGamma((d + 1) / 2) - ((d + 1) / 2) * log(Math.PI)) / Math.sqrt(d);
  const evenConstant = (slopeAtZero + slopeAtPi) * constant;
  const oddConstant = odd === 0 ? 0 : (slopeAtZero - slopeAtPi) * constant;
  return {
    slopeAtZero,
    slopeAtPi,
    evenConstant,
    oddConstant,
    predict(frequency) {
      requireInteger(frequency?.length, "frequency.length", `${caller}.predict`, d, d);
      let squared = 0;
      let sum = 0;
      for (let j = 0; j < d; j++) {
        const k = requireInteger(frequency[j], `frequency[${j}]`, `${caller}.predict`, -Number.MAX_SAFE_INTEGER);
        squared += k * k;
        sum += Math.abs(k) % 2;
      }
      if (squared === 0) {
        throw new ArgumentError({
          function: `${caller}.predict`,
          argument: "frequency",
          expected: "other than zero",
          got: "the zero frequency",
        });
      }
      return (sum % 2 === 0 ? evenConstant : oddConstant) * pow(squared, -(d + 1) / 2);
    },
  };
}

/**
 * Funk–Hecke coefficient of (1 − t)^ν on S^{d−1}: what a singularity at t = 1 contributes to degree k.
 *
 * Relation: I_k(ν) = Γ(d/2)/√π · 2^{ν+d−2} Γ(ν + (d − 1)/2) (−ν)_k/Γ(k + ν + d − 1) ~ k^{−2ν−d+1}; (1 + t)^ν has
 * (−1)^k I_k(ν).
 *
 * @throws {ArgumentError} for d < 2, k < 0 or ν <= −(d − 1)/2 (not integrable)
 *
 * Accuracy: about 1e-14 relative (the product is accumulated as ratios, so nothing overflows).
 */
export function singularCoefficient(d: number, exponent: number, degree: number): number {
  requireInteger(d, "d", "singularCoefficient", 2);
  requireInteger(degree, "degree", "singularCoefficient");
  requireNumber(exponent, "exponent", "singularCoefficient");
  if (!(exponent > -(d - 1) / 2)) {
    throw new ArgumentError({
      function: "singularCoefficient",
      argument: "exponent",
      expected: `> ${-(d - 1) / 2} (integrable)`,
      got: String(exponent),
    });
  }
  // I_0 by a ratio of gamma functions, then (−ν)_k / Γ(k + ν + d − 1) term by term.
  const power = exp(logGamma(d / 2) + (exponent + d - 2) * Math.LN2);
  let value = (gammaRatio(exponent, (d - 1) / 2, d - 1) * power) / Math.sqrt(Math.PI);
  for (let j = 0; j < degree; j++) value *= (j - exponent) / (j + exponent + d - 1);
  return value;
}
