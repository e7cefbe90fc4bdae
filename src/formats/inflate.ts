import { Inflate } from "fflate";
import { FormatError } from "../core/index.js";

/** Compressed bytes fed at a time: deflate expands at most 1032 : 1, so a piece yields at most 17 MB before the cap is looked at. */
const PIECE = 16_384;

/** The same for a prefix, where little output is wanted. */
const PREFIX_PIECE = 1024;

let crcTable: Uint32Array | null = null;

/** CRC-32 of ISO 3309 with reflected polynomial 0xEDB88320, continuing from an earlier value (0 at the start). */
export function crc32(bytes: Uint8Array, previous = 0): number {
  crcTable ??= Uint32Array.from({ length: 256 }, (_, byte) => {
    let remainder = byte;
    for (let bit = 0; bit < 8; bit++) remainder = remainder & 1 ? (remainder >>> 1) ^ 0xedb8_8320 : remainder >>> 1;
    return remainder;
  });
  let crc = ~previous;
  for (let i = 0; i < bytes.length; i++) crc = crcTable[(crc ^ bytes[i]) & 255] ^ (crc >>> 8);
  return ~crc >>> 0;
}

/** Output after which `refine` is asked: enough for every header read here. */
const PREFIX = 2048;

/**
 * Inflates raw deflate data with a hard cap on the output. Declared sizes are never used to allocate.
 *
 * @param limit largest acceptable output; one byte more is an error
 * @param refine called once with the first bytes of output (2048, or all there are): returns a lower limit, so that a
 *   header inside the data can bound what follows it
 * @throws {FormatError} for invalid or truncated data and beyond the limit
 */
export function inflateRaw(
  compressed: Uint8Array,
  limit: number,
  caller: string,
  refine?: (prefix: Uint8Array) => number,
): Uint8Array {
  const chunks: Uint8Array[] = [];
  let maximum = limit;
  let refined = refine === undefined;
  let total = 0;
  const stream = new Inflate((chunk) => {
    total += chunk.length;
    if ((!refined || total <= maximum) && chunk.length > 0) chunks.push(chunk.slice());
  });
  for (let start = 0; start < compressed.length || start === 0; start += PIECE) {
    const end = Math.min(compressed.length, start + PIECE);
    try {
      stream.push(compressed.subarray(start, end), end === compressed.length);
    } catch (error) {
      throw damaged(error, total, caller);
    }
    if (!refined && (total >= PREFIX || end === compressed.length)) {
      refined = true;
      maximum = Math.min(maximum, refine!(concatenate(chunks, total)));
    }
    if (total > maximum) {
      throw new FormatError({
        function: caller,
        argument: "input",
        expected: `at most ${maximum} bytes when unpacked`,
        got: `more than that after ${end} of ${compressed.length} compressed bytes`,
        remedy: "the declared size is wrong, or raise maximumBytes if you trust the file",
      });
    }
    if (end === compressed.length) break;
  }
  return concatenate(chunks, total);
}

/**
 * Inflates the beginning of raw deflate data: at least `wanted` bytes, or all there are.
 *
 * Small pieces are fed, so that a bomb yields at most a megabyte beyond what is wanted.
 *
 * @throws {FormatError} for invalid data
 */
export function inflatePrefix(compressed: Uint8Array, wanted: number, caller: string): Uint8Array {
  const chunks: Uint8Array[] = [];
  let total = 0;
  const stream = new Inflate((chunk) => {
    total += chunk.length;
    chunks.push(chunk.slice());
  });
  for (let start = 0; start < compressed.length && total < wanted; start += PREFIX_PIECE) {
    try {
      stream.push(compressed.subarray(start, start + PREFIX_PIECE), false);
    } catch (error) {
      throw damaged(error, total, caller);
    }
  }
  return concatenate(chunks, total).subarray(0, wanted);
}

function damaged(error: unknown, total: number, caller: string): FormatError {
  return new FormatError({
    function: caller,
    argument: "input",
    expected: "valid deflate data",
    got: `${error instanceof Error ? error.message : String(error)} after ${total} bytes of output`,
    remedy: "the file is damaged or truncated",
  });
}

function concatenate(chunks: readonly Uint8Array[], total: number): Uint8Array {
  const out = new Uint8Array(total);
  let at = 0;
  for (const chunk of chunks) {
    if (at + chunk.length > total) break; // output beyond the limit was counted but not kept
    out.set(chunk, at);
    at += chunk.length;
  }
  return out;
}

/** True when the bytes begin with the two magic bytes of gzip. */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes.length >= 2 && bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** Length of the header of a gzip member (RFC 1952). */
function gzipHeaderLength(bytes: Uint8Array, caller: string): number {
  const truncated = (): FormatError =>
    new FormatError({
      function: caller,
      argument: "input",
      expected: "a complete gzip file",
      got: `only ${bytes.length} bytes`,
      remedy: "the file is truncated",
    });
  if (bytes.length < 18) throw truncated();
  const flags = bytes[3];
  if (bytes[2] !== 8 || (flags & 0xe0) !== 0) {
    throw new FormatError({
      function: caller,
      argument: "input",
      expected: "gzip with method 8 and no reserved flags",
      got: `method ${bytes[2]}, flags ${flags}`,
    });
  }
  let at = 10;
  if (flags & 4) at += 2 + bytes[at] + 256 * bytes[at + 1];
  for (const flag of [8, 16]) {
    if ((flags & flag) === 0) continue; // zero-terminated name, then comment
    while (at < bytes.length && bytes[at] !== 0) at++;
    at++;
  }
  if (flags & 2) at += 2;
  if (at + 8 > bytes.length) throw truncated();
  return at;
}

/**
 * Unpacks a gzip file of one member, checking CRC-32 and length against the trailer.
 *
 * Bytes after the member, and files of several members, fail the check of the trailer.
 *
 * @throws {FormatError} when anything does not fit
 */
export function gunzip(
  bytes: Uint8Array,
  maximum: number,
  caller: string,
  refine?: (prefix: Uint8Array) => number,
): Uint8Array {
  const start = gzipHeaderLength(bytes, caller);
  const trailer = new DataView(bytes.buffer, bytes.byteOffset + bytes.length - 8, 8);
  const out = inflateRaw(bytes.subarray(start, bytes.length - 8), maximum, caller, refine);
  requireChecksum(out, trailer.getUint32(0, true), trailer.getUint32(4, true), "input", caller);
  return out;
}

/** Compares unpacked bytes with the CRC and the length (modulo 2³²) that the container states. */
export function requireChecksum(out: Uint8Array, crc: number, length: number, argument: string, caller: string): void {
  const actual = crc32(out);
  if (actual === crc && out.length % 2 ** 32 === length) return;
  throw new FormatError({
    function: caller,
    argument,
    expected: `${length} bytes with CRC ${crc.toString(16)}, as the file states`,
    got: `${out.length} bytes with CRC ${actual.toString(16)}`,
    remedy: "the file is damaged or truncated",
  });
}
