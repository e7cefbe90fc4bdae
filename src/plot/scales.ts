import { log10, pow } from "../core/index.js";
import { scaleLinear, scaleLog } from "d3-scale";
import type { Axis, Mark, Panel } from "./figure.js";
import { formatNumber, superscript } from "./format-number.js";

/** One tick of an axis: where, and what is written there (empty for a minor tick). */
export interface Tick {
  /** Value on the axis. */
  readonly value: number;
  /** Text; empty for minor ticks. */
  readonly label: string;
}

/** A scale with its domain settled. */
export interface SettledScale {
  /** Linear or logarithmic. */
  readonly kind: "linear" | "log";
  /** Ends of the axis. */
  readonly domain: readonly [number, number];
  /** Ticks within the domain, ascending. */
  readonly ticks: readonly Tick[];
  /** Pixel of a value; null where a logarithmic axis has no place for it. */
  position(value: number): number | null;
}

/** Magnitudes beyond these are held there: tick steps and ratios of extents must neither overflow nor underflow. */
const LARGEST = 1e300;
const SMALLEST = 1e-300;

const PADDING = 0.04; // share of the data range left free at the ends of a linear axis

/** Settles domain and ticks of an axis for the given pixel range. */
export function settleScale(
  axis: Axis,
  extent: readonly [number, number],
  range: readonly [number, number],
  tickCount: number,
): SettledScale {
  const domain = axis.domain ?? extent;
  if (axis.scale === "log") {
    const scale = scaleLog().domain(domain).range(range);
    return {
      kind: "log",
      domain: [domain[0], domain[1]],
      ticks: logTicks(domain, tickCount),
      // Far outside values are held near the panel, so that clipped paths keep short coordinates.
      position: (value) => (value > 0 ? clampPixel(scale(value), range) : null),
    };
  }
  const scale = scaleLinear().domain(domain).range(range);
  return {
    kind: "linear",
    domain: [domain[0], domain[1]],
    ticks: scale.ticks(tickCount).map((value) => ({ value, label: formatNumber(value) })),
    position: (value) => clampPixel(scale(value), range),
  };
}

function clampPixel(pixel: number, range: readonly [number, number]): number {
  const span = Math.abs(range[1] - range[0]);
  return Math.min(Math.max(range[0], range[1]) + span, Math.max(Math.min(range[0], range[1]) - span, pixel));
}

/** 1-2-5 steps where they fit, else decades, else (for a short axis) linear steps. */
function logTicks(domain: readonly [number, number], tickCount: number): Tick[] {
  const low = log10(domain[0]);
  const high = log10(domain[1]);
  const slack = 1e-9;
  const first = Math.ceil(low - slack);
  const last = Math.floor(high + slack);
  const steps: Tick[] = [];
  for (let power = Math.floor(low); power <= last + 1 && steps.length <= tickCount; power++) {
    for (const factor of [1, 2, 5]) {
      const value = Number(`${factor}e${power}`);
      if (value >= domain[0] * (1 - slack) && value <= domain[1] * (1 + slack))
        steps.push({ value, label: formatNumber(value) });
    }
  }
  if (steps.length >= 2 && steps.length <= tickCount) return steps;
  if (last > first) {
    const stride = Math.max(1, Math.ceil((last - first + 1) / tickCount));
    return Array.from({ length: last - first + 1 }, (_, i) => {
      const power = first + i;
      return { value: Number(`1e${power}`), label: i % stride === 0 ? decadeLabel(power) : "" };
    });
  }
  return scaleLinear()
    .domain(domain)
    .ticks(Math.min(4, tickCount))
    .map((value) => ({ value, label: formatNumber(value) }));
}

function decadeLabel(power: number): string {
  if (power === 0) return "1";
  if (power === 1) return "10";
  return power >= -2 && power <= 3 ? formatNumber(Number(`1e${power}`)) : `10${superscript(power)}`;
}

/** Extents of all marks of a panel along one axis. */
export function panelExtent(panel: Panel, name: "x" | "y"): [number, number] {
  const axis = panel[name];
  let low = Infinity;
  let high = -Infinity;
  const take = (raw: number): void => {
    if (axis.scale === "log" && !(raw > 0)) return;
    const held = Math.min(LARGEST, Math.max(-LARGEST, raw));
    const value = axis.scale === "log" ? Math.max(SMALLEST, held) : Math.abs(held) < SMALLEST ? 0 : held;
    if (value < low) low = value;
    if (value > high) high = value;
  };
  for (const mark of panel.marks) markValues(mark, name, axis.scale).forEach(take);
  if (low > high) return axis.scale === "log" ? [1, 10] : [0, 1]; // nothing to show
  const exact = panel.marks.some((mark) => mark.kind === "heat");
  return axis.scale === "log" ? padLog(low, high, exact) : padLinear(low, high, exact, name === "y");
}

function markValues(mark: Mark, name: "x" | "y", scale: "linear" | "log"): number[] {
  switch (mark.kind) {
    case "line":
      return [...mark[name]];
    case "points":
      if (name === "x" || mark.error === undefined)
        return [...mark[name], ...(mark.stems === true && name === "y" && scale === "linear" ? [0] : [])];
      return mark.y.flatMap((value, i) => [value - mark.error![i]!, value, value + mark.error![i]!]);
    case "area":
      return name === "x" ? [...mark.x] : [...mark.lower, ...mark.upper];
    case "bars":
      return name === "x" ? [...mark.left, ...mark.right] : [...mark.height, ...(scale === "linear" ? [0] : [])];
    case "ticks":
      return name === "x" ? [...mark.x] : [];
    case "rule":
      return mark.axis === name ? [mark.value] : [];
    case "heat":
      return name === "x" ? [...mark.xEdges] : [...mark.yEdges];
  }
}

function padLinear(low: number, high: number, exact: boolean, grounded: boolean): [number, number] {
  if (exact && low < high) return [low, high];
  const size = Math.max(Math.abs(low), Math.abs(high));
  // Ticks need digits: a range of rounding errors is shown as one value.
  if (high - low <= 1e-12 * size) return size === 0 ? [-1, 1] : [low - size / 2, high + size / 2];
  const margin = PADDING * (high - low);
  // A quantity that is never negative keeps its axis at 0 when it comes near it.
  const floor = grounded && low >= 0 && low <= 0.25 * high ? 0 : low - margin;
  return [floor, high + margin];
}

function padLog(low: number, high: number, exact: boolean): [number, number] {
  if (exact && low < high) return [low, high];
  const factor = Math.max(1.25, pow(10, PADDING * (log10(high) - log10(low)))); // the ratio itself may overflow
  return [Math.max(SMALLEST / 1e6, low / factor), Math.min(LARGEST * 1e6, high * factor)];
}
