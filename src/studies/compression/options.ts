import {
  ArgumentError,
  type LabelledData,
  type LongRunning,
  OptionError,
  describe,
  requireInteger,
  requireOptions,
  requirePositive,
} from "../../core/index.js";
import { type Rng, permutation } from "../../random/index.js";
import {
  type LabelledImages,
  classCount,
  imageData,
  pixelScaling,
  requireLabelledImages,
  selectRows,
} from "../spectral/images.js";
import { madeDigits } from "./made-digits.js";

/** Options of the compression study that are plain data. */
export interface CompressionStudyOptions {
  /** Images to train on; made digits without them. */
  readonly images?: LabelledImages;
  /** Images on which everything is measured; needs `images`. Without them a fifth of the images is held out. */
  readonly testImages?: LabelledImages;
  /** Widths of the hidden layers. Default [128, 64]. */
  readonly hidden?: readonly number[];
  /** Updates. Default 600. */
  readonly steps?: number;
  /** Step size η. Default 0.1. */
  readonly stepSize?: number;
  /** Samples per update. Default 100, at most all. */
  readonly batchSize?: number;
  /** Made digits to train on when there are no images; half as many again to measure on. Default 2000. */
  readonly samples?: number;
}

/** What a run needs beside its options. */
export interface CompressionStudyRun extends CompressionStudyOptions, LongRunning {
  /** Made digits, hold-out, initialisation and batches. */
  readonly rng: Rng;
  /** A clock in milliseconds, for wall times; absent without it. */
  readonly now?: () => number;
}

/** Options after defaults, without the images. */
export interface Settled {
  readonly hidden: readonly number[];
  readonly steps: number;
  readonly stepSize: number;
  readonly batchSize: number;
  readonly samples: number;
}

/** Checks the options, and makes or divides the images. */
export function prepare(
  run: CompressionStudyRun,
  caller: string,
): { readonly data: { readonly train: LabelledData; readonly test: LabelledData }; readonly options: Settled } {
  requireOptions(
    run,
    [
      "images",
      "testImages",
      "hidden",
      "steps",
      "stepSize",
      "batchSize",
      "samples",
      "rng",
      "now",
      "signal",
      "onProgress",
    ],
    caller,
  );
  const { rng, images, testImages, hidden = [128, 64] } = run;
  if (typeof rng?.fork !== "function")
    throw new ArgumentError({
      function: caller,
      argument: "rng",
      expected: "a stream, such as createRng(1)",
      got: describe(rng),
    });
  if (!Array.isArray(hidden) || hidden.length === 0)
    throw new ArgumentError({
      function: caller,
      argument: "hidden",
      expected: "a list of at least one width",
      got: describe(hidden),
    });
  hidden.forEach((width, i) => requireInteger(width, `hidden[${i}]`, caller, 1, 4096));
  const samples = requireInteger(run.samples ?? 2000, "samples", caller, 50, 100_000);
  if (testImages !== undefined && images === undefined)
    throw new OptionError({
      function: caller,
      argument: "testImages",
      expected: "given together with images",
      got: "testImages alone",
    });
  if (images !== undefined && run.samples !== undefined)
    throw new OptionError({
      function: caller,
      argument: "samples",
      expected: "absent where images are given",
      got: describe(run.samples),
    });
  const steps = requireInteger(run.steps ?? 600, "steps", caller, 1);
  const stepSize = requirePositive(run.stepSize ?? 0.1, "stepSize", caller);
  const batch = requireInteger(run.batchSize ?? 100, "batchSize", caller, 1);
  const data =
    images === undefined
      ? division(
          madeDigits({ count: samples + Math.floor(samples / 2), rng: rng.fork("digits") }),
          null,
          samples,
          rng,
          caller,
        )
      : division(requireLabelledImages(images, caller), testImages ?? null, null, rng, caller);
  const count = data.train.inputs.rows;
  return { data, options: { hidden, steps, stepSize, batchSize: Math.min(count, batch), samples: count } };
}

/** Training and test data: the given test images, all after the first `first`, or a seeded fifth. */
function division(
  images: LabelledImages,
  testImages: LabelledImages | null,
  first: number | null,
  rng: Rng,
  caller: string,
): { train: LabelledData; test: LabelledData } {
  const classes = classCount(images);
  const plain = { mean: 0, deviation: 1 };
  const all = imageData(images, plain, classes, caller);
  if (testImages !== null) {
    requireLabelledImages(testImages, caller);
    const test = imageData(testImages, plain, classes, caller);
    if (test.inputs.cols !== all.inputs.cols)
      throw new ArgumentError({
        function: caller,
        argument: "testImages",
        expected: `images of ${all.inputs.cols} pixels, as for training`,
        got: `${test.inputs.cols} pixels`,
      });
    return standardised(all, test);
  }
  const n = all.inputs.rows;
  const order =
    first === null ? Array.from(permutation(rng.fork("hold-out"), n)) : Array.from({ length: n }, (_, i) => i);
  const cut = first ?? Math.floor((4 * n) / 5);
  return standardised(selectRows(all, order.slice(0, cut)), selectRows(all, order.slice(cut)));
}

/** Pixels by mean and deviation of the training images, which alone may know them. */
function standardised(train: LabelledData, test: LabelledData): { train: LabelledData; test: LabelledData } {
  const shape = [train.inputs.rows, train.inputs.cols];
  const { mean, deviation } = pixelScaling({
    images: { shape, data: train.inputs.data },
    labels: { shape: [0], data: [] },
  });
  const scaled = (data: LabelledData): LabelledData => ({
    ...data,
    inputs: { ...data.inputs, data: data.inputs.data.map((value) => (value - mean) / deviation) },
  });
  return { train: scaled(train), test: scaled(test) };
}
