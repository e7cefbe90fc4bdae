import type { LayerComparison, WeightComparison } from "../../checkpoints/index.js";
import type { Tagged } from "../../core/index.js";
import { formatNumber } from "../../plot/index.js";
import type { Cell, ReportSection } from "../../report/index.js";
import { layerLabel } from "./measures.js";
import { changeFigure, comparisonFigure } from "./weights-figures.js";

/** Layers whose spectra are drawn. */
const DRAWN = 6;

/** Gap below which a leading subspace is not determined. */
const SMALL_GAP = 0.01;

/** Angles in degrees below which there is nothing but rounding. */
const ROUNDING = 1e-10;

const left = { align: "left" } as const;

/** What changed from the first checkpoint to the second; figures only where details are wanted. */
export function comparisonSections(comparison: WeightComparison, details: number): readonly ReportSection[] {
  const { layers, unmatched } = comparison;
  const moved = layers.filter((layer) => layer.relativeChange > 0);
  const most = moved.toSorted((a, b) => b.relativeChange - a.relativeChange);
  return [
    {
      id: "comparison",
      title: "Compared with the other checkpoint",
      status: comparison.status === "cancelled" ? "cancelled" : "complete",
      text: [
        summary(layers, moved, most),
        "Δ = B − A, B being the other checkpoint. A small stable rank of Δ means that few directions changed, as after a low-rank update. Angles are the largest principal angles between the leading subspaces; “≈” marks subspaces that are not determined because the next singular value is as large.",
      ],
      method:
        "Dense SVDs of A, B and Δ; principal angles from sines where small. Matrices above the tile limit by Gram matrices, without angles.",
      matvecs: null,
      tables: [
        {
          caption: "",
          columns: [
            { label: "layer", ...left },
            { label: "‖A‖₂" },
            { label: "‖B‖₂" },
            { label: "‖Δ‖_F/‖A‖_F", digits: 3 },
            { label: "‖Δ‖₂", digits: 3 },
            { label: "stable rank of Δ", digits: 3 },
            { label: "spectra: W₂", digits: 2 },
            { label: "KS", digits: 2 },
            { label: "left angle" },
            { label: "right angle" },
          ],
          rows: layers.map((layer) => [
            layerLabel(layer),
            layer.spectralNorms[0],
            layer.spectralNorms[1],
            layer.relativeChange,
            layer.spectralChange,
            layer.changeStableRank,
            layer.spectrumDistance,
            layer.spectrumKs,
            angleCell(layer.leftAngles, layer.subspaceGap),
            angleCell(layer.rightAngles, layer.subspaceGap),
          ]),
        },
        ...(unmatched.length === 0
          ? []
          : [
              {
                caption: "Not compared",
                columns: [
                  { label: "tensor", ...left },
                  { label: "reason", ...left },
                ],
                rows: unmatched.map(({ name, reason }) => [name, reason]),
              },
            ]),
      ],
      figures:
        details === 0 || layers.length === 0
          ? []
          : [
              ...(layers.length > 1 && moved.length > 0 ? [comparisonFigure(comparison)] : []),
              ...most.slice(0, DRAWN).map((layer, i) => changeFigure(layer, `change-${i + 1}-figure`)),
            ],
      data: {},
    },
  ];
}

function summary(
  layers: readonly LayerComparison[],
  moved: readonly LayerComparison[],
  most: readonly LayerComparison[],
): string {
  if (layers.length === 0) return "No matrix is in both checkpoints with the same shape.";
  if (moved.length === 0) return `All ${layers.length} compared matrices are equal.`;
  const first = most[0];
  return `${moved.length} of ${layers.length} compared matrices differ; the most in ${layerLabel(first)}, by ${formatNumber(100 * first.relativeChange, 3)} % of its norm.`;
}

function angleCell(angles: Tagged<Float64Array>, gap: number): Cell {
  if (!angles.defined) return "–";
  const degrees = (angles.value[angles.value.length - 1] * 180) / Math.PI;
  return `${gap < SMALL_GAP ? "≈ " : ""}${formatNumber(degrees < ROUNDING ? 0 : degrees, 3)}°`;
}
