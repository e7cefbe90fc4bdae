import { requireInteger, requireOptions } from "../core/index.js";
import { type Figure, requireFigure } from "./figure.js";
import { type PanelLayout, SWATCH, layoutFigure } from "./layout.js";
import { figureStyle } from "./palette.js";
import { colorBarSvg, dashAttribute, markSvg, swatchSvg } from "./svg-marks.js";
import { escapeXml, pixel } from "./svg-text.js";

/** How to render a figure. */
export interface RenderSvgOptions {
  /** Width in user units (pixels at natural size), 760 by default. */
  readonly width?: number;
  /** Height of the data region of each panel, 230 by default. */
  readonly plotHeight?: number;
  /** Whether the SVG carries its own style sheet (default), or relies on `figureStyle()` in the page. */
  readonly standalone?: boolean;
}

/**
 * Renders a figure record as SVG text.
 *
 * Relation: equal records give equal text, in every engine; the text holds no script, no link and no font.
 * Colours are variables with a light and a dark set (`prefers-color-scheme`); the picture has role "img" with title
 * and description; names of rules stand outside the data, and no two texts overlap.
 *
 * @param figure what to draw; see the figure builders
 * @throws {ArgumentError} for a malformed figure or sizes out of range
 * @throws {ShapeError} when arrays of a mark differ in length
 * @throws {NonFiniteError} for NaN or infinities in a mark
 *
 * @example
 * ```ts
 * import { renderSvg } from "eigenscope/plot";
 * const svg = renderSvg({
 *   id: "parabola",
 *   title: "A parabola",
 *   description: "The square of x between 0 and 2.",
 *   columns: 1,
 *   panels: [{
 *     title: "",
 *     x: { label: "x", scale: "linear" },
 *     y: { label: "x²", scale: "linear" },
 *     marks: [{ kind: "line", x: [0, 1, 2], y: [0, 1, 4], color: "blue" }],
 *   }],
 * });
 * console.log(svg.startsWith("<svg")); // true
 * ```
 */
export function renderSvg(figure: Figure, options: RenderSvgOptions = {}): string {
  requireOptions(options, ["width", "plotHeight", "standalone"], "renderSvg");
  const width = requireInteger(options.width ?? 760, "width", "renderSvg", 240, 4000);
  const plotHeight = requireInteger(options.plotHeight ?? 230, "plotHeight", "renderSvg", 60, 2000);
  requireFigure(figure, "renderSvg");
  const layout = layoutFigure(figure, width, plotHeight);
  const { id } = figure;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" class="es-figure" id="${id}" role="img" aria-labelledby="${id}-title ${id}-description"` +
      ` viewBox="0 0 ${layout.width} ${layout.height}" width="${layout.width}" height="${layout.height}">`,
    `<title id="${id}-title">${escapeXml(figure.title)}</title>`,
    `<desc id="${id}-description">${escapeXml(figure.description)}</desc>`,
    ...(options.standalone === false ? [] : [`<style>${figureStyle()}</style>`]),
    `<rect width="${layout.width}" height="${layout.height}" style="fill:var(--es-paper)"/>`,
    ...layout.title.map((part) => `<text class="es-title" x="12" y="${pixel(part.y)}">${escapeXml(part.text)}</text>`),
    ...layout.panels.map((panel, i) => panelSvg(panel, `${id}-clip-${i}`)),
    "</svg>",
  ].join("\n");
}

function panelSvg(layout: PanelLayout, clip: string): string {
  const { plot, panel } = layout;
  const heat = panel.marks.find((mark) => mark.kind === "heat");
  return [
    "<g>",
    ...layout.heading.map(
      (part) =>
        `<text class="es-heading" x="${pixel(layout.left)}" y="${pixel(part.y)}">${escapeXml(part.text)}</text>`,
    ),
    ...layout.legend.map(
      (entry) =>
        `${swatchSvg(entry.mark, entry.x, entry.y)}<text x="${pixel(entry.x + SWATCH + 6)}" y="${pixel(entry.y)}">${escapeXml(entry.label)}</text>`,
    ),
    ...(heat?.kind === "heat" ? [colorBarSvg(heat, plot.left, plot.top - 36, Math.min(200, plot.width / 2))] : []),
    gridSvg(layout),
    `<clipPath id="${clip}"><rect x="${pixel(plot.left)}" y="${pixel(plot.top - 1)}" width="${pixel(plot.width)}" height="${pixel(plot.height + 2)}"/></clipPath>`,
    `<g clip-path="url(#${clip})">`,
    ...panel.marks.map((mark) => markSvg(mark, layout)),
    "</g>",
    axesSvg(layout),
    rulesSvg(layout),
    "</g>",
  ]
    .filter((part) => part !== "")
    .join("\n");
}

function gridSvg({ plot, x, y }: PanelLayout): string {
  const vertical = x.ticks.map(
    (tick) => `M${pixel(x.position(tick.value) ?? 0)},${pixel(plot.top)}v${pixel(plot.height)}`,
  );
  const horizontal = y.ticks.map(
    (tick) => `M${pixel(plot.left)},${pixel(y.position(tick.value) ?? 0)}h${pixel(plot.width)}`,
  );
  return `<path class="es-grid" d="${[...vertical, ...horizontal].join("")}"/>`;
}

function axesSvg({ plot, x, y, panel, left }: PanelLayout): string {
  const foot = plot.top + plot.height;
  const center = plot.left + plot.width / 2;
  const middle = plot.top + plot.height / 2;
  const tickWidth = plot.left - 8;
  return [
    `<path class="es-axis" d="M${pixel(plot.left)},${pixel(plot.top)}V${pixel(foot)}H${pixel(plot.left + plot.width)}"/>`,
    ...x.ticks
      .filter((tick) => tick.label !== "")
      .map(
        (tick) =>
          `<text class="es-small" x="${pixel(x.position(tick.value) ?? 0)}" y="${pixel(foot + 15)}" text-anchor="middle">${escapeXml(tick.label)}</text>`,
      ),
    ...y.ticks
      .filter((tick) => tick.label !== "")
      .map(
        (tick) =>
          `<text class="es-small" x="${pixel(tickWidth)}" y="${pixel((y.position(tick.value) ?? 0) + 4)}" text-anchor="end">${escapeXml(tick.label)}</text>`,
      ),
    `<text x="${pixel(center)}" y="${pixel(foot + 33)}" text-anchor="middle">${escapeXml(panel.x.label)}</text>`,
    `<text transform="translate(${pixel(left + 12)},${pixel(middle)}) rotate(-90)" text-anchor="middle">${escapeXml(panel.y.label)}</text>`,
  ].join("\n");
}

function rulesSvg({ plot, rules, panel, x, y }: PanelLayout): string {
  const lines = panel.marks.flatMap((mark) => {
    if (mark.kind !== "rule") return [];
    const at = (mark.axis === "x" ? x : y).position(mark.value);
    if (at === null) return [];
    const inside =
      mark.axis === "x"
        ? at >= plot.left - 0.5 && at <= plot.left + plot.width + 0.5
        : at >= plot.top - 0.5 && at <= plot.top + plot.height + 0.5;
    if (!inside) return [];
    const path =
      mark.axis === "x"
        ? `M${pixel(at)},${pixel(plot.top - 3)}V${pixel(plot.top + plot.height)}`
        : `M${pixel(plot.left)},${pixel(at)}h${pixel(plot.width + 3)}`;
    return [
      `<path class="es-stroke-${mark.color}" stroke-width="1.5"${dashAttribute(mark.dash ?? "dashed")} d="${path}"/>`,
    ];
  });
  const names = rules.map(
    (rule) =>
      `<text class="es-small es-fill-${rule.color}" x="${pixel(rule.x)}" y="${pixel(rule.y)}">${escapeXml(rule.text)}</text>`,
  );
  return [...lines, ...names].join("\n");
}
