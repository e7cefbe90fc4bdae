import type { LabelledData, Matrix } from "../../core/index.js";
import { type Network, mlp, oneHot } from "../../networks/index.js";
import { type Rng, normalMatrix, permutation } from "../../random/index.js";
import { type LabelledImages, classCount, imageData, pixelScaling, selectRows } from "../spectral/images.js";
import { GENERATED_CLASSES, type SettledCurvatureOptions } from "./options.js";

/** What the curvature study works on. */
export interface CurvatureProblem {
  /** The classifier, studied with cross-entropy. */
  readonly network: Network;
  /** Training data. */
  readonly train: LabelledData;
  /** Test data, or null. */
  readonly test: LabelledData | null;
  /** The seeded subset on which curvature is taken. */
  readonly subset: LabelledData;
  /** The first samples of the subset, for the full-batch runs. */
  readonly edge: LabelledData;
  /** Number of classes. */
  readonly classes: number;
}

/** Prepares network and data: standardised images, or generated Gaussian classes. */
export function prepareCurvatureProblem(
  images: LabelledImages | null,
  testImages: LabelledImages | null,
  settled: SettledCurvatureOptions,
  rng: Rng,
  caller: string,
): CurvatureProblem {
  const classes = images === null ? GENERATED_CLASSES.classes : classCount(images);
  const scaling = images === null ? null : pixelScaling(images);
  const train =
    images === null || scaling === null
      ? gaussianClasses(rng.fork("classes"))
      : imageData(images, scaling, classes, caller);
  const test = testImages === null || scaling === null ? null : imageData(testImages, scaling, classes, caller);
  const network = mlp({
    sizes: [train.inputs.cols, ...settled.hidden, classes],
    activation: settled.activation,
    loss: "cross-entropy",
  });
  const order = permutation(rng.fork("subset"), train.inputs.rows).subarray(0, settled.subset);
  return {
    network,
    train,
    test,
    subset: selectRows(train, order),
    edge: selectRows(train, order.subarray(0, settled.edgeSamples)),
    classes,
  };
}

/**
 * Draws Gaussian classes: unit spread around centres of deviation 0.4, so that neighbouring classes overlap.
 *
 * Relation: x = centre of the class + N(0, I), centres N(0, 0.16 I); classes in turn.
 */
function gaussianClasses(rng: Rng): LabelledData {
  const { samples, inputs, classes } = GENERATED_CLASSES;
  const centres = normalMatrix(rng.fork("centres"), classes, inputs);
  const points: Matrix = normalMatrix(rng.fork("points"), samples, inputs);
  const labels = Array.from({ length: samples }, (_, i) => i % classes);
  labels.forEach((label, i) => {
    for (let j = 0; j < inputs; j++) points.data[i * inputs + j] += 0.4 * centres.data[label * inputs + j];
  });
  return { inputs: points, targets: oneHot(labels, classes) };
}
