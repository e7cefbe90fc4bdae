import type { Figure, Panel } from "../../plot/index.js";
import { formatNumber } from "../../plot/index.js";
import type { ReportSection } from "../../report/index.js";
import type { CurvatureStudy } from "./curvature-study.js";
import type { CurvatureTraining } from "./training-part.js";

/** The training whose two ends are studied. */
export function trainingSection(training: CurvatureTraining, study: CurvatureStudy): ReportSection {
  const { options } = study;
  const last = training.testAccuracy[training.testAccuracy.length - 1];
  const test = last === undefined ? "" : ` and ${formatNumber(100 * last, 4)} % of the test samples`;
  return {
    id: "training",
    title: "1. The training run",
    status: training.status === "cancelled" ? "cancelled" : "complete",
    text: [
      `The network classifies ${formatNumber(100 * training.trainAccuracy, 4)} % of the training samples${test} rightly at the end. ` +
        `On the curvature samples the loss falls from ${formatNumber(training.subsetLoss[0])} to ${formatNumber(training.subsetLoss[1])}.`,
    ],
    method: `Heavy ball, γ = 0.9, η = ${options.stepSize}, batches of ${options.batchSize}, ${options.epochs} epochs, cross-entropy, LeCun initialisation. The loss is the mean over batches since the last point.`,
    matvecs: null,
    tables: [],
    figures: training.epochs.length === 0 ? [] : [figure(training)],
    data: {
      status: training.status,
      epochs: training.epochs,
      loss: training.loss,
      testAccuracy: training.testAccuracy,
      subsetLoss: training.subsetLoss,
      trainAccuracy: training.trainAccuracy,
    },
  };
}

function figure({ epochs, loss, testAccuracy }: CurvatureTraining): Figure {
  const x = { label: "epoch", scale: "linear" } as const;
  const panels: Panel[] = [
    {
      title: "Training loss",
      x,
      y: { label: "cross-entropy", scale: loss.every((value) => value > 0) ? "log" : "linear" },
      marks: [{ kind: "line", x: epochs, y: loss, color: "blue" }],
    },
    ...(testAccuracy.length === 0
      ? []
      : [
          {
            title: "Test accuracy",
            x,
            y: { label: "share classified rightly", scale: "linear" },
            marks: [{ kind: "line", x: epochs, y: testAccuracy, color: "green" }],
          } as const,
        ]),
  ];
  return {
    id: "training-figure",
    title: "Training by small batches",
    description: `Mean batch loss from ${formatNumber(loss[0])} to ${formatNumber(loss[loss.length - 1])}${testAccuracy.length === 0 ? "" : " and the share of test samples classified rightly"}.`,
    columns: panels.length,
    panels,
  };
}
