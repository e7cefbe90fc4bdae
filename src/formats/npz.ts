import { FormatError } from "../core/index.js";
import { inflateRaw, requireChecksum } from "./inflate.js";
import { parseNpy } from "./npy.js";
import { type ByteInput, type UnpackOptions, capOf, readWhole, requireBytes, requireWithinCap } from "./source.js";
import { type NamedTensors, type Tensor, nameTensors } from "./tensor.js";

interface Entry {
  readonly name: string;
  readonly method: number;
  readonly flags: number;
  readonly crc: number;
  readonly packed: number;
  readonly unpacked: number;
  readonly offset: number;
}

const END_SIGNATURE = 0x0605_4b50;
const CENTRAL_SIGNATURE = 0x0201_4b50;
const LOCAL_SIGNATURE = 0x0403_4b50;
const END_LENGTH = 22;
const CENTRAL_LENGTH = 46;
const LOCAL_LENGTH = 30;

/**
 * Reads a NumPy .npz archive from bytes: stored or deflated members, each an .npy file.
 *
 * Relation: the record maps each member's name without ".npy" to its tensor.
 * Members are unpacked one at a time by streaming with a byte cap; CRC and lengths are checked.
 *
 * @param bytes the whole archive
 * @throws {ArgumentError} when the input is not bytes
 * @throws {FormatError} for damaged archives, overlapping members and members that are not .npy
 * @throws {UnsupportedError} as readNpySync, for one of the members
 *
 * Cost: linear in the unpacked size, which `maximumBytes` bounds for all members together.
 */
export function readNpzSync(bytes: Uint8Array | ArrayBuffer, options: UnpackOptions = {}): NamedTensors {
  return parseNpz(requireBytes(bytes, "readNpzSync"), capOf(options, "readNpzSync"), "readNpzSync");
}

/**
 * Reads a NumPy .npz archive from bytes, a Blob or (in Node) a path.
 *
 * Relation and errors as readNpzSync.
 *
 * @throws {ArgumentError} when the file cannot be opened
 * @throws {FormatError} as readNpzSync
 */
export async function readNpz(input: ByteInput, options: UnpackOptions = {}): Promise<NamedTensors> {
  const maximum = capOf(options, "readNpz");
  const { bytes } = await readWhole(input, maximum, "readNpz");
  return parseNpz(bytes, maximum, "readNpz");
}

function parseNpz(bytes: Uint8Array, maximum: number, caller: string): NamedTensors {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const entries = centralDirectory(bytes, view, caller);
  let budget = maximum;
  const tensors: Tensor[] = [];
  const names = new Set<string>();
  for (const entry of entries) {
    const name = entry.name.replace(/\.npy$/, "");
    if (name === entry.name || names.has(name)) {
      throw fail(caller, "an archive of .npy files with different names", `member ${JSON.stringify(entry.name)}`);
    }
    names.add(name);
    requireWithinCap(entry.unpacked, budget, `member ${JSON.stringify(entry.name)}`, caller);
    budget -= entry.unpacked;
    tensors.push({ ...parseNpy(unpack(bytes, view, entry, caller), name, caller), name });
  }
  return nameTensors(tensors);
}

function fail(caller: string, expected: string, got: string): FormatError {
  return new FormatError({
    function: caller,
    argument: "input",
    expected,
    got,
    remedy: "the archive is damaged or not an .npz file",
  });
}

/** The list at the end of a zip file; the local headers are only used to find the data. */
function centralDirectory(bytes: Uint8Array, view: DataView, caller: string): Entry[] {
  const end = findEnd(bytes, view);
  if (end < 0) throw fail(caller, "a zip archive with an end record", `${bytes.length} bytes without one`);
  const count = view.getUint16(end + 10, true);
  let at = view.getUint32(end + 16, true);
  const entries: Entry[] = [];
  let previousEnd = 0;
  for (let i = 0; i < count; i++) {
    if (at + CENTRAL_LENGTH > end || view.getUint32(at, true) !== CENTRAL_SIGNATURE) {
      throw fail(
        caller,
        `a zip archive with ${count} members, as its end record states`,
        `${i} readable directory entries`,
      );
    }
    const nameLength = view.getUint16(at + 28, true);
    const extraLength = view.getUint16(at + 30, true);
    const after = at + CENTRAL_LENGTH + nameLength + extraLength + view.getUint16(at + 32, true);
    if (after > end)
      throw fail(caller, "a zip directory that ends before its end record", `an entry up to byte ${after} of ${end}`);
    const entry = {
      name: new TextDecoder().decode(bytes.subarray(at + CENTRAL_LENGTH, at + CENTRAL_LENGTH + nameLength)),
      flags: view.getUint16(at + 8, true),
      method: view.getUint16(at + 10, true),
      crc: view.getUint32(at + 16, true),
      packed: view.getUint32(at + 20, true),
      unpacked: view.getUint32(at + 24, true),
      offset: view.getUint32(at + 42, true),
    };
    if ([entry.packed, entry.unpacked, entry.offset].includes(0xffff_ffff)) {
      throw fail(caller, "a zip archive with members below 4 GiB", `64-bit sizes of ${JSON.stringify(entry.name)}`);
    }
    entries.push(entry);
    at = after;
  }
  // Overlapping members are how small archives unpack to much: refuse them.
  for (const entry of entries.toSorted((a, b) => a.offset - b.offset)) {
    if (entry.offset < previousEnd)
      throw fail(
        caller,
        "a zip archive whose members do not overlap",
        `${JSON.stringify(entry.name)} at byte ${entry.offset}`,
      );
    previousEnd = entry.offset + LOCAL_LENGTH + entry.packed;
  }
  return entries;
}

/** The end record is the last one whose comment fills the rest of the file. */
function findEnd(bytes: Uint8Array, view: DataView): number {
  const lowest = Math.max(0, bytes.length - END_LENGTH - 65_535);
  for (let at = bytes.length - END_LENGTH; at >= lowest; at--) {
    if (view.getUint32(at, true) === END_SIGNATURE && at + END_LENGTH + view.getUint16(at + 20, true) === bytes.length)
      return at;
  }
  return -1;
}

function unpack(bytes: Uint8Array, view: DataView, entry: Entry, caller: string): Uint8Array {
  const label = `member ${JSON.stringify(entry.name)}`;
  const local = entry.offset;
  if (local + LOCAL_LENGTH > bytes.length || view.getUint32(local, true) !== LOCAL_SIGNATURE) {
    throw fail(caller, "a zip archive with a local header for every member", `none for ${entry.name} at byte ${local}`);
  }
  const start = local + LOCAL_LENGTH + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
  if (start + entry.packed > bytes.length) {
    throw fail(caller, `at least ${start + entry.packed} bytes long for ${label}`, `${bytes.length} bytes`);
  }
  if ((entry.flags & 1) !== 0 || (entry.method !== 0 && entry.method !== 8)) {
    throw fail(
      caller,
      "a zip archive of stored or deflated members",
      `${label} with method ${entry.method}, flags ${entry.flags}`,
    );
  }
  const packed = bytes.subarray(start, start + entry.packed);
  const out = entry.method === 0 ? packed : inflateRaw(packed, entry.unpacked, caller);
  requireChecksum(out, entry.crc, entry.unpacked, label, caller);
  return out;
}
