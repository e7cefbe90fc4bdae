import { FormatError } from "../core/index.js";
import { DTYPE_BYTES, decodeElements } from "./dtypes.js";
import { gunzip, isGzip } from "./inflate.js";
import { type ByteInput, type UnpackOptions, capOf, readWhole, requireBytes } from "./source.js";
import { type Tensor, type TensorDtype, sizeOfShape } from "./tensor.js";

const TYPES: Readonly<Record<number, TensorDtype>> = { 8: "U8", 9: "I8", 11: "I16", 12: "I32", 13: "F32", 14: "F64" };

/**
 * Reads an IDX file (the format of the MNIST digits), gzipped or not, from bytes.
 *
 * Relation: `data` holds the entries in row-major order of `shape`, in the file's own type.
 * Gzip is unpacked by streaming up to the size that the IDX header promises; CRC and length are checked.
 *
 * @param bytes the whole file
 * @returns one tensor named ""
 * @throws {ArgumentError} when the input is not bytes
 * @throws {FormatError} for wrong magic, truncated, over-long or damaged files; the message has the numbers
 *
 * Cost: linear in the unpacked size, memory at most three times that size.
 * @see [lecun1998]
 *
 * @example
 * ```ts
 * import { readIdxSync } from "eigenscope/formats";
 * const labels = readIdxSync(Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 3, 5, 0, 4));
 * console.log(labels.shape, labels.data.join(" ")); // [ 3 ] 5 0 4
 * ```
 */
export function readIdxSync(bytes: Uint8Array | ArrayBuffer, options: UnpackOptions = {}): Tensor {
  return parse(requireBytes(bytes, "readIdxSync"), capOf(options, "readIdxSync"), "", "readIdxSync");
}

/**
 * Reads an IDX file, gzipped or not, from bytes, a Blob or (in Node) a path.
 *
 * Relation and errors as readIdxSync; the tensor carries the path as its name.
 *
 * @throws {ArgumentError} when the file cannot be opened
 * @throws {FormatError} as readIdxSync
 * @see [lecun1998]
 *
 * @example
 * ```ts
 * import { readIdx } from "eigenscope/formats";
 * const file = new Blob([Uint8Array.of(0, 0, 8, 2, 0, 0, 0, 1, 0, 0, 0, 2, 7, 9)]);
 * const image = await readIdx(file);
 * console.log(image.shape, image.data.join(" ")); // [ 1, 2 ] 7 9
 * ```
 */
export async function readIdx(input: ByteInput, options: UnpackOptions = {}): Promise<Tensor> {
  const maximum = capOf(options, "readIdx");
  const { bytes, name } = await readWhole(input, maximum, "readIdx");
  return parse(bytes, maximum, name, "readIdx");
}

interface Header {
  readonly dtype: TensorDtype;
  readonly shape: readonly number[];
  readonly offset: number;
}

function parse(file: Uint8Array, maximum: number, name: string, caller: string): Tensor {
  // The IDX header at the head of the gzip stream bounds what may follow: a bomb is refused before it expands.
  const bytes = isGzip(file) ? gunzip(file, maximum, caller, (prefix) => fileSize(parseHeader(prefix, caller))) : file;
  const header = parseHeader(bytes, caller);
  const { dtype, shape, offset } = header;
  const expected = fileSize(header);
  if (bytes.length !== expected) {
    throw new FormatError({
      function: caller,
      argument: "input",
      expected: `${expected} bytes long for shape [${shape.join(", ")}] of ${dtype}`,
      got: `${bytes.length} bytes`,
      remedy: bytes.length < expected ? "the file is truncated" : "the header does not describe the file",
    });
  }
  return { name, dtype, shape, data: decodeElements(bytes.subarray(offset), dtype, false) };
}

function fileSize({ dtype, shape, offset }: Header): number {
  return offset + sizeOfShape(shape) * DTYPE_BYTES[dtype];
}

function parseHeader(bytes: Uint8Array, caller: string): Header {
  const dimensions = bytes[3] ?? 0;
  const dtype = TYPES[bytes[2] ?? -1];
  if (bytes.length < 4 || bytes[0] !== 0 || bytes[1] !== 0 || dtype === undefined || dimensions === 0) {
    throw new FormatError({
      function: caller,
      argument: "input",
      expected: "an IDX file: two zero bytes, a type in 8, 9, 11-14, a number of dimensions >= 1",
      got: bytes.length < 4 ? `${bytes.length} bytes` : `magic ${Array.from(bytes.subarray(0, 4)).join(" ")}`,
    });
  }
  const offset = 4 + 4 * dimensions;
  if (bytes.length < offset) {
    throw new FormatError({
      function: caller,
      argument: "input",
      expected: `at least ${offset} bytes long for a header of ${dimensions} dimensions`,
      got: `${bytes.length} bytes`,
      remedy: "the file is truncated",
    });
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, offset);
  return { dtype, shape: Array.from({ length: dimensions }, (_, i) => view.getUint32(4 + 4 * i, false)), offset };
}
