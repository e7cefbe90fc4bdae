import { type Color, type Figure, type Mark, type Panel, formatNumber } from "../../plot/index.js";
import type { Cell, ReportSection } from "../../report/index.js";
import type { CurvatureStudy } from "./curvature-study.js";
import { percent } from "./percent.js";
import type { CertifiedEigenvalues, MatrixSpectrumPart, SpectraPart } from "./spectra-part.js";

const COLORS: readonly Color[] = ["blue", "vermilion", "green"];
const FLOOR = 1e-6; // of the peak: what lies below is the tail of the smoothing kernel, not the spectrum
const SHOWN = 5; // eigenvalues of each end in the table

/** Spectra of Hessian, Gauss–Newton matrix and residual side by side. */
export function spectraSection(part: SpectraPart, study: CurvatureStudy): ReportSection {
  const { matrices } = part;
  const [H, G, R] = matrices;
  const unfinished = matrices.flatMap((matrix) =>
    [matrix.largest, matrix.smallest].filter((end) => end !== null && end.status !== "converged"),
  );
  return {
    id: "spectra",
    title: "3. Hessian = Gauss–Newton + residual",
    status: "complete",
    text: [
      `The traces are ${traceText(H)}, ${traceText(G)} and ${traceText(R)}; with common sign vectors tr H = tr G + tr R up to a relative ${formatNumber(part.identityDefect, 2)}.`,
      `The Gauss–Newton matrix is positive semidefinite of rank at most ${part.rankBound} (samples × (classes − 1)); ` +
        (G.density.atom > 0
          ? `${percent(G.density.atom)} of its spectrum is therefore exactly zero and left out of its curve. `
          : "") +
        "Negative eigenvalues of the Hessian can only come from the residual.",
      ...(unfinished.length === 0
        ? []
        : ["Not all eigenvalues reached the tolerance 10⁻⁶: their residual norms say how far they are trusted."]),
    ],
    method:
      `Thick-restart Lanczos for the ends (order ${part.dimension}, mean over ${part.samples} samples), each value in an interval that contains an eigenvalue; ` +
      `densities of the rest by stochastic Lanczos quadrature, ${study.options.densityProbes} vectors of ${study.options.lanczosSteps} steps; traces by ${study.options.probes} sign vectors, the same for all three.`,
    matvecs: matrices.reduce((sum, matrix) => sum + matrix.matvecs, 0),
    tables: [
      {
        caption: "Ends of the spectra with certificates",
        columns: [
          { label: "matrix", align: "left" },
          { label: "end", align: "left" },
          { label: "rank" },
          { label: "eigenvalue", digits: 6 },
          { label: "residual norm", digits: 2 },
          { label: "interval from", digits: 8 },
          { label: "to", digits: 8 },
        ],
        rows: matrices.flatMap((matrix) => [
          ...endRows(matrix.name, "largest", matrix.largest),
          ...(matrix.smallest === null ? [] : endRows(matrix.name, "smallest", matrix.smallest)),
        ]),
      },
    ],
    figures: [densityFigure(matrices), topFigure(part)],
    data: { ...part },
  };
}

function traceText({ name, trace }: MatrixSpectrumPart): string {
  return `${formatNumber(trace.mean)} ± ${formatNumber(trace.standardError, 2)} (${name})`;
}

function endRows(name: string, end: string, found: CertifiedEigenvalues): Cell[][] {
  return Array.from(found.values.slice(0, SHOWN), (value, i) => [
    name,
    end,
    i + 1,
    value,
    found.residualNorms[i],
    found.intervals.lower[i],
    found.intervals.upper[i],
  ]);
}

function densityFigure(matrices: SpectraPart["matrices"]): Figure {
  const left = Math.min(...matrices.map((matrix) => Math.min(matrix.density.grid[0], matrix.smallest?.values[0] ?? 0)));
  const right = Math.max(...matrices.map((matrix) => matrix.largest.values[0]));
  const margin = 0.03 * (right - left);
  const panels = matrices.map((matrix, i): Panel => {
    const grid = Array.from(matrix.density.grid);
    const heights = Array.from(matrix.density.density);
    const upper = Array.from(matrix.density.band.upper);
    const top = Math.max(...heights, ...upper);
    const color = COLORS[i];
    const ends = [...matrix.largest.values, ...(matrix.smallest?.values ?? [])];
    const marks: Mark[] = [
      { kind: "area", x: grid, lower: Array.from(matrix.density.band.lower), upper, color },
      { kind: "line", x: grid, y: heights, color },
      { kind: "ticks", x: ends, color: "ink" },
    ];
    return {
      title: matrix.name,
      x: { label: "eigenvalue", scale: "linear", domain: [left - margin, right + margin] },
      y: { label: "density", scale: "log", domain: [top * FLOOR, 2 * top] },
      marks,
    };
  });
  return {
    id: "spectra-figure",
    title: "Spectra of the three matrices on one scale",
    description: `Densities on a logarithmic scale with ${formatNumber(100 * matrices[0].density.band.level, 3)} % bands over the probes; strokes at the foot are eigenvalues found one by one. The horizontal scale is common to all three.`,
    columns: 1,
    panels,
  };
}

function topFigure({ matrices }: SpectraPart): Figure {
  const shapes = ["circle", "square", "triangle"] as const;
  const series = matrices.map((matrix, i): Mark => {
    const values = Array.from(matrix.largest.values).filter((value) => value > 0);
    return {
      kind: "points",
      x: values.map((_, k) => k + 1),
      y: values,
      color: COLORS[i],
      shape: shapes[i],
      size: 4,
      label: matrix.name,
    };
  });
  return {
    id: "spectra-top-figure",
    title: "Largest eigenvalues",
    description: "The largest eigenvalues of the three matrices by rank, on a logarithmic scale.",
    columns: 1,
    panels: [
      {
        title: "",
        x: { label: "rank", scale: "linear" },
        y: { label: "eigenvalue", scale: "log" },
        marks: series,
      },
    ],
  };
}
