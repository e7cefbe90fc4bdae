import { type Figure, requireInput } from "../figure.js";
import { formatNumber } from "../format-number.js";

/** How targets split over eigenvectors. */
export interface LabelProjectionsInput {
  /** Identifier of the figure. */
  readonly id: string;
  /** Heading. */
  readonly title: string;
  /** Share of the squared norm of the targets in each eigenvector, leading first. */
  readonly shares: ArrayLike<number>;
}

/**
 * Shows the share of the targets in each leading eigenvector, and the sum so far.
 *
 * Relation: the second panel is the running sum of the first; it ends at one when all eigenvectors are given.
 *
 * @example
 * ```ts
 * import { labelProjections } from "eigenscope/plot";
 * const figure = labelProjections({ id: "labels", title: "Labels", shares: [0.5, 0.25, 0.25] });
 * console.log(figure.description); // The first 3 eigenvectors hold 100 % of the targets' squared norm.
 * ```
 */
export function labelProjections(input: LabelProjectionsInput): Figure {
  requireInput(input, ["shares"], "labelProjections");
  const shares = Array.from(input.shares);
  const rank = shares.map((_, i) => i + 1);
  let sum = 0;
  const running = shares.map((share) => (sum += share));
  return {
    id: input.id,
    title: input.title,
    description: `The first ${shares.length} eigenvectors hold ${formatNumber(100 * sum, 4)} % of the targets' squared norm.`,
    columns: 2,
    panels: [
      {
        title: "Share of each eigenvector",
        x: { label: "rank", scale: "log" },
        y: { label: "share of ‖y‖²", scale: "log" },
        marks: [{ kind: "points", x: rank, y: shares, color: "blue", size: 2.5 }],
      },
      {
        title: "Sum so far",
        x: { label: "rank", scale: "log" },
        y: { label: "share of ‖y‖²", scale: "linear", domain: [0, 1.02] },
        marks: [
          { kind: "area", x: rank, lower: running.map(() => 0), upper: running, color: "green", opacity: 0.2 },
          { kind: "line", x: rank, y: running, color: "green" },
        ],
      },
    ],
  };
}
