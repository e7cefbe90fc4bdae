import type { Color, LineMark, Mark, Panel } from "../../plot/index.js";
import { histogram } from "../../spectra/index.js";
import type { LawCurve } from "./invariance-part.js";

/** Edges of bins of equal width over all the values. */
export function commonEdges(values: readonly Float64Array[], bins: number, limit: number = Infinity): Float64Array {
  const inside = values.flatMap((list) => Array.from(list)).filter((value) => value <= limit);
  const [low, high] = [Math.min(...inside), Math.max(...inside)];
  const width = (high - low) / bins || 1;
  return Float64Array.from({ length: bins + 1 }, (_, i) => low + i * width);
}

/** A histogram as bars. */
export function bars(values: Float64Array, edges: Float64Array, color: Color, label: string): Mark {
  const { density } = histogram(values, { edges });
  return {
    kind: "bars",
    left: Array.from(edges.subarray(0, -1)),
    right: Array.from(edges.subarray(1)),
    height: Array.from(density),
    color,
    opacity: 0.35,
    label,
  };
}

/** A histogram as an outline, to lie over bars. */
export function outline(values: Float64Array, edges: Float64Array, color: Color, label: string): LineMark {
  const { density } = histogram(values, { edges });
  const x: number[] = [];
  const y: number[] = [];
  for (let i = 0; i < density.length; i++) {
    x.push(edges[i], edges[i + 1]);
    y.push(density[i], density[i]);
  }
  return { kind: "line", x, y, color, width: 1.8, label };
}

/** A limit law as a curve, cut where a singular density would dwarf the rest. */
export function lawLine({ grid, density }: LawCurve, highest: number, label: string): LineMark {
  const kept = grid.map((x, i) => [x, density[i]] as const).filter(([, y]) => y > 0 && y <= highest);
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
