import { UnsupportedError, pow, log2 } from "../core/index.js";
import type { TensorData, TensorDtype } from "./tensor.js";

/** Bytes per element. */
export const DTYPE_BYTES: Readonly<Record<TensorDtype, number>> = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  F8_E4M3: 1,
  F8_E5M2: 1,
  I64: 8,
  U64: 8,
  I32: 4,
  U32: 4,
  I16: 2,
  U16: 2,
  I8: 1,
  U8: 1,
  BOOL: 1,
};

/** True for the element types that this library decodes. */
export function isDtype(name: string): name is TensorDtype {
  return Object.hasOwn(DTYPE_BYTES, name);
}

const HOST_IS_LITTLE_ENDIAN: boolean = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** Reverses the bytes of every element in place. */
function swapBytes(bytes: Uint8Array, width: number): void {
  for (let start = 0; start < bytes.length; start += width) bytes.subarray(start, start + width).reverse();
}

/** The float that a small format with the given exponent bits denotes; rows are sign, exponent, fraction. */
function decodeSmall(code: number, exponentBits: number, fractionBits: number, bias: number): number {
  const sign = (code >> (exponentBits + fractionBits)) & 1 ? -1 : 1;
  const exponent = (code >> fractionBits) & ((1 << exponentBits) - 1);
  const fraction = code & ((1 << fractionBits) - 1);
  const scale = pow(2, -fractionBits);
  if (exponent === 0) return sign * fraction * scale * pow(2, 1 - bias);
  return sign * (1 + fraction * scale) * pow(2, exponent - bias);
}

/** E4M3 of the OCP 8-bit formats: no infinities, NaN at S.1111.111, largest 448. */
function decodeE4M3(code: number): number {
  return (code & 0x7f) === 0x7f ? Number.NaN : decodeSmall(code, 4, 3, 7);
}

/** E5M2 and F16 follow IEEE 754: the largest exponent is an infinity or NaN. */
function decodeIeee(code: number, exponentBits: number, fractionBits: number): number {
  const top = (1 << exponentBits) - 1;
  if (((code >> fractionBits) & top) === top) {
    if ((code & ((1 << fractionBits) - 1)) !== 0) return Number.NaN;
    return code >> (exponentBits + fractionBits) ? -Infinity : Infinity;
  }
  return decodeSmall(code, exponentBits, fractionBits, (1 << (exponentBits - 1)) - 1);
}

let tables: { readonly f16: Float32Array; readonly e4m3: Float32Array; readonly e5m2: Float32Array } | null = null;

/** All values of the small formats: a look-up is faster than bit work and has no branches. Built on first use. */
function smallTables(): NonNullable<typeof tables> {
  tables ??= {
    f16: Float32Array.from({ length: 65_536 }, (_, code) => decodeIeee(code, 5, 10)),
    e4m3: Float32Array.from({ length: 256 }, (_, code) => decodeE4M3(code)),
    e5m2: Float32Array.from({ length: 256 }, (_, code) => decodeIeee(code, 5, 2)),
  };
  return tables;
}

function lookUp(codes: Uint8Array | Uint16Array, table: Float32Array): Float32Array {
  const out = new Float32Array(codes.length);
  for (let i = 0; i < codes.length; i++) out[i] = table[codes[i]];
  return out;
}

/** BF16 is the upper half of a float32. */
function widenBf16(codes: Uint16Array): Float32Array {
  const words = new Uint32Array(codes.length);
  for (let i = 0; i < codes.length; i++) words[i] = codes[i] << 16;
  return new Float32Array(words.buffer);
}

/**
 * Decodes the bytes of a tensor. The result never shares memory with the caller's bytes: they are copied first, unless they
 * were read for this tensor alone.
 *
 * @param bytes whole elements
 * @param littleEndian byte order in the file
 * @param fresh whether the bytes may be taken over
 */
export function decodeElements(bytes: Uint8Array, dtype: TensorDtype, littleEndian = true, fresh = false): TensorData {
  // Offset 0, hence aligned for every view, and nothing else in the buffer.
  const copy = fresh && bytes.byteLength === bytes.buffer.byteLength ? bytes : bytes.slice();
  const width = DTYPE_BYTES[dtype];
  if (littleEndian !== HOST_IS_LITTLE_ENDIAN && width > 1) swapBytes(copy, width);
  const { buffer } = copy;
  switch (dtype) {
    case "F64":
      return new Float64Array(buffer);
    case "F32":
      return new Float32Array(buffer);
    case "F16":
      return lookUp(new Uint16Array(buffer), smallTables().f16);
    case "BF16":
      return widenBf16(new Uint16Array(buffer));
    case "F8_E4M3":
      return lookUp(copy, smallTables().e4m3);
    case "F8_E5M2":
      return lookUp(copy, smallTables().e5m2);
    case "I64":
      return new BigInt64Array(buffer);
    case "U64":
      return new BigUint64Array(buffer);
    case "I32":
      return new Int32Array(buffer);
    case "U32":
      return new Uint32Array(buffer);
    case "I16":
      return new Int16Array(buffer);
    case "U16":
      return new Uint16Array(buffer);
    case "I8":
      return new Int8Array(buffer);
    case "U8":
    case "BOOL":
      return copy;
  }
}

/** The element type that a typed array is written as when nothing else is asked for. */
export function dtypeOfArray(data: TensorData): TensorDtype {
  if (data instanceof Float64Array) return "F64";
  if (data instanceof Float32Array) return "F32";
  if (data instanceof Int8Array) return "I8";
  if (data instanceof Uint8Array) return "U8";
  if (data instanceof Int16Array) return "I16";
  if (data instanceof Uint16Array) return "U16";
  if (data instanceof Int32Array) return "I32";
  if (data instanceof Uint32Array) return "U32";
  if (data instanceof BigInt64Array) return "I64";
  return "U64";
}

const scratchFloat = new Float32Array(1);
const scratchWord = new Uint32Array(scratchFloat.buffer);

/** Rounds a float32 to BF16, ties to even; NaN keeps a set fraction bit. */
function toBf16(value: number): number {
  scratchFloat[0] = value;
  const word = scratchWord[0];
  if (Number.isNaN(value)) return (word >>> 16) | 0x40;
  return (word + 0x7fff + ((word >>> 16) & 1)) >>> 16;
}

/** Rounds a float32 to F16, ties to even; overflow becomes an infinity. */
function toF16(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const magnitude = Math.abs(value);
  if (Number.isNaN(value)) return 0x7e00;
  if (magnitude >= 65_520) return sign | 0x7c00; // halfway between the largest half, 65504, and 2^16
  // Spacing of the halves around this magnitude; adding and subtracting 2^52 spacings rounds to nearest even.
  const exponent = magnitude < 2 ** -14 ? -14 : Math.floor(log2(magnitude));
  const spacing = pow(2, exponent - 10);
  const units = magnitude / spacing + 2 ** 52 - 2 ** 52; // integer, 1024 … 2048 for normal numbers
  return sign | (units + ((exponent + 14) << 10));
}

/**
 * Encodes elements little-endian.
 *
 * @throws {UnsupportedError} for the 8-bit floats and for arrays that cannot hold the element type
 */
export function encodeElements(data: TensorData, dtype: TensorDtype, caller: string): Uint8Array {
  const natural = dtypeOfArray(data);
  if (dtype === natural || (dtype === "BOOL" && natural === "U8")) {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice();
    if (!HOST_IS_LITTLE_ENDIAN) swapBytes(bytes, DTYPE_BYTES[dtype]);
    return bytes;
  }
  if ((dtype === "F16" || dtype === "BF16") && data instanceof Float32Array) {
    const bytes = new Uint8Array(2 * data.length);
    const view = new DataView(bytes.buffer);
    const round = dtype === "F16" ? toF16 : toBf16;
    for (let i = 0; i < data.length; i++) view.setUint16(2 * i, round(data[i]), true);
    return bytes;
  }
  throw new UnsupportedError({
    function: caller,
    argument: "dtype",
    expected: `${natural}${data instanceof Float32Array ? ", F16 or BF16" : ""} for a ${data.constructor.name}`,
    got: dtype,
  });
}
