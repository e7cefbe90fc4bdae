import { type Color, type Dash, type Figure, type Mark, requireInput } from "../figure.js";

/** Curves to be compared in one panel. */
export interface ComparedCurvesInput {
  /** Identifier of the figure. */
  readonly id: string;
  /** Heading. */
  readonly title: string;
  /** One or two sentences for captions and screen readers. */
  readonly description: string;
  /** Name of the abscissa, with its unit. */
  readonly xLabel: string;
  /** Name of the ordinate, with its unit. */
  readonly yLabel: string;
  /** Scale of the abscissa, linear by default. */
  readonly xScale?: "linear" | "log";
  /** Scale of the ordinate, linear by default. */
  readonly yScale?: "linear" | "log";
  /** The curves. */
  readonly series: readonly { readonly name: string; readonly x: ArrayLike<number>; readonly y: ArrayLike<number> }[];
}

const COLORS: readonly Color[] = ["blue", "vermilion", "green", "purple", "amber", "gray"];
const DASHES: readonly Dash[] = ["solid", "dashed", "dotted"];
const FEW = 12; // curves of so few points show them

/**
 * Shows several curves over common axes, told apart by colour and, beyond six, by pattern.
 *
 * Relation: each curve passes through its points; points where a coordinate is not finite are left out.
 *
 * @example
 * ```ts
 * import { comparedCurves } from "eigenscope/plot";
 * const series = [{ name: "a", x: [0, 1], y: [1, 2] }, { name: "b", x: [0, 1], y: [2, 1] }];
 * const figure = comparedCurves({ id: "two", title: "Two", description: "", xLabel: "t", yLabel: "f", series });
 * console.log(figure.panels[0].marks.length); // 4
 * ```
 */
export function comparedCurves(input: ComparedCurvesInput): Figure {
  requireInput(input, ["series"], "comparedCurves");
  const marks = input.series.flatMap(({ name, x, y }, i): Mark[] => {
    const points = Array.from(x, (value, j) => [value, y[j]!] as const).filter((point) => point.every(Number.isFinite));
    const xs = points.map((point) => point[0]);
    const ys = points.map((point) => point[1]);
    const color = COLORS[i % COLORS.length]!;
    const dash = DASHES[Math.floor(i / COLORS.length) % DASHES.length]!;
    const line: Mark = { kind: "line", x: xs, y: ys, color, dash, label: name };
    return points.length > FEW ? [line] : [line, { kind: "points", x: xs, y: ys, color }];
  });
  const panel = {
    title: "",
    x: { label: input.xLabel, scale: input.xScale ?? "linear" },
    y: { label: input.yLabel, scale: input.yScale ?? "linear" },
    marks,
  } as const;
  return { id: input.id, title: input.title, description: input.description, columns: 1, panels: [panel] };
}
