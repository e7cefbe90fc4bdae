import { FormatError, describe } from "../core/index.js";
import { DTYPE_BYTES, isDtype } from "./dtypes.js";
import { adviceFor } from "./foreign.js";
import { sizeOfShape } from "./tensor.js";

/** One entry of a safetensors header. */
export interface TensorInfo {
  /** Name of the tensor. */
  readonly name: string;
  /** Element type as the file names it; types outside TensorDtype are listed but cannot be read. */
  readonly dtype: string;
  /** Extents. */
  readonly shape: readonly number[];
  /** First byte, counted from the beginning of the file. */
  readonly start: number;
  /** Byte after the last. */
  readonly end: number;
}

/** A parsed safetensors header. */
export interface SafetensorsHeader {
  /** Tensors in the order of their bytes. */
  readonly tensors: readonly TensorInfo[];
  /** The file's `__metadata__`: text by text. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** Longest header that is read, 100 MB, the limit of the format's reference implementation. */
const MAXIMUM_HEADER = 100_000_000;

/** Bits per element of types that the format knows and this library does not decode: their sizes are still checked. */
const OTHER_BITS: Readonly<Record<string, number>> = { F8_E8M0: 8, F4: 4, F6_E2M3: 6, F6_E3M2: 6, C64: 64 };

/** Length of the JSON header from the first eight bytes of the file. */
export function headerLength(first: Uint8Array, fileSize: number, caller: string): number {
  if (first.length < 8) {
    throw fail(caller, "a safetensors file of at least 8 bytes", `${first.length} bytes`, "the file is truncated");
  }
  const view = new DataView(first.buffer, first.byteOffset, 8);
  const length = view.getUint32(0, true) + view.getUint32(4, true) * 2 ** 32;
  if (length > MAXIMUM_HEADER) {
    throw fail(
      caller,
      `a safetensors file with a header of at most ${MAXIMUM_HEADER} bytes`,
      `${length} bytes`,
      adviceFor(first),
    );
  }
  if (8 + length > fileSize) {
    throw fail(
      caller,
      `at least ${8 + length} bytes long, as its header length states`,
      `${fileSize} bytes`,
      "the file is truncated",
    );
  }
  return length;
}

function fail(caller: string, expected: string, got: string, remedy?: string): FormatError {
  return new FormatError({
    function: caller,
    argument: "input",
    expected,
    got,
    ...(remedy === undefined ? {} : { remedy }),
  });
}

/**
 * Parses and checks a header: the tensors must fill the file exactly, without holes and overlaps, and every byte range
 * must have the length that type and shape imply.
 *
 * @param json the header's bytes
 * @param fileSize length of the whole file
 */
export function parseHeader(json: Uint8Array, fileSize: number, caller: string): SafetensorsHeader {
  const root = parseJsonObject(json, caller);
  const base = 8 + json.length;
  const metadata = parseMetadata(root["__metadata__"], caller);
  const tensors = Object.entries(root)
    .filter(([name]) => name !== "__metadata__")
    .map(([name, entry]) => parseEntry(name, entry, base, caller));
  tensors.sort((a, b) => a.start - b.start || a.end - b.end);
  let at = base;
  for (const tensor of tensors) {
    if (tensor.start !== at) {
      const what = tensor.start < at ? "overlaps the tensor before it" : "leaves a hole";
      throw fail(
        caller,
        `contiguous: ${JSON.stringify(tensor.name)} beginning at offset ${at - base}`,
        `offset ${tensor.start - base}, which ${what}`,
      );
    }
    at = tensor.end;
  }
  if (at !== fileSize) {
    throw fail(
      caller,
      `${at} bytes long, where its last tensor ends`,
      `${fileSize} bytes`,
      at > fileSize ? "the file is truncated" : "bytes that belong to no tensor are refused",
    );
  }
  return { tensors, metadata };
}

function parseJsonObject(json: Uint8Array, caller: string): Record<string, unknown> {
  let text: string;
  let root: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(json);
    root = JSON.parse(text);
  } catch (error) {
    throw fail(caller, "a safetensors file with a JSON header", error instanceof Error ? error.message : String(error));
  }
  if (root === null || typeof root !== "object" || Array.isArray(root))
    throw fail(caller, "a safetensors file whose header is a JSON object", describe(root));
  const duplicate = duplicateKey(text);
  if (duplicate !== null) throw fail(caller, "a header with every name once", `${describe(duplicate)} twice`);
  return root as Record<string, unknown>;
}

/** The first key that occurs twice at the top level of a valid JSON object: JSON.parse would silently keep the last. */
function duplicateKey(text: string): string | null {
  const seen = new Set<string>();
  const token = /"(?:[^"\\]|\\.)*"|[{}[\],:]/g;
  let depth = 0;
  let expectKey = false;
  for (const [part] of text.matchAll(token)) {
    if (part === "{" || part === "[") {
      depth++;
      expectKey = depth === 1;
    } else if (part === "}" || part === "]") depth--;
    else if (part === ",") expectKey = depth === 1;
    else if (expectKey && part !== ":") {
      const key = JSON.parse(part) as string;
      if (seen.has(key)) return key;
      seen.add(key);
      expectKey = false;
    }
  }
  return null;
}

function parseMetadata(value: unknown, caller: string): Readonly<Record<string, string>> {
  const metadata = Object.create(null) as Record<string, string>;
  if (value === undefined) return metadata;
  if (value === null || typeof value !== "object" || Array.isArray(value))
    throw fail(caller, "a safetensors file whose __metadata__ is an object", describe(value));
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== "string")
      throw fail(
        caller,
        "a safetensors file whose __metadata__ has text values",
        `${describe(text)} for ${describe(key)}`,
      );
    metadata[key] = text;
  }
  return metadata;
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function parseEntry(name: string, entry: unknown, base: number, caller: string): TensorInfo {
  const {
    dtype,
    shape,
    data_offsets: offsets,
  } = (entry ?? {}) as { dtype?: unknown; shape?: unknown; data_offsets?: unknown };
  const label = describe(name);
  if (
    typeof dtype !== "string" ||
    !Array.isArray(shape) ||
    !shape.every(isCount) ||
    !Array.isArray(offsets) ||
    offsets.length !== 2 ||
    !offsets.every(isCount)
  ) {
    throw fail(caller, `a header with dtype, shape and two data_offsets for ${label}`, describe(entry));
  }
  const [start, end] = offsets as [number, number];
  const bits = isDtype(dtype) ? 8 * DTYPE_BYTES[dtype] : Object.hasOwn(OTHER_BITS, dtype) ? OTHER_BITS[dtype] : null;
  if (bits === null) throw fail(caller, `a header with a known dtype for ${label}`, describe(dtype));
  const bytes = (sizeOfShape(shape as number[]) * bits) / 8;
  if (end - start !== bytes) {
    throw fail(
      caller,
      `${bytes} bytes for ${label}, ${dtype} of shape [${shape.join(", ")}]`,
      `data_offsets [${start}, ${end}]`,
      "the header does not describe the file",
    );
  }
  return { name, dtype, shape: shape as number[], start: base + start, end: base + end };
}
