import type { LongRunning, Tagged } from "../../core/index.js";
import { composite, conditionNumber, torus } from "../../domains/index.js";
import { ntk } from "../../kernels/index.js";
import type { SettledOptions } from "./options.js";

/** One Sobolev-weighted spectrum. */
export interface WeightedSpectrum {
  /** Smoothness s. */
  readonly smoothness: number;
  /** λ_k (1 + |k|²)^s for the frequencies listed. */
  readonly values: readonly number[];
  /** Largest over smallest on the whole grid, or why it is unresolved. */
  readonly condition: Tagged;
}

/** The NTK on a torus grid. */
export interface TorusPart {
  /** Name of the kernel. */
  readonly kernel: string;
  /** Grid points per axis of T². */
  readonly size: number;
  /** Whether the transform was completed (not cancelled). */
  readonly complete: boolean;
  /** Frequencies 0 <= k₂ <= k₁ <= N/2: one of each class under reflections and exchange. */
  readonly frequencies: readonly (readonly [number, number])[];
  /** |k| of each. */
  readonly lengths: readonly number[];
  /** One spectrum for each smoothness. */
  readonly spectra: readonly WeightedSpectrum[];
  /** All eigenvalues for s = 0, rows of the centred grid from −⌊(N−1)/2⌋ to ⌊N/2⌋. */
  readonly map: { readonly frequencies: readonly number[]; readonly values: readonly number[] };
  /** Sum of all eigenvalues minus K(0), zero up to rounding. */
  readonly traceDefect: number;
  /** Bound on the error of every unweighted eigenvalue. */
  readonly errorBound: number;
}

/** Eigenvalues of the NTK on a grid of T² by FFT, weighted by (1 + |k|²)^s. */
export function torusPart(settled: SettledOptions, running: LongRunning): TorusPart {
  const N = settled.torusSize;
  const domain = torus(2, N);
  const kernel = ntk({ depth: settled.hidden.length + 1, activation: settled.activation });
  const spectrum = domain.mercer(kernel, running);
  const half = Math.floor(N / 2);
  const frequencies: (readonly [number, number])[] = [];
  for (let k = 0; k <= half; k++) for (let l = 0; l <= k; l++) frequencies.push([k, l]);
  const spectra = settled.smoothness.map((smoothness): WeightedSpectrum => {
    const weighted = composite(spectrum, domain.sobolev({ smoothness }));
    return {
      smoothness,
      values: frequencies.map((frequency) => weighted.eigenvalues[domain.indexOf(frequency)]),
      condition: conditionNumber(weighted).condition,
    };
  });
  const axis = Array.from({ length: N }, (_, i) => i - Math.floor((N - 1) / 2));
  return {
    kernel: kernel.name,
    size: N,
    complete: spectrum.complete,
    frequencies,
    lengths: frequencies.map(([k, l]) => Math.sqrt(k * k + l * l)),
    spectra,
    map: {
      frequencies: axis,
      values: axis.flatMap((l) => axis.map((k) => spectrum.eigenvalues[domain.indexOf([k, l])])),
    },
    traceDefect: spectrum.traceDefect,
    errorBound: spectrum.errorBounds[0],
  };
}
