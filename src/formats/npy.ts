import { FormatError, UnsupportedError, describe } from "../core/index.js";
import { DTYPE_BYTES, decodeElements, encodeElements } from "./dtypes.js";
import { type ByteInput, type UnpackOptions, capOf, readWhole, requireBytes } from "./source.js";
import { type Tensor, type TensorData, type TensorDtype, sizeOfShape } from "./tensor.js";
import { requireTensor } from "./write.js";

const KINDS: Readonly<Record<string, TensorDtype>> = {
  f8: "F64",
  f4: "F32",
  f2: "F16",
  i8: "I64",
  u8: "U64",
  i4: "I32",
  u4: "U32",
  i2: "I16",
  u2: "U16",
  i1: "I8",
  u1: "U8",
  b1: "BOOL",
};

/** Longest header that is parsed; NumPy's own default limit is 10,000 characters. */
const MAXIMUM_HEADER = 65_536;

/**
 * Reads a NumPy .npy file from bytes, versions 1 to 3, both byte orders, C and Fortran order.
 *
 * Relation: `data[i * shape[1] + j]` is `array[i, j]`; arrays in Fortran order are copied into row-major order.
 *
 * @param bytes the whole file
 * @returns one tensor named ""
 * @throws {ArgumentError} when the input is not bytes
 * @throws {FormatError} for wrong magic, truncated or over-long files and malformed headers
 * @throws {UnsupportedError} for pickled objects (never executed), structured, complex and text types
 *
 * Cost: linear; memory at most three times the file.
 *
 * @example
 * ```ts
 * import { readNpySync, writeNpy } from "eigenscope/formats";
 * const bytes = writeNpy({ name: "", dtype: "F64", shape: [2, 2], data: Float64Array.of(1, 2, 3, 4) });
 * console.log(readNpySync(bytes).data.join(" ")); // 1 2 3 4
 * ```
 */
export function readNpySync(bytes: Uint8Array | ArrayBuffer, options: UnpackOptions = {}): Tensor {
  capOf(options, "readNpySync");
  return parseNpy(requireBytes(bytes, "readNpySync"), "", "readNpySync");
}

/**
 * Reads a NumPy .npy file from bytes, a Blob or (in Node) a path.
 *
 * Relation and errors as readNpySync; the tensor carries the path as its name.
 *
 * @throws {ArgumentError} when the file cannot be opened
 * @throws {FormatError} as readNpySync
 *
 * @example
 * ```ts
 * import { readNpy, writeNpy } from "eigenscope/formats";
 * const bytes = writeNpy({ name: "", dtype: "U8", shape: [3], data: Uint8Array.of(7, 8, 9) });
 * console.log((await readNpy(new Blob([bytes]))).shape); // [ 3 ]
 * ```
 */
export async function readNpy(input: ByteInput, options: UnpackOptions = {}): Promise<Tensor> {
  const { bytes, name } = await readWhole(input, capOf(options, "readNpy"), "readNpy");
  return parseNpy(bytes, name, "readNpy");
}

/** What the header of a .npy file says, checked against the size of the file. */
export interface NpyHeader {
  /** Element type. */
  readonly dtype: TensorDtype;
  /** Byte order of the elements. */
  readonly littleEndian: boolean;
  /** Whether the first index runs fastest. */
  readonly fortranOrder: boolean;
  /** Extents. */
  readonly shape: readonly number[];
  /** Offset of the first element. */
  readonly start: number;
}

/** Bytes at the head of a file that hold every header which is parsed. */
export const NPY_HEAD: number = 12 + MAXIMUM_HEADER;

/**
 * Parses the header of a .npy file.
 *
 * @param head the first NPY_HEAD bytes, or the whole file when it is shorter
 * @param size length of the whole file
 */
export function parseNpyHeader(head: Uint8Array, size: number, name: string, caller: string): NpyHeader {
  const fail = (expected: string, got: string, remedy?: string): FormatError =>
    new FormatError({
      function: caller,
      argument: name === "" ? "input" : `"${name}"`,
      expected,
      got,
      ...(remedy === undefined ? {} : { remedy }),
    });
  if (head.length < 10 || head[0] !== 0x93 || String.fromCharCode(...head.subarray(1, 6)) !== "NUMPY") {
    throw fail("an npy file beginning with \\x93NUMPY", describeStart(head, size));
  }
  const major = head[6];
  if (major < 1 || major > 3) throw fail("of npy version 1, 2 or 3", `version ${major}.${head[7]}`);
  const prefix = major === 1 ? 10 : 12;
  if (size < prefix) throw fail(`at least ${prefix} bytes long`, `${size} bytes`, "the file is truncated");
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  const headerLength = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  const start = prefix + headerLength;
  if (headerLength > MAXIMUM_HEADER)
    throw fail(`an npy file with a header of at most ${MAXIMUM_HEADER} bytes`, `${headerLength} bytes`);
  if (start > size)
    throw fail(`at least ${start} bytes long, as its header states`, `${size} bytes`, "the file is truncated");
  const { descr, fortranOrder, shape } = parseHeader(
    new TextDecoder("latin1").decode(head.subarray(prefix, start)),
    fail,
  );
  const { dtype, littleEndian } = elementType(descr, name, caller);
  const expected = start + sizeOfShape(shape) * DTYPE_BYTES[dtype];
  if (size !== expected) {
    throw fail(
      `${expected} bytes long for shape [${shape.join(", ")}] of ${descr}`,
      `${size} bytes`,
      size < expected ? "the file is truncated" : "the header does not describe the file",
    );
  }
  return { dtype, littleEndian, fortranOrder: fortranOrder && shape.length > 1, shape, start };
}

/** Parses a whole .npy file. */
export function parseNpy(bytes: Uint8Array, name: string, caller: string): Tensor {
  const { dtype, littleEndian, fortranOrder, shape, start } = parseNpyHeader(bytes, bytes.length, name, caller);
  const data = decodeElements(bytes.subarray(start), dtype, littleEndian);
  return { name, dtype, shape, data: fortranOrder ? toRowMajor(data, shape) : data };
}

function describeStart(head: Uint8Array, size: number): string {
  const start = Array.from(head.subarray(0, 6), (byte) => byte.toString(16).padStart(2, "0")).join(" ");
  return size === 0 ? "an empty file" : `${size} bytes beginning with ${start}`;
}

interface Header {
  readonly descr: string;
  readonly fortranOrder: boolean;
  readonly shape: readonly number[];
}

/** The header is the text of a Python dictionary with exactly three keys; a strict pattern instead of an evaluator. */
function parseHeader(text: string, fail: (expected: string, got: string, remedy?: string) => FormatError): Header {
  const trimmed = text.trim();
  const body = /^\{(.*)\}$/s.exec(trimmed)?.[1];
  const descr = body === undefined ? null : /'descr'\s*:\s*(?:'([^']*)'|(\[))/.exec(body);
  const order = body === undefined ? null : /'fortran_order'\s*:\s*(True|False)/.exec(body);
  const shape = body === undefined ? null : /'shape'\s*:\s*\(([\d,\sL]*)\)/.exec(body);
  if (descr === null || order === null || shape === null) {
    throw fail("an npy file whose header has descr, fortran_order and shape", describe(trimmed.slice(0, 40)));
  }
  const extents = shape[1]
    .split(",")
    .map((extent) => extent.trim().replace(/L$/, ""))
    .filter((extent) => extent !== "");
  if (extents.length > 64 || !extents.every((extent) => /^\d{1,15}$/.test(extent))) {
    throw fail("an npy file with at most 64 extents below 1e15", `shape (${shape[1].slice(0, 60)})`);
  }
  return {
    descr: descr[2] === "[" ? "a structured type" : descr[1],
    fortranOrder: order[1] === "True",
    shape: extents.map(Number),
  };
}

function elementType(
  descr: string,
  name: string,
  caller: string,
): { readonly dtype: TensorDtype; readonly littleEndian: boolean } {
  const match = /^([<>|=])([a-zA-Z]\d*)$/.exec(descr);
  const dtype = match === null ? undefined : Object.hasOwn(KINDS, match[2]) ? KINDS[match[2]] : undefined;
  if (dtype === undefined || match === null) {
    throw new UnsupportedError({
      function: caller,
      argument: name === "" ? "input" : `"${name}"`,
      expected: "an array of floats, integers or booleans",
      got: /^[<>|=]?O/.test(descr)
        ? `descr ${describe(descr)}, pickled Python objects, which are never loaded`
        : `descr ${describe(descr)}`,
      remedy: "save it with a plain numeric dtype",
    });
  }
  return { dtype, littleEndian: match[1] !== ">" };
}

/** Copies an array whose first index runs fastest into one whose last index runs fastest. */
function toRowMajor<T extends TensorData>(data: T, shape: readonly number[]): T {
  const out = data.slice() as T;
  const index = new Array<number>(shape.length).fill(0);
  const strides = shape.map((_, axis) => sizeOfShape(shape.slice(0, axis)));
  for (let flat = 0; flat < data.length; flat++) {
    let from = 0;
    for (let axis = 0; axis < shape.length; axis++) from += index[axis] * strides[axis];
    out[flat] = data[from];
    for (let axis = shape.length - 1; axis >= 0 && ++index[axis] === shape[axis]; axis--) index[axis] = 0;
  }
  return out;
}

const DESCR: Readonly<Partial<Record<TensorDtype, string>>> = {
  ...Object.fromEntries(Object.entries(KINDS).map(([kind, dtype]) => [dtype, `<${kind}`])),
  I8: "|i1",
  U8: "|u1",
  BOOL: "|b1",
};

/**
 * Writes a tensor as a .npy file of version 1.0, little-endian, C order.
 *
 * Relation: readNpySync(writeNpy(t)) has the dtype, shape and entries of t.
 *
 * @throws {ShapeError} when the data do not fill the shape
 * @throws {UnsupportedError} for BF16 and 8-bit floats, which NumPy does not have
 */
export function writeNpy(tensor: Tensor): Uint8Array<ArrayBuffer> {
  requireTensor(tensor, "writeNpy");
  const descr = DESCR[tensor.dtype];
  if (descr === undefined) {
    throw new UnsupportedError({
      function: "writeNpy",
      argument: "dtype",
      expected: "a NumPy type",
      got: tensor.dtype,
      remedy: "convert to F32 first",
    });
  }
  const shape = tensor.shape.length === 1 ? `${tensor.shape[0]},` : tensor.shape.join(", ");
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape}), }`;
  const padded = Math.ceil((10 + text.length + 1) / 64) * 64 - 10; // data begin at a multiple of 64
  const header = new TextEncoder().encode(`${text.padEnd(padded - 1)}\n`);
  const body = encodeElements(tensor.data, tensor.dtype, "writeNpy");
  const out = new Uint8Array(10 + header.length + body.length);
  out.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length & 255, header.length >> 8]);
  out.set(header, 10);
  out.set(body, 10 + header.length);
  return out;
}
