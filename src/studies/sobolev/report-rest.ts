import { type Color, type Figure, type Mark, type Panel, formatNumber } from "../../plot/index.js";
import type { ReportSection } from "../../report/index.js";
import type { MatrixPart } from "./matrix-part.js";
import type { PhysicsPart } from "./physics-part.js";
import { verdictSection } from "./report-shared.js";
import type { SweepPart, SweepRow } from "./sweep-part.js";
import type { ZeroModesPart } from "./zero-modes-part.js";

const SEQUENCE: readonly Color[] = ["blue", "vermilion", "green", "purple", "amber", "gray", "ink"];

/** Zero modes. */
export function zeroModesSection(part: ZeroModesPart): ReportSection {
  const { rows, times, comparisons } = part;
  const lost = rows.filter((row) => row.vanishing > 0);
  return verdictSection({
    id: "zero-modes",
    title: "4. Zero modes are never learned",
    text: [
      `Two layers without bias have zero modes: ${lost.map((row) => `${row.domain}, ${row.vanishing} of ${row.modes} modes (${row.first.join(", ")}, …)`).join("; ")}. 0 times any symbol is 0, so no Sobolev loss reaches them.`,
      `The condition number over all modes has no value then; on the sphere the library says: ${lost[0] === undefined || lost[0].condition.defined ? "" : lost[0].condition.reason}.`,
      `Of the jump they hold ${lost.map((row) => `${formatNumber(100 * row.lostShare, 3)} % on the ${row.domain === "Gaussian space" ? "Gaussian space" : row.domain}`).join(", ")}: there the loss stops. A third layer, or a bias, removes them.`,
    ],
    method:
      "Modes that vanish by parity are exact zeros on sphere and Gaussian space; on the torus grid those within their error bar of zero. Sobolev loss of order 1, closed form.",
    tables: [
      {
        caption: "Kernels with and without zero modes, target: the jump",
        columns: [
          { label: "domain", align: "left" },
          { label: "kernel", align: "left" },
          { label: "vanishing" },
          { label: "of modes" },
          { label: "never learned" },
          { label: "share lost", digits: 4 },
          { label: "κ, modes that do not vanish", digits: 4 },
          { label: "κ, all modes", align: "left" },
        ],
        rows: rows.map((row) => [
          row.domain,
          row.kernel,
          row.vanishing,
          row.modes,
          row.neverLearned,
          row.lostShare,
          row.conditionOfRest,
          row.condition.defined ? formatNumber(row.condition.value) : `unresolved: ${row.vanishing} modes vanish`,
        ]),
      },
    ],
    figures: [
      {
        id: "zero-modes-figure",
        title: "Loss of the jump with and without zero modes",
        description:
          "With two layers and no bias the loss stops at the power of the vanishing modes; with a third layer or a bias it goes on falling.",
        columns: 3,
        panels: (["sphere", "torus", "Gaussian space"] as const).map((domain): Panel => ({
          title: domain === "Gaussian space" ? domain : domain[0].toUpperCase() + domain.slice(1),
          x: { label: "time t", scale: "log", domain: [0.1, 1e8] },
          y: { label: "loss over its start", scale: "log", domain: [1e-4, 2] },
          marks: rows
            .filter((row) => row.domain === domain)
            .map((row): Mark => {
              const visible = row.loss.filter((value, i) => value > 1e-4 && times[i] <= 1e8).length;
              const two = row.kernel === "2 layers";
              const bias = row.kernel.includes("biases");
              return {
                kind: "line",
                x: times.slice(0, visible),
                y: row.loss.slice(0, visible),
                color: two ? "vermilion" : bias ? "green" : "blue",
                dash: two ? "solid" : bias ? "dotted" : "dashed",
                label: row.kernel,
              };
            }),
        })),
      },
    ],
    data: { ...part },
    comparisons,
  });
}

/** Losses of the Poisson problem. */
export function physicsSection(part: PhysicsPart): ReportSection {
  const { lengths, losses, comparisons } = part;
  const shown = [1, 2, 4, 8, 16, 32];
  return verdictSection({
    id: "physics",
    title: "5. Losses of a Poisson problem: which frequencies are learned when",
    text: [
      "For −Δu = f on the torus T² the Ritz energy weights frequency k by |k|² and the squared residual by |k|⁴. The kernel falls like |k|⁻³: with the energy low frequencies still come first, though less so than with the plain loss; with the squared residual high frequencies come first. Neither sees the constant.",
    ],
    method:
      "Rates μσ at the frequencies (k, 0) of a 256 × 256 grid, integer frequencies (the true Laplacian multiplies all by 4π² or 16π⁴).",
    tables: [
      {
        caption: "Half-lives ln 2/(μσ) of the residual",
        columns: [{ label: "|k|" }, ...losses.map((loss) => ({ label: loss.name, digits: 3 }))],
        rows: shown.map((k) => [k, ...losses.map((loss) => Math.LN2 / loss.rates[k - 1])]),
      },
    ],
    figures: [
      {
        id: "physics-figure",
        title: "Rates of learning by frequency",
        description:
          "Rates against |k|: falling for the plain loss, falling slowly for the Ritz energy, rising for the squared residual.",
        columns: 1,
        panels: [
          {
            title: "",
            x: { label: "length of the frequency |k|", scale: "log" },
            y: { label: "rate", scale: "log" },
            marks: losses.map((loss, i): Mark => ({
              kind: "line",
              x: lengths,
              y: loss.rates,
              color: SEQUENCE[i],
              dash: (["solid", "dashed", "dotted"] as const)[i],
              label: loss.name,
            })),
          },
        ],
      },
    ],
    data: { ...part },
    comparisons,
  });
}

/** Matrices and operators. */
export function matrixSection(part: MatrixPart): ReportSection {
  const { samples, operator, sobolev, commutators, comparisons } = part;
  const ranks = operator.map((_, i) => i + 1);
  return verdictSection({
    id: "matrices",
    title: "6. Sampled matrices are not the operators",
    text: [
      `At n independent points the top 16 eigenvalues of K/n are at distance ${samples.map(({ n, distance }) => `${formatNumber(distance, 2)} (n = ${n})`).join(", ")} from those of the operator, which falls like 1/√n; each multiple eigenvalue becomes a cluster.`,
      "Sampled K and P commute on orbits of groups, on highly symmetric sets, and with the weights of a rule that is exact for their bands; on other points they do not, although their operators do. A sampled P has at most the rank of its band, so its condition number does not exist for more points than that.",
    ],
    method:
      "Dense eigendecompositions on S²; commutator: Frobenius norm of KP − PK over the product of the norms, P of symbol D, s = 2, degrees up to 6.",
    tables: [
      {
        caption: "Commutators",
        columns: [
          { label: "points", align: "left" },
          { label: "relative commutator", digits: 3 },
          { label: "zero expected", align: "left" },
        ],
        rows: commutators.map(({ points, ratio, zero }) => [points, ratio, zero ? "yes" : "no"]),
      },
      {
        caption: "Sampled Sobolev matrices on Fibonacci points, degrees up to 3",
        columns: [
          { label: "points" },
          { label: "rank" },
          { label: "dimension of the band" },
          { label: "condition number" },
        ],
        rows: sobolev.map(({ n, rank, band, condition }) => [n, rank, band, condition]),
      },
    ],
    figures: [
      {
        id: "matrices-figure",
        title: "Eigenvalues of K/n at random points and of the operator",
        description:
          "Ordered eigenvalues: the operator's are steps of lengths 1, 3, 5, 7; those of the matrices smear the steps, less so for more points.",
        columns: 1,
        panels: [
          {
            title: "",
            x: { label: "rank", scale: "linear", domain: [0, operator.length + 1] },
            y: { label: "eigenvalue", scale: "log" },
            marks: [
              { kind: "points", x: ranks, y: operator, color: "ink", shape: "square", size: 3.5, label: "operator" },
              ...samples.map(({ n, eigenvalues }, i): Mark => ({
                kind: "line",
                x: ranks,
                y: eigenvalues,
                color: SEQUENCE[i],
                dash: (["dotted", "dashed", "solid"] as const)[i],
                label: `n = ${n}`,
              })),
            ],
          },
        ],
      },
    ],
    data: { ...part },
    comparisons,
  });
}

/** The sweep. */
export function sweepSection(part: SweepPart): ReportSection {
  const { rows, bandwidth, comparisons } = part;
  return verdictSection({
    id: "sweep",
    title: "7. Depths, activations and initialisations",
    text: [
      `Depth changes the constant of the decay, not its exponent, which is 3 on S² (and the degree from which it is seen): in this band s* is ${spreadOf(rows, "depth")} for ReLU networks of depth ${depths(rows)}. Smooth activations decay faster than any power, so that a Sobolev exponent levels them less well. Biases fill zero modes.`,
      "Odd activations without bias give odd kernels and even ones even kernels: erf and tanh lose the even degrees, abs the odd ones, and a target with power there is never learned.",
    ],
    method: `Sphere S², degrees 0 to ${bandwidth}, symbol D. Decay: slope over the upper half of the band. Steps: gradient descent with η = 1/max μσ until the kink's loss is 1 % of its start.`,
    tables: [
      {
        caption: "Kernels",
        columns: [
          { label: "kernel", align: "left" },
          { label: "decay", digits: 3 },
          { label: "vanishing" },
          { label: "κ(K)", digits: 3 },
          { label: "s*", digits: 4 },
          { label: "κ(T) at s*", digits: 3 },
          { label: "steps, plain" },
          { label: "steps, s*" },
        ],
        rows: rows.map((row) => [
          row.label,
          row.decay,
          row.vanishing,
          short(row.condition),
          row.smoothness,
          short(row.conditionAtBest),
          short(row.steps.plain),
          short(row.steps.best),
        ]),
      },
    ],
    figures: [sweepFigure(rows)],
    data: { ...part },
    comparisons,
  });
}

const depths = (rows: readonly SweepRow[]): string =>
  rows
    .filter((row) => row.group === "depth")
    .map((row) => row.label.replace("relu, depth ", ""))
    .join(", ");

/** The best exponents of a group. */
function spreadOf(rows: readonly SweepRow[], group: SweepRow["group"]): string {
  return rows
    .filter((row) => row.group === group)
    .map((row) => formatNumber(row.smoothness, 3))
    .join(", ");
}

/** A quantity for a narrow column: the whole reason stands in the data. */
function short(tagged: SweepRow["condition"]): number | string {
  if (tagged.defined) return tagged.value;
  return tagged.reason.startsWith("unresolved") ? "unresolved" : "never";
}

/** Eigenvalues over K(1) below which nothing is shown. */
const LEAST = 1e-12;

const TITLES = {
  depth: "Depth L, relu",
  activation: "Activation, depth 3",
  initialisation: "Variances of weights and biases, depth 3",
} as const;

function legend({ group, label }: SweepRow): string {
  if (group === "depth") return label.replace("relu, depth ", "L = ");
  return label.replace(", depth 3", "").replace(", weights ", " ").replace(" biases ", " ");
}

function sweepFigure(rows: readonly SweepRow[]): Figure {
  const groups = ["depth", "activation", "initialisation"] as const;
  return {
    id: "sweep-figure",
    title: "Spectra of the kernels of the sweep, over K(1)",
    description:
      "Three panels: depths of ReLU networks, activations, initialisations. Kinked activations fall like the third power of the degree, smooth ones faster.",
    columns: 3,
    panels: groups.map((group): Panel => ({
      title: TITLES[group],
      x: { label: "degree ℓ", scale: "log" },
      y: { label: "μ/K(1)", scale: "log", domain: [LEAST, 1] },
      marks: rows
        .filter((row) => row.group === group)
        .map((row, i): Mark => {
          const degrees = Array.from(row.eigenvalues.keys()).filter((l) => l >= 1 && row.eigenvalues[l] > LEAST);
          return {
            kind: "line",
            x: degrees,
            y: degrees.map((l) => row.eigenvalues[l]),
            color: SEQUENCE[i % SEQUENCE.length],
            dash: (["solid", "dashed", "dotted"] as const)[i % 3],
            label: legend(row),
          };
        }),
    })),
  };
}
