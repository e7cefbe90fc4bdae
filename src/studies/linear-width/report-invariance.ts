import { type Mark, type Panel, formatNumber } from "../../plot/index.js";
import type { ReportSection } from "../../report/index.js";
import type { InvariancePart } from "./invariance-part.js";
import type { Bounded } from "./move-bounds.js";
import type { NetworkSpectra } from "./network-spectra.js";
import type { ScalingPart } from "./scaling-part.js";
import { bars, commonEdges, lawLine, outline, panel } from "./marks.js";
import type { LinearWidthPlan } from "./plan.js";
import { median } from "./statistics.js";

const SPECTRA = [
  ["weights", "Weights", "singular value of W / √h"],
  ["conjugate", "Conjugate kernel", "nonzero eigenvalue"],
  ["tangent", "Tangent kernel", "eigenvalue"],
] as const;

/** Small steps: spectra, way of the weights, distances with their baseline, bounds. */
export function invarianceSection(part: InvariancePart, plan: LinearWidthPlan): ReportSection {
  const { d, h, n, rate, steps, batchRate, batchSteps, batch, redraws } = plan.invariance;
  const kinds = [...new Set(part.runs.map((run) => run.kind))];
  const of = (kind: string): InvariancePart["runs"] => part.runs.filter((run) => run.kind === kind);
  const redrawn = (key: keyof NetworkSpectra): number => median(part.redrawn.map((row) => row[key]));
  const highest = (key: keyof NetworkSpectra): number => Math.max(...part.redrawn.map((row) => row[key]));
  const bounded = part.runs.flatMap((run) => (run.bounds === null ? [] : [{ run, bounds: run.bounds }]));
  const names = {
    "gradient descent": "gradient descent",
    stochastic: "stochastic",
    control: "control, 2.5 η_c",
  } as const;
  return {
    id: "small-steps",
    title: "1. Small steps: the spectra stay",
    status: "complete",
    text: [
      `Gradient descent at η = ${rate} for ${steps} steps and stochastic gradient descent at η = ${batchRate} for ${batchSteps} steps of ${batch} samples, on networks with d = ${d} inputs, h = ${h} hidden units and n = ${n} samples. ` +
        `The loss falls to ${formatNumber(median(of("gradient descent").map((run) => run.lastLoss / run.firstLoss)), 2)} of its start, and yet the weights' spectrum moves by a Kolmogorov–Smirnov distance of ` +
        `${formatNumber(median(of("gradient descent").map((run) => run.distances.weights)), 2)}: less than two independent draws of such a matrix differ from each other (${formatNumber(redrawn("weights"), 2)}).`,
      "That the test can fail is shown by the control: the same network at two and a half times the critical rate 2n/λ_max also fits its data, and its spectra are far from where they began.",
      "The dashed curves are the limit laws of the network at initialisation. For the kernels they are not Marchenko–Pastur but its free products with the data's law, and they come out of the activation's two constants alone. " +
        `Weights and conjugate kernel lie within ${formatNumber(part.laws.weights.distance, 2)} and ${formatNumber(part.laws.conjugate.distance, 2)} of them; the tangent kernel's lower part is so narrow at this n/d that fluctuations of order 1/√d in v and in the lengths of the inputs smear it (${formatNumber(part.laws.tangent.distance, 2)}). Nothing in the comparison with the start uses the laws.`,
      "The bounds hold on every run. From the change of a matrix itself they are ten to fifty times what is measured, because eigenvalues move much less than matrices do; from ‖ΔW‖ alone the one for the tangent kernel says nothing at this size. They prove the limit, not the numbers.",
    ],
    method:
      "f(x) = vᵀσ(Wx/√d)/√h with normalised tanh, softplus teacher with noise 0.3, W trained; network and data replayed from the recipes' generator. " +
      `Baseline: ${redraws} redrawn W per seed. Dense eigenvalues; exact zeros of the conjugate kernel (n > h) left out.`,
    matvecs: null,
    figures: [
      ...(part.spectra.start.weights.length === 0 ? [] : [spectraFigure(part)]),
      ...(part.way.move.length < 2 ? [] : [wayFigure(part)]),
    ],
    tables: [
      {
        caption: "KS distance to the start, medians over the seeds",
        columns: [
          { label: "run", align: "left" },
          { label: "η / η_c" },
          { label: "loss, last / first" },
          { label: "weights", digits: 2 },
          { label: "conjugate kernel", digits: 2 },
          { label: "tangent kernel", digits: 2 },
          { label: "‖ΔW‖₂/√h", digits: 3 },
          { label: "test error", digits: 3 },
        ],
        rows: [
          ...kinds.map((kind) => [
            names[kind],
            median(of(kind).map((run) => run.rateOverCritical)),
            median(of(kind).map((run) => run.lastLoss / run.firstLoss)),
            ...SPECTRA.map(([key]) => median(of(kind).map((run) => run.distances[key]))),
            median(of(kind).map((run) => run.operatorMove)),
            median(of(kind).map((run) => run.row.testError)),
          ]),
          ["redrawn network, median", null, null, ...SPECTRA.map(([key]) => redrawn(key)), null, null],
          ["redrawn network, largest", null, null, ...SPECTRA.map(([key]) => highest(key)), null, null],
          [
            "start to its limit law",
            null,
            null,
            part.laws.weights.distance,
            part.laws.conjugate.distance,
            part.laws.tangent.distance,
            null,
            null,
          ],
        ],
      },
      {
        caption: "The provable bounds evaluated on the runs, largest over the seeds",
        columns: [
          { label: "quantity", align: "left" },
          { label: "run", align: "left" },
          { label: "measured", digits: 3 },
          { label: "≤ by the change itself", digits: 3 },
          { label: "≤ by losses or ‖ΔW‖", digits: 3 },
        ],
        rows: (
          [
            ["relativeMove", "relative move of W"],
            ["weights", "W₂, weights"],
            ["levy", "Lévy, weights"],
            ["features", "W₂, features"],
            ["tangent", "W₂, tangent kernel"],
          ] as const
        ).flatMap(([key, label]) =>
          kinds
            .filter((kind) => kind !== "control")
            .map((kind) => {
              const rows = bounded.filter(({ run }) => run.kind === kind).map(({ bounds }) => bounds[key]);
              const most = (value: (row: Bounded) => number): number => Math.max(...rows.map(value));
              return [
                label,
                names[kind],
                most((row) => row.measured),
                most((row) => row.direct),
                most((row) => row.bound),
              ];
            }),
        ),
      },
    ],
    data: { runs: part.runs, redrawn: part.redrawn, spectra: part.spectra, way: part.way, laws: part.laws },
  };
}

function spectraFigure({ spectra, laws }: InvariancePart): ReportSection["figures"][number] {
  const row = (kind: "gradient descent" | "control", title: string): Panel[] =>
    SPECTRA.map(([key, name, label]) => {
      const all = [spectra.start[key], spectra["gradient descent"][key], spectra.control[key]];
      const logarithmic = key !== "weights"; // kernels spread over two decades
      const edges = commonEdges(all, logarithmic ? 36 : 44, logarithmic);
      const drawn = [
        bars(spectra.start[key], edges, "gray", "start", logarithmic),
        outline(spectra[kind][key], edges, kind === "control" ? "vermilion" : "blue", title, logarithmic),
      ];
      const top = Math.max(...drawn.flatMap((mark) => (mark.kind === "bars" ? [...mark.height] : [])));
      const domain: readonly [number, number] = logarithmic
        ? [edges[0], edges[edges.length - 1]]
        : [0, 1.02 * edges[edges.length - 1]];
      return panel(
        name,
        { label, scale: logarithmic ? "log" : "linear", domain },
        logarithmic ? "share per e-fold" : "density",
        [...drawn, lawLine(laws[key], 1.4 * top, domain, "limit law", logarithmic)],
      );
    });
  return {
    id: "spectra-small-steps",
    title: "Three spectra before and after: small steps above, control below",
    description:
      "Above, the spectra after gradient descent with small steps lie on those of the start. Below, after training at 2.5 times the critical rate, all three have changed. First seed; kernels on a logarithmic axis.",
    columns: 3,
    panels: [...row("gradient descent", "after GD"), ...row("control", "after control")],
  };
}

function wayFigure({ way }: InvariancePart): ReportSection["figures"][number] {
  const line = (
    y: readonly number[],
    color: "blue" | "green" | "vermilion",
    dash: "solid" | "dashed" | "dotted",
    label: string,
  ): Mark => ({
    kind: "line",
    x: y.map((_, t) => t).slice(1),
    y: y.slice(1),
    color,
    dash,
    label,
  });
  return {
    id: "way-of-the-weights",
    title: "How far the weights go, and how far they could have gone",
    description:
      "Left: the relative move of the weights under gradient descent, the length of their way, and the bound that needs only the losses. Right: the losses it is made of. First seed.",
    columns: 2,
    panels: [
      panel("Move of W over ‖W₀‖_F", "step", { label: "relative move", scale: "log" }, [
        line(way.bound, "vermilion", "dotted", "bound by the losses"),
        line(way.path, "green", "dashed", "length of the way"),
        line(way.move, "blue", "solid", "‖W_t − W₀‖_F"),
      ]),
      panel("Loss", "step", { label: "loss", scale: "log" }, [
        { kind: "line", x: way.loss.map((_, t) => t), y: way.loss, color: "ink", label: "training loss" },
      ]),
    ],
  };
}

/** Scaling over several widths. */
export function scalingSection({ rows, slopes }: ScalingPart, plan: LinearWidthPlan): ReportSection {
  const sizes = rows.map((row) => row.n);
  const line = (y: readonly number[], color: "blue" | "vermilion" | "green" | "purple", label: string): Mark[] => [
    { kind: "line", x: sizes, y, color, label },
    { kind: "points", x: sizes, y, color },
  ];
  const guide = (from: number, exponent: number, label: string): Mark => ({
    kind: "line",
    x: sizes,
    y: sizes.map((n) => from * (exponent === -1 ? sizes[0] / n : Math.sqrt(sizes[0] / n))),
    color: "gray",
    dash: "dotted",
    width: 1.3,
    label,
  });
  const slope = (value: number): string => formatNumber(value, 2);
  return {
    id: "scaling",
    title: "2. The invariance is a property of size",
    status: "complete",
    text: [
      `Sizes d : h : n = 2 : 3 : 4 up to n = ${sizes[sizes.length - 1] ?? 0}, 60 steps at half the critical rate. The relative move of the weights falls like n to the power ${slope(slopes.relativeMove)} (predicted −0.5), ` +
        `its bound by the losses like ${slope(slopes.relativeBound)}, the Wasserstein distance of the spectra like ${slope(slopes.wasserstein)}; the move in operator norm does not fall (exponent ${slope(slopes.operatorMove)}).`,
      "Both together are the point: the weights move far enough in operator norm to learn, even to send out an outlier, and not far enough in the mean square to move the bulk.",
    ],
    method: `Medians over ${plan.seeds.length} seed${plan.seeds.length === 1 ? "" : "s"}; exponents by least squares in logarithms.`,
    matvecs: null,
    figures:
      rows.length < 2
        ? []
        : [
            {
              id: "scaling-figure",
              title: "Move of the weights and of the spectra against size",
              description:
                "Left: relative move and its bound fall with n, the operator norm of the move stays. Right: distances of the three spectra to their start.",
              columns: 2,
              panels: [
                panel("Weights", { label: "samples n", scale: "log" }, { label: "move", scale: "log" }, [
                  ...line(
                    rows.map((row) => row.relativeBound),
                    "vermilion",
                    "bound by the losses",
                  ),
                  ...line(
                    rows.map((row) => row.operatorMove),
                    "green",
                    "‖ΔW‖₂/√h",
                  ),
                  ...line(
                    rows.map((row) => row.relativeMove),
                    "blue",
                    "‖ΔW‖_F/‖W₀‖_F",
                  ),
                  guide(rows[0].relativeMove, -0.5, "1/√n"),
                ]),
                panel(
                  "Spectra",
                  { label: "samples n", scale: "log" },
                  { label: "distance to the start", scale: "log" },
                  [
                    ...line(
                      rows.map((row) => row.distances.weights),
                      "blue",
                      "KS, weights",
                    ),
                    ...line(
                      rows.map((row) => row.distances.conjugate),
                      "vermilion",
                      "KS, conjugate",
                    ),
                    ...line(
                      rows.map((row) => row.distances.tangent),
                      "green",
                      "KS, tangent",
                    ),
                    ...line(
                      rows.map((row) => row.wasserstein),
                      "purple",
                      "Wasserstein-2",
                    ),
                    guide(rows[0].wasserstein, -1, "1/n"),
                  ],
                ),
              ],
            },
          ],
    tables: [
      {
        caption: "Medians by size",
        columns: [
          { label: "n" },
          { label: "loss, last / first", digits: 2 },
          { label: "‖ΔW‖_F/‖W₀‖_F", digits: 3 },
          { label: "its bound", digits: 3 },
          { label: "‖ΔW‖₂/√h", digits: 3 },
          { label: "W₂", digits: 3 },
          { label: "KS weights", digits: 2 },
          { label: "KS conjugate", digits: 2 },
          { label: "KS tangent", digits: 2 },
        ],
        rows: rows.map((row) => [
          row.n,
          row.lossRatio,
          row.relativeMove,
          row.relativeBound,
          row.operatorMove,
          row.wasserstein,
          row.distances.weights,
          row.distances.conjugate,
          row.distances.tangent,
        ]),
      },
    ],
    data: { rows, slopes },
  };
}
