import { FormatError } from "../core/index.js";
import { inflatePrefix, inflateRaw, requireChecksum } from "./inflate.js";
import { NPY_HEAD, type NpyHeader, parseNpy, parseNpyHeader } from "./npy.js";
import {
  type ByteInput,
  type Reading,
  type UnpackOptions,
  capOf,
  openSource,
  readAll,
  readAllSync,
  requireBytes,
  requireWithinCap,
} from "./source.js";
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

/** A member of an .npz archive: where it is, and what its .npy header says. */
export interface NpzMember {
  /** Name without ".npy". */
  readonly name: string;
  /** The directory's entry. */
  readonly entry: Entry;
  /** First byte of the packed data. */
  readonly start: number;
  /** Type and shape. */
  readonly header: NpyHeader;
}

const END_SIGNATURE = 0x0605_4b50;
const CENTRAL_SIGNATURE = 0x0201_4b50;
const LOCAL_SIGNATURE = 0x0403_4b50;
const END_LENGTH = 22;
const CENTRAL_LENGTH = 46;
const LOCAL_LENGTH = 30;

/** Packed bytes that hold every .npy header: deflate adds five bytes to each 65,535 that it cannot shorten. */
const PACKED_HEAD = NPY_HEAD + 1024;

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
  const caller = "readNpzSync";
  const whole = requireBytes(bytes, caller);
  return readAllSync(readMembers(whole.length, capOf(options, caller), caller), whole);
}

/**
 * Reads a NumPy .npz archive from bytes, a Blob or (in Node) a path.
 *
 * Relation and errors as readNpzSync. For archives larger than memory use openTensors and read members one at a time.
 *
 * @throws {ArgumentError} when the file cannot be opened
 * @throws {FormatError} as readNpzSync
 */
export async function readNpz(input: ByteInput, options: UnpackOptions = {}): Promise<NamedTensors> {
  const caller = "readNpz";
  const maximum = capOf(options, caller);
  const source = await openSource(input, caller);
  try {
    requireWithinCap(source.size, maximum, "input", caller);
    return await readAll(readMembers(source.size, maximum, caller), source);
  } finally {
    await source.close();
  }
}

function* readMembers(size: number, maximum: number, caller: string): Reading<NamedTensors> {
  const members = yield* listNpz(size, maximum, caller);
  let budget = maximum;
  const tensors: Tensor[] = [];
  for (const member of members) {
    requireWithinCap(member.entry.unpacked, budget, `member ${JSON.stringify(member.entry.name)}`, caller);
    budget -= member.entry.unpacked;
    tensors.push(yield* readNpzMember(member, caller));
  }
  return nameTensors(tensors);
}

/** Lists the members of an archive with their headers; reads the directory and the beginnings only. */
export function* listNpz(size: number, maximum: number, caller: string): Reading<readonly NpzMember[]> {
  const members: NpzMember[] = [];
  const names = new Set<string>();
  for (const entry of yield* directory(size, caller)) {
    const name = entry.name.replace(/\.npy$/, "");
    if (entry.name.endsWith(".pkl")) {
      throw new FormatError({
        function: caller,
        argument: "input",
        expected: "an archive of .npy files",
        got: `member ${JSON.stringify(entry.name)}: a PyTorch checkpoint`,
        remedy: "pickled objects are never loaded: save the tensors as safetensors first",
      });
    }
    if (name === entry.name || names.has(name)) {
      throw fail(caller, "an archive of .npy files with different names", `member ${JSON.stringify(entry.name)}`);
    }
    names.add(name);
    requireWithinCap(entry.unpacked, maximum, `member ${JSON.stringify(entry.name)}`, caller);
    const start = yield* dataStart(entry, size, caller);
    const packed = yield [start, start + Math.min(entry.packed, entry.method === 0 ? NPY_HEAD : PACKED_HEAD)];
    const head = entry.method === 0 ? packed : inflatePrefix(packed, NPY_HEAD, caller);
    members.push({ name, entry, start, header: parseNpyHeader(head, entry.unpacked, name, caller) });
  }
  return members;
}

/** Reads one member whole: its checksum covers all of it. */
export function* readNpzMember({ name, entry, start }: NpzMember, caller: string): Reading<Tensor> {
  const packed = yield [start, start + entry.packed];
  const bytes = entry.method === 0 ? packed : inflateRaw(packed, entry.unpacked, caller);
  requireChecksum(bytes, entry.crc, entry.unpacked, `member ${JSON.stringify(entry.name)}`, caller);
  return { ...parseNpy(bytes, name, caller), name };
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
function* directory(size: number, caller: string): Reading<readonly Entry[]> {
  const lowest = Math.max(0, size - END_LENGTH - 65_535);
  const tail = yield [lowest, size];
  const found = findEnd(tail);
  if (found < 0) throw fail(caller, "a zip archive with an end record", `${size} bytes without one`);
  const view = viewOf(tail);
  const count = view.getUint16(found + 10, true);
  const first = view.getUint32(found + 16, true);
  const end = lowest + found;
  const bytes = yield [Math.min(first, end), end];
  const entries = parseDirectory(bytes, count, Math.min(first, end), caller);
  // Overlapping members are how small archives unpack to much: refuse them.
  let previousEnd = 0;
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

function parseDirectory(bytes: Uint8Array, count: number, base: number, caller: string): Entry[] {
  const view = viewOf(bytes);
  const end = bytes.length;
  const entries: Entry[] = [];
  let at = 0;
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
    if (after > end) {
      throw fail(
        caller,
        "a zip directory that ends before its end record",
        `an entry up to byte ${base + after} of ${base + end}`,
      );
    }
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
  return entries;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** The end record is the last one whose comment fills the rest of the file. */
function findEnd(tail: Uint8Array): number {
  const view = viewOf(tail);
  for (let at = tail.length - END_LENGTH; at >= 0; at--) {
    if (view.getUint32(at, true) === END_SIGNATURE && at + END_LENGTH + view.getUint16(at + 20, true) === tail.length)
      return at;
  }
  return -1;
}

/** The local header of a member says where its data begin. */
function* dataStart(entry: Entry, size: number, caller: string): Reading<number> {
  const local = entry.offset;
  const header = local + LOCAL_LENGTH > size ? null : yield [local, local + LOCAL_LENGTH];
  const view = header === null ? null : viewOf(header);
  if (view === null || view.getUint32(0, true) !== LOCAL_SIGNATURE) {
    throw fail(caller, "a zip archive with a local header for every member", `none for ${entry.name} at byte ${local}`);
  }
  const label = `member ${JSON.stringify(entry.name)}`;
  const start = local + LOCAL_LENGTH + view.getUint16(26, true) + view.getUint16(28, true);
  if (start + entry.packed > size) {
    throw fail(caller, `at least ${start + entry.packed} bytes long for ${label}`, `${size} bytes`);
  }
  if ((entry.flags & 1) !== 0 || (entry.method !== 0 && entry.method !== 8)) {
    throw fail(
      caller,
      "a zip archive of stored or deflated members",
      `${label} with method ${entry.method}, flags ${entry.flags}`,
    );
  }
  return start;
}
