import {
  EPSILON,
  type LongRunning,
  NonFiniteError,
  UnsupportedError,
  isCancelled,
  requireInteger,
  requireNumber,
  requireOneOf,
  requireOptions,
  log,
} from "../core/index.js";
import {
  type ByteInput,
  type NamedTensors,
  type Tensor,
  type TensorArchive,
  openSafetensors,
  sizeOfShape,
  toFloat64,
} from "../formats/index.js";
import { svd } from "../linalg/index.js";
import type { Rng } from "../random/index.js";
import { gramSingularValues } from "./gram-values.js";
import {
  type LayoutChoice,
  type WeightLayout,
  guessLayout,
  layerMatrices,
  requireLayout,
  skipReason,
} from "./layer-matrices.js";
import { type LayerReport, type LayerSettings, type LayerValues, reportLayer } from "./layer-report.js";

/** Options of analyzeWeights and analyzeCheckpoint. */
export interface AnalyzeWeightsOptions extends LongRunning {
  /** Stream for p-values, permuted baselines and operator norms; without it these are undefined with that reason. */
  readonly rng?: Rng;
  /** Order of the axes; default "auto": guessed once per file, and shown. */
  readonly layout?: "auto" | WeightLayout;
  /** Geometry assumed for convolutions, which a checkpoint does not store; default input 16, zero padding, stride 1. */
  readonly convolution?: {
    readonly inputSize?: number;
    readonly padding?: "zero" | "circular" | "valid";
    readonly stride?: number;
  };
  /** Bootstrap replicates of the tail's p-value; default 99. */
  readonly replicates?: number;
  /** Permuted copies of the baseline; default 9. */
  readonly draws?: number;
  /** Multiply-adds that one operator norm may cost; default 1.5e9. */
  readonly operatorBudget?: number;
  /** Layers with more entries get no permuted baseline; default 150,000. */
  readonly phaseLimit?: number;
  /** analyzeCheckpoint only: dense layers with more entries are read in tiles and analysed by a Gram matrix; default 16,777,216. */
  readonly tileAbove?: number;
}

/** A tensor that was not analysed. */
export interface SkippedTensor {
  /** Name. */
  readonly name: string;
  /** Shape. */
  readonly shape: readonly number[];
  /** Why. */
  readonly reason: string;
  /** Number of entries. */
  readonly parameters: number;
  /** Share of all entries of the checkpoint. */
  readonly share: number;
}

/** Totals of a report. */
export interface WeightSummary {
  /** Rows in `layers`. */
  readonly layers: number;
  /** Entries of all tensors, tied ones counted once. */
  readonly parameters: number;
  /** Share of them in analysed layers. */
  readonly analyzedShare: number;
  /** Layout of the file. */
  readonly layout: LayoutChoice;
  /** Largest spectral norm and where it is. */
  readonly largestSpectralNorm: { readonly name: string; readonly value: number };
  /** Σ log ‖W‖₂ over the layers that are not zero: the logarithm of a Lipschitz bound only for a plain chain of such layers. */
  readonly logSpectralNormSum: number;
  /** Median of the stable rank over min(rows, cols). */
  readonly medianRelativeStableRank: number;
  /** Number of layers whose tail is a supported power law. */
  readonly supportedTails: number;
  /** Mean of alpha over those layers, or null: an average over unsupported fits would mean nothing. */
  readonly meanSupportedAlpha: number | null;
  /** Number of layers with warnings. */
  readonly layersWithWarnings: number;
  /** "converged", or "cancelled" when the signal stopped the analysis: `layers` then holds what was done. */
  readonly status: "converged" | "cancelled";
}

/** The per-layer weight report. */
export interface WeightReport {
  /** Totals. */
  readonly summary: WeightSummary;
  /** One record per matrix, in file order. */
  readonly layers: readonly LayerReport[];
  /** Everything else, with reasons. */
  readonly skipped: readonly SkippedTensor[];
}

const KNOWN = [
  "rng",
  "layout",
  "convolution",
  "replicates",
  "draws",
  "operatorBudget",
  "phaseLimit",
  "tileAbove",
  "signal",
  "onProgress",
];

interface Settings extends LayerSettings {
  readonly layout: "auto" | WeightLayout;
  readonly tileAbove: number;
}

function requireSettings(options: AnalyzeWeightsOptions, caller: string): Settings {
  requireOptions(options, KNOWN, caller);
  requireOptions(options.convolution, ["inputSize", "padding", "stride"], caller);
  return {
    rng: options.rng ?? null,
    layout: requireLayout(options.layout, caller),
    convolution: {
      inputSize: requireInteger(options.convolution?.inputSize ?? 16, "convolution.inputSize", caller, 1),
      padding: requireOneOf(
        options.convolution?.padding ?? "zero",
        ["zero", "circular", "valid"],
        "convolution.padding",
        caller,
      ),
      stride: requireInteger(options.convolution?.stride ?? 1, "convolution.stride", caller, 1),
    },
    replicates: requireInteger(options.replicates ?? 99, "replicates", caller, 1),
    draws: requireInteger(options.draws ?? 9, "draws", caller, 1),
    operatorBudget: requireNumber(options.operatorBudget ?? 1.5e9, "operatorBudget", caller, 0),
    phaseLimit: requireInteger(options.phaseLimit ?? 150_000, "phaseLimit", caller, 0),
    tileAbove: requireInteger(options.tileAbove ?? 2 ** 24, "tileAbove", caller, 1),
  };
}

/**
 * Analyses the weights of a model that is in memory: one report per matrix, what was skipped and why, and totals.
 *
 * Relation: singularValues are those of the matrix that acts on the inputs (outputs x inputs; convolution kernels reshaped
 * to outChannels x (inChannels · taps), and besides them operatorNorm of the true convolution); eigenvalues of bulk and
 * tail are s²/max(rows, cols).
 * Identical tensors (tied weights) are counted once; packed attention is split into query, key and value.
 *
 * @param tensors as readSafetensors and readNpz return them, or any list of tensors
 * @throws {NonFiniteError} when a weight is NaN or infinite: no partial report
 * @throws {UnsupportedError} when nothing can be analysed; the message lists the reasons
 *
 * Accuracy: see matrixSpectrum, fitMarchenkoPastur, fitPowerLaw. Cost: one SVD of values per layer, and with rng about
 * `draws` more for layers within phaseLimit, plus the bootstrap.
 *
 * @example
 * ```ts
 * import { analyzeWeights } from "eigenscope/checkpoints";
 * const data = Float32Array.of(3, 0, 0, 2);
 * const { layers, skipped } = analyzeWeights([
 *   { name: "fc.weight", dtype: "F32", shape: [2, 2], data },
 *   { name: "fc.bias", dtype: "F32", shape: [2], data: Float32Array.of(1, 1) },
 * ]);
 * console.log(layers[0]?.spectralNorm, skipped[0]?.name); // 3 fc.bias
 * ```
 */
export function analyzeWeights(
  tensors: NamedTensors | Iterable<Tensor>,
  options: AnalyzeWeightsOptions = {},
): WeightReport {
  const caller = "analyzeWeights";
  const settings = requireSettings(options, caller);
  const list =
    Symbol.iterator in tensors ? Array.from(tensors as Iterable<Tensor>) : Object.values(tensors as NamedTensors);
  const collector = createCollector(list, settings, options);
  for (const tensor of list) {
    if (collector.cancelled()) break;
    if (collector.skip(tensor)) continue;
    collector.addTensor(tensor, caller);
  }
  return collector.finish(caller);
}

/**
 * Analyses a checkpoint file, one tensor at a time: memory is bounded by a few times the largest tensor that is read
 * whole, not by the file.
 *
 * Relation and errors as analyzeWeights; the input as openSafetensors (bytes, Blobs, paths, shards, an index file), or an
 * archive that is already open and stays open.
 * Dense layers with more than `tileAbove` entries are read in tiles of rows; their small singular values are flagged.
 *
 * @throws {FormatError} when the file is damaged
 * @throws {NonFiniteError} when a weight is NaN or infinite: no partial report
 *
 * Cost: one read of every analysed tensor (wide huge layers: one read per pair of tiles).
 */
export async function analyzeCheckpoint(
  input: ByteInput | readonly ByteInput[] | TensorArchive,
  options: AnalyzeWeightsOptions = {},
): Promise<WeightReport> {
  const caller = "analyzeCheckpoint";
  const settings = requireSettings(options, caller);
  const given = isArchive(input);
  const archive = given ? input : await openSafetensors(input);
  try {
    const collector = createCollector(archive.tensors, settings, options);
    for (const info of archive.tensors) {
      if (collector.cancelled()) break;
      if (collector.skip(info)) continue;
      if (info.shape.length === 2 && sizeOfShape(info.shape) > settings.tileAbove)
        await collector.addTiled(archive, info, caller);
      else collector.addTensor(await archive.read(info.name), caller);
    }
    return collector.finish(caller);
  } finally {
    if (!given) await archive.close();
  }
}

function isArchive(input: unknown): input is TensorArchive {
  const candidate = input as Partial<TensorArchive> | null;
  return (
    typeof candidate === "object" &&
    candidate !== null &&
    Array.isArray(candidate.tensors) &&
    typeof candidate.read === "function"
  );
}

interface Outline {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
}

interface Collector {
  cancelled(): boolean;
  skip(outline: Outline): boolean;
  addTensor(tensor: Tensor, caller: string): void;
  addTiled(archive: TensorArchive, info: Outline, caller: string): Promise<void>;
  finish(caller: string): WeightReport;
}

/** Gathers reports; shared by the two front doors. */
function createCollector(outlines: readonly Outline[], settings: Settings, options: AnalyzeWeightsOptions): Collector {
  const guess = guessLayout(outlines);
  const layout: LayoutChoice =
    settings.layout === "auto" ? guess : { layout: settings.layout, from: "given", reason: "given by the caller" };
  const layers: LayerReport[] = [];
  const skipped: Omit<SkippedTensor, "share">[] = [];
  const seen = new Map<string, { readonly name: string; readonly tied: string[] }>();
  let done = 0;
  const stopped = (): boolean => isCancelled(options.signal);
  const progress = (name: string): void => options.onProgress?.({ phase: name, done: ++done, total: outlines.length });
  return {
    cancelled: stopped,
    skip(outline) {
      const reason = skipReason(outline);
      if (reason === null) return false;
      skipped.push({ name: outline.name, shape: outline.shape, reason, parameters: sizeOfShape(outline.shape) });
      progress(outline.name);
      return true;
    },
    addTensor(tensor, caller) {
      const { name, dtype, shape } = tensor;
      const data = toFloat64(tensor);
      requireFiniteWeights(data, name, caller);
      const key = `${shape.join("x")}/${fingerprint(data)}`;
      const twin = seen.get(key);
      if (twin !== undefined) {
        twin.tied.push(name);
        skipped.push({ name, shape, reason: `identical to ${twin.name}: counted once`, parameters: 0 });
        progress(name);
        return;
      }
      const tied: string[] = [];
      seen.set(key, { name, tied });
      for (const { matrix, ...layer } of layerMatrices(tensor, data, layout.layout)) {
        const { singularValues } = svd(matrix, { vectors: "none" });
        const values: LayerValues = {
          singularValues,
          method: "svd",
          reliableAbove: Math.max(matrix.rows, matrix.cols) * EPSILON * singularValues[0],
        };
        layers.push(
          reportLayer(
            { name, dtype, shape, layout, tied },
            { ...layer, rows: matrix.rows, cols: matrix.cols, matrix },
            values,
            settings,
          ),
        );
      }
      progress(name);
    },
    async addTiled(archive, info, caller) {
      const { name, dtype, shape } = info;
      const [rows, cols] = shape;
      const tileRows = Math.max(1, Math.floor(settings.tileAbove / 4 / cols));
      const values = await gramSingularValues(rows, cols, tileRows, async (from, to) => {
        const data = toFloat64(await archive.read(name, { start: from * cols, end: to * cols }));
        requireFiniteWeights(data, name, caller, from * cols);
        return data;
      });
      const [outputs, inputs] = layout.layout === "out-in" ? [rows, cols] : [cols, rows];
      const layer = { part: null, kind: "dense" as const, kernel: null, rows: outputs, cols: inputs, matrix: null };
      layers.push(reportLayer({ name, dtype, shape, layout, tied: [] }, layer, values, settings));
      progress(name);
    },
    finish(caller) {
      if (layers.length === 0 && !stopped()) {
        const reasons = skipped.slice(0, 5).map(({ name, reason }) => `${name} (${reason})`);
        throw new UnsupportedError({
          function: caller,
          argument: "tensors",
          expected: "a model with at least one weight of two or more dimensions",
          got: skipped.length === 0 ? "no tensors" : `${skipped.length} tensors, none of them: ${reasons.join(", ")}`,
        });
      }
      return assemble(layers, skipped, layout, stopped());
    },
  };
}

function requireFiniteWeights(data: Float64Array, name: string, caller: string, offset = 0): void {
  const bad = data.findIndex((value) => !Number.isFinite(value));
  if (bad < 0) return;
  throw new NonFiniteError({
    function: caller,
    argument: `tensor ${JSON.stringify(name)}`,
    expected: "finite in every entry",
    got: `${data[bad]} at index ${offset + bad}`,
    remedy: "the checkpoint is broken or the training diverged",
  });
}

/** Two independent 32-bit hashes over the bytes of the float64 entries: equal tensors agree, others almost surely do not. */
function fingerprint(data: Float64Array): string {
  const words = new Uint32Array(data.buffer, data.byteOffset, 2 * data.length);
  let a = 0x811c_9dc5;
  let b = 0x9747_b28c;
  for (let i = 0; i < words.length; i++) {
    a = Math.imul(a ^ words[i], 0x0100_0193);
    b = Math.imul(b ^ (words[i] + i), 0x85eb_ca6b);
    b ^= b >>> 13;
  }
  return `${a >>> 0}.${b >>> 0}`;
}

function assemble(
  layers: readonly LayerReport[],
  skipped: readonly Omit<SkippedTensor, "share">[],
  layout: LayoutChoice,
  cancelled: boolean,
): WeightReport {
  const analyzed = layers.reduce((sum, layer) => sum + layer.parameters, 0);
  const parameters = analyzed + skipped.reduce((sum, tensor) => sum + tensor.parameters, 0);
  const largest = layers.reduce(
    (best, layer) => (layer.spectralNorm > best.value ? { name: layer.name, value: layer.spectralNorm } : best),
    { name: "", value: 0 },
  );
  const relative = layers
    .flatMap((layer) => (layer.stableRank.defined ? [layer.stableRank.value / layer.singularValues.length] : []))
    .sort((a, b) => a - b);
  const alphas = layers.flatMap((layer) =>
    layer.tail.defined && layer.tail.value.verdict === "supported" ? [layer.tail.value.alpha] : [],
  );
  return {
    summary: {
      layers: layers.length,
      parameters,
      analyzedShare: parameters === 0 ? 0 : analyzed / parameters,
      layout,
      largestSpectralNorm: largest,
      logSpectralNormSum: layers.reduce(
        (sum, layer) => (layer.spectralNorm > 0 ? sum + log(layer.spectralNorm) : sum),
        0,
      ),
      medianRelativeStableRank: relative.length === 0 ? 0 : relative[relative.length >> 1],
      supportedTails: alphas.length,
      meanSupportedAlpha: alphas.length === 0 ? null : alphas.reduce((sum, alpha) => sum + alpha, 0) / alphas.length,
      layersWithWarnings: layers.filter((layer) => layer.warnings.length > 0).length,
      status: cancelled ? "cancelled" : "converged",
    },
    layers,
    skipped: skipped.map((tensor) => ({ ...tensor, share: parameters === 0 ? 0 : tensor.parameters / parameters })),
  };
}
