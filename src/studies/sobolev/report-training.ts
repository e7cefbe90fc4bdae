import { type Color, type Dash, type Figure, type Mark, type Panel, formatNumber } from "../../plot/index.js";
import type { ReportSection } from "../../report/index.js";
import type { CubePart } from "./cube-part.js";
import { verdictSection } from "./report-shared.js";
import { SOBOLEV_TARGETS, type TargetName } from "./targets.js";
import type { TrainingCurvesPart } from "./training-part.js";

const COLORS: Readonly<Record<TargetName, Color>> = { jump: "vermilion", kink: "blue", smooth: "green" };
const DOMAINS = ["sphere", "torus", "Gaussian space"] as const;

/** Losses of three targets on three domains. */
export function trainingSection(part: TrainingCurvesPart): ReportSection {
  const { times, curves, checks, comparisons } = part;
  return verdictSection({
    id: "training",
    title: "2. Training of three targets",
    text: [
      `While frequencies are learned one after the other, the loss falls like t^(−2τ/(3 − order)) on all three domains: τ is the smoothness of the target, 3 the decay of the kernel, order that of the Sobolev operator. On the sphere the plain loss of the jump (τ = 1/2) falls with exponent ${found(curves, "jump", 0)}, that of the kink (τ = 3/2) with ${found(curves, "kink", 0)}; a loss of order 1 makes it ${found(curves, "jump", 1)} and ${found(curves, "kink", 1)}.`,
      `Targets on the sphere: ${SOBOLEV_TARGETS.map((target) => `${target.name}, ${target.onSphere}`).join("; ")}; in Gaussian space |x| times the same of x/|x|. On the torus: ${SOBOLEV_TARGETS.map((target) => `${target.name}, ${target.onTorus}`).join("; ")}. Means are taken out.`,
      `Closed form against Runge–Kutta (no use of modes): ${checks.map((check) => `${check.domain}, largest difference ${formatNumber(check.difference, 2)}`).join("; ")}.`,
    ],
    method: `Closed form exp(−μσt) by mode; exponents fitted at 21 times while lengths 8 to 32 are learned. Integrated by an adaptive method of order 8: ${checks.map((check) => `${check.domain}: ${check.setting}, ${check.steps} steps`).join("; ")}.`,
    tables: [],
    figures: [lossFigure(times, curves), checkFigure(checks)],
    data: { times, curves, checks },
    comparisons,
  });
}

/** The fitted exponent of a curve on the sphere. */
function found(curves: TrainingCurvesPart["curves"], target: TargetName, order: 0 | 1): string {
  const curve = curves.find((item) => item.domain === "sphere" && item.target === target && item.order === order);
  return formatNumber(curve?.exponent ?? Number.NaN, 3);
}

/** Loss below which a curve has ended for the eye. */
const FLOOR = 1e-8;

function lossFigure(times: readonly number[], curves: TrainingCurvesPart["curves"]): Figure {
  return {
    id: "loss-figure",
    title: "Loss of three targets: plain (solid) and Sobolev loss of order 1 (dashed)",
    description:
      "Three panels: sphere, torus, Gaussian space. The loss of the jump falls slowest, that of the kink faster, that of the smooth target fastest; the Sobolev loss of order 1 makes all of them fall faster. The three domains look alike.",
    columns: 3,
    panels: DOMAINS.map((domain): Panel => {
      const here = curves.filter((curve) => curve.domain === domain);
      return {
        title: domain === "Gaussian space" ? domain : domain[0].toUpperCase() + domain.slice(1),
        x: { label: "time t", scale: "log", domain: [times[0], times[times.length - 1]] },
        y: { label: "loss over its start", scale: "log", domain: [FLOOR, 2] },
        marks: here.map(({ target, order, loss }): Mark => {
          const visible = loss.filter((value) => value > FLOOR).length;
          const dash: Dash = order === 0 ? "solid" : "dashed";
          return {
            kind: "line",
            x: times.slice(0, visible),
            y: loss.slice(0, visible),
            color: COLORS[target],
            dash,
            ...(order === 0 ? { label: target } : {}),
          };
        }),
      };
    }),
  };
}

function checkFigure(checks: TrainingCurvesPart["checks"]): Figure {
  return {
    id: "integrated-figure",
    title: "Sobolev training in closed form (lines) and integrated (points)",
    description: `Squared residuals in closed form with the integrated ones on top of them: ${checks.map((check) => `${check.domain}, largest difference ${formatNumber(check.difference, 2)}`).join("; ")}.`,
    columns: 3,
    panels: checks.map((check): Panel => ({
      title: check.domain === "Gaussian space" ? check.domain : check.domain[0].toUpperCase() + check.domain.slice(1),
      x: { label: "time t", scale: "log" },
      y: { label: "squared residual over its start", scale: "log" },
      marks: [
        { kind: "line", x: check.times, y: check.closed, color: "blue", label: "closed form" },
        { kind: "points", x: check.times, y: check.integrated, color: "vermilion", size: 3, label: "integrated" },
      ],
    })),
  };
}

/** The non-periodic function of the unit cube. */
export function cubeSection(part: CubePart): ReportSection {
  const { sections, exponents, seamArea, timeToOnePercent, size, comparisons } = part;
  const late = sections[1];
  return verdictSection({
    id: "cube",
    title: "3. A non-periodic function of the unit cube, glued to the torus",
    text: [
      `Gluing the unit square makes x₁x₂ jump along the seams, and its power beyond the frequency |k| falls like |k|^(${formatNumber(exponents.glued, 3)}) only; reflected evenly, so that the gluing is continuous, like |k|^(${formatNumber(exponents.reflected, 3)}). The eigenvalues of K, P and T know nothing of it: the jump is a matter of the target.`,
      `Under the plain loss ${formatNumber(100 * late.seamShare, 3)} % of the squared residual at t = ${formatNumber(late.time, 3)} lie within 1/16 of a seam (${formatNumber(100 * seamArea, 3)} % of the area). The loss is down to 1 % at t = ${formatNumber(timeToOnePercent.glued, 3)} for the glued function and at t = ${formatNumber(timeToOnePercent.reflected, 3)} for its reflection.`,
      `What was learned leaves the range of f near the seams: by ${sections.map((section) => `${formatNumber(100 * section.overshoot, 2)} % of the largest jump (s = ${formatNumber(section.smoothness, 3)}, t = ${formatNumber(section.time, 3)})`).join(", ")}. A function of the cube that is not periodic is better reflected first.`,
    ],
    method: `${size} × ${size} grid; residuals by FFT multipliers exp(−μσt). The line is x₂ = 3/4; s* levels the spectrum of T.`,
    tables: [
      {
        caption: "Learned functions",
        columns: [
          { label: "smoothness s of the loss", digits: 4 },
          { label: "time", digits: 4 },
          { label: "overshoot, share of the largest jump", digits: 3 },
          { label: "share of the squared residual near the seams", digits: 3 },
        ],
        rows: sections.map((section) => [section.smoothness, section.time, section.overshoot, section.seamShare]),
      },
    ],
    figures: [cubeFigure(part)],
    data: { ...part },
    comparisons,
  });
}

function cubeFigure(part: CubePart): Figure {
  const { shells, power, line, target, sections } = part;
  const section = (smoothness: number, title: string): Panel => ({
    title,
    x: { label: "x₁ on the line x₂ = 3/4", scale: "linear", domain: [0, 1] },
    y: { label: "value, mean taken out", scale: "linear" },
    marks: [
      { kind: "line", x: line, y: target, color: "gray", label: "target" },
      ...sections
        .filter((item) => (item.smoothness === 0) === (smoothness === 0))
        .map((item, i): Mark => ({
          kind: "line",
          x: line,
          y: item.values,
          color: i === 0 ? "blue" : "vermilion",
          label: `t = ${formatNumber(item.time, 3)}`,
        })),
    ],
  });
  const best = sections[sections.length - 1].smoothness;
  const shown = shells.slice(0, part.size / 4); // beyond, the grid's end cuts the sum
  return {
    id: "cube-figure",
    title: "The glued function: power by frequency, and what is learned along a line",
    description:
      "Left: power beyond the frequency |k|, falling slowly for the glued function and fast for its reflection. Middle and right: the target on a line across the seam with what was learned, by the plain loss and at s*; the error stays at the ends, which are one point of the torus.",
    columns: 3,
    panels: [
      {
        title: "Power beyond |k|",
        x: { label: "length of the frequency |k|", scale: "log" },
        y: { label: "power", scale: "log" },
        marks: [
          { kind: "line", x: shown, y: power.glued.slice(0, shown.length), color: "vermilion", label: "glued" },
          {
            kind: "line",
            x: shown,
            y: power.reflected.slice(0, shown.length),
            color: "blue",
            dash: "dashed",
            label: "reflected",
          },
        ],
      },
      section(0, "Learned by the plain loss"),
      section(best, `Learned at s* = ${formatNumber(best, 3)}`),
    ],
  };
}
