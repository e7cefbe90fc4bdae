import { pow, square } from "../../core/index.js";
import { eigenvalueDecay, formatNumber, frequencyMap, labelProjections, torusSpectrum } from "../../plot/index.js";
import type { ReportSection } from "../../report/index.js";
import type { KernelPart } from "./kernel-part.js";
import type { SpectralStudy } from "./spectral-study.js";
import type { TorusPart } from "./torus-part.js";

/** Item 4: the infinite-width NTK of the data. */
export function kernelSection(part: KernelPart, study: SpectralStudy): ReportSection {
  const { eigenvalues, resolution, condition, labelShares, samples } = part;
  return {
    id: "kernel",
    title: "4. The infinite-width neural tangent kernel of the data",
    status: "complete",
    text: [
      `The NTK's condition number on the data is ${condition.defined ? formatNumber(condition.value) : `unresolved (${condition.reason})`}; its ten leading eigenvectors hold ` +
        `${formatNumber(100 * part.leadingTen, 3)} % of the centred labels, ${part.forNinetyPercent} of ${samples} hold 90 %.`,
      "Under gradient flow on the squared loss the infinitely wide network learns the part of the labels in eigenvector i at rate λᵢ: what the leading eigenvectors hold is learned first.",
    ],
    method: `Closed-form ${part.kernel} (no bias, edge-of-chaos scaling) on ${samples} samples; all eigenvalues of K/n by a dense symmetric eigensolver.`,
    matvecs: null,
    tables: [
      {
        caption: "Leading eigenvalues of K/n and the labels' share in their eigenvectors",
        columns: [{ label: "rank" }, { label: "eigenvalue", digits: 6 }, { label: "share of labels", digits: 3 }],
        rows: Array.from(eigenvalues.subarray(0, 10), (value, i) => [i + 1, value, labelShares[i]!]),
      },
    ],
    figures: [
      eigenvalueDecay({
        id: "kernel-decay",
        title: `Eigenvalues of K/n, ${part.kernel}, ${samples} samples`,
        series: [{ label: "NTK", values: eigenvalues }],
        resolution,
      }),
      labelProjections({
        id: "label-projections",
        title: "How the labels project on the kernel's eigenvectors",
        shares: labelShares,
      }),
    ],
    data: { ...part, activation: study.options.activation },
  };
}

/** Item 5: the NTK on the torus. */
export function torusSection(part: TorusPart, _study: SpectralStudy): ReportSection {
  const { size, spectra } = part;
  const condition = (index: number): string => {
    const tagged = spectra[index]!.condition;
    return tagged.defined ? formatNumber(tagged.value, 3) : `undefined (${tagged.reason})`;
  };
  const conditions = spectra.map((spectrum, i) => `${condition(i)} for s = ${formatNumber(spectrum.smoothness)}`);
  return {
    id: "torus",
    title: "5. The kernel on a torus grid, with Sobolev weights",
    status: part.complete ? "complete" : "cancelled",
    text: [
      `On the ${size} × ${size} torus grid the Sobolev-weighted NTK has condition number ${conditions.join(", ")}.`,
      "On the grid the kernel matrix is circulant: its eigenvalues are one Fourier transform away. They fall like |k|⁻³ in two dimensions, so the weight (1 + |k|²)^s makes all frequencies equally fast to learn near s = 1.5, and rough ones faster beyond.",
    ],
    method:
      `Embedding of T² in S³, ${part.kernel}, FFT of one row of the ${size * size} × ${size * size} matrix; error of each unweighted eigenvalue at most ${formatNumber(part.errorBound, 2)}, ` +
      `trace identity met to ${formatNumber(Math.abs(part.traceDefect), 2)}.`,
    matvecs: null,
    tables: [
      {
        caption: "Condition number on the grid",
        columns: [
          { label: "smoothness s" },
          { label: "condition number" },
          { label: "λ at k = (0, 0)" },
          { label: "λ at k = (1, 0)" },
          { label: `λ at k = (${Math.floor(size / 2)}, ${Math.floor(size / 2)})` },
        ],
        rows: spectra.map(({ smoothness, condition: tagged, values }) => [
          smoothness,
          tagged,
          values[0]!,
          values[1]!,
          values[values.length - 1]!,
        ]),
      },
    ],
    figures: [
      torusSpectrum({
        id: "torus-spectrum",
        title: `Sobolev-weighted eigenvalues on the ${size} × ${size} torus grid`,
        frequencies: part.lengths,
        series: spectra,
      }),
      frequencyMap({
        id: "torus-map",
        title: "Eigenvalue of every frequency",
        frequencies: part.map.frequencies,
        maps: [
          { title: "s = 0", values: part.map.values },
          ...(lastWeighted(part) === null ? [] : [lastWeighted(part)!]),
        ],
        label: "eigenvalue",
      }),
    ],
    data: { ...part },
  };
}

/** The map of the largest smoothness, from the map for s = 0 and the symbol (1 + |k|²)^s. */
function lastWeighted({
  map,
  spectra,
}: TorusPart): { readonly title: string; readonly values: readonly number[] } | null {
  const s = Math.max(...spectra.map((spectrum) => spectrum.smoothness));
  if (!(s > 0)) return null;
  const n = map.frequencies.length;
  const values = map.values.map(
    (value, i) =>
      value *
      pow(1 + map.frequencies[i % n]! * map.frequencies[i % n]! + square(map.frequencies[Math.floor(i / n)]!), s),
  );
  return { title: `s = ${formatNumber(s)}`, values };
}
