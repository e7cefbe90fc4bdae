import type { BlockCurvature, CurvatureProfile } from "../../curvature/index.js";
import type { Figure, Mark } from "../../plot/index.js";
import type { Cell, ReportSection } from "../../report/index.js";
import type { CurvatureStudy } from "./curvature-study.js";
import { percent } from "./percent.js";
import type { ProfilePart } from "./profile-part.js";

/** Curvature layer by layer. */
export function profileSection(part: ProfilePart, study: CurvatureStudy): ReportSection {
  const { heaviest, initial, trained } = part;
  return {
    id: "profile",
    title: "2. Layer by layer",
    status: trained.status === "cancelled" ? "cancelled" : "complete",
    text: [
      `${heaviest.name} holds ${percent(heaviest.ggnShare)} of the Gauss–Newton trace at the end with ${percent(heaviest.parameterShare)} of the parameters.`,
      "The Gauss–Newton traces are exact; the traces of the Hessian are estimates with standard errors, one set of sign vectors for all layers. " +
        "Eigenvalues are those of the layer's diagonal block; each block's lie between the smallest and the largest of the whole Hessian.",
    ],
    method: `One Hessian product per sign vector serves every layer (${study.options.probes} vectors); one backward pass per output for the Gauss–Newton traces; Lanczos on each diagonal block.`,
    matvecs: null,
    tables: [
      {
        caption: "Curvature of each layer",
        columns: [
          { label: "layer", align: "left" },
          { label: "when", align: "left" },
          { label: "parameters" },
          { label: "tr H" },
          { label: "±", digits: 2 },
          { label: "tr G (exact)" },
          { label: "share of tr G", digits: 3 },
          { label: "λ₁" },
          { label: "residual", digits: 2 },
          { label: "λ₂" },
          { label: "λ₃" },
        ],
        rows: trained.blocks.flatMap((block, i) => [row(initial.blocks[i], "initial"), row(block, "trained")]),
      },
    ],
    figures: [figure(part, study.parameterCount)],
    data: { initial, trained, heaviest },
  };
}

function row(block: BlockCurvature, when: string): Cell[] {
  return [
    block.name,
    when,
    block.parameters,
    block.trace.mean,
    block.trace.standardError,
    block.ggnTrace,
    block.ggnShare,
    block.top[0] ?? null,
    block.residualNorms[0] ?? null,
    block.top[1] ?? null,
    block.top[2] ?? null,
  ];
}

function figure({ initial, trained }: ProfilePart, parameterCount: number): Figure {
  const layers = trained.blocks.map((_, i) => i + 1);
  const side = (offset: number, width: number): { left: number[]; right: number[] } => ({
    left: layers.map((layer) => layer + offset),
    right: layers.map((layer) => layer + offset + width),
  });
  const shares = (profile: CurvatureProfile): number[] => profile.blocks.map((block) => block.ggnShare);
  const tops = (profile: CurvatureProfile): number[] => profile.blocks.map((block) => block.top[0]);
  const x = { label: "layer", scale: "linear", domain: [0.4, layers.length + 0.6] } as const;
  const bars = (
    offset: number,
    width: number,
    height: number[],
    color: "gray" | "blue" | "vermilion",
    label: string,
  ): Mark => ({
    kind: "bars",
    ...side(offset, width),
    height,
    color,
    opacity: 0.8,
    label,
  });
  const parameterShares = trained.blocks.map((block) => block.parameters / parameterCount);
  return {
    id: "profile-figure",
    title: "Where the curvature sits",
    description:
      "Left: share of each layer in the Gauss–Newton trace before and after training, beside its share of the parameters. Right: largest eigenvalue of each layer's block of the Hessian.",
    columns: 2,
    panels: [
      {
        title: "Share of the Gauss–Newton trace",
        x,
        y: { label: "share", scale: "linear", domain: [0, 1] },
        marks: [
          bars(-0.36, 0.22, parameterShares, "gray", "of the parameters"),
          bars(-0.11, 0.22, shares(initial), "blue", "initial"),
          bars(0.14, 0.22, shares(trained), "vermilion", "trained"),
        ],
      },
      {
        title: "λ₁ of the layer's block",
        x,
        y: { label: "largest eigenvalue", scale: "linear" },
        marks: [
          bars(-0.25, 0.24, tops(initial), "blue", "initial"),
          bars(0.01, 0.24, tops(trained), "vermilion", "trained"),
        ],
      },
    ],
  };
}
