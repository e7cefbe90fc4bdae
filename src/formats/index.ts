/**
 * Readers and writers of tensors as bytes: safetensors (single files, shards, lazy ranges), npy, npz and IDX.
 * @module formats
 */
export * from "./idx.js";
export { readNpy, readNpySync, writeNpy } from "./npy.js";
export { readNpz, readNpzSync } from "./npz.js";
export { openTensors } from "./open-tensors.js";
export type { TensorInfo } from "./safetensors-header.js";
export * from "./safetensors.js";
export type { BlobLike, ByteInput, UnpackOptions } from "./source.js";
export { sizeOfShape, toFloat64 } from "./tensor.js";
export type { NamedTensors, Tensor, TensorData, TensorDtype } from "./tensor.js";
