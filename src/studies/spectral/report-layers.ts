import { formatNumber, singularValueDensity } from "../../plot/index.js";
import type { Cell, ReportSection } from "../../report/index.js";
import type { LayerSpectra, LayersPart, WeightSpectrum } from "./layers-part.js";
import type { SpectralStudy } from "./spectral-study.js";

/** Item 1: singular values of the layers before and after training. */
export function layersSection({ layers }: LayersPart, study: SpectralStudy): ReportSection {
  return {
    id: "layers",
    title: "1. Singular values of the layers, before and after training",
    status: study.training?.status === "cancelled" ? "cancelled" : "complete",
    text: [
      outlierSentence(layers),
      "The curve is the Marchenko–Pastur law of a random matrix of the same shape, its variance fitted to the median of the bulk. The bulk edge is the " +
        "95 % quantile of the largest singular value of such a matrix at this size (Tracy–Widom), a little beyond the end of the limiting law.",
    ],
    method:
      "All singular values by a dense SVD; the fit is repeated without the values beyond the edge until their set no longer changes.",
    matvecs: null,
    tables: [
      {
        caption: "Weight matrices",
        columns: [
          { label: "layer", align: "left" },
          { label: "shape", align: "left" },
          { label: "when", align: "left" },
          { label: "spectral norm" },
          { label: "Frobenius norm" },
          { label: "stable rank" },
          { label: "effective rank" },
          { label: "bulk edge" },
          { label: "outside" },
          { label: "largest outside" },
          { label: "KS to law", digits: 2 },
        ],
        rows: layers.flatMap((layer) => [row(layer, "initial", layer.initial), row(layer, "trained", layer.trained)]),
      },
    ],
    figures: layers.filter(hasHistogram).map((layer) =>
      singularValueDensity({
        id: `singular-values-${layer.name.toLowerCase().replace(/[^a-z0-9]+/g, "-")}`,
        title: `${layer.name}: singular values of the ${layer.rows} × ${layer.cols} weights`,
        snapshots: [
          { label: "At initialisation", spectrum: layer.initial },
          { label: "After training", spectrum: layer.trained },
        ].map(({ label, spectrum }) => ({
          label,
          singularValues: spectrum.singularValues,
          law: spectrum.bulk.defined ? spectrum.bulk.value : null,
          edge: spectrum.bulk.defined ? spectrum.bulk.value.edge : null,
          outliers: spectrum.bulk.defined ? spectrum.bulk.value.outliers : [],
        })),
      }),
    ),
    data: { layers },
  };
}

/** Two or three singular values are numbers for the table, not a picture. */
function hasHistogram(layer: LayerSpectra): boolean {
  return layer.initial.singularValues.length >= 4;
}

function row(layer: LayerSpectra, when: string, spectrum: WeightSpectrum): Cell[] {
  const { bulk } = spectrum;
  const shape = `${layer.rows}\u00a0×\u00a0${layer.cols}`; // no-break spaces: a shape stays on one line
  const head: Cell[] = [
    layer.name,
    shape,
    when,
    spectrum.spectralNorm,
    spectrum.frobeniusNorm,
    spectrum.stableRank,
    spectrum.effectiveRank,
  ];
  if (!bulk.defined) return [...head, "no law", null, null, null];
  const { edge, outliers, bulkDistance } = bulk.value;
  return [...head, edge, outliers.length, outliers[0] ?? null, bulkDistance];
}

function outlierSentence(layers: readonly LayerSpectra[]): string {
  const fitted = layers.filter((layer) => layer.initial.bulk.defined && layer.trained.bulk.defined);
  if (fitted.length === 0) return "No weight matrix is large enough to fit a random-matrix law.";
  const parts = fitted.map((layer) => {
    const count = (spectrum: WeightSpectrum): number =>
      spectrum.bulk.defined ? spectrum.bulk.value.outliers.length : 0;
    return `${layer.name} ${count(layer.initial)} → ${count(layer.trained)} (norm ${formatNumber(layer.initial.spectralNorm, 3)} → ${formatNumber(layer.trained.spectralNorm, 3)})`;
  });
  return `Singular values outside the random bulk, before → after training: ${parts.join("; ")}.`;
}
