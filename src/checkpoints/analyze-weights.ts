import { type ByteInput, type NamedTensors, type Tensor, type TensorArchive, openTensors } from "../formats/index.js";
import { type AnalyzeWeightsOptions, requireSettings } from "./analyze-options.js";
import { isArchive } from "./archives.js";
import { createCollector } from "./collect-layers.js";
import { tensorList } from "./tensor-list.js";
import type { WeightReport } from "./weight-summary.js";

/**
 * Analyses the weights of a model that is in memory: one report per matrix, what was skipped and why, and totals.
 *
 * Relation: singularValues are those of the matrix that acts on the inputs (outputs x inputs; convolution kernels reshaped
 * to outChannels x (inChannels · taps), and besides them operatorNorm of the true convolution); eigenvalues of bulk and
 * tail are s²/max(rows, cols).
 * Identical tensors (tied weights) are counted once; packed attention is split into query, key and value.
 *
 * @param tensors as readSafetensors and readNpz return them, or any list of tensors
 * @throws {NonFiniteError} when a weight is NaN or infinite, in biases and other skipped tensors too: no partial report
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
  const list = tensorList(tensors, "tensors", caller);
  const collector = createCollector(list, settings, caller);
  for (const tensor of list) {
    if (collector.cancelled()) break;
    if (!collector.skip(tensor)) collector.addTensor(tensor);
    else if (collector.holdsWeights(tensor)) collector.checkTensor(tensor);
  }
  return collector.finish();
}

/**
 * Analyses a checkpoint file, one tensor at a time: memory is bounded by a few times the largest tensor that is read
 * whole, not by the file.
 *
 * Relation and errors as analyzeWeights; the input as openTensors (safetensors, npy and npz; bytes, Blobs, paths, shards, an
 * index file), or an archive that is already open and stays open.
 * Tensors with more than `tileAbove` entries are read in tiles of rows and analysed by a Gram matrix: their small singular
 * values are flagged, and statistics that need the entries (baseline, operator norm) are undefined with that reason.
 *
 * @throws {FormatError} when the file is damaged
 * @throws {NonFiniteError} when a weight is NaN or infinite, in biases and other skipped tensors too: no partial report
 *
 * Cost: one read of every selected tensor (wide huge layers: one read per pair of tiles).
 */
export async function analyzeCheckpoint(
  input: ByteInput | readonly ByteInput[] | TensorArchive,
  options: AnalyzeWeightsOptions = {},
): Promise<WeightReport> {
  const caller = "analyzeCheckpoint";
  const settings = requireSettings(options, caller);
  const given = isArchive(input);
  const archive = given ? input : await openTensors(input);
  try {
    const collector = createCollector(archive.tensors, settings, caller);
    for (const info of archive.tensors) {
      if (collector.cancelled()) break;
      if (collector.skip(info)) {
        if (collector.holdsWeights(info)) await collector.checkTiled(archive, info);
      } else if (collector.isTiled(info)) await collector.addTiled(archive, info);
      else collector.addTensor(await archive.read(info.name));
    }
    return collector.finish();
  } finally {
    if (!given) await archive.close();
  }
}
