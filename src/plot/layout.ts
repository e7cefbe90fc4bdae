import type { Color, Figure, Mark, Panel, RuleMark } from "./figure.js";
import { type SettledScale, panelExtent, settleScale } from "./scales.js";
import { textWidth, wrapText } from "./text-width.js";

/** A rectangle in pixels. */
export interface Box {
  /** Left edge. */
  readonly left: number;
  /** Upper edge. */
  readonly top: number;
  /** Width. */
  readonly width: number;
  /** Height. */
  readonly height: number;
}

/** A legend entry with its place. */
export interface LegendEntry {
  /** The mark whose look is repeated in the swatch. */
  readonly mark: Mark;
  /** Text. */
  readonly label: string;
  /** Left end of the swatch. */
  readonly x: number;
  /** Baseline of the text. */
  readonly y: number;
}

/** The name of a rule with its place. */
export interface RuleLabel {
  /** Text. */
  readonly text: string;
  /** Colour of the rule. */
  readonly color: Color;
  /** Left end of the text. */
  readonly x: number;
  /** Baseline. */
  readonly y: number;
}

/** Everything about a panel that needs measuring. */
export interface PanelLayout {
  /** The panel. */
  readonly panel: Panel;
  /** The data region. */
  readonly plot: Box;
  /** Horizontal scale. */
  readonly x: SettledScale;
  /** Vertical scale. */
  readonly y: SettledScale;
  /** Lines of the heading and baseline of each. */
  readonly heading: readonly { readonly text: string; readonly y: number }[];
  /** Legend entries. */
  readonly legend: readonly LegendEntry[];
  /** Names of the rules. */
  readonly rules: readonly RuleLabel[];
  /** Left end of the heading and the legend. */
  readonly left: number;
}

/** Everything about a figure that needs measuring. */
export interface FigureLayout {
  /** Whole size. */
  readonly width: number;
  /** Whole size. */
  readonly height: number;
  /** Lines of the title with their baselines. */
  readonly title: readonly { readonly text: string; readonly y: number }[];
  /** The panels, in the figure's order. */
  readonly panels: readonly PanelLayout[];
}

const LINE = 16; // height of a line of 11 to 12 px text
const SMALL = 11; // px, tick and rule labels
const NORMAL = 12; // px, legend and axis labels
export const SWATCH = 22; // px, width of a legend swatch
const EDGE = 12; // px, free margin of the figure
const HEAT_BAR = 30; // px, room for a colour bar under the heading

/** Measures a figure: where everything goes, so that no two texts overlap. */
export function layoutFigure(figure: Figure, width: number, plotHeight: number): FigureLayout {
  const title = wrapText(figure.title, 15, width - 2 * EDGE, true).map((text, i) => ({ text, y: EDGE + 14 + 19 * i }));
  let top = EDGE + 19 * title.length + 8;
  const columns = Math.min(figure.columns, figure.panels.length);
  const slot = (width - 2 * EDGE - (columns - 1) * 16) / columns;
  const margins = Array.from({ length: columns }, (_, column) =>
    columnMargins(figure, column, columns, slot, plotHeight),
  );
  const panels: PanelLayout[] = [];
  for (let start = 0; start < figure.panels.length; start += columns) {
    const row = figure.panels.slice(start, start + columns);
    const measured = row.map((panel, i) => measurePanel(panel, slot, plotHeight, margins[i]!));
    const header = Math.max(...measured.map((panel) => panel.header));
    const footer = SMALL + 10 + LINE + 6; // tick labels, then the axis label
    // Headings of a row stand on one line; so do the data regions below them.
    measured.forEach((panel, i) => panels.push(panel.place(EDGE + i * (slot + 16), top, header)));
    top += header + plotHeight + footer + 10;
  }
  return { width, height: Math.ceil(top + 2), title, panels };
}

interface Margins {
  readonly left: number;
  readonly right: number;
}

/** Panels below one another share their margins, so that a common horizontal axis lines up. */
function columnMargins(figure: Figure, column: number, columns: number, slot: number, plotHeight: number): Margins {
  const panels = figure.panels.filter((_, i) => i % columns === column);
  return {
    left: Math.max(...panels.map((panel) => leftMargin(panel, plotHeight))),
    right: Math.max(...panels.map((panel) => rightMargin(panel, slot))),
  };
}

function leftMargin(panel: Panel, plotHeight: number): number {
  const scale = settleScale(panel.y, panelExtent(panel, "y"), [plotHeight, 0], verticalTickCount(plotHeight));
  return LINE + 14 + Math.max(0, ...scale.ticks.map((tick) => textWidth(tick.label, SMALL))); // rotated label, tick labels
}

function rightMargin(panel: Panel, slot: number): number {
  const lines = horizontalRules(panel).flatMap((rule) => ruleLines(rule, slot));
  return lines.length === 0 ? 14 : 10 + Math.max(...lines.map((line) => textWidth(line, SMALL)));
}

function verticalTickCount(plotHeight: number): number {
  return Math.max(3, Math.round(plotHeight / 44));
}

function horizontalRules(panel: Panel): RuleMark[] {
  return panel.marks.filter((mark): mark is RuleMark => mark.kind === "rule" && mark.axis === "y");
}

function ruleLines(rule: RuleMark, slot: number): string[] {
  return wrapText(rule.text, SMALL, 0.2 * slot);
}

interface MeasuredPanel {
  readonly header: number;
  place(left: number, top: number, header: number): PanelLayout;
}

function measurePanel(panel: Panel, slot: number, plotHeight: number, margins: Margins): MeasuredPanel {
  const plotWidth = slot - margins.left - margins.right;
  const xExtent = panelExtent(panel, "x");
  const xScale = (left: number): SettledScale => fittingTicks(panel, xExtent, [left, left + plotWidth], plotWidth);
  const heading = panel.title === "" ? [] : wrapText(panel.title, 12.5, slot, true);
  const entries = legendFlow(panel.marks, slot);
  const legendRows = entries.length === 0 ? 0 : entries[entries.length - 1]!.row + 1;
  const heat = panel.marks.some((mark) => mark.kind === "heat") ? HEAT_BAR + 6 : 0;
  const lanes = verticalRuleLanes(panel.marks, xScale(0), plotWidth);
  const laneCount = lanes.length === 0 ? 0 : Math.max(...lanes.map((lane) => lane.lane)) + 1;
  const header =
    heading.length * LINE + legendRows * LINE + heat + laneCount * 14 + (heading.length + legendRows > 0 ? 10 : 6);
  const place = (left: number, top: number, rowHeader: number): PanelLayout => {
    const plot: Box = { left: left + margins.left, top: top + rowHeader, width: plotWidth, height: plotHeight };
    const y = settleScale(
      panel.y,
      panelExtent(panel, "y"),
      [plot.top + plotHeight, plot.top],
      verticalTickCount(plotHeight),
    );
    return {
      panel,
      plot,
      x: xScale(plot.left),
      y,
      left,
      heading: heading.map((text, i) => ({ text, y: top + 12 + LINE * i })),
      legend: entries.map((entry) => ({
        mark: entry.mark,
        label: entry.label,
        x: left + entry.offset,
        y: top + LINE * heading.length + 12 + LINE * entry.row,
      })),
      rules: [
        ...lanes.map((lane) => verticalRuleLabel(lane, laneCount, plot)),
        ...horizontalRuleLabels(horizontalRules(panel), slot, y, plot),
      ],
    };
  };
  return { header, place };
}

/** Takes ticks away until their labels have room. */
function fittingTicks(
  panel: Panel,
  extent: readonly [number, number],
  range: readonly [number, number],
  width: number,
): SettledScale {
  let count = Math.max(2, Math.round(width / 70));
  for (;;) {
    const scale = settleScale(panel.x, extent, range, count);
    let end = -Infinity;
    const fits = scale.ticks.every((tick) => {
      if (tick.label === "") return true;
      const half = textWidth(tick.label, SMALL) / 2;
      const center = scale.position(tick.value) ?? 0;
      if (center - half < end + 6) return false;
      end = center + half;
      return true;
    });
    if (fits || count <= 2) return scale;
    count -= 1;
  }
}

interface FlowEntry {
  readonly mark: Mark;
  readonly label: string;
  readonly offset: number;
  readonly row: number;
}

/** Legend entries from left to right, breaking into rows. */
function legendFlow(marks: readonly Mark[], width: number): FlowEntry[] {
  const entries: FlowEntry[] = [];
  let offset = 0;
  let row = 0;
  for (const mark of marks) {
    const label = mark.kind === "rule" || mark.kind === "heat" ? undefined : mark.label;
    if (label === undefined) continue;
    const length = SWATCH + 6 + textWidth(label, NORMAL) + 14;
    if (offset > 0 && offset + length - 14 > width) {
      offset = 0;
      row += 1;
    }
    entries.push({ mark, label, offset, row });
    offset += length;
  }
  return entries;
}

interface Lane {
  readonly rule: RuleMark;
  readonly lane: number;
  readonly offset: number;
}

/** Names of vertical rules go above the plot, each in the lowest lane where it is free. */
function verticalRuleLanes(marks: readonly Mark[], scale: SettledScale, width: number): Lane[] {
  const taken: [number, number][][] = [];
  const lanes: Lane[] = [];
  for (const rule of marks) {
    if (rule.kind !== "rule" || rule.axis !== "x") continue;
    const pixel = scale.position(rule.value);
    if (pixel === null || pixel < -0.5 || pixel > width + 0.5) continue;
    const length = textWidth(rule.text, SMALL);
    const left = Math.min(Math.max(pixel - length / 2, -20), Math.max(-20, width - length));
    let lane = 0;
    while ((taken[lane] ?? []).some(([a, b]) => left < b + 8 && left + length > a - 8)) lane += 1;
    (taken[lane] ??= []).push([left, left + length]);
    lanes.push({ rule, lane, offset: left });
  }
  // Lane 0 must lie nearest to the plot: lanes are counted downwards by the caller.
  const top = Math.max(0, ...lanes.map((lane) => lane.lane));
  return lanes.map((lane) => ({ ...lane, lane: top - lane.lane }));
}

function verticalRuleLabel(lane: Lane, laneCount: number, plot: Box): RuleLabel {
  return {
    text: lane.rule.text,
    color: lane.rule.color,
    x: plot.left + lane.offset,
    y: plot.top - 5 - 14 * (laneCount - 1 - lane.lane),
  };
}

/** Names of horizontal rules go to the right of the plot and move down until none overlaps. */
function horizontalRuleLabels(rules: readonly RuleMark[], slot: number, scale: SettledScale, plot: Box): RuleLabel[] {
  const foot = plot.top + plot.height;
  const order = rules
    .map((rule) => ({ rule, pixel: scale.position(rule.value) ?? Infinity }))
    .filter(({ pixel }) => pixel >= plot.top - 0.5 && pixel <= foot + 0.5)
    .sort((a, b) => a.pixel - b.pixel);
  const labels: RuleLabel[] = [];
  let free = -Infinity;
  for (const { rule, pixel } of order) {
    const lines = ruleLines(rule, slot);
    let y = Math.max(pixel + 4 - (lines.length - 1) * 7, free);
    for (const text of lines) {
      labels.push({ text, color: rule.color, x: plot.left + plot.width + 6, y });
      y += 14;
    }
    free = y;
  }
  return labels;
}
