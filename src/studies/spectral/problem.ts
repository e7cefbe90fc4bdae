import { square } from "../../core/index.js";
import type { LabelledData } from "../../core/index.js";
import { type Network, initialize, mlp, predict } from "../../networks/index.js";
import { type Rng, normalMatrix, permutation } from "../../random/index.js";
import { classCount, imageData, pixelScaling, selectRows, type LabelledImages } from "./images.js";
import { GENERATED, type SettledOptions } from "./options.js";

/** What the study works on. */
export interface Problem {
  /** The network to be trained. */
  readonly network: Network;
  /** Training data. */
  readonly train: LabelledData;
  /** Test data, or null. */
  readonly test: LabelledData | null;
  /** The seeded subset for curvature and kernels. */
  readonly subset: LabelledData;
  /** Rows of the subset, ascending. */
  readonly subsetRows: readonly number[];
  /** Whether targets are classes. */
  readonly classes: number | null;
}

/** Prepares network and data: standardised images with one-hot targets, or a generated teacher–student problem. */
export function prepareProblem(
  images: LabelledImages | null,
  testImages: LabelledImages | null,
  settled: SettledOptions,
  rng: Rng,
  caller: string,
): Problem {
  const classes = images === null ? null : classCount(images);
  const { train, test } =
    images === null || classes === null
      ? { train: teacherStudent(rng.fork("teacher-student")), test: null }
      : imageProblem(images, testImages, classes, caller);
  const network = mlp({
    sizes: [train.inputs.cols, ...settled.hidden, train.targets.cols],
    activation: settled.activation,
    loss: settled.loss,
  });
  const subsetRows = Array.from(permutation(rng.fork("subset"), train.inputs.rows).subarray(0, settled.subset)).sort(
    (a, b) => a - b,
  );
  return { network, train, test, subset: selectRows(train, subsetRows), subsetRows, classes };
}

function imageProblem(
  images: LabelledImages,
  testImages: LabelledImages | null,
  classes: number,
  caller: string,
): { train: LabelledData; test: LabelledData | null } {
  const scaling = pixelScaling(images);
  return {
    train: imageData(images, scaling, classes, caller),
    test: testImages === null ? null : imageData(testImages, scaling, classes, caller),
  };
}

/**
 * Draws a regression problem: standard normal inputs, targets of a random two-layer ReLU network, each standardised.
 *
 * Relation: targets have mean 0 and variance 1 over the samples, so the loss of the best constant is outputs / 2.
 */
export function teacherStudent(rng: Rng): LabelledData {
  const { samples, inputs, teacherWidth, outputs } = GENERATED;
  const teacher = mlp({ sizes: [inputs, teacherWidth, outputs], activation: "relu", bias: false });
  const points = normalMatrix(rng.fork("inputs"), samples, inputs);
  const targets = predict(teacher, initialize(teacher, "he", rng.fork("teacher")), points);
  for (let j = 0; j < outputs; j++) {
    let mean = 0;
    for (let i = 0; i < samples; i++) mean += targets.data[i * outputs + j] / samples;
    let variance = 0;
    for (let i = 0; i < samples; i++) variance += square(targets.data[i * outputs + j] - mean) / samples;
    const deviation = Math.sqrt(variance);
    for (let i = 0; i < samples; i++)
      targets.data[i * outputs + j] = (targets.data[i * outputs + j] - mean) / deviation;
  }
  return { inputs: points, targets };
}
