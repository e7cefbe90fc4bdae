import { log10 } from "../core/index.js";
import { extent } from "d3-array";
import { area, line } from "d3-shape";
import type { AreaMark, BarMark, Dash, HeatMark, LineMark, Mark, PointMark, Shape } from "./figure.js";
import { formatNumber } from "./format-number.js";
import { type PanelLayout, SWATCH } from "./layout.js";
import { sequentialColor } from "./palette.js";
import { escapeXml, pixel } from "./svg-text.js";

const DASHES: Readonly<Record<Dash, string>> = {
  solid: "",
  dashed: ' stroke-dasharray="6 4"',
  dotted: ' stroke-dasharray="1.5 3.5"',
};

const OUTLINE = ' style="stroke:var(--es-paper);stroke-width:0.75"'; // tells neighbours apart; would wash out small points

type Point = readonly [number, number];

/** SVG of one mark inside its panel. Rules are drawn by the caller, with their names. */
export function markSvg(mark: Mark, layout: PanelLayout): string {
  switch (mark.kind) {
    case "line":
      return lineSvg(mark, layout);
    case "area":
      return areaSvg(mark, layout);
    case "bars":
      return barsSvg(mark, layout);
    case "points":
      return pointsSvg(mark, layout);
    case "ticks": {
      const foot = layout.plot.top + layout.plot.height;
      const strokes = mark.x.flatMap((value) => {
        const x = layout.x.position(value);
        return x === null ? [] : [`M${pixel(x)},${pixel(foot)}v-11`];
      });
      return `<path class="es-stroke-${mark.color}" stroke-width="1.5" d="${strokes.join("")}"/>`;
    }
    case "heat":
      return heatSvg(mark, layout);
    case "rule":
      return "";
  }
}

function lineSvg(mark: LineMark, { x, y }: PanelLayout): string {
  const points = mark.x.map((value, i): Point | null => place(x.position(value), y.position(mark.y[i]!)));
  const path = line<Point | null>()
    .defined((point) => point !== null)
    .x((point) => point![0])
    .y((point) => point![1])
    .digits(2)(points);
  return `<path class="es-stroke-${mark.color}" stroke-width="${mark.width ?? 2}" stroke-linejoin="round"${DASHES[mark.dash ?? "solid"]} d="${path ?? ""}"/>`;
}

function areaSvg(mark: AreaMark, { x, y, plot }: PanelLayout): string {
  const foot = plot.top + plot.height;
  const points = mark.x.map((value, i) => {
    const across = x.position(value);
    const upper = y.position(mark.upper[i]!);
    // A band that reaches zero or below goes down to the end of a logarithmic axis.
    return across === null || upper === null ? null : ([across, y.position(mark.lower[i]!) ?? foot, upper] as const);
  });
  const path = area<(typeof points)[number]>()
    .defined((point) => point !== null)
    .x((point) => point![0])
    .y0((point) => point![1])
    .y1((point) => point![2])
    .digits(2)(points);
  return `<path class="es-fill-${mark.color}" fill-opacity="${mark.opacity ?? 0.25}" d="${path ?? ""}"/>`;
}

function barsSvg(mark: BarMark, { x, y, plot }: PanelLayout): string {
  const base = y.kind === "log" ? plot.top + plot.height : (y.position(0) ?? plot.top + plot.height);
  const bars = mark.height.flatMap((value, i) => {
    const [left, right, end] = [x.position(mark.left[i]!), x.position(mark.right[i]!), y.position(value)];
    if (left === null || right === null || end === null || value === 0) return [];
    return [`M${pixel(left)},${pixel(base)}V${pixel(end)}H${pixel(right)}V${pixel(base)}Z`];
  });
  return `<path class="es-fill-${mark.color}" fill-opacity="${mark.opacity ?? 0.55}"${OUTLINE} d="${bars.join("")}"/>`;
}

function pointsSvg(mark: PointMark, layout: PanelLayout): string {
  const { x, y, plot } = layout;
  const size = mark.size ?? 3.5;
  const foot = plot.top + plot.height;
  const lines: string[] = [];
  const shapes = mark.x.flatMap((value, i) => {
    const center = place(x.position(value), y.position(mark.y[i]!));
    if (center === null) return [];
    if (mark.stems === true)
      lines.push(
        `M${pixel(center[0])},${pixel(y.kind === "linear" ? (y.position(0) ?? foot) : foot)}V${pixel(center[1])}`,
      );
    const error = mark.error?.[i];
    if (error !== undefined && error > 0) {
      const low = y.position(mark.y[i]! - error) ?? foot;
      const high = y.position(mark.y[i]! + error) ?? center[1];
      lines.push(`M${pixel(center[0])},${pixel(low)}V${pixel(high)}m-3,0h6M${pixel(center[0] - 3)},${pixel(low)}h6`);
    }
    const tip = `${formatNumber(value)}, ${formatNumber(mark.y[i]!)}${error === undefined ? "" : ` ± ${formatNumber(error, 2)}`}`;
    return [`<path d="${shapePath(mark.shape ?? "circle", center, size)}"><title>${escapeXml(tip)}</title></path>`];
  });
  const stems =
    lines.length === 0 ? "" : `<path class="es-stroke-${mark.color}" stroke-width="1.25" d="${lines.join("")}"/>`;
  const paint =
    mark.shape === "cross"
      ? `class="es-stroke-${mark.color}" stroke-width="1.75"`
      : `class="es-fill-${mark.color}"${size >= 3 ? OUTLINE : ""}`;
  return `${stems}<g ${paint}>${shapes.join("")}</g>`;
}

function shapePath(shape: Shape, [x, y]: Point, r: number): string {
  const p = pixel;
  switch (shape) {
    case "circle":
      return `M${p(x - r)},${p(y)}a${p(r)},${p(r)} 0 1 0 ${p(2 * r)},0a${p(r)},${p(r)} 0 1 0 ${p(-2 * r)},0Z`;
    case "square":
      return `M${p(x - r)},${p(y - r)}h${p(2 * r)}v${p(2 * r)}h${p(-2 * r)}Z`;
    case "diamond":
      return `M${p(x)},${p(y - 1.3 * r)}l${p(1.3 * r)},${p(1.3 * r)}l${p(-1.3 * r)},${p(1.3 * r)}l${p(-1.3 * r)},${p(-1.3 * r)}Z`;
    case "triangle":
      return `M${p(x)},${p(y - 1.25 * r)}l${p(1.2 * r)},${p(2.1 * r)}h${p(-2.4 * r)}Z`;
    case "cross":
      return `M${p(x - r)},${p(y - r)}l${p(2 * r)},${p(2 * r)}m0,${p(-2 * r)}l${p(-2 * r)},${p(2 * r)}`;
  }
}

/** Position of a heat value in [0, 1] on its colour scale; null where a logarithmic scale has no colour. */
export function heatPosition(mark: HeatMark): { ends: readonly [number, number]; of(value: number): number | null } {
  const usable = mark.values.filter((value) => mark.scale === "linear" || value > 0);
  const [low = 1, high = 1] = extent(usable); // not Math.min(...usable): a large grid has more cells than a call may have arguments
  const transform = mark.scale === "log" ? log10 : (value: number): number => value;
  const span = transform(high) - transform(low);
  return {
    ends: [low, high],
    of: (value) =>
      mark.scale === "log" && !(value > 0) ? null : span === 0 ? 0.5 : (transform(value) - transform(low)) / span,
  };
}

/** Colours of a heat map: neighbouring ones differ by less than eyes can tell, and one path draws all cells of a colour. */
const HEAT_COLORS = 128;

/** A heat map as one path per colour, cells of one colour that follow each other in a row being one stroke. */
function heatSvg(mark: HeatMark, { x, y }: PanelLayout): string {
  const scale = heatPosition(mark);
  const columns = mark.xEdges.length - 1;
  const across = mark.xEdges.map((edge) => x.position(edge));
  const down = mark.yEdges.map((edge) => y.position(edge));
  const level = (row: number, column: number): number | null => {
    if (across[column] === null || across[column + 1] === null) return null;
    const t = scale.of(mark.values[row * columns + column]!);
    return t === null ? null : Math.round(t * (HEAT_COLORS - 1));
  };
  const strokes = new Map<string, string[]>(); // by attributes: a run is a stroke as wide as its row is high
  for (let row = 0; row + 1 < down.length; row++) {
    const [bottom, top] = [down[row]!, down[row + 1]!];
    if (bottom === null || top === null) continue;
    for (let column = 0; column < columns;) {
      const color = level(row, column);
      const start = column++;
      while (column < columns && level(row, column) === color) column++;
      if (color === null) continue;
      // A hair of overlap: without it the paper shines through between neighbours at some zoom levels.
      const width = pixel(bottom - top + 0.4);
      const look = `stroke="${sequentialColor(color / (HEAT_COLORS - 1))}" stroke-width="${width}"`;
      const run = `M${pixel(across[start]!)},${pixel((bottom + top - 0.4) / 2)}H${pixel(across[column]! + 0.4)}`;
      const runs = strokes.get(look);
      if (runs === undefined) strokes.set(look, [run]);
      else runs.push(run);
    }
  }
  const drawn = [...strokes].map(([look, runs]) => `<path ${look} d="${runs.join("")}"/>`);
  return `<g fill="none">${drawn.join("")}</g>`;
}

/** The colour bar of a heat map, left aligned at x with its upper edge at y. */
export function colorBarSvg(mark: HeatMark, x: number, y: number, width: number): string {
  const [low, high] = heatPosition(mark).ends;
  const steps = 32;
  const step = width / steps;
  const cells = Array.from(
    { length: steps },
    (_, i) =>
      `<rect x="${pixel(x + i * step)}" y="${pixel(y)}" width="${pixel(step + 0.5)}" height="9" fill="${sequentialColor(i / (steps - 1))}"/>`,
  );
  const blank = mark.scale === "log" && mark.values.some((value) => !(value > 0)) ? " (blank: zero)" : "";
  const name = `${mark.text}${mark.scale === "log" ? ", logarithmic" : ""}${blank}`;
  return [
    ...cells,
    `<text class="es-small" x="${pixel(x)}" y="${pixel(y + 21)}">${escapeXml(formatNumber(low, 3))}</text>`,
    `<text class="es-small" x="${pixel(x + width)}" y="${pixel(y + 21)}" text-anchor="end">${escapeXml(formatNumber(high, 3))}</text>`,
    `<text class="es-small" x="${pixel(x + width + 10)}" y="${pixel(y + 9)}">${escapeXml(name)}</text>`,
  ].join("");
}

/** A small sample of a mark's look, for the legend; its baseline is at y. */
export function swatchSvg(mark: Mark, x: number, y: number): string {
  const middle = y - 4;
  switch (mark.kind) {
    case "line":
      return `<path class="es-stroke-${mark.color}" stroke-width="${mark.width ?? 2}"${DASHES[mark.dash ?? "solid"]} d="M${pixel(x)},${pixel(middle)}h${SWATCH}"/>`;
    case "area":
      return `<rect class="es-fill-${mark.color}" fill-opacity="${mark.opacity ?? 0.25}" x="${pixel(x)}" y="${pixel(y - 9)}" width="${SWATCH}" height="10"/>`;
    case "bars":
      return `<rect class="es-fill-${mark.color}" fill-opacity="${mark.opacity ?? 0.55}" x="${pixel(x)}" y="${pixel(y - 9)}" width="${SWATCH}" height="10"/>`;
    case "points": {
      const paint =
        mark.shape === "cross"
          ? `class="es-stroke-${mark.color}" stroke-width="1.75"`
          : `class="es-fill-${mark.color}"`;
      return `<path ${paint} d="${shapePath(mark.shape ?? "circle", [x + SWATCH / 2, middle], Math.min(5, mark.size ?? 3.5))}"/>`;
    }
    case "ticks":
      return `<path class="es-stroke-${mark.color}" stroke-width="1.5" d="M${pixel(x + 6)},${pixel(y + 1)}v-10m5,10v-10m5,10v-10"/>`;
    case "rule":
    case "heat":
      return "";
  }
}

/** The pattern of a rule. */
export function dashAttribute(dash: Dash): string {
  return DASHES[dash];
}

function place(x: number | null, y: number | null): Point | null {
  return x === null || y === null ? null : [x, y];
}
