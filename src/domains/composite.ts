import { ArgumentError, ShapeError, describe, requireFinite, requireVector } from "../core/index.js";
import type { Kernel } from "../kernels/index.js";
import { requireSpectrum } from "./require-kernel.js";
import type { ModeSpectrum } from "./types.js";

/** Anything that multiplies mode i by symbol[i]. */
export interface ModeMultiplier {
  /** Factor of each mode, indexed as the spectrum it goes with. */
  readonly symbol: Float64Array;
  /** Domain whose modes these are, as `conventions.domain` of its spectra; composites with another one are refused. */
  readonly domain?: string;
  /** Computes the spectrum of a kernel on the same modes, so that {@link composite} can take a kernel. */
  spectrumOf?(kernel: Kernel): ModeSpectrum;
}

/**
 * The spectrum of the composite T = K ∘ P of a kernel operator and a Sobolev operator that share eigenspaces.
 *
 * Relation: eigenvalue of T on a mode = eigenvalue of K times eigenvalue of P on that same mode. Never by rank: sorting both
 * spectra first pairs the largest of K with the largest of P, which belong to opposite ends of the frequencies.
 *
 * @param kernel   spectrum of K by mode, or the kernel itself, whose spectrum is then taken on the modes of P
 * @param sobolev  symbol of P by the same modes
 * @returns the products, with error bounds scaled by the symbol and the same vanishing modes
 * @throws {ShapeError} when the symbol has fewer modes than the spectrum
 * @throws {ArgumentError} when the two belong to different domains, or to Gaussian space, where they share no modes (see
 * `gaussian(d).composite`)
 *
 * @example
 * ```ts
 * import { ntk } from "eigenscope/kernels";
 * import { composite, conditionNumber, sphere } from "eigenscope/domains";
 * const domain = sphere(3);
 * const K = domain.mercer(ntk({ depth: 3 }), 10);
 * const T = composite(K, domain.sobolev({ symbol: "D", smoothness: 3, bandwidth: 10 }));
 * const report = conditionNumber(T).condition;
 * console.log(report.defined ? report.value : report.reason); // 5.8866043
 * ```
 */
export function composite<S extends ModeSpectrum>(kernel: S, sobolev: ModeMultiplier): S;
export function composite(kernel: Kernel, sobolev: ModeMultiplier): ModeSpectrum;
export function composite(kernel: ModeSpectrum | Kernel, sobolev: ModeMultiplier): ModeSpectrum {
  const spectrum = toSpectrum(kernel, sobolev);
  const { eigenvalues, errorBounds } = spectrum;
  const symbol = requireVector(sobolev?.symbol, null, "sobolev.symbol", "composite");
  requireFinite(symbol, "sobolev.symbol", "composite");
  if (sobolev.domain !== undefined && sobolev.domain !== spectrum.conventions.domain) {
    throw new ArgumentError({
      function: "composite",
      argument: "sobolev",
      expected: `an operator on the modes of ${spectrum.conventions.domain}`,
      got: `one on ${sobolev.domain}`,
      remedy:
        spectrum.conventions.measure === "standard normal law"
          ? "use gaussian(d).composite(kernel, maxDegree, smoothness): |x| Y is no Hermite polynomial"
          : "take the kernel's spectrum and the Sobolev operator from the same domain",
    });
  }
  if (symbol.length < eigenvalues.length) {
    throw new ShapeError({
      function: "composite",
      argument: "sobolev",
      expected: `defined on all ${eigenvalues.length} modes of the kernel`,
      got: `${symbol.length} modes`,
      remedy: "raise the bandwidth or take fewer modes of the kernel",
    });
  }
  const products = eigenvalues.map((value, i) => value * symbol[i]);
  requireFinite(products, "kernel times sobolev", "composite");
  return {
    ...spectrum,
    eigenvalues: products,
    errorBounds: errorBounds.map((value, i) => value * Math.abs(symbol[i])),
  };
}

function toSpectrum(kernel: ModeSpectrum | Kernel, sobolev: ModeMultiplier): ModeSpectrum {
  if (kernel !== null && typeof kernel === "object") {
    if ("eigenvalues" in kernel) {
      requireSpectrum(kernel, "composite");
      return kernel;
    }
    if ("profile" in kernel && typeof sobolev?.spectrumOf === "function") return sobolev.spectrumOf(kernel);
  }
  throw new ArgumentError({
    function: "composite",
    argument: "kernel",
    expected: "a spectrum by mode, or a Kernel together with a Sobolev operator of a domain",
    got: describe(kernel),
  });
}
