import {
  ArgumentError,
  type LabelledData,
  type Matrix,
  NonFiniteError,
  ShapeError,
  describe,
  requireInteger,
  square,
} from "../../core/index.js";
import { oneHot } from "../../networks/index.js";

/** An array with its shape, as the readers of `eigenscope/formats` return it. */
export interface ShapedArray {
  /** Lengths of the axes, first axis samples. */
  readonly shape: readonly number[];
  /** Entries in row-major order. */
  readonly data: ArrayLike<number> | ArrayLike<bigint>;
}

/** Images with one class label each. */
export interface LabelledImages {
  /** n x height x width, or n x features. */
  readonly images: ShapedArray;
  /** n labels, integers from 0. */
  readonly labels: ShapedArray;
}

/** What is subtracted from the pixels and what they are divided by: found on training data, used on test data too. */
export interface PixelScaling {
  /** Mean over all pixels of all training images. */
  readonly mean: number;
  /** Standard deviation over all pixels of all training images. */
  readonly deviation: number;
}

/** Fewest samples that a study of images makes sense with. */
export const MINIMUM_SAMPLES = 50 as const;

const MAXIMUM_LABEL = 999;

/**
 * Checks that images and labels belong together and are fit for a study.
 *
 * @throws {ShapeError} when counts differ, an axis is empty, or the shapes are not n x … and n
 * @throws {NonFiniteError} for NaN or infinities among the pixels
 * @throws {ArgumentError} for labels that are not integers in [0, 999], a single class, or all pixels equal
 */
export function requireLabelledImages(data: LabelledImages, caller: string): LabelledImages {
  const { images, labels } = data;
  if (!Array.isArray(images?.shape) || !Array.isArray(labels?.shape)) {
    throw new ArgumentError({
      function: caller,
      argument: "data",
      expected: "{ images, labels } with shape and data",
      got: describe(data),
    });
  }
  const shapes = { images: images.shape as readonly number[], labels: labels.shape as readonly number[] };
  const shapeText = (shape: readonly number[]): string => `shape [${shape.join(", ")}]`;
  if (shapes.images.length < 2 || shapes.images.length > 3) {
    throw new ShapeError({
      function: caller,
      argument: "images",
      expected: "n x height x width or n x features",
      got: shapeText(shapes.images),
    });
  }
  if (shapes.labels.length !== 1) {
    throw new ShapeError({
      function: caller,
      argument: "labels",
      expected: "one label per image, of one axis",
      got: shapeText(shapes.labels),
    });
  }
  const [samples] = shapes.images as [number];
  const features = shapes.images.slice(1).reduce((product, length) => product * length, 1);
  if (samples < MINIMUM_SAMPLES || features < 1) {
    throw new ShapeError({
      function: caller,
      argument: "images",
      expected: `at least ${MINIMUM_SAMPLES} images of at least one pixel`,
      got: shapeText(shapes.images),
    });
  }
  if (shapes.labels[0] !== samples) {
    throw new ShapeError({
      function: caller,
      argument: "labels",
      expected: `one per image, ${samples} in all`,
      got: `${shapes.labels[0]} labels`,
    });
  }
  requirePixels(images, samples * features, caller);
  requireLabels(labels, samples, caller);
  return data;
}

function requirePixels({ data }: ShapedArray, expected: number, caller: string): void {
  if (data.length !== expected) {
    throw new ShapeError({
      function: caller,
      argument: "images",
      expected: `backed by ${expected} numbers`,
      got: `${data.length} numbers`,
    });
  }
  const first = Number(data[0]);
  let equal = true;
  for (let i = 0; i < expected; i++) {
    const value = Number(data[i]);
    if (!Number.isFinite(value)) {
      throw new NonFiniteError({
        function: caller,
        argument: "images",
        expected: "finite in every pixel",
        got: `${value} at index ${i}`,
      });
    }
    if (value !== first) equal = false;
  }
  if (equal)
    throw new ArgumentError({
      function: caller,
      argument: "images",
      expected: "not all of one value",
      got: `${first} in every pixel`,
    });
}

function requireLabels({ data }: ShapedArray, samples: number, caller: string): void {
  if (data.length !== samples) {
    throw new ShapeError({
      function: caller,
      argument: "labels",
      expected: `backed by ${samples} numbers`,
      got: `${data.length} numbers`,
    });
  }
  const seen = new Set<number>();
  for (let i = 0; i < samples; i++) {
    const label = Number(data[i]);
    if (!Number.isInteger(label) || label < 0 || label > MAXIMUM_LABEL) {
      throw new ArgumentError({
        function: caller,
        argument: "labels",
        expected: `integers in [0, ${MAXIMUM_LABEL}]`,
        got: `${label} at index ${i}`,
      });
    }
    seen.add(label);
  }
  if (seen.size < 2) {
    throw new ArgumentError({
      function: caller,
      argument: "labels",
      expected: "of at least two classes",
      got: `only class ${[...seen].join(", ")}`,
    });
  }
}

/** Number of classes: the largest label plus one. */
export function classCount({ labels }: LabelledImages): number {
  let largest = 0;
  for (let i = 0; i < labels.data.length; i++) largest = Math.max(largest, Number(labels.data[i]));
  return largest + 1;
}

/** Mean and standard deviation over all pixels. */
export function pixelScaling({ images }: LabelledImages): PixelScaling {
  const n = images.data.length;
  let mean = 0;
  for (let i = 0; i < n; i++) mean += Number(images.data[i]) / n;
  let variance = 0;
  for (let i = 0; i < n; i++) variance += square(Number(images.data[i]) - mean) / n;
  return { mean, deviation: Math.sqrt(variance) };
}

/**
 * Turns images into rows of standardised pixels with one-hot targets.
 *
 * @param classes number of classes of the network; a label beyond it is an error
 * @throws {ArgumentError} when a label is not below `classes`
 */
export function imageData(data: LabelledImages, scaling: PixelScaling, classes: number, caller: string): LabelledData {
  const [rows] = data.images.shape as readonly [number];
  const cols = data.images.data.length / rows;
  const pixels = new Float64Array(rows * cols);
  for (let i = 0; i < pixels.length; i++) pixels[i] = (Number(data.images.data[i]) - scaling.mean) / scaling.deviation;
  const labels = Int32Array.from({ length: rows }, (_, i) => Number(data.labels.data[i]));
  labels.forEach((label, i) => requireInteger(label, `label ${i}`, caller, 0, classes - 1));
  return { inputs: { rows, cols, data: pixels }, targets: oneHot(labels, classes) };
}

/** Copies the named rows of a data set, in that order. */
export function selectRows({ inputs, targets }: LabelledData, rows: ArrayLike<number>): LabelledData {
  return { inputs: gather(inputs, rows), targets: gather(targets, rows) };
}

function gather(A: Matrix, rows: ArrayLike<number>): Matrix {
  const data = new Float64Array(rows.length * A.cols);
  for (let i = 0; i < rows.length; i++)
    data.set(A.data.subarray(rows[i]! * A.cols, (rows[i]! + 1) * A.cols), i * A.cols);
  return { rows: rows.length, cols: A.cols, data };
}
