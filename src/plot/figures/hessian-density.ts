import { max } from "d3-array";
import { pow } from "../../core/index.js";
import { type Figure, type Mark, requireInput } from "../figure.js";
import { formatNumber } from "../format-number.js";

/** A spectral density estimate with the eigenvalues that were computed one by one. */
export interface HessianDensityInput {
  /** Identifier of the figure. */
  readonly id: string;
  /** Heading. */
  readonly title: string;
  /** Abscissae, ascending. */
  readonly grid: ArrayLike<number>;
  /** Density estimate on the grid. */
  readonly density: ArrayLike<number>;
  /** Band over the probes. */
  readonly band: { readonly lower: ArrayLike<number>; readonly upper: ArrayLike<number>; readonly level: number };
  /** Eigenvalues computed one by one. */
  readonly outliers: ArrayLike<number>;
}

const DECADES = 7; // decades of density shown: below lies the smoothing kernel's tail, not the spectrum

/**
 * Shows the spectral density of a Hessian on a logarithmic scale with its band, and the outliers apart.
 *
 * @example
 * ```ts
 * import { hessianDensity } from "eigenscope/plot";
 * const band = { lower: [0.5, 1, 0.1], upper: [0.7, 3, 0.3], level: 0.9 };
 * const figure = hessianDensity({ id: "hessian", title: "Hessian", grid: [-1, 0, 1], density: [0.6, 2, 0.2], band, outliers: [9] });
 * console.log(figure.panels[0].y.scale); // log
 * ```
 */
export function hessianDensity(input: HessianDensityInput): Figure {
  requireInput(input, ["grid", "density", "outliers"], "hessianDensity");
  const grid = Array.from(input.grid);
  const density = Array.from(input.density);
  const outliers = Array.from(input.outliers);
  const upper = Array.from(input.band.upper);
  const top = Math.max(max(density) ?? 0, max(upper) ?? 0);
  const floor = top > 0 ? top * pow(10, -DECADES) : 1e-7;
  const band: Mark = {
    kind: "area",
    x: grid,
    lower: Array.from(input.band.lower),
    upper,
    color: "blue",
    label: `${formatNumber(100 * input.band.level, 3)} % band over probes`,
  };
  const curve: Mark = {
    kind: "line",
    x: grid,
    y: density,
    color: "blue",
    label: "density (stochastic Lanczos quadrature)",
  };
  const single: Mark[] =
    outliers.length === 0 ? [] : [{ kind: "ticks", x: outliers, color: "vermilion", label: "eigenvalues by Lanczos" }];
  return {
    id: input.id,
    title: input.title,
    description:
      `Spectral density between ${formatNumber(grid[0] ?? 0, 3)} and ${formatNumber(grid[grid.length - 1] ?? 0, 3)} on a logarithmic scale; ` +
      `${outliers.length} eigenvalues computed one by one are marked at the foot.`,
    columns: 1,
    panels: [
      {
        title: "",
        x: { label: "Hessian eigenvalue", scale: "linear" },
        y: { label: "density", scale: "log", domain: [floor, 2 * Math.max(top, floor * 10)] },
        marks: [band, curve, ...single],
      },
    ],
  };
}
