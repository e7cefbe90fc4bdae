import { extent } from "d3-array";
import { type Figure, type Mark, type Panel, requireInput } from "../figure.js";
import { formatNumber } from "../format-number.js";
import { defaultBins, histogram } from "../histogram.js";

/** The singular values of one matrix at one moment, with the law that a random matrix of its shape follows. */
export interface SingularValueSnapshot {
  /** When, such as "at initialisation". */
  readonly label: string;
  /** The singular values. */
  readonly singularValues: ArrayLike<number>;
  /** Density of singular values under the Marchenko–Pastur law, on a grid, normalised to one; none where no law was fitted. */
  readonly law: { readonly grid: ArrayLike<number>; readonly density: ArrayLike<number> } | null;
  /** Upper edge of the bulk in units of singular values. */
  readonly edge: number | null;
  /** The singular values beyond the edge. */
  readonly outliers: ArrayLike<number>;
}

/** What to show of a layer. */
export interface SingularValueDensityInput {
  /** Identifier of the figure. */
  readonly id: string;
  /** Name and shape of the layer. */
  readonly title: string;
  /** One panel each, over a common horizontal axis. */
  readonly snapshots: readonly SingularValueSnapshot[];
}

/**
 * Shows singular values as a histogram under the Marchenko–Pastur density, with the bulk edge and what lies outside.
 *
 * Relation: bars and curve are densities of singular values s, normalised to one (not of s²).
 *
 * @example
 * ```ts
 * import { singularValueDensity } from "eigenscope/plot";
 * const figure = singularValueDensity({
 *   id: "layer-1",
 *   title: "Layer 1",
 *   snapshots: [{ label: "trained", singularValues: [1, 1.5, 2, 6], law: null, edge: 3, outliers: [6] }],
 * });
 * console.log(figure.panels[0].title); // trained: 1 of 4 outside the bulk
 * ```
 */
export function singularValueDensity(input: SingularValueDensityInput): Figure {
  requireInput(input, ["snapshots"], "singularValueDensity");
  const largest = Math.max(...input.snapshots.map((snapshot) => maximum(snapshot)));
  const domain: readonly [number, number] = [0, largest > 0 ? 1.04 * largest : 1];
  const width = binWidth(input.snapshots, domain[1]);
  return {
    id: input.id,
    title: input.title,
    description: input.snapshots.map((snapshot) => `${snapshot.label}: ${sentence(snapshot)}`).join(" "),
    columns: Math.min(2, input.snapshots.length),
    panels: input.snapshots.map((snapshot) => panel(snapshot, domain, width)),
  };
}

function maximum({ singularValues, edge }: SingularValueSnapshot): number {
  let largest = edge ?? 0;
  for (let i = 0; i < singularValues.length; i++) largest = Math.max(largest, singularValues[i]!);
  return largest;
}

function sentence({ singularValues, outliers, edge }: SingularValueSnapshot): string {
  const beyond = edge === null ? "no bulk edge" : `${outliers.length} beyond the bulk edge ${formatNumber(edge, 3)}`;
  return `${singularValues.length} singular values, ${beyond}.`;
}

/** One width for all panels, from the spread of the narrowest: outliers must not coarsen the bulk. */
function binWidth(snapshots: readonly SingularValueSnapshot[], whole: number): number {
  const spreads = snapshots.map(({ singularValues, edge }) => {
    const values = Array.from(singularValues).filter((value) => edge === null || value <= edge);
    const [low = 0, high = 0] = extent(values);
    return values.length < 2 ? 0 : (high - low) / defaultBins(values.length);
  });
  const usable = spreads.filter((spread) => spread > whole / 200);
  return usable.length === 0 ? whole / 40 : Math.min(...usable);
}

function panel(snapshot: SingularValueSnapshot, domain: readonly [number, number], width: number): Panel {
  const { left, right, density } = histogram(snapshot.singularValues, { width });
  const marks: Mark[] = [{ kind: "bars", left, right, height: density, color: "blue", label: "singular values" }];
  if (snapshot.law !== null) {
    const { grid, density: law } = snapshot.law;
    marks.push({
      kind: "line",
      x: Array.from(grid),
      y: Array.from(law),
      color: "ink",
      dash: "solid",
      label: "Marchenko–Pastur",
    });
  }
  if (snapshot.outliers.length > 0) {
    marks.push({ kind: "ticks", x: Array.from(snapshot.outliers), color: "vermilion", label: "outside the bulk" });
  }
  if (snapshot.edge !== null) {
    marks.push({
      kind: "rule",
      axis: "x",
      value: snapshot.edge,
      text: `bulk edge ${formatNumber(snapshot.edge, 3)}`,
      color: "vermilion",
    });
  }
  const count = `${snapshot.outliers.length} of ${snapshot.singularValues.length} outside the bulk`;
  return {
    title: snapshot.edge === null ? snapshot.label : `${snapshot.label}: ${count}`,
    x: { label: "singular value", scale: "linear", domain },
    y: { label: "density", scale: "linear" },
    marks,
  };
}
