import { ArgumentError, EPSILON, UnsupportedError, isCancelled } from "../core/index.js";
import { type Tensor, type TensorArchive, sizeOfShape, toFloat64 } from "../formats/index.js";
import { svd } from "../linalg/index.js";
import type { AnalyzeSettings } from "./analyze-options.js";
import { reshapedBlocks } from "./convolution-operator.js";
import { requireFiniteWeights } from "./finite-weights.js";
import { type Fingerprint, createFingerprint } from "./fingerprint.js";
import { gramSingularValues } from "./gram-values.js";
import { type AssumedGeometry, geometryFor } from "./layer-geometry.js";
import {
  type LayerMatrix,
  type LayerPart,
  type LayoutChoice,
  type TensorOutline,
  guessLayout,
  isWeightType,
  layerMatrix,
  outlineLayer,
  skipReason,
} from "./layer-matrices.js";
import { reportLayer } from "./layer-report.js";
import type { LayerReport, LayerValues } from "./layer-record.js";
import { matchesPattern } from "./patterns.js";
import { requireGeometry } from "./convolution-geometry.js";
import { type WeightReport, assembleReport } from "./weight-summary.js";

/** Gathers the reports of a model's tensors; shared by the two front doors. */
export interface Collector {
  /** Whether the caller asked to stop. */
  cancelled(): boolean;
  /** Lists a tensor as skipped if it is not to be analysed. */
  skip(outline: TensorOutline): boolean;
  /** Whether a skipped tensor holds weights all the same, such as a bias: it must be finite. */
  holdsWeights(outline: TensorOutline): boolean;
  /** Refuses a skipped tensor that is not finite. */
  checkTensor(tensor: Tensor): void;
  /** The same, by tiles. */
  checkTiled(archive: TensorArchive, outline: TensorOutline): Promise<void>;
  /** Analyses a tensor that is in memory. */
  addTensor(tensor: Tensor): void;
  /** Whether a tensor is to be read in tiles. */
  isTiled(outline: TensorOutline): boolean;
  /** Analyses a tensor by tiles of its rows. */
  addTiled(archive: TensorArchive, outline: TensorOutline): Promise<void>;
  /** The report. */
  finish(): WeightReport;
}

/** Entries of a tile read for a fingerprint or a check. */
const FINGERPRINT_TILE = 2 ** 20;

/** Begins a report on tensors whose names, types and shapes are known. */
export function createCollector(
  outlines: readonly TensorOutline[],
  settings: AnalyzeSettings,
  caller: string,
): Collector {
  const guess = guessLayout(outlines);
  const layout: LayoutChoice =
    settings.layout === "auto" ? guess : { layout: settings.layout, from: "given", reason: "given by the caller" };
  requireFittingGeometries(outlines, layout, settings, caller);
  const layers: LayerReport[] = [];
  const skipped: { name: string; shape: readonly number[]; reason: string; parameters: number }[] = [];
  const seen = new Map<string, { readonly name: string; readonly tied: string[] }>();
  const shapes = new Map<string, number>();
  for (const { shape } of outlines) shapes.set(shape.join("x"), (shapes.get(shape.join("x")) ?? 0) + 1);
  const total = outlines.reduce((sum, { shape }) => sum + sizeOfShape(shape), 0);
  let done = 0;
  const stopped = (): boolean => isCancelled(settings.running.signal);
  const progress = ({ shape }: TensorOutline): void => {
    done += sizeOfShape(shape);
    settings.running.onProgress?.({ phase: "weights", done, total, figures: { layers: layers.length } });
  };
  const isSelected = (name: string): boolean =>
    settings.only === null || settings.only.some((pattern) => matchesPattern(name, pattern));
  const reasonToSkip = (outline: TensorOutline): string | null =>
    isSelected(outline.name) ? skipReason(outline) : "not selected";
  /** Registers the tensor, or lists it as tied to an earlier one of the same entries. */
  const tieOf = (outline: TensorOutline, print: string): string[] | null => {
    const key = `${outline.shape.join("x")}/${print}`;
    const twin = seen.get(key);
    if (twin === undefined) {
      const tied: string[] = [];
      seen.set(key, { name: outline.name, tied });
      return tied;
    }
    twin.tied.push(outline.name);
    const reason = `identical to ${twin.name}: counted once`;
    skipped.push({ name: outline.name, shape: outline.shape, reason, parameters: 0 });
    progress(outline);
    return null;
  };
  const mayBeTied = ({ shape }: TensorOutline): boolean => (shapes.get(shape.join("x")) ?? 0) > 1;
  const add = (
    outline: TensorOutline,
    tied: readonly string[],
    part: LayerPart,
    content: LayerMatrix | null,
    values: LayerValues,
    assumed: AssumedGeometry | null,
  ): void => {
    const { name, dtype, shape } = outline;
    const report = reportLayer({ name, dtype, shape, layout, tied }, part, content, values, assumed, settings);
    if (!stopped()) layers.push(report); // a layer cut short is not a result
  };
  return {
    cancelled: stopped,
    skip(outline) {
      const reason = reasonToSkip(outline);
      if (reason === null) return false;
      skipped.push({ name: outline.name, shape: outline.shape, reason, parameters: sizeOfShape(outline.shape) });
      progress(outline);
      return true;
    },
    holdsWeights: ({ name, dtype }) => isSelected(name) && isWeightType(dtype),
    checkTensor: (tensor) => requireFiniteWeights(toFloat64(tensor), tensor.name, 0, caller),
    async checkTiled(archive, { name, shape }) {
      const size = sizeOfShape(shape);
      for (let start = 0; start < size; start += FINGERPRINT_TILE) {
        const tile = await archive.read(name, { start, end: Math.min(size, start + FINGERPRINT_TILE) });
        requireFiniteWeights(toFloat64(tile), name, start, caller);
      }
    },
    addTensor(tensor) {
      const data = toFloat64(tensor);
      requireFiniteWeights(data, tensor.name, 0, caller);
      const print = createFingerprint();
      if (mayBeTied(tensor)) print.update(data);
      const tied = tieOf(tensor, mayBeTied(tensor) ? print.value() : tensor.name);
      if (tied === null) return;
      const { viewCols, parts } = outlineLayer(tensor, layout.layout);
      for (const part of parts) {
        const content = layerMatrix(part, data, viewCols);
        const assumed = assumedFor(tensor.name, part, settings);
        add(tensor, tied, part, content, valuesOf(content, assumed?.geometry.groups ?? 1), assumed);
      }
      progress(tensor);
    },
    isTiled: ({ shape }) => sizeOfShape(shape) > settings.tileAbove,
    async addTiled(archive, outline) {
      const { name, shape } = outline;
      const size = sizeOfShape(shape);
      const { viewCols, parts } = outlineLayer(outline, layout.layout);
      const read = async (start: number, end: number): Promise<Float64Array> => {
        const data = toFloat64(await archive.read(name, { start, end }));
        requireFiniteWeights(data, name, start, caller);
        return data;
      };
      const print = mayBeTied(outline) ? await fingerprintOf(read, size) : name;
      const tied = tieOf(outline, print);
      if (tied === null) return;
      const tileRows = Math.max(1, Math.floor(settings.tileAbove / 4 / viewCols));
      for (const part of parts) {
        const groups = groupsOf(name, part, settings);
        const blocks: LayerValues[] = [];
        for (let group = 0; group < groups; group++) {
          const { row, col, height, width } = groupBlock(part, groups, group);
          blocks.push(
            await gramSingularValues(height, width, tileRows, async (from, to) => {
              const rows = await read((row + from) * viewCols, (row + to) * viewCols);
              return width === viewCols ? rows : columnsOf(rows, viewCols, col, width);
            }),
          );
          if (stopped()) return;
        }
        add(outline, tied, part, null, joinValues(blocks), assumedFor(name, part, settings));
      }
      progress(outline);
    },
    finish() {
      if (layers.length === 0 && !stopped()) {
        const reasons = skipped.slice(0, 5).map(({ name, reason }) => `${name} (${reason})`);
        throw new UnsupportedError({
          function: caller,
          argument: "tensors",
          expected: "a model with at least one weight of two or more dimensions",
          got: skipped.length === 0 ? "no tensors" : `${skipped.length} tensors, none of them: ${reasons.join(", ")}`,
        });
      }
      return assembleReport(layers, skipped, layout, stopped());
    },
  };
}

/** Geometries that fit no kernel, or not theirs, are found before any work: names and shapes are known from the header. */
function requireFittingGeometries(
  outlines: readonly TensorOutline[],
  layout: LayoutChoice,
  settings: AnalyzeSettings,
  caller: string,
): void {
  const names: string[] = [];
  for (const outline of outlines) {
    if (skipReason(outline) !== null) continue;
    for (const { convolution } of outlineLayer(outline, layout.layout).parts) {
      if (convolution === null) continue;
      names.push(outline.name);
      const { geometry } = geometryFor(outline.name, convolution, settings.convolution, settings.convolutions);
      requireGeometry(convolution, geometry, `${caller}, layer ${JSON.stringify(outline.name)}`);
    }
  }
  for (const pattern of Object.keys(settings.convolutions)) {
    if (names.some((name) => matchesPattern(name, pattern))) continue;
    throw new ArgumentError({
      function: caller,
      argument: `the pattern ${JSON.stringify(pattern)} of convolutions`,
      expected: "one that matches the name of a convolution",
      got:
        names.length === 0
          ? "a model without convolutions"
          : `the names ${names.slice(0, 5).join(", ")}${names.length > 5 ? ", …" : ""}`,
      remedy: 'check the spelling; "*" stands for any text',
    });
  }
}

/** What is assumed about a convolution; null for other layers. */
function assumedFor(name: string, { convolution }: LayerPart, settings: AnalyzeSettings): AssumedGeometry | null {
  if (convolution === null) return null;
  return geometryFor(name, convolution, settings.convolution, settings.convolutions);
}

function groupsOf(name: string, part: LayerPart, settings: AnalyzeSettings): number {
  return assumedFor(name, part, settings)?.geometry.groups ?? 1;
}

/** The stored block of one group: a range of outputs, which are rows or columns. */
function groupBlock({ block, transposed }: LayerPart, groups: number, group: number): LayerPart["block"] {
  const { row, col, height, width } = block;
  return transposed
    ? { row, col: col + (group * width) / groups, height, width: width / groups }
    : { row: row + (group * height) / groups, col, height: height / groups, width };
}

/** Singular values of the matrix; of a grouped kernel those of its blocks. */
function valuesOf({ matrix, kernel }: LayerMatrix, groups: number): LayerValues {
  const blocks = kernel === null || groups === 1 ? [matrix] : reshapedBlocks(kernel, groups);
  return joinValues(
    blocks.map((block) => {
      const { singularValues } = svd(block, { vectors: "none" });
      const reliableAbove = Math.max(block.rows, block.cols) * EPSILON * singularValues[0];
      return { singularValues, method: "svd", reliableAbove };
    }),
  );
}

/** The values of a block-diagonal matrix. */
function joinValues(blocks: readonly LayerValues[]): LayerValues {
  if (blocks.length === 1) return blocks[0];
  const singularValues = Float64Array.from(blocks.flatMap((block) => Array.from(block.singularValues)))
    .sort()
    .reverse();
  return { ...blocks[0], singularValues, reliableAbove: Math.max(...blocks.map((block) => block.reliableAbove)) };
}

async function fingerprintOf(
  read: (start: number, end: number) => Promise<Float64Array>,
  size: number,
): Promise<string> {
  const print: Fingerprint = createFingerprint();
  for (let start = 0; start < size; start += FINGERPRINT_TILE)
    print.update(await read(start, Math.min(size, start + FINGERPRINT_TILE)));
  return print.value();
}

function columnsOf(rows: Float64Array, viewCols: number, col: number, width: number): Float64Array {
  const count = rows.length / viewCols;
  const out = new Float64Array(count * width);
  for (let i = 0; i < count; i++) out.set(rows.subarray(i * viewCols + col, i * viewCols + col + width), i * width);
  return out;
}
