import { formatNumber, trainingCurve } from "../../plot/index.js";
import type { ReportSection } from "../../report/index.js";
import type { SpectralStudy } from "./spectral-study.js";
import type { TrainingPart } from "./training-part.js";

/** The outcome of the training in one sentence. */
export function trainingSentence(training: TrainingPart): string {
  const percent = (share: number): string => `${formatNumber(100 * share, 4)} %`;
  const accuracy = [
    ...(training.trainAccuracy === null ? [] : [`${percent(training.trainAccuracy)} of the training samples`]),
    ...(training.testAccuracy === null ? [] : [`${percent(training.testAccuracy)} of the test samples`]),
  ];
  const classified = accuracy.length === 0 ? "" : `; it classifies ${accuracy.join(" and ")} rightly`;
  return `Training ended with loss ${formatNumber(training.finalLoss)}${classified}.`;
}

/** Item 2: training loss with the sharpness against 2/η. */
export function trainingSection(training: TrainingPart, study: SpectralStudy): ReportSection {
  const { sharpness, threshold } = training;
  const { stepSize, batchSize, samples } = study.options;
  const fullBatch = batchSize === samples;
  const how = fullBatch ? "full-batch gradient descent" : `stochastic gradient descent, batches of ${batchSize}`;
  return {
    id: "training",
    title: "2. Training loss and sharpness",
    status: training.status === "cancelled" ? "cancelled" : "complete",
    text: [
      sharpnessSentence(training, fullBatch),
      fullBatch
        ? "On a quadratic, gradient descent is stable while the sharpness stays below 2/η. Networks often train at that edge: the sharpness rises to it and stays near it, and the loss still falls."
        : "The threshold 2/η belongs to full-batch gradient descent: with small batches the noise matters too, and the sharpness need not settle near it.",
    ],
    method:
      `${how[0]!.toUpperCase()}${how.slice(1)}, step size ${stepSize}; sharpness by Lanczos on exact Hessian-vector products of ${sharpness.samples} samples. ` +
      "The loss is the mean over batches since the last point. Error bars are residual norms, mostly smaller than the points.",
    matvecs: training.matvecs,
    tables: [
      {
        caption: "Sharpness at a handful of steps",
        columns: [
          { label: "step" },
          { label: "sharpness", digits: 5 },
          { label: "residual norm", digits: 2 },
          { label: "sharpness · η / 2", digits: 3 },
        ],
        rows: sharpness.steps.map((step, i) => [
          step,
          sharpness.values[i]!,
          sharpness.residualNorms[i]!,
          sharpness.values[i]! / threshold,
        ]),
      },
    ],
    figures:
      training.steps.length === 0
        ? []
        : [
            trainingCurve({
              id: "training-curve",
              title: `Training by ${how}, η = ${stepSize}`,
              ...training,
              stepSize,
            }),
          ],
    data: {
      status: training.status,
      steps: training.steps,
      loss: training.loss,
      finalLoss: training.finalLoss,
      trainAccuracy: training.trainAccuracy,
      testAccuracy: training.testAccuracy,
      sharpness,
      threshold,
    },
  };
}

function sharpnessSentence({ sharpness, threshold }: TrainingPart, fullBatch: boolean): string {
  if (sharpness.values.length === 0) return "The sharpness was not computed.";
  const first = sharpness.values[0]!;
  const last = sharpness.values[sharpness.values.length - 1]!;
  const share = last / threshold;
  const highest = Math.max(...sharpness.values);
  const peak = highest > Math.max(first, last) ? `, at its highest ${formatNumber(highest, 4)}` : "";
  const place =
    fullBatch && share > 0.9 && share < 1.1
      ? "at the edge of stability"
      : share >= 1.1
        ? "above the threshold"
        : "below the threshold";
  return `The sharpness goes from ${formatNumber(first, 3)} to ${formatNumber(last, 4)}${peak}; the threshold 2/η is ${formatNumber(threshold, 4)}: the run ends ${place} (ratio ${formatNumber(share, 3)}).`;
}
