import type { LayerComparison, LayerReport, WeightComparison } from "../../checkpoints/index.js";
import { type Tagged, pow } from "../../core/index.js";
import { type Figure, type Mark, type Panel, formatNumber, singularValueDensity } from "../../plot/index.js";
import { layerLabel, singularUnits } from "./measures.js";

/** Values below which a histogram says nothing. */
const FEWEST_VALUES = 8;

/** Points of a density curve. */
const GRID = 160;

/** Layers up to which names stand in the figure's caption. */
const NAMED = 12;

/** Spectral norms, ranks and exponents of all layers, in the order of the file. */
export function overviewFigure(layers: readonly LayerReport[]): Figure {
  const index = layers.map((_, i) => i + 1);
  const fits = layers.flatMap((layer, i) =>
    layer.tail.defined &&
    Number.isFinite(layer.tail.value.alpha) &&
    layer.tail.value.verdict !== "not supported by the data"
      ? [{ x: i + 1, alpha: layer.tail.value.alpha, half: layer.tail.value.interval[1] - layer.tail.value.alpha }]
      : [],
  );
  const operators = layers.flatMap((layer, i) =>
    layer.operatorNorm.defined ? [{ x: i + 1, y: layer.operatorNorm.value.norm }] : [],
  );
  const positive = layers.flatMap((layer, i) => (layer.spectralNorm > 0 ? [{ x: i + 1, y: layer.spectralNorm }] : []));
  const edges = layers.flatMap((layer, i) =>
    layer.bulk.defined ? [{ x: i + 1, y: singularUnits(layer.bulk.value.edge, layer) }] : [],
  );
  const norms = [...positive, ...operators, ...edges].map(({ y }) => y);
  const wide = norms.length > 0 && Math.max(...norms) > 30 * Math.min(...norms);
  const x = { label: "layer, in the order of the file", scale: "linear", domain: [0.5, layers.length + 0.5] } as const;
  const panels: Panel[] = [
    {
      title: "Norms",
      x,
      y: { label: "norm", scale: wide ? "log" : "linear" },
      marks: [
        ...points(edges, "gray", "cross", "edge of the noise"),
        ...points(positive, "blue", "circle", "spectral norm of the matrix"),
        ...points(operators, "vermilion", "diamond", "norm of the convolution"),
      ],
    },
    {
      title: "Share of full rank",
      x,
      y: { label: "rank / number of values", scale: "linear", domain: [0, 1.05] },
      marks: [
        ...points(
          relative(layers, (layer) => layer.stableRank),
          "blue",
          "circle",
          "stable rank",
        ),
        ...points(
          relative(layers, (layer) => layer.effectiveRank),
          "green",
          "square",
          "effective rank",
        ),
      ],
    },
  ];
  if (fits.length > 0) {
    panels.push({
      title: "Tail exponents that the data do not rule out",
      x,
      y: { label: "α with 95% interval", scale: "linear" },
      marks: [
        {
          kind: "points",
          x: fits.map((fit) => fit.x),
          y: fits.map((fit) => fit.alpha),
          error: fits.map((fit) => fit.half),
          color: "purple",
        },
      ],
    });
  }
  const names = layers.length > NAMED ? "" : ` ${index.map((i) => `${i} ${layerLabel(layers[i - 1])}`).join(", ")}.`;
  return {
    id: "overview-figure",
    title: "The layers at a glance",
    description: `Norms and ranks of ${layers.length} matrices in the order of the file.${names}`,
    columns: 2,
    panels,
  };
}

function points(
  list: readonly { readonly x: number; readonly y: number }[],
  color: "blue" | "vermilion" | "green" | "gray",
  shape: "circle" | "diamond" | "square" | "cross",
  label: string,
): Mark[] {
  if (list.length === 0) return [];
  return [{ kind: "points", x: list.map(({ x }) => x), y: list.map(({ y }) => y), color, shape, label }];
}

function relative(
  layers: readonly LayerReport[],
  read: (layer: LayerReport) => Tagged,
): readonly { readonly x: number; readonly y: number }[] {
  return layers.flatMap((layer, i) => {
    const rank = read(layer);
    return rank.defined ? [{ x: i + 1, y: rank.value / layer.singularValues.length }] : [];
  });
}

/** Whether a layer has enough values for a picture. */
export function hasFigure(layer: LayerReport): boolean {
  return layer.spectralNorm > 0 && layer.singularValues.length >= FEWEST_VALUES;
}

/** Singular values under the fitted noise, the tail, and for convolutions the spectrum of the true operator. */
export function layerFigure(layer: LayerReport, id: string): Figure {
  const { singularValues, bulk, phase } = layer;
  const long = Math.max(layer.rows, layer.cols);
  const density = singularValueDensity({
    id,
    title: layerLabel(layer),
    snapshots: [
      {
        label: "Singular values",
        singularValues,
        law: bulk.defined ? lawCurve(layer) : null,
        edge: bulk.defined ? singularUnits(bulk.value.edge, layer) : null,
        outliers: bulk.defined ? bulk.value.spikes.map((spike) => singularUnits(spike.value, layer)) : [],
      },
    ],
  });
  const panels = [density.panels[0]!, tailPanel(layer, phase.defined ? phase.value.permutedMean : null, long)];
  const operator = operatorPanel(layer);
  if (operator !== null) panels.push(operator);
  return { ...density, panels, columns: 2 };
}

/** The law of s = √(N λ), times the share of values in the bulk; points crowd where the density has the slope of a root. */
function lawCurve(layer: LayerReport): { readonly grid: number[]; readonly density: number[] } | null {
  if (!layer.bulk.defined) return null;
  const { law, bulkCount } = layer.bulk.value;
  const long = Math.max(layer.rows, layer.cols);
  const [low, high] = law.support.map((value) => Math.sqrt(Math.max(0, value) * long)) as [number, number];
  const share = bulkCount / layer.singularValues.length;
  const grid = Array.from({ length: GRID + 1 }, (_, i) => {
    const t = i / GRID;
    return low + (high - low) * t * t * (3 - 2 * t);
  });
  return { grid, density: grid.map((s) => (share * 2 * s * law.pdf((s * s) / long)) / long) };
}

/** Share of eigenvalues at or above x, on logarithmic axes: a power law is a straight line there. */
function tailPanel(layer: LayerReport, permuted: Float64Array | null, long: number): Panel {
  const { tail } = layer;
  const values = Array.from(layer.singularValues, (s) => (s * s) / long).filter(
    (_, i) => layer.singularValues[i] > layer.reliableAbove,
  );
  const share = (list: readonly number[]): number[] => list.map((_, i) => (i + 1) / list.length);
  const marks: Mark[] = [];
  if (permuted !== null) {
    const shuffled = Array.from(permuted).filter((value) => value > 1e-12 * permuted[0]);
    marks.push({
      kind: "line",
      x: shuffled,
      y: share(shuffled),
      color: "gray",
      dash: "dashed",
      label: "entries shuffled",
    });
  }
  marks.push({ kind: "points", x: values, y: share(values), color: "blue", size: 2.5, label: "s² / N" });
  if (tail.defined && Number.isFinite(tail.value.alpha)) {
    const { alpha, xmin, tailCount, verdict } = tail.value;
    const top = values[0];
    const part = tailCount / values.length;
    const x = Array.from({ length: 24 }, (_, i) => xmin * pow(top / xmin, i / 23));
    marks.push({
      kind: "line",
      x,
      y: x.map((value) => part * pow(value / xmin, 1 - alpha)),
      color: "vermilion",
      dash: verdict === "supported" ? "solid" : "dotted",
      label: `power law, α ${formatNumber(alpha, 3)}: ${verdict}`,
    });
  }
  return {
    title: "Tail",
    x: { label: "eigenvalue s² / N", scale: "log" },
    y: { label: "share at or above", scale: "log" },
    marks,
  };
}

/** Where the reshaped kernel and the convolution as a linear map part; only a whole spectrum makes a picture. */
function operatorPanel(layer: LayerReport): Panel | null {
  const spectrum = layer.operatorSpectrum;
  if (!spectrum.defined || !spectrum.value.complete || spectrum.value.singularValues.length < 2) return null;
  const { singularValues, total } = spectrum.value;
  const own = Array.from(layer.singularValues);
  // A hundred points draw the curve; the first and the last are kept.
  const step = Math.max(1, Math.floor(singularValues.length / 100));
  const kept = Array.from(singularValues, (value, k) => ({ x: (k + 0.5) / total, value })).filter(
    (_, k) => k % step === 0 || k === singularValues.length - 1,
  );
  return {
    title: "Reshaped kernel and convolution",
    x: { label: "rank / number of values", scale: "linear", domain: [0, 1] },
    y: { label: "singular value", scale: "linear" },
    marks: [
      { kind: "line", x: own.map((_, k) => (k + 0.5) / own.length), y: own, color: "blue", label: "reshaped kernel" },
      {
        kind: "line",
        x: kept.map(({ x }) => x),
        y: kept.map(({ value }) => value),
        color: "vermilion",
        label: "convolution as a linear map",
      },
    ],
  };
}

/** How far each layer moved, and by how many directions. */
export function comparisonFigure(comparison: WeightComparison): Figure {
  const { layers } = comparison;
  const moved = layers.flatMap((layer, i) =>
    layer.relativeChange > 0 && Number.isFinite(layer.relativeChange) ? [{ x: i + 1, layer }] : [],
  );
  const x = { label: "layer, in the order of the file", scale: "linear", domain: [0.5, layers.length + 0.5] } as const;
  const mark = (read: (layer: LayerComparison) => number, color: "blue" | "vermilion"): Mark[] =>
    moved.length === 0
      ? []
      : [{ kind: "points", x: moved.map((item) => item.x), y: moved.map(({ layer }) => read(layer)), color }];
  return {
    id: "comparison-figure",
    title: "What changed",
    description: `${moved.length} of ${layers.length} matrices differ.`,
    columns: 2,
    panels: [
      {
        title: "Size of the change",
        x,
        y: { label: "‖B − A‖ / ‖A‖ (Frobenius)", scale: "log" },
        marks: mark((layer) => layer.relativeChange, "blue"),
      },
      {
        title: "Directions of the change",
        x,
        y: { label: "stable rank of B − A", scale: "log" },
        marks: mark((layer) => layer.changeStableRank, "vermilion"),
      },
    ],
  };
}

/** Singular values of one layer in both checkpoints, and of the difference. */
export function changeFigure(layer: LayerComparison, id: string): Figure {
  const curve = (values: Float64Array, color: "blue" | "vermilion" | "green", label: string): Mark => {
    const kept = Array.from(values).filter((value) => value > 1e-12 * values[0]);
    return { kind: "line", x: kept.map((_, k) => k + 1), y: kept, color, label };
  };
  return {
    id,
    title: layerLabel(layer),
    description: `Singular values before, after, and of the difference, ${layer.rows} x ${layer.cols}.`,
    columns: 1,
    panels: [
      {
        title: "",
        x: { label: "rank", scale: "log" },
        y: { label: "singular value", scale: "log" },
        marks: [
          curve(layer.before, "blue", "first"),
          curve(layer.after, "vermilion", "second"),
          ...(layer.change[0] > 0 ? [curve(layer.change, "green", "difference")] : []),
        ],
      },
    ],
  };
}
