import { exp, log } from "../../core/index.js";
import type { BarMark, Color, LineMark, Mark, Panel } from "../../plot/index.js";
import { histogram } from "../../spectra/index.js";
import type { LawCurve } from "./limit-laws.js";

/** Edges of bins over all the values, equal in width or, on a logarithmic axis, in ratio. */
export function commonEdges(values: readonly Float64Array[], bins: number, logarithmic: boolean = false): Float64Array {
  const all = values.flatMap((list) => Array.from(list));
  const [low, high] = [Math.min(...all), Math.max(...all)];
  if (logarithmic) {
    const step = log(high / low) / bins || 1;
    return Float64Array.from({ length: bins + 1 }, (_, i) => low * exp(i * step) * (i === bins ? 1 + 1e-12 : 1));
  }
  const width = (high - low) / bins || 1;
  return Float64Array.from({ length: bins + 1 }, (_, i) => low + i * width);
}

/** Density per bin; per unit of log x on a logarithmic axis, so that areas are shares there too. */
function heights(values: Float64Array, edges: Float64Array, logarithmic: boolean): number[] {
  const { counts } = histogram(values, { edges });
  return Array.from(
    counts,
    (count, i) => count / values.length / (logarithmic ? log(edges[i + 1] / edges[i]) : edges[i + 1] - edges[i]),
  );
}

/** A histogram as bars. */
export function bars(
  values: Float64Array,
  edges: Float64Array,
  color: Color,
  label: string,
  logarithmic: boolean = false,
): BarMark {
  return {
    kind: "bars",
    left: Array.from(edges.subarray(0, -1)),
    right: Array.from(edges.subarray(1)),
    height: heights(values, edges, logarithmic),
    color,
    opacity: 0.35,
    label,
  };
}

/** A histogram as an outline, to lie over bars. */
export function outline(
  values: Float64Array,
  edges: Float64Array,
  color: Color,
  label: string,
  logarithmic: boolean = false,
): LineMark {
  const height = heights(values, edges, logarithmic);
  const x: number[] = [];
  const y: number[] = [];
  for (let i = 0; i < height.length; i++) {
    x.push(edges[i], edges[i + 1]);
    y.push(height[i], height[i]);
  }
  return { kind: "line", x, y, color, width: 1.8, label };
}

/** A limit law as a curve inside the domain, cut where a singular density would dwarf the rest. */
export function lawLine(
  { grid, density }: LawCurve,
  highest: number,
  [from, to]: readonly [number, number],
  label: string,
  logarithmic: boolean = false,
): LineMark {
  const kept = grid
    .map((x, i) => [x, density[i] * (logarithmic ? x : 1)] as const)
    .filter(([x, y]) => x >= from && x <= to && y > 0)
    .map(([x, y]) => [x, Math.min(y, highest)] as const);
  return {
    kind: "line",
    x: kept.map(([x]) => x),
    y: kept.map(([, y]) => y),
    color: "ink",
    dash: "dashed",
    width: 1.3,
    label,
  };
}

/** Share of values that are at least x, at every value: a step function drawn through its corners, for two logarithmic axes. */
export function survival(values: Float64Array, color: Color, dash: LineMark["dash"], label: string): LineMark {
  const sorted = values.slice().sort();
  const n = sorted.length;
  return {
    kind: "line",
    x: Array.from(sorted),
    y: Array.from(sorted, (_, i) => (n - i) / n),
    color,
    ...(dash === undefined ? {} : { dash }),
    width: 1.8,
    label,
  };
}

/** A panel on linear axes unless said otherwise. */
export function panel(title: string, x: Panel["x"] | string, y: Panel["y"] | string, marks: readonly Mark[]): Panel {
  const axis = (a: Panel["x"] | string): Panel["x"] => (typeof a === "string" ? { label: a, scale: "linear" } : a);
  return { title, x: axis(x), y: axis(y), marks };
}
