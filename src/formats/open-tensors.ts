import { ArgumentError, describe, requireInteger, requireOptions } from "../core/index.js";
import { DTYPE_BYTES, decodeElements } from "./dtypes.js";
import { NPY_HEAD, parseNpy, parseNpyHeader } from "./npy.js";
import { type NpzMember, listNpz, readNpzMember } from "./npz.js";
import { type TensorArchive, type TensorRange, openSafetensors } from "./safetensors.js";
import type { TensorInfo } from "./safetensors-header.js";
import { type ByteInput, type ByteSource, type UnpackOptions, capOf, openSource, readAll } from "./source.js";
import { type Tensor, sizeOfShape } from "./tensor.js";

/**
 * Opens tensors of any known format without reading them: safetensors (shards and index files too), npy and npz.
 *
 * Relation: the format is told from the first bytes, not from the name. `tensors` lists what the headers say; `read` fetches
 * one tensor, or a range of its entries. Several inputs are the parts of one model.
 * A .npy file gives one tensor under the name of the file without its ending ("tensor" for bytes without a name).
 *
 * @param input bytes, Blobs or paths, of one format or mixed; close the archive when done
 * @throws {FormatError} when a header is damaged or lies
 * @throws {ArgumentError} when a file cannot be opened, or a name occurs twice
 * @throws {UnsupportedError} for pickled objects and other element types of NumPy that are no numbers
 *
 * Cost: reads headers only. Members of an .npz file and .npy files in Fortran order are unpacked whole when one of their
 * entries is asked for, and the last one is kept; everything else is read by ranges.
 *
 * @example
 * ```ts
 * import { openTensors, writeNpy } from "eigenscope/formats";
 * const bytes = writeNpy({ name: "", dtype: "F32", shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) });
 * const archive = await openTensors(new File([bytes], "layer.npy"));
 * console.log(archive.tensors[0]?.name, (await archive.read("layer", { start: 2 })).data.join(" ")); // layer 3 4
 * ```
 */
export async function openTensors(
  input: ByteInput | readonly ByteInput[],
  options: UnpackOptions = {},
): Promise<TensorArchive> {
  const caller = "openTensors";
  const maximum = capOf(options, caller);
  const inputs = Array.isArray(input) ? (input as readonly ByteInput[]) : [input as ByteInput];
  const parts: TensorArchive[] = [];
  try {
    for (const one of inputs) parts.push(await openOne(one, maximum, caller));
    return join(parts, caller);
  } catch (error) {
    for (const part of parts) await part.close();
    throw error;
  }
}

async function openOne(input: ByteInput, maximum: number, caller: string): Promise<TensorArchive> {
  if (typeof input === "string" && input.endsWith(".json")) return openSafetensors(input);
  const source = await openSource(input, caller);
  try {
    const magic = await source.read(0, Math.min(6, source.size));
    const text = String.fromCharCode(...magic);
    if (text.startsWith("PK\x03\x04") || text.startsWith("PK\x05\x06")) return await openNpz(source, maximum, caller);
    if (text === "\x93NUMPY") return await openNpy(source, caller);
  } catch (error) {
    await source.close();
    throw error;
  }
  await source.close();
  return openSafetensors(input);
}

/** One archive of several, names being unique. */
function join(parts: readonly TensorArchive[], caller: string): TensorArchive {
  if (parts.length === 1) return parts[0];
  const owners = new Map<string, TensorArchive>();
  for (const part of parts) {
    for (const { name } of part.tensors) {
      if (owners.has(name)) {
        throw new ArgumentError({
          function: caller,
          argument: "input",
          expected: "files with different tensors",
          got: `${describe(name)} in two of them`,
        });
      }
      owners.set(name, part);
    }
  }
  return {
    tensors: parts.flatMap((part) => part.tensors),
    metadata: Object.assign(Object.create(null) as Record<string, string>, ...parts.map((part) => part.metadata)),
    async read(name, range) {
      const owner = owners.get(name);
      if (owner === undefined) throw unknownName(name);
      return owner.read(name, range);
    },
    async close() {
      for (const part of parts) await part.close();
    },
  };
}

function unknownName(name: string): ArgumentError {
  return new ArgumentError({
    function: "TensorArchive.read",
    argument: "name",
    expected: "the name of a tensor in the file",
    got: describe(name),
  });
}

/** The range of entries that is asked for, or null for all of them. */
function requireRange(range: TensorRange, size: number): { readonly start: number; readonly end: number } | null {
  const caller = "TensorArchive.read";
  requireOptions(range, ["start", "end"], caller);
  if (range.start === undefined && range.end === undefined) return null;
  const end = requireInteger(range.end ?? size, "end", caller, 0, size);
  return { start: requireInteger(range.start ?? 0, "start", caller, 0, end), end };
}

function sliceOf(tensor: Tensor, range: { readonly start: number; readonly end: number } | null): Tensor {
  if (range === null) return tensor;
  return { ...tensor, shape: [range.end - range.start], data: tensor.data.slice(range.start, range.end) };
}

async function openNpz(source: ByteSource, maximum: number, caller: string): Promise<TensorArchive> {
  const members = new Map<string, NpzMember>();
  for (const member of await readAll(listNpz(source.size, maximum, caller), source)) members.set(member.name, member);
  let last: Tensor | null = null;
  return {
    tensors: Array.from(members.values(), ({ name, header, start, entry }): TensorInfo => ({
      name,
      dtype: header.dtype,
      shape: header.shape,
      start,
      end: start + entry.packed,
    })),
    metadata: Object.create(null) as Record<string, string>,
    async read(name, range = {}) {
      const member = members.get(name);
      if (member === undefined) throw unknownName(name);
      const wanted = requireRange(range, sizeOfShape(member.header.shape));
      if (last?.name !== name) {
        last = null; // let go of the previous one before the next is unpacked
        last = await readAll(readNpzMember(member, "TensorArchive.read"), source);
      }
      const tensor = last;
      if (wanted === null) last = null; // read whole: it will hardly be asked for again
      return sliceOf(tensor, wanted);
    },
    close: () => source.close(),
  };
}

async function openNpy(source: ByteSource, caller: string): Promise<TensorArchive> {
  const head = await source.read(0, Math.min(NPY_HEAD, source.size));
  const { dtype, shape, start, littleEndian, fortranOrder } = parseNpyHeader(head, source.size, source.name, caller);
  const base = source.name.replace(/^.*[/\\]/, "").replace(/\.npy$/, "");
  const name = base === "" ? "tensor" : base;
  let whole: Tensor | null = null; // an array in Fortran order, once turned
  return {
    tensors: [{ name, dtype, shape, start, end: source.size }],
    metadata: Object.create(null) as Record<string, string>,
    async read(asked, range = {}) {
      if (asked !== name) throw unknownName(asked);
      const wanted = requireRange(range, sizeOfShape(shape));
      if (fortranOrder) {
        whole ??= { ...parseNpy(await source.read(0, source.size), source.name, "TensorArchive.read"), name };
        return sliceOf(whole, wanted);
      }
      const width = DTYPE_BYTES[dtype];
      const first = start + (wanted?.start ?? 0) * width;
      const bytes = await source.read(first, wanted === null ? source.size : start + wanted.end * width);
      const data = decodeElements(bytes, dtype, littleEndian, source.fresh);
      return { name, dtype, shape: wanted === null ? shape : [data.length], data };
    },
    close: () => source.close(),
  };
}
