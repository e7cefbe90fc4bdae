import {
  type Figure,
  comparedCurves,
  eigenvalueDecay,
  extremeEigenvalues,
  frequencyMap,
  hessianDensity,
  labelProjections,
  singularValueDensity,
  torusSpectrum,
  trainingCurve,
} from "../../src/plot/index.js";

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

/** One figure of every kind, from closed-form data. */
export function sampleFigures(): Figure[] {
  const grid = range(101).map((i) => -1 + i / 10);
  const density = grid.map((x) => 2 * Math.exp(-8 * x * x) + 1e-3 * Math.exp(-((x - 6) ** 2)));
  const ranks = range(200).map((i) => i + 1);
  const frequencies = range(8).map((i) => i - 3);
  const base = frequencies.flatMap((l) => frequencies.map((k) => (1 + k * k + l * l) ** -1.5));
  return [
    singularValueDensity({
      id: "singular-values",
      title: "Layer 1",
      snapshots: [
        {
          label: "At initialisation",
          singularValues: range(30).map((i) => 0.5 + i / 30),
          law: null,
          edge: 1.6,
          outliers: [],
        },
        {
          label: "After training",
          singularValues: [...range(28).map((i) => 0.5 + i / 30), 2, 3],
          law: { grid: [0.5, 1, 1.5], density: [0, 1, 0] },
          edge: 1.6,
          outliers: [3, 2],
        },
      ],
    }),
    trainingCurve({
      id: "training",
      title: "Training",
      steps: range(50),
      loss: range(50).map((i) => Math.exp(-i / 10)),
      sharpness: { steps: [0, 20, 49], values: [3, 18, 20.1], residualNorms: [0, 0.5, 0.1] },
      stepSize: 0.1,
    }),
    hessianDensity({
      id: "hessian",
      title: "Hessian",
      grid,
      density,
      band: { lower: density.map((value) => value - 1e-3), upper: density.map((value) => 1.3 * value), level: 0.9 },
      outliers: [6, 8.5],
    }),
    extremeEigenvalues({ id: "ends", title: "Ends", largest: [8.5, 6, 2], smallest: [-0.5, -0.1] }),
    eigenvalueDecay({
      id: "decay",
      title: "Decay",
      series: [
        { label: "NTK", values: ranks.map((rank) => rank ** -2) },
        { label: "NNGP", values: ranks.map((rank) => rank ** -3) },
      ],
      resolution: 1e-6,
    }),
    labelProjections({ id: "labels", title: "Labels", shares: ranks.map((rank) => rank ** -1.5 / 2.5) }),
    torusSpectrum({
      id: "torus",
      title: "Torus",
      frequencies: [0, 1, 2, 4, 8],
      series: [0, 1.5].map((smoothness) => ({
        smoothness,
        values: [1, 0.3, 0.05, 0.01, 0.001].map((value, i) => value * (1 + i) ** smoothness),
      })),
    }),
    comparedCurves({
      id: "curves",
      title: "Curves",
      description: "Seven curves.",
      xLabel: "t",
      yLabel: "f",
      yScale: "log",
      series: range(7).map((i) => ({
        name: `curve ${i + 1}`,
        x: range(5),
        y: range(5).map((t) => Math.exp(-t * (i + 1))),
      })),
    }),
    frequencyMap({
      id: "map",
      title: "Map",
      frequencies,
      maps: [{ title: "s = 0", values: base }],
      label: "eigenvalue",
    }),
  ];
}

/** A figure whose rules crowd together, to try the placing of their names. */
export function crowdedFigure(values: readonly number[]): Figure {
  return {
    id: "crowded",
    title: "Rules with long names crowd together and the title of the figure has to break into a second line as well",
    description: "Rules.",
    columns: 1,
    panels: [
      {
        title: "A panel",
        x: { label: "x", scale: "linear", domain: [0, 1] },
        y: { label: "y", scale: "linear", domain: [0, 1] },
        marks: [
          { kind: "line", x: [0, 1], y: [0, 1], color: "blue", label: "a line" },
          ...values.flatMap((value) => [
            { kind: "rule", axis: "x", value, text: `a rule at ${value.toFixed(2)}`, color: "purple" } as const,
            { kind: "rule", axis: "y", value, text: `height ${value.toFixed(2)}`, color: "amber" } as const,
          ]),
        ],
      },
    ],
  };
}
