import {
  ArgumentError,
  OptionError,
  ShapeError,
  describe,
  requireFinite,
  requireInteger,
  requireOneOf,
} from "../core/index.js";

/** Names of the palette's colours. Each has a light and a dark shade, told apart by colour-blind readers too. */
export type Color = "blue" | "vermilion" | "green" | "purple" | "amber" | "gray" | "ink";

/** The colours in the order in which series should take them. */
export const COLORS: readonly Color[] = ["blue", "vermilion", "green", "purple", "amber", "gray", "ink"];

/** Line patterns: a second code beside colour, for print and for colour-blind readers. */
export type Dash = "solid" | "dashed" | "dotted";

/** Shapes of points: a second code beside colour. */
export type Shape = "circle" | "square" | "triangle" | "diamond" | "cross";

/** A polyline through the points (x[i], y[i]); on a logarithmic axis it breaks where a value is not positive. */
export interface LineMark {
  /** Discriminator. */
  readonly kind: "line";
  /** Abscissae. */
  readonly x: readonly number[];
  /** Ordinates. */
  readonly y: readonly number[];
  /** Colour of the line. */
  readonly color: Color;
  /** Pattern, solid by default. */
  readonly dash?: Dash;
  /** Stroke width in pixels, 2 by default. */
  readonly width?: number;
  /** Legend text; no legend entry without it. */
  readonly label?: string;
}

/** The region between two curves over the same abscissae, such as an error band. */
export interface AreaMark {
  /** Discriminator. */
  readonly kind: "area";
  /** Abscissae. */
  readonly x: readonly number[];
  /** Lower curve. */
  readonly lower: readonly number[];
  /** Upper curve. */
  readonly upper: readonly number[];
  /** Fill colour. */
  readonly color: Color;
  /** Opacity of the fill, 0.25 by default. */
  readonly opacity?: number;
  /** Legend text; no legend entry without it. */
  readonly label?: string;
}

/** Bars over intervals: histograms and bar charts. */
export interface BarMark {
  /** Discriminator. */
  readonly kind: "bars";
  /** Left ends of the bars. */
  readonly left: readonly number[];
  /** Right ends of the bars. */
  readonly right: readonly number[];
  /** Heights of the bars, from the baseline 0 (from the lower end of a logarithmic axis). */
  readonly height: readonly number[];
  /** Fill colour. */
  readonly color: Color;
  /** Opacity of the fill, 0.55 by default. */
  readonly opacity?: number;
  /** Legend text; no legend entry without it. */
  readonly label?: string;
}

/** Single points, with optional error bars and connecting stems. */
export interface PointMark {
  /** Discriminator. */
  readonly kind: "points";
  /** Abscissae. */
  readonly x: readonly number[];
  /** Ordinates. */
  readonly y: readonly number[];
  /** Half lengths of vertical error bars. */
  readonly error?: readonly number[];
  /** Whether a thin line joins each point to the lower end of the axis. */
  readonly stems?: boolean;
  /** Colour of the points. */
  readonly color: Color;
  /** Shape, a circle by default. */
  readonly shape?: Shape;
  /** Radius in pixels, 3.5 by default. */
  readonly size?: number;
  /** Legend text; no legend entry without it. */
  readonly label?: string;
}

/** Short strokes at the foot of the panel: where single values lie. */
export interface TickMark {
  /** Discriminator. */
  readonly kind: "ticks";
  /** Abscissae. */
  readonly x: readonly number[];
  /** Colour of the strokes. */
  readonly color: Color;
  /** Legend text; no legend entry without it. */
  readonly label?: string;
}

/** A straight line across the panel at one value, with its name written beside the panel. */
export interface RuleMark {
  /** Discriminator. */
  readonly kind: "rule";
  /** The axis on which the value lies: "x" draws a vertical line. */
  readonly axis: "x" | "y";
  /** Where. */
  readonly value: number;
  /** What it is; written outside the data region. */
  readonly text: string;
  /** Colour of line and text. */
  readonly color: Color;
  /** Pattern, dashed by default. */
  readonly dash?: Dash;
}

/** A rectangular grid of coloured cells with a colour bar. */
export interface HeatMark {
  /** Discriminator. */
  readonly kind: "heat";
  /** Edges of the columns, one more than columns, ascending. */
  readonly xEdges: readonly number[];
  /** Edges of the rows, one more than rows, ascending; row 0 lies at the lower end. */
  readonly yEdges: readonly number[];
  /** Values, row after row. */
  readonly values: readonly number[];
  /** Scale of the colours. */
  readonly scale: "linear" | "log";
  /** What the colours mean. */
  readonly text: string;
}

/** Everything that can be drawn in a panel. */
export type Mark = LineMark | AreaMark | BarMark | PointMark | TickMark | RuleMark | HeatMark;

/** One axis of a panel. */
export interface Axis {
  /** What is measured, with its unit. */
  readonly label: string;
  /** Linear or logarithmic (base 10). */
  readonly scale: "linear" | "log";
  /** Ends of the axis; chosen from the data when absent. */
  readonly domain?: readonly [number, number];
}

/** One coordinate system with its marks. */
export interface Panel {
  /** Heading of the panel; none when empty. */
  readonly title: string;
  /** Horizontal axis. */
  readonly x: Axis;
  /** Vertical axis. */
  readonly y: Axis;
  /** Marks, drawn in this order. */
  readonly marks: readonly Mark[];
}

/** A figure as plain data: it can be stored, compared, and rendered as SVG or Vega-Lite. */
export interface Figure {
  /** Identifier, unique on a page: lower-case letters, digits and hyphens. */
  readonly id: string;
  /** Heading. */
  readonly title: string;
  /** One or two sentences on what is to be seen, for screen readers and captions. */
  readonly description: string;
  /** Panels, row after row. */
  readonly panels: readonly Panel[];
  /** Panels in a row. */
  readonly columns: number;
}

function lengths(mark: Mark): readonly (readonly [string, readonly number[]])[] {
  switch (mark.kind) {
    case "line":
      return [
        ["x", mark.x],
        ["y", mark.y],
      ];
    case "points":
      return [["x", mark.x], ["y", mark.y], ...(mark.error === undefined ? [] : ([["error", mark.error]] as const))];
    case "area":
      return [
        ["x", mark.x],
        ["lower", mark.lower],
        ["upper", mark.upper],
      ];
    case "bars":
      return [
        ["left", mark.left],
        ["right", mark.right],
        ["height", mark.height],
      ];
    case "ticks":
      return [["x", mark.x]];
    case "rule":
      return [["value", [mark.value]]];
    case "heat":
      return [
        ["xEdges", mark.xEdges],
        ["yEdges", mark.yEdges],
        ["values", mark.values],
      ];
  }
}

/**
 * Checks a figure record and returns it: id, panels, equal lengths, finite numbers, known colours.
 *
 * @throws {ArgumentError} for an id that is not lower-case letters, digits and hyphens, or a figure without panels
 * @throws {ShapeError} when the arrays of a mark differ in length
 * @throws {NonFiniteError} for NaN and infinities anywhere
 * @throws {OptionError} for unknown colours, scales or kinds of marks
 */
export function requireFigure(figure: Figure, caller: string): Figure {
  if (figure === null || typeof figure !== "object" || !Array.isArray(figure.panels) || figure.panels.length === 0) {
    throw new ArgumentError({
      function: caller,
      argument: "figure",
      expected: "a Figure with at least one panel",
      got: describe(figure),
    });
  }
  if (typeof figure.id !== "string" || !/^[a-z][a-z0-9-]*$/.test(figure.id)) {
    throw new ArgumentError({
      function: caller,
      argument: "figure.id",
      expected: "lower-case letters, digits and hyphens, beginning with a letter",
      got: describe(figure.id),
    });
  }
  requireInteger(figure.columns, "figure.columns", caller, 1, 4);
  const panels: readonly Panel[] = figure.panels;
  panels.forEach((panel, p) => {
    for (const name of ["x", "y"] as const) {
      const axis = panel[name];
      const where = `panels[${p}].${name}`;
      requireOneOf(axis.scale, ["linear", "log"], `${where}.scale`, caller);
      if (axis.domain === undefined) continue;
      requireFinite(axis.domain, `${where}.domain`, caller);
      if (!(axis.domain[0] < axis.domain[1]) || (axis.scale === "log" && !(axis.domain[0] > 0))) {
        throw new ArgumentError({
          function: caller,
          argument: `${where}.domain`,
          expected: axis.scale === "log" ? "two positive ascending numbers" : "two ascending numbers",
          got: `[${axis.domain[0]}, ${axis.domain[1]}]`,
        });
      }
    }
    panel.marks.forEach((mark, m) => requireMark(mark, `panels[${p}].marks[${m}]`, caller));
  });
  return figure;
}

function requireMark(mark: Mark, where: string, caller: string): void {
  requireOneOf(mark.kind, ["line", "area", "bars", "points", "ticks", "rule", "heat"], `${where}.kind`, caller);
  if (mark.kind !== "heat") requireOneOf(mark.color, COLORS, `${where}.color`, caller);
  const arrays = lengths(mark);
  for (const [name, values] of arrays) {
    if (!Array.isArray(values)) {
      throw new ArgumentError({
        function: caller,
        argument: `${where}.${name}`,
        expected: "an array of numbers",
        got: describe(values),
      });
    }
    requireFinite(values, `${where}.${name}`, caller);
  }
  if (mark.kind === "heat") {
    const expected = (mark.xEdges.length - 1) * (mark.yEdges.length - 1);
    if (mark.values.length !== expected || expected < 1) {
      throw new ShapeError({
        function: caller,
        argument: `${where}.values`,
        expected: `one number per cell of the ${mark.yEdges.length - 1} x ${mark.xEdges.length - 1} grid`,
        got: `length ${mark.values.length}`,
      });
    }
    return;
  }
  const [first, ...rest] = arrays;
  for (const [name, values] of rest) {
    if (values.length !== first![1].length) {
      throw new ShapeError({
        function: caller,
        argument: `${where}.${name}`,
        expected: `of length ${first![1].length}, as ${first![0]}`,
        got: `length ${values.length}`,
      });
    }
  }
  if (mark.kind === "rule" && typeof mark.text !== "string") {
    throw new OptionError({
      function: caller,
      argument: `${where}.text`,
      expected: "a string",
      got: describe(mark.text),
    });
  }
}

/**
 * Checks that the record a figure is made from has its arrays: which they are is in the types.
 *
 * @throws {ArgumentError} when it is no record, or an array is missing
 */
export function requireInput<T extends object>(input: T, arrays: readonly (keyof T & string)[], caller: string): void {
  if (input === null || typeof input !== "object") {
    throw new ArgumentError({ function: caller, argument: "input", expected: "a record", got: describe(input) });
  }
  for (const name of arrays) {
    const value = input[name] as ArrayLike<unknown> | undefined;
    if (typeof value?.length === "number" && typeof value !== "string") continue;
    throw new ArgumentError({ function: caller, argument: name, expected: "an array", got: describe(value) });
  }
}
