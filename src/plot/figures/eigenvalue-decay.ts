import { type Color, type Dash, type Figure, type Mark, requireInput } from "../figure.js";
import { formatNumber } from "../format-number.js";

/** Spectra to be compared by their decay. */
export interface EigenvalueDecayInput {
  /** Identifier of the figure. */
  readonly id: string;
  /** Heading. */
  readonly title: string;
  /** Spectra, each descending. */
  readonly series: readonly { readonly label: string; readonly values: ArrayLike<number> }[];
  /** Eigenvalues below this are rounding, drawn as a rule; none by default. */
  readonly resolution?: number;
}

const STYLES: readonly (readonly [Color, Dash])[] = [
  ["blue", "solid"],
  ["vermilion", "dashed"],
  ["green", "dotted"],
  ["purple", "solid"],
  ["amber", "dashed"],
];

/**
 * Shows eigenvalues against their rank on logarithmic axes; those that are not positive have no place there and are counted in the description.
 *
 * @example
 * ```ts
 * import { eigenvalueDecay } from "eigenscope/plot";
 * const figure = eigenvalueDecay({ id: "decay", title: "Decay", series: [{ label: "K", values: [1, 0.1, 0] }], resolution: 1e-16 });
 * console.log(figure.description); // K: 3 eigenvalues from 1 down to 0, 1 not positive.
 * ```
 */
export function eigenvalueDecay(input: EigenvalueDecayInput): Figure {
  requireInput(input, ["series"], "eigenvalueDecay");
  const marks: Mark[] = input.series.map(({ label, values }, i) => {
    const [color, dash] = STYLES[i % STYLES.length]!;
    const y = Array.from(values);
    return { kind: "line", x: y.map((_, rank) => rank + 1), y, color, dash, label };
  });
  if (input.resolution !== undefined && input.resolution > 0) {
    marks.push({
      kind: "rule",
      axis: "y",
      value: input.resolution,
      text: `rounding ${formatNumber(input.resolution, 2)}`,
      color: "gray",
      dash: "dotted",
    });
  }
  return {
    id: input.id,
    title: input.title,
    description: input.series.map(describeSeries).join(" "),
    columns: 1,
    panels: [{ title: "", x: { label: "rank", scale: "log" }, y: { label: "eigenvalue", scale: "log" }, marks }],
  };
}

function describeSeries({ label, values }: EigenvalueDecayInput["series"][number]): string {
  const all = Array.from(values);
  const lost = all.filter((value) => !(value > 0)).length;
  return (
    `${label}: ${all.length} eigenvalues from ${formatNumber(all[0] ?? Number.NaN, 3)} down to ${formatNumber(all[all.length - 1] ?? Number.NaN, 3)}` +
    `${lost === 0 ? "." : `, ${lost} not positive.`}`
  );
}
