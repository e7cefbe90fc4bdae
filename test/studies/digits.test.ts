import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { readIdxSync } from "../../src/formats/index.js";
import { createRng } from "../../src/random/index.js";
import type { LabelledImages } from "../../src/studies/index.js";
import { settleOptions } from "../../src/studies/spectral/options.js";
import { prepareProblem } from "../../src/studies/spectral/problem.js";
import { trainingPart } from "../../src/studies/spectral/training-part.js";
import { sharedData, sharedMissing } from "../support/shared.js";

const paths = ["train-images-idx3", "train-labels-idx1", "test-images-idx3", "test-labels-idx1"].map((name) =>
  sharedData(`digits-${name}-ubyte.gz`),
);
const present = paths.every((path) => path !== null);
if (!present) console.log(sharedMissing);

test.runIf(present)("with the study's defaults real digits are classified with at least 90 % test accuracy", () => {
  const [images, labels, testImages, testLabels] = paths.map((path) => readIdxSync(readFileSync(path!)));
  const train: LabelledImages = { images: images!, labels: labels! };
  const held: LabelledImages = { images: testImages!, labels: testLabels! };
  // Defaults throughout, but for the sharpness: few steps and few samples, which do not touch the training.
  const settled = settleOptions({ images: train, testImages: held, subset: 100, sharpnessSteps: 2 }, [], "test");
  const problem = prepareProblem(train, held, settled, createRng(1), "test");
  const { testAccuracy, trainAccuracy, status } = trainingPart(problem, settled, createRng(1), {});
  expect(status).toBe("converged");
  expect(testAccuracy).toBeGreaterThanOrEqual(0.9);
  expect(trainAccuracy).toBeGreaterThanOrEqual(0.95);
});
