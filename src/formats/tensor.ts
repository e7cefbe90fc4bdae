import { ArgumentError, describe } from "../core/index.js";
/** Arrays that hold the entries of a tensor. */
export type TensorData =
  | Float64Array
  | Float32Array
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array;

/** Element types by the names of the safetensors format; npy and IDX types are mapped onto them. */
export type TensorDtype =
  | "F64"
  | "F32"
  | "F16"
  | "BF16"
  | "F8_E4M3"
  | "F8_E5M2"
  | "I64"
  | "U64"
  | "I32"
  | "U32"
  | "I16"
  | "U16"
  | "I8"
  | "U8"
  | "BOOL";

/** A named multi-dimensional array as a file holds it, row-major (last index fastest). */
export interface Tensor {
  /** Name in the file; files that name nothing give their own name or "". */
  readonly name: string;
  /** Element type in the file. */
  readonly dtype: TensorDtype;
  /** Extents; an empty list is a scalar with one entry. */
  readonly shape: readonly number[];
  /** Entries in row-major order; F16, BF16 and F8 are widened exactly to Float32Array, BOOL is a Uint8Array of 0 and 1. */
  readonly data: TensorData;
}

/** Tensors by name, on an object without prototype, so that no name is special. */
export type NamedTensors = Readonly<Record<string, Tensor>>;

/** Number of entries of a shape. */
export function sizeOfShape(shape: readonly number[]): number {
  let size = 1;
  for (const extent of shape) size *= extent;
  return size;
}

/** Collects tensors into a record by name. */
export function nameTensors(tensors: Iterable<Tensor>): NamedTensors {
  const record = Object.create(null) as Record<string, Tensor>;
  for (const tensor of tensors) record[tensor.name] = tensor;
  return record;
}

/**
 * Copies the entries of a tensor into float64.
 *
 * 64-bit integers are rounded to the nearest double; every other type is exact. NaN and infinities pass through.
 *
 * @example
 * ```ts
 * import { toFloat64 } from "eigenscope/formats";
 * const tensor = { name: "w", dtype: "I8" as const, shape: [2], data: Int8Array.of(-3, 4) };
 * console.log(toFloat64(tensor).join(" ")); // -3 4
 * ```
 */
export function toFloat64(tensor: Tensor): Float64Array {
  const data = (tensor as Tensor | undefined | null)?.data;
  if (!ArrayBuffer.isView(data)) {
    throw new ArgumentError({
      function: "toFloat64",
      argument: "tensor",
      expected: "a tensor { name, dtype, shape, data: typed array }",
      got: describe(tensor),
    });
  }
  const out = new Float64Array(data.length);
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) {
    for (let i = 0; i < data.length; i++) out[i] = Number(data[i]);
  } else {
    out.set(data);
  }
  return out;
}
