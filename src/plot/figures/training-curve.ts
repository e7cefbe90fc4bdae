import { max } from "d3-array";
import { type Figure, type Mark, requireInput } from "../figure.js";
import { formatNumber } from "../format-number.js";

/** A run of training with the sharpness at some of its steps. */
export interface TrainingCurveInput {
  /** Identifier of the figure. */
  readonly id: string;
  /** Heading. */
  readonly title: string;
  /** Steps at which the loss is known. */
  readonly steps: ArrayLike<number>;
  /** Training loss at these steps. */
  readonly loss: ArrayLike<number>;
  /** Largest Hessian eigenvalue at a handful of steps, each with the norm of its residual. */
  readonly sharpness: {
    /** Steps. */
    readonly steps: ArrayLike<number>;
    /** Largest eigenvalues. */
    readonly values: ArrayLike<number>;
    /** Residual norms: an eigenvalue lies within this distance. */
    readonly residualNorms: ArrayLike<number>;
  };
  /** The step size η; the rule stands at 2/η. */
  readonly stepSize: number;
}

/**
 * Shows training loss and sharpness over a common step axis, with the stability threshold 2/η of gradient descent.
 *
 * Relation: the rule stands at 2 / stepSize; error bars are residual norms.
 *
 * @example
 * ```ts
 * import { trainingCurve } from "eigenscope/plot";
 * const sharpness = { steps: [0, 2], values: [3, 19], residualNorms: [0, 0] };
 * const figure = trainingCurve({ id: "run", title: "Run", steps: [0, 1, 2], loss: [1, 0.5, 0.3], sharpness, stepSize: 0.1 });
 * console.log(figure.panels.length); // 2
 * ```
 */
export function trainingCurve(input: TrainingCurveInput): Figure {
  requireInput(input, ["steps", "loss"], "trainingCurve");
  const { steps, loss, sharpness, stepSize } = input;
  const last = Math.max(1, max(Array.from(steps)) ?? 1, max(Array.from(sharpness.steps)) ?? 1);
  const domain: readonly [number, number] = [-0.015 * last, 1.015 * last];
  const threshold = 2 / stepSize;
  const values = Array.from(sharpness.values);
  const curve: Mark = { kind: "line", x: Array.from(steps), y: Array.from(loss), color: "blue" };
  const measured: Mark[] = [
    { kind: "line", x: Array.from(sharpness.steps), y: values, color: "green", width: 1.5, dash: "dotted" },
    {
      kind: "points",
      x: Array.from(sharpness.steps),
      y: values,
      error: Array.from(sharpness.residualNorms),
      color: "green",
      size: 4.5,
    },
    { kind: "rule", axis: "y", value: threshold, text: `2/η = ${formatNumber(threshold, 3)}`, color: "vermilion" },
  ];
  const positive = Array.from(loss).every((value) => value > 0);
  const end = values.length === 0 ? "not measured" : formatNumber(values[values.length - 1]!);
  return {
    id: input.id,
    title: input.title,
    description:
      `Training loss from ${formatNumber(loss[0] ?? Number.NaN)} to ${formatNumber(loss[loss.length - 1] ?? Number.NaN)} and sharpness at ` +
      `${values.length} steps (last: ${end}) against the threshold 2/η = ${formatNumber(threshold)}.`,
    columns: 1,
    panels: [
      {
        title: "Training loss",
        x: { label: "step", scale: "linear", domain },
        y: { label: "loss", scale: positive ? "log" : "linear" },
        marks: [curve],
      },
      {
        title: "Sharpness: largest Hessian eigenvalue",
        x: { label: "step", scale: "linear", domain },
        y: { label: "sharpness", scale: "linear" },
        marks: measured,
      },
    ],
  };
}
