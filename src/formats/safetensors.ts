import { ArgumentError, UnsupportedError, describe, requireInteger, requireOptions } from "../core/index.js";
import { DTYPE_BYTES, decodeElements, encodeElements, isDtype } from "./dtypes.js";
import { type SafetensorsHeader, type TensorInfo, headerLength, parseHeader } from "./safetensors-header.js";
import { openShards, requirePromised } from "./safetensors-shards.js";
import { type ByteInput, type ByteSource, requireBytes } from "./source.js";
import { type NamedTensors, type Tensor, nameTensors, sizeOfShape } from "./tensor.js";
import { requireTensor } from "./write.js";

/** A range of entries of a tensor, in row-major order. */
export interface TensorRange {
  /** First entry; 0 unless given. */
  readonly start?: number;
  /** Entry after the last; the number of entries unless given. */
  readonly end?: number;
}

/** An open checkpoint: headers are read, tensors are not until asked for. */
export interface TensorArchive {
  /** All tensors of all files, in file order. */
  readonly tensors: readonly TensorInfo[];
  /** Metadata of the files; of equal keys the last file's. */
  readonly metadata: Readonly<Record<string, string>>;
  /**
   * Reads one tensor, or a range of its entries as a tensor of one dimension.
   * Memory: twice the bytes of what is read.
   */
  read(name: string, range?: TensorRange): Promise<Tensor>;
  /** Closes the files. */
  close(): Promise<void>;
}

/**
 * Opens a safetensors checkpoint without reading its tensors.
 *
 * Relation: `tensors` lists the headers; `read(name)` fetches exactly the bytes of that tensor.
 * Several inputs are the shards of one model. In Node a path ending in ".json" is the index of a sharded model: the
 * shards that its `weight_map` names are opened beside it, and must hold what it places in them.
 *
 * @param input bytes, Blobs or paths; close the archive when done
 * @throws {FormatError} when a header is truncated or lies (ranges outside the file, overlaps, holes, sizes that do not
 *   match the shape, a name twice, a header above 100 MB)
 * @throws {ArgumentError} when a file cannot be opened or a name does not exist
 * @throws {UnsupportedError} when reading a tensor of a type that is not decoded
 *
 * Cost: reads the headers only.
 * @see [safetensors2022]
 *
 * @example
 * ```ts
 * import { openSafetensors, writeSafetensors } from "eigenscope/formats";
 * const bytes = writeSafetensors([{ name: "w", dtype: "F32", shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) }]);
 * const archive = await openSafetensors(new Blob([bytes]));
 * console.log(archive.tensors[0]?.shape, (await archive.read("w", { start: 2 })).data.join(" ")); // [ 2, 2 ] 3 4
 * ```
 */
export async function openSafetensors(input: ByteInput | readonly ByteInput[]): Promise<TensorArchive> {
  return openNamed(input, "openSafetensors");
}

async function openNamed(input: ByteInput | readonly ByteInput[], caller: string): Promise<TensorArchive> {
  const shards = await openShards(input, caller);
  const sources = shards.map(({ source }) => source);
  try {
    const located = new Map<string, { readonly source: ByteSource; readonly info: TensorInfo }>();
    const metadata = Object.create(null) as Record<string, string>;
    for (const shard of shards) {
      const { source } = shard;
      const header = await readHeader(source, caller);
      requirePromised(shard, new Set(header.tensors.map(({ name }) => name)), caller);
      for (const info of header.tensors) {
        if (located.has(info.name)) {
          throw new ArgumentError({
            function: caller,
            argument: "input",
            expected: "files with different tensors",
            got: `${describe(info.name)} in two of them`,
          });
        }
        located.set(info.name, { source, info });
      }
      Object.assign(metadata, header.metadata);
    }
    return {
      tensors: Array.from(located.values(), (place) => place.info),
      metadata,
      async read(name, range = {}) {
        const place = located.get(name);
        if (place === undefined) {
          throw new ArgumentError({
            function: "TensorArchive.read",
            argument: "name",
            expected: "the name of a tensor in the file",
            got: describe(name),
          });
        }
        return readTensor(place.source, place.info, range);
      },
      close: () => closeAll(sources),
    };
  } catch (error) {
    await closeAll(sources);
    throw error;
  }
}

async function closeAll(sources: readonly ByteSource[]): Promise<void> {
  for (const source of sources) await source.close();
}

async function readHeader(source: ByteSource, caller: string): Promise<SafetensorsHeader> {
  const first = await source.read(0, Math.min(8, source.size));
  const length = headerLength(first, source.size, caller);
  return parseHeader(await source.read(8, 8 + length), source.size, caller);
}

async function readTensor(source: ByteSource, info: TensorInfo, range: TensorRange): Promise<Tensor> {
  const caller = "TensorArchive.read";
  requireOptions(range, ["start", "end"], caller);
  const whole = range.start === undefined && range.end === undefined;
  const dtype = requireReadable(info, caller);
  const size = sizeOfShape(info.shape);
  const end = requireInteger(range.end ?? size, "end", caller, 0, size);
  const start = requireInteger(range.start ?? 0, "start", caller, 0, end);
  const width = DTYPE_BYTES[dtype];
  const bytes = await source.read(info.start + start * width, info.start + end * width);
  return {
    name: info.name,
    dtype,
    shape: whole ? info.shape : [end - start],
    data: decodeElements(bytes, dtype, true, source.fresh),
  };
}

function requireReadable(info: TensorInfo, caller: string): keyof typeof DTYPE_BYTES {
  if (isDtype(info.dtype)) return info.dtype;
  throw new UnsupportedError({
    function: caller,
    argument: `tensor ${describe(info.name)}`,
    expected: `of type ${Object.keys(DTYPE_BYTES).join(", ")}`,
    got: info.dtype,
  });
}

/**
 * Reads all tensors of a safetensors checkpoint from bytes, Blobs or (in Node) paths.
 *
 * Relation: the record maps each name to its tensor; F16, BF16 and 8-bit floats are widened exactly.
 * For models larger than memory use openSafetensors and read tensors one at a time.
 *
 * @param input as openSafetensors, shards and index files included
 * @throws {FormatError} as openSafetensors
 * @throws {UnsupportedError} when a tensor's type is not decoded
 *
 * @example
 * ```ts
 * import { readSafetensors, writeSafetensors } from "eigenscope/formats";
 * const bytes = writeSafetensors([{ name: "bias", dtype: "BF16", shape: [2], data: Float32Array.of(0.5, -3) }]);
 * const { bias } = await readSafetensors(bytes);
 * console.log(bias?.data.join(" ")); // 0.5 -3
 * ```
 */
export async function readSafetensors(input: ByteInput | readonly ByteInput[]): Promise<NamedTensors> {
  const archive = await openNamed(input, "readSafetensors");
  try {
    const tensors: Tensor[] = [];
    for (const info of archive.tensors) tensors.push(await archive.read(info.name));
    return nameTensors(tensors);
  } finally {
    await archive.close();
  }
}

/**
 * Reads all tensors of a safetensors file from bytes, synchronously.
 *
 * Relation and errors as readSafetensors.
 *
 * @throws {ArgumentError} when the input is not bytes
 * @throws {FormatError} as openSafetensors
 * @throws {UnsupportedError} when a tensor's type is not decoded
 */
export function readSafetensorsSync(input: Uint8Array | ArrayBuffer): NamedTensors {
  const caller = "readSafetensorsSync";
  const bytes = requireBytes(input, caller);
  const length = headerLength(bytes.subarray(0, 8), bytes.length, caller);
  const { tensors } = parseHeader(bytes.subarray(8, 8 + length), bytes.length, caller);
  return nameTensors(
    tensors.map((info) => {
      const dtype = requireReadable(info, caller);
      return {
        name: info.name,
        dtype,
        shape: info.shape,
        data: decodeElements(bytes.subarray(info.start, info.end), dtype),
      };
    }),
  );
}

/** Options of writeSafetensors. */
export interface WriteSafetensorsOptions {
  /** Text stored as `__metadata__`. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/**
 * Writes tensors as one safetensors file.
 *
 * Relation: readSafetensorsSync(writeSafetensors(tensors)) gives the same names, types, shapes and entries.
 * A Float32Array may be written as F16 or BF16: it is rounded to nearest, ties to even.
 *
 * @param tensors an array of tensors, or tensors by name
 * @throws {ArgumentError} when a name occurs twice or is "__metadata__"
 * @throws {ShapeError} when data do not fill their shape
 * @throws {UnsupportedError} for an element type that the array cannot be written as
 */
export function writeSafetensors(
  tensors: Iterable<Tensor> | NamedTensors,
  options: WriteSafetensorsOptions = {},
): Uint8Array<ArrayBuffer> {
  const caller = "writeSafetensors";
  requireOptions(options, ["metadata"], caller);
  if (tensors === null || typeof tensors !== "object") {
    throw new ArgumentError({
      function: caller,
      argument: "tensors",
      expected: "tensors { name, dtype, shape, data } in a list or by name",
      got: describe(tensors),
    });
  }
  const list = Symbol.iterator in tensors ? Array.from(tensors as Iterable<Tensor>) : Object.values(tensors);
  const names = new Set<string>();
  const entries: string[] = [];
  const bodies: Uint8Array[] = [];
  if (options.metadata !== undefined) entries.push(`"__metadata__":${JSON.stringify(options.metadata)}`);
  let at = 0;
  for (const item of list) {
    const { name, dtype, shape, data } = requireTensor(item, caller);
    if (names.has(name) || name === "__metadata__") {
      throw new ArgumentError({
        function: caller,
        argument: "tensors",
        expected: "named differently, and not __metadata__",
        got: `${describe(name)} ${names.has(name) ? "twice" : ""}`.trim(),
      });
    }
    names.add(name);
    const body = encodeElements(data, dtype, caller);
    entries.push(`${JSON.stringify(name)}:${JSON.stringify({ dtype, shape, data_offsets: [at, at + body.length] })}`);
    bodies.push(body);
    at += body.length;
  }
  const json = new TextEncoder().encode(`{${entries.join(",")}}`);
  const headerSize = Math.ceil(json.length / 8) * 8; // padded with spaces so that the data are aligned to 8
  const out = new Uint8Array(8 + headerSize + at).fill(0x20, 8, 8 + headerSize);
  new DataView(out.buffer).setUint32(0, headerSize, true);
  out.set(json, 8);
  let position = 8 + headerSize;
  for (const body of bodies) {
    out.set(body, position);
    position += body.length;
  }
  return out;
}
