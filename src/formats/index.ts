/**
 * Readers and writers of tensors as bytes: safetensors (single files, shards, lazy ranges), npy, npz and IDX.
 * @module formats
 */
export * from "./idx.js";
export { readNpy, readNpySync, writeNpy } from "./npy.js";
export * from "./npz.js";
export type { TensorInfo } from "./safetensors-header.js";
export * from "./safetensors.js";
export type { BlobLike, ByteInput, UnpackOptions } from "./source.js";
export * from "./tensor.js";
