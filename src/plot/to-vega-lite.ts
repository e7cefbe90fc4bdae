import { requireOneOf, requireOptions, square } from "../core/index.js";
import { type Axis, type Figure, type Mark, type Panel, requireFigure } from "./figure.js";
import { PALETTE, sequentialRange } from "./palette.js";
import { panelExtent } from "./scales.js";

/** Any JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** A Vega-Lite specification as plain JSON. */
export type VegaLiteSpec = { readonly [key: string]: Json };

/** How to write the specification. */
export interface ToVegaLiteOptions {
  /** Which shades of the palette to use, "light" by default: Vega-Lite has no colour scheme of the reader. */
  readonly theme?: "light" | "dark";
}

const DASH: Readonly<Record<string, readonly number[]>> = { solid: [1, 0], dashed: [6, 4], dotted: [1.5, 3.5] };
const SHAPES: Readonly<Record<string, string>> = {
  circle: "circle",
  square: "square",
  diamond: "diamond",
  triangle: "triangle-up",
  cross: "cross",
};

/**
 * Writes a figure record as a Vega-Lite 6 specification with its data inline, for notebooks and editors.
 *
 * Relation: the same points, bands, bars, rules and axes as `renderSvg`; a value without a place on a logarithmic axis is left out of both.
 *
 * @throws {ArgumentError} for a malformed figure
 * @throws {OptionError} for unknown options or an unknown theme
 *
 * @example
 * ```ts
 * import { eigenvalueDecay, toVegaLite } from "eigenscope/plot";
 * const spec = toVegaLite(eigenvalueDecay({ id: "decay", title: "Decay", series: [{ label: "K/n", values: [1, 0.5, 0.25] }] }));
 * console.log(spec["title"]); // Decay
 * ```
 */
export function toVegaLite(figure: Figure, options: ToVegaLiteOptions = {}): VegaLiteSpec {
  requireOptions(options, ["theme"], "toVegaLite");
  requireFigure(figure, "toVegaLite");
  const theme = requireOneOf(options.theme ?? "light", ["light", "dark"], "theme", "toVegaLite");
  const legend = legendScale(figure, theme);
  const panels = figure.panels.map((panel) => panelSpec(panel, theme, legend));
  const head = {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    title: figure.title,
    description: figure.description,
  };
  return panels.length === 1
    ? { ...head, ...panels[0]!, title: figure.title }
    : { ...head, columns: Math.min(figure.columns, panels.length), concat: panels };
}

/** One colour scale for the whole figure, from the names of the marks to their colours. */
function legendScale(figure: Figure, theme: "light" | "dark"): VegaLiteSpec {
  const colors = new Map<string, string>();
  for (const panel of figure.panels) {
    for (const mark of panel.marks) {
      if (mark.kind === "heat" || mark.kind === "rule" || mark.label === undefined || colors.has(mark.label)) continue;
      colors.set(mark.label, PALETTE[mark.color][theme]);
    }
  }
  return { domain: [...colors.keys()], range: [...colors.values()] };
}

function panelSpec(panel: Panel, theme: "light" | "dark", legend: VegaLiteSpec): VegaLiteSpec {
  const scales = {
    x: axisEncoding(panel.x, panel.x.domain ?? panelExtent(panel, "x")),
    y: axisEncoding(panel.y, panel.y.domain ?? panelExtent(panel, "y")),
  };
  const layer = panel.marks.flatMap((mark) => layers(mark, panel, scales, theme, legend));
  return { ...(panel.title === "" ? {} : { title: panel.title }), width: 480, height: 230, layer };
}

interface Scales {
  readonly x: VegaLiteSpec;
  readonly y: VegaLiteSpec;
}

function axisEncoding(axis: Axis, domain: readonly [number, number]): VegaLiteSpec {
  return {
    type: "quantitative",
    title: axis.label,
    scale: { type: axis.scale, domain: [...domain], nice: false, ...(axis.scale === "linear" ? { zero: false } : {}) },
  };
}

/** Layers of one mark; a named mark carries its name as a constant colour datum, from which the legend comes. */
function layers(
  mark: Mark,
  panel: Panel,
  { x, y }: Scales,
  theme: "light" | "dark",
  legend: VegaLiteSpec,
): VegaLiteSpec[] {
  if (mark.kind === "heat") return [heatLayer(mark, x, y)];
  const color: Json = PALETTE[mark.color][theme];
  const shows = (axis: "x" | "y", value: number): boolean => panel[axis].scale === "linear" || value > 0;
  const named = (label: string | undefined): VegaLiteSpec =>
    label === undefined ? {} : { color: { datum: label, type: "nominal", scale: legend, legend: { title: null } } };
  switch (mark.kind) {
    case "line": {
      const values = mark.x.flatMap((value, i) =>
        shows("x", value) && shows("y", mark.y[i]!) ? [{ x: value, y: mark.y[i]!, i }] : [],
      );
      const look = {
        type: "line",
        color,
        strokeWidth: mark.width ?? 2,
        strokeDash: [...DASH[mark.dash ?? "solid"]!],
        clip: true,
      };
      return [
        {
          data: { values },
          mark: look,
          encoding: {
            x: { field: "x", ...x },
            y: { field: "y", ...y },
            order: { field: "i", type: "quantitative" },
            ...named(mark.label),
          },
        },
      ];
    }
    case "area": {
      const floor = ((y["scale"] as VegaLiteSpec)["domain"] as readonly number[])[0]!;
      const values = mark.x.flatMap((value, i) =>
        shows("x", value) && shows("y", mark.upper[i]!)
          ? [{ x: value, low: shows("y", mark.lower[i]!) ? mark.lower[i]! : floor, high: mark.upper[i]! }]
          : [],
      );
      const look = { type: "area", color, opacity: mark.opacity ?? 0.25, clip: true };
      return [
        {
          data: { values },
          mark: look,
          encoding: { x: { field: "x", ...x }, y: { field: "low", ...y }, y2: { field: "high" }, ...named(mark.label) },
        },
      ];
    }
    case "bars": {
      const floor = panel.y.scale === "log" ? ((y["scale"] as VegaLiteSpec)["domain"] as readonly number[])[0]! : 0;
      const values = mark.height.flatMap((height, i) =>
        shows("y", height) && height !== 0 ? [{ left: mark.left[i]!, right: mark.right[i]!, height, foot: floor }] : [],
      );
      const look = { type: "rect", color, opacity: mark.opacity ?? 0.55, clip: true };
      return [
        {
          data: { values },
          mark: look,
          encoding: {
            x: { field: "left", ...x },
            x2: { field: "right" },
            y: { field: "foot", ...y },
            y2: { field: "height" },
            ...named(mark.label),
          },
        },
      ];
    }
    case "points": {
      const values = mark.x.flatMap((value, i) => {
        if (!shows("x", value) || !shows("y", mark.y[i]!)) return [];
        const error = mark.error?.[i] ?? 0;
        return [
          {
            x: value,
            y: mark.y[i]!,
            low: shows("y", mark.y[i]! - error) ? mark.y[i]! - error : mark.y[i]!,
            high: mark.y[i]! + error,
          },
        ];
      });
      const point = {
        type: "point",
        filled: mark.shape !== "cross",
        color,
        size: Math.PI * square(mark.size ?? 3.5),
        shape: SHAPES[mark.shape ?? "circle"]!,
        clip: true,
      };
      const bars: VegaLiteSpec[] =
        mark.error === undefined
          ? []
          : [
              {
                data: { values },
                mark: { type: "rule", color, clip: true },
                encoding: { x: { field: "x", ...x }, y: { field: "low", ...y }, y2: { field: "high" } },
              },
            ];
      return [
        ...bars,
        {
          data: { values },
          mark: point,
          encoding: { x: { field: "x", ...x }, y: { field: "y", ...y }, ...named(mark.label) },
        },
      ];
    }
    case "ticks": {
      const foot = ((y["scale"] as VegaLiteSpec)["domain"] as readonly number[])[0]!;
      const values = mark.x.filter((value) => shows("x", value)).map((value) => ({ x: value, foot }));
      const look = { type: "tick", orient: "vertical", color, thickness: 1.5, size: 14, clip: true };
      return [
        {
          data: { values },
          mark: look,
          encoding: { x: { field: "x", ...x }, y: { field: "foot", ...y }, ...named(mark.label) },
        },
      ];
    }
    case "rule": {
      if (!shows(mark.axis, mark.value)) return [];
      const values = [{ at: mark.value, text: mark.text }];
      const encoding = { [mark.axis]: { field: "at", ...(mark.axis === "x" ? x : y) } };
      const text =
        mark.axis === "x"
          ? { type: "text", align: "left", dx: 4, color, y: 8 }
          : { type: "text", align: "right", dy: -6, color, x: 476 };
      return [
        {
          data: { values },
          mark: { type: "rule", color, strokeDash: [...DASH[mark.dash ?? "dashed"]!], clip: true },
          encoding,
        },
        { data: { values }, mark: text, encoding: { ...encoding, text: { field: "text", type: "nominal" } } },
      ];
    }
  }
}

function heatLayer(mark: Extract<Mark, { kind: "heat" }>, x: VegaLiteSpec, y: VegaLiteSpec): VegaLiteSpec {
  const columns = mark.xEdges.length - 1;
  const values = mark.values.flatMap((value, i) => {
    if (mark.scale === "log" && !(value > 0)) return [];
    const [column, row] = [i % columns, Math.floor(i / columns)];
    return [
      {
        left: mark.xEdges[column]!,
        right: mark.xEdges[column + 1]!,
        low: mark.yEdges[row]!,
        high: mark.yEdges[row + 1]!,
        value,
      },
    ];
  });
  return {
    data: { values },
    mark: { type: "rect" },
    encoding: {
      x: { field: "left", ...x },
      x2: { field: "right" },
      y: { field: "low", ...y },
      y2: { field: "high" },
      color: {
        field: "value",
        type: "quantitative",
        title: mark.text,
        scale: { type: mark.scale, range: sequentialRange() },
      },
    },
  };
}
