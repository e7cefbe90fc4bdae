import { extremeEigenvalues, formatNumber, hessianDensity } from "../../plot/index.js";
import type { Cell, ReportSection } from "../../report/index.js";
import type { HessianPart, SpectrumEnd } from "./hessian-part.js";
import type { SpectralStudy } from "./spectral-study.js";

/** Item 3: the Hessian at the end of training. */
export function hessianSection(part: HessianPart, study: SpectralStudy): ReportSection {
  const { largest, smallest, density } = part;
  const { probes, lanczosSteps } = study.options;
  const outliers = [...largest.values, ...smallest.values];
  const unfinished = [largest, smallest].filter((end) => end.status !== "converged");
  return {
    id: "hessian",
    title: "3. The Hessian at the end",
    status: "complete",
    text: [
      endsSentence(part),
      `By the density ${formatNumber(100 * shareNearZero(part), 5)} % of the spectrum lies within λ₁/${NEAR} of zero, where λ₁ is the largest eigenvalue. ` +
        "An eigenvalue lies within the residual norm of each value listed.",
      ...(unfinished.length === 0
        ? []
        : ["Not all values reached the tolerance 10⁻⁶ ‖H‖: their residual norms say how far they are trusted."]),
    ],
    method:
      `Thick-restart Lanczos on exact Hessian-vector products (order ${part.dimension}, mean over ${part.samples} samples): ` +
      `${largest.matvecs} products for the largest, ${smallest.matvecs} for the smallest; density by stochastic Lanczos quadrature, ${probes} random vectors of ${lanczosSteps} steps.`,
    matvecs: part.matvecs,
    tables: [
      {
        caption: "Eigenvalues with residuals",
        columns: [
          { label: "end", align: "left" },
          { label: "rank" },
          { label: "eigenvalue", digits: 6 },
          { label: "residual norm", digits: 2 },
          { label: "status", align: "left" },
        ],
        rows: [...endRows("largest", largest), ...endRows("smallest", smallest)],
      },
    ],
    figures: [
      hessianDensity({ id: "hessian-density", title: "Spectral density of the Hessian", ...density, outliers }),
      extremeEigenvalues({
        id: "hessian-ends",
        title: "Both ends of the Hessian's spectrum",
        largest: largest.values,
        smallest: smallest.values,
      }),
    ],
    data: { ...part },
  };
}

const NEAR = 20; // what is smaller than the largest eigenvalue by this factor counts as near zero

/** Share of the spectrum with |λ| <= λ₁ / NEAR: the density there by the trapezoidal rule; the largest are not in the density. */
export function shareNearZero({ density, largest }: Pick<HessianPart, "density" | "largest">): number {
  const limit = Math.abs(largest.values[0]!) / NEAR;
  const { grid, density: heights } = density;
  let share = 0;
  for (let i = 1; i < grid.length; i++) {
    const middle = (grid[i]! + grid[i - 1]!) / 2;
    if (Math.abs(middle) <= limit) share += ((heights[i]! + heights[i - 1]!) / 2) * (grid[i]! - grid[i - 1]!);
  }
  return share;
}

function endRows(name: string, end: SpectrumEnd): Cell[][] {
  return Array.from(end.values, (value, i) => [name, i + 1, value, end.residualNorms[i]!, end.status]);
}

function endsSentence({ largest, smallest, dimension }: HessianPart): string {
  const top = largest.values[0]!;
  const bottom = smallest.values[0]!;
  const sign =
    bottom < -smallest.residualNorms[0]!
      ? `negative: the ${dimension}-dimensional Hessian is indefinite, and its condition number is undefined`
      : "not negative beyond its residual";
  return `The largest Hessian eigenvalue is ${formatNumber(top)}; the smallest, ${formatNumber(bottom)}, is ${sign}.`;
}
