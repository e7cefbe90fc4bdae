import { cos } from "../../core/index.js";
import { type NetworkLaw, type SpectralLaw, conjugateKernelLaw, marchenkoPastur, ntkLaw } from "../../rmt/index.js";
import { spectralDistance } from "../../spectra/index.js";
import type { NetworkSpectra } from "./network-spectra.js";
import type { Sizes } from "./plan.js";

/** A limit law as a curve. */
export interface LawCurve {
  /** Abscissae, ascending. */
  readonly grid: readonly number[];
  /** Density of the continuous part, normalised to one. */
  readonly density: readonly number[];
  /** KS distance of the spectrum at the start to the law. */
  readonly distance: number;
}

const LAW_POINTS = 400; // enough for a curve; the distances change in the fourth digit

/** The density of singular values over √h for independent entries, with the distance of a spectrum to it. */
export function weightLaw(ratio: number, distance = 0): LawCurve {
  const law = marchenkoPastur({ ratio });
  const [low, high] = law.support.map((value) => Math.sqrt(value));
  const grid = Array.from({ length: LAW_POINTS }, (_, i) => {
    const turn = (Math.PI * i) / (LAW_POINTS - 1); // points crowd at both ends, where the density has the slope of a root
    return low + ((high - low) * (1 - cos(turn))) / 2;
  });
  return { grid, density: grid.map((s) => 2 * s * law.pdf(s * s)), distance };
}

/** Marchenko–Pastur for the weights, the deformed laws for the kernels; distances over the spectra without exact zeros. */
export function limitLaws({ d, h, n }: Sizes, start: NetworkSpectra): Readonly<Record<keyof NetworkSpectra, LawCurve>> {
  const network = { activation: "tanh", dataRatio: n / d, widthRatios: [n / h] } as const;
  const weights = marchenkoPastur({ ratio: d / h });
  const curve = (law: NetworkLaw, values: Float64Array, count: number): LawCurve => {
    const padded = new Float64Array(count); // exact zeros are the law's atom
    padded.set(values);
    const share = values.length / count;
    return {
      grid: Array.from(law.grid),
      density: Array.from(law.density, (value) => value / share),
      distance: ks2(padded, law),
    };
  };
  const ks2 = (values: Float64Array, law: NetworkLaw | SpectralLaw): number =>
    spectralDistance(values, law).kolmogorovSmirnov;
  return {
    weights: weightLaw(
      d / h,
      ks2(
        start.weights.map((s) => s * s),
        weights,
      ),
    ),
    conjugate: curve(conjugateKernelLaw(network, { points: LAW_POINTS }), start.conjugate, n),
    tangent: curve(ntkLaw(network, { points: LAW_POINTS }), start.tangent, n),
  };
}

/** The curve of nothing. */
export const NO_LAW: LawCurve = { grid: [], density: [], distance: 0 };
