import { writeFileSync } from "node:fs";
import { gzipSync } from "fflate";

/** IDX bytes of unsigned bytes (type 8) with the given lengths of axes. */
export function idxBytes(shape: readonly number[], data: ArrayLike<number>): Uint8Array {
  const bytes = new Uint8Array(4 + 4 * shape.length + data.length);
  bytes.set([0, 0, 8, shape.length]);
  const view = new DataView(bytes.buffer);
  shape.forEach((length, i) => view.setUint32(4 + 4 * i, length));
  bytes.set(Array.from(data), 4 + 4 * shape.length);
  return bytes;
}

/** IDX bytes of 32-bit floats (type 13). */
export function idxFloats(shape: readonly number[], data: ArrayLike<number>): Uint8Array {
  const bytes = new Uint8Array(4 + 4 * shape.length + 4 * data.length);
  bytes.set([0, 0, 13, shape.length]);
  const view = new DataView(bytes.buffer);
  shape.forEach((length, i) => view.setUint32(4 + 4 * i, length));
  Array.from(data).forEach((value, i) => view.setFloat32(4 + 4 * shape.length + 4 * i, value));
  return bytes;
}

/** n images of 4 x 4 pixels whose bright corner tells the class, and their labels, of three classes. */
export function cornerImages(n: number): { readonly images: Uint8Array; readonly labels: Uint8Array } {
  const pixels = new Uint8Array(n * 16);
  const labels = new Uint8Array(n);
  for (let i = 0; i < n; i++) {
    labels[i] = i % 3;
    for (let p = 0; p < 16; p++) pixels[16 * i + p] = (i * 31 + p * 17 + ((i * p) % 7)) % 90;
    pixels[16 * i + [0, 3, 12][i % 3]!] = 250;
  }
  return { images: idxBytes([n, 4, 4], pixels), labels: idxBytes([n], labels) };
}

/** Writes a pair of files under a prefix; `null` leaves one out. */
export function writePair(
  prefix: string,
  images: Uint8Array | null,
  labels: Uint8Array | null,
  packed = false,
): string {
  const write = (name: string, bytes: Uint8Array | null): void => {
    if (bytes !== null)
      writeFileSync(`${prefix}-${name}${packed ? ".gz" : ""}`, packed ? gzipSync(bytes, { mtime: 0 }) : bytes);
  };
  write("images-idx3-ubyte", images);
  write("labels-idx1-ubyte", labels);
  return prefix;
}
