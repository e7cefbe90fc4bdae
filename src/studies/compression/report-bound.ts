import { type Panel, formatNumber } from "../../plot/index.js";
import type { Cell, ReportSection } from "../../report/index.js";
import type { CompressionStudy } from "./compression-study.js";
import type { CompressionLayer } from "./layer-ranks.js";
import { boundSentence } from "./report-words.js";

/** How much smaller the bound is that knows what the truncated part does to each image. */
function localSentence(layers: readonly CompressionLayer[]): string {
  const quotients = layers.map((layer) => {
    const inside = layer.ranks.filter((row) => row.rank > 0 && row.localBound > 0);
    const list = inside.map((row) => row.bound / row.localBound).sort((a, b) => a - b);
    return `${layer.name} ${list.length === 0 ? "none" : formatNumber(list[list.length >> 1], 2)}`;
  });
  return `A part of the gap is that images hardly use the directions that are cut off, which no norm of a matrix can know: with ‖(Wₗ − Wₗ,ₖ) hₗ₋₁‖, which one more product computes, in the place of σₖ₊₁ ‖hₗ₋₁‖ the bound is smaller by these factors (median over the ranks): ${quotients.join(", ")}. It proves more, and still only close to full rank.`;
}

/** What the bounds prove. */
export function boundSection(study: CompressionStudy): ReportSection {
  const { layers } = study;
  const firstRank = (
    layer: CompressionLayer,
    value: (row: CompressionLayer["ranks"][number]) => number,
  ): number | string => {
    const found = layer.ranks.find((_, k) => layer.ranks.slice(k).every((row) => value(row) >= 0.9));
    return found === undefined ? "none" : found.rank;
  };
  const quotient = (layer: CompressionLayer): number => {
    const inside = layer.ranks.filter((row) => row.rank > 0 && row.rank < layer.singularValues.length);
    const list = inside.map((row) => row.bound / row.largestChange).sort((a, b) => a - b);
    return list.length === 0 ? 1 : list[list.length >> 1];
  };
  return {
    id: "bound",
    title: "3. What the bound proves",
    status: study.passed ? "complete" : "failed",
    text: [
      boundSentence(study),
      "‖f − fₖ‖ ≤ σₖ₊₁(Wₗ) ‖hₗ₋₁‖ times the norms of the later layers, per image; for several layers the terms add up. An image whose margin is above √2 times its bound provably keeps its class. The bound multiplies worst cases: the truncated direction, the input and every later layer would have to line up.",
      localSentence(layers),
    ],
    method:
      "Bounds per image from its own hidden vectors; norms by the singular value decomposition. “Agree” counts images with the class of the full network, “proved” those whose margin the bound respects.",
    matvecs: null,
    figures: [
      {
        id: "agreement-by-rank",
        title: "Decisions that stay, and decisions proved to stay",
        description:
          "Share of test images that keep the full network's class, and share for which the bound proves it, against the rank kept in one layer.",
        columns: Math.min(3, layers.length),
        panels: layers.map((layer): Panel => {
          const rows = layer.ranks.filter((row) => row.rank > 0);
          const x = rows.map((row) => row.rank);
          return {
            title: layer.name,
            x: { label: "rank kept", scale: "log" },
            y: { label: "share of test images", scale: "linear", domain: [0, 1] },
            marks: [
              { kind: "line", x, y: rows.map((row) => row.agreement), color: "green", label: "agree" },
              {
                kind: "line",
                x,
                y: rows.map((row) => row.certifiedLocally),
                color: "blue",
                dash: "dashed",
                label: "proved by (W − Wₖ)h",
              },
              {
                kind: "line",
                x,
                y: rows.map((row) => row.certified),
                color: "vermilion",
                dash: "dotted",
                label: "proved by σₖ₊₁",
              },
            ],
          };
        }),
      },
    ],
    tables: [
      {
        caption: "Rank from which nine of ten decisions stay, and are proved to",
        columns: [
          { label: "layer", align: "left" },
          { label: "full rank" },
          { label: "agree" },
          { label: "proved by (W − Wₖ)h" },
          { label: "proved by σₖ₊₁" },
          { label: "later norms", digits: 3 },
          { label: "bound / largest change", digits: 3 },
        ],
        rows: layers.map((layer): Cell[] => [
          layer.name,
          layer.singularValues.length,
          firstRank(layer, (row) => row.agreement),
          firstRank(layer, (row) => row.certifiedLocally),
          firstRank(layer, (row) => row.certified),
          layer.laterNorms,
          quotient(layer),
        ]),
      },
    ],
    data: { passed: study.passed },
  };
}
