import { type Figure, type Mark, requireInput } from "../figure.js";
import { formatNumber } from "../format-number.js";

/** The ends of a spectrum with their residuals. */
export interface ExtremeEigenvaluesInput {
  /** Identifier of the figure. */
  readonly id: string;
  /** Heading. */
  readonly title: string;
  /** Largest eigenvalues, descending. */
  readonly largest: ArrayLike<number>;
  /** Smallest eigenvalues, ascending. */
  readonly smallest: ArrayLike<number>;
}

/**
 * Shows the largest and smallest eigenvalues by their rank from each end.
 *
 * @example
 * ```ts
 * import { extremeEigenvalues } from "eigenscope/plot";
 * const figure = extremeEigenvalues({ id: "ends", title: "Ends", largest: [5, 2], smallest: [-1] });
 * console.log(figure.panels[0].marks.length); // 2
 * ```
 */
export function extremeEigenvalues(input: ExtremeEigenvaluesInput): Figure {
  requireInput(input, ["largest", "smallest"], "extremeEigenvalues");
  const largest = Array.from(input.largest);
  const smallest = Array.from(input.smallest);
  const ranks = (values: readonly number[]): number[] => values.map((_, i) => i + 1);
  const marks: Mark[] = [
    {
      kind: "points",
      x: ranks(largest),
      y: largest,
      stems: true,
      color: "vermilion",
      size: 4.5,
      label: "largest, from the top",
    },
    {
      kind: "points",
      x: ranks(smallest),
      y: smallest,
      stems: true,
      color: "blue",
      shape: "square",
      size: 4,
      label: "smallest, from the bottom",
    },
  ];
  const last = Math.max(largest.length, smallest.length, 1);
  return {
    id: input.id,
    title: input.title,
    description: `Largest eigenvalue ${formatNumber(largest[0] ?? Number.NaN)}, smallest ${formatNumber(smallest[0] ?? Number.NaN)}.`,
    columns: 1,
    panels: [
      {
        title: "",
        x: { label: "rank", scale: "linear", domain: [0.5, last + 0.5] },
        y: { label: "eigenvalue", scale: "linear" },
        marks,
      },
    ],
  };
}
