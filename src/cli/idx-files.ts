import { existsSync } from "node:fs";
import { EigenscopeError, type Matrix } from "../core/index.js";
import { type Tensor, readIdx } from "../formats/index.js";
import { type LabelledImages, requireLabelledImages } from "../studies/index.js";
import { UsageError } from "./usage-error.js";

/** A pair of IDX files, read and checked. */
export interface IdxPair {
  /** The common beginning of the names. */
  readonly prefix: string;
  /** The images. */
  readonly images: Tensor;
  /** Images and labels for a study. */
  readonly data: LabelledImages;
}

/**
 * Reads PREFIX-images-idx3-ubyte[.gz] and PREFIX-labels-idx1-ubyte[.gz].
 *
 * @throws {UsageError} when a file is missing, damaged, or the two do not belong together; the message names the file
 */
export async function readIdxPair(prefix: string, option: string): Promise<IdxPair> {
  const imagePath = existingFile(`${prefix}-images-idx3-ubyte`, option);
  const labelPath = existingFile(`${prefix}-labels-idx1-ubyte`, option);
  const images = await readFile(imagePath);
  const labels = await readFile(labelPath);
  const data = { images, labels };
  try {
    requireLabelledImages(data, option);
  } catch (error) {
    if (error instanceof EigenscopeError) throw new UsageError(`${imagePath} with ${labelPath}: ${error.message}`);
    throw error;
  }
  return { prefix, images, data };
}

function existingFile(path: string, option: string): string {
  for (const candidate of [path, `${path}.gz`]) if (existsSync(candidate)) return candidate;
  throw new UsageError(`${option}: expected the file ${path} or ${path}.gz, got neither`);
}

async function readFile(path: string): Promise<Tensor> {
  try {
    return await readIdx(path);
  } catch (error) {
    if (error instanceof EigenscopeError) throw new UsageError(`${path}: ${error.message}`);
    throw error;
  }
}

/**
 * The first image of each class, by class, as matrices.
 *
 * @throws {UsageError} when the images are rows of features without height and width
 */
export function firstOfEachClass({ images, labels }: LabelledImages, option: string): Matrix[] {
  const [, rows, cols] = images.shape;
  if (rows === undefined || cols === undefined) {
    throw new UsageError(
      `${option}: expected images of shape n x height x width, got shape [${images.shape.join(", ")}]`,
    );
  }
  const found = new Map<number, Matrix>();
  for (let i = 0; i < labels.data.length; i++) {
    const label = Number(labels.data[i]);
    if (found.has(label)) continue;
    const data = Float64Array.from({ length: rows * cols }, (_, j) => Number(images.data[i * rows * cols + j]));
    found.set(label, { rows, cols, data });
  }
  return [...found].sort(([a], [b]) => a - b).map(([, picture]) => picture);
}
