import { readFileSync } from "node:fs";
import { Gzip, gzipSync } from "fflate";
import { expect, test } from "vitest";
import { readIdx, readIdxSync } from "../../src/formats/index.js";
import { FormatError } from "../../src/core/index.js";
import { sharedData, sharedMissing } from "../support/shared.js";

/** A small IDX file of unsigned bytes. */
function idx(shape: number[], body: Uint8Array): Uint8Array {
  const out = new Uint8Array(4 + 4 * shape.length + body.length);
  out.set([0, 0, 8, shape.length]);
  const view = new DataView(out.buffer);
  shape.forEach((extent, i) => view.setUint32(4 + 4 * i, extent, false));
  out.set(body, 4 + 4 * shape.length);
  return out;
}

const plain = idx([2, 3], Uint8Array.of(1, 2, 3, 4, 5, 255));

test("reads an IDX file, plain and gzipped, from bytes and from a Blob", async () => {
  for (const bytes of [plain, gzipSync(plain), gzipSync(plain, { filename: "digits", mtime: 0 })]) {
    for (const tensor of [readIdxSync(bytes), await readIdx(bytes), await readIdx(new Blob([bytes.slice()]))]) {
      expect(tensor.shape).toEqual([2, 3]);
      expect(tensor.dtype).toBe("U8");
      expect(Array.from(tensor.data as Uint8Array)).toEqual([1, 2, 3, 4, 5, 255]);
    }
  }
});

test("decodes every IDX element type in big-endian order", () => {
  const cases: [number, number, (view: DataView) => void, number][] = [
    [9, 1, (view) => view.setInt8(8, -7), -7],
    [11, 2, (view) => view.setInt16(8, -700), -700],
    [12, 4, (view) => view.setInt32(8, -70_000), -70_000],
    [13, 4, (view) => view.setFloat32(8, 0.15625), 0.15625],
    [14, 8, (view) => view.setFloat64(8, Math.PI), Math.PI],
  ];
  for (const [type, width, write, value] of cases) {
    const bytes = new Uint8Array(8 + width);
    bytes.set([0, 0, type, 1, 0, 0, 0, 1]);
    write(new DataView(bytes.buffer));
    expect(readIdxSync(bytes).data[0]).toBe(value);
  }
});

test("refuses truncated, over-long and foreign files with their numbers", () => {
  expect(() => readIdxSync(plain.subarray(0, 15))).toThrow(
    "readIdxSync: input must be 18 bytes long for shape [2, 3] of U8, got 15 bytes; the file is truncated",
  );
  expect(() => readIdxSync(idx([2], Uint8Array.of(1, 2, 3)))).toThrow(
    "got 11 bytes; the header does not describe the file",
  );
  expect(() => readIdxSync(Uint8Array.of(137, 80, 78, 71))).toThrow("got magic 137 80 78 71");
  expect(() => readIdxSync(new Uint8Array(0))).toThrow("got 0 bytes");
  expect(() => readIdxSync(plain.subarray(0, 6))).toThrow("at least 12 bytes long for a header of 2 dimensions");
  expect(() => readIdxSync("x" as unknown as Uint8Array)).toThrow("use readIdx for paths and Blobs");
  expect(() => readIdxSync(plain, { maximumByte: 3 } as object)).toThrow("check the spelling");
});

test("refuses every truncation and every flipped byte of a gzipped file", () => {
  const body = Uint8Array.from({ length: 600 }, (_, i) => (i * i) & 255);
  const packed = gzipSync(idx([600], body), { mtime: 0 });
  for (let length = 0; length < packed.length; length++) {
    expect(() => readIdxSync(packed.subarray(0, length)), `length ${length}`).toThrow(FormatError);
  }
  for (let at = 10; at < packed.length; at++) {
    const damaged = packed.slice();
    damaged[at] ^= 0x20;
    let values: number[] | null = null;
    try {
      values = Array.from(readIdxSync(damaged).data as Uint8Array);
    } catch (error) {
      expect(error, `byte ${at}`).toBeInstanceOf(FormatError);
    }
    if (values !== null) expect(values, `byte ${at}`).toEqual(Array.from(body));
  }
});

test("a wrong CRC and a wrong length in the trailer are both refused", () => {
  for (const fromEnd of [1, 5, 8]) {
    const packed = gzipSync(plain);
    packed[packed.length - fromEnd] ^= 1;
    expect(() => readIdxSync(packed)).toThrow(/CRC [0-9a-f]+, as the file states/);
  }
});

test("a gzip bomb is stopped at the size its IDX header promises, and at maximumBytes", () => {
  const chunks: Uint8Array[] = [];
  const gzip = new Gzip({ level: 9 }, (chunk) => chunks.push(chunk));
  gzip.push(idx([10], new Uint8Array(10)));
  for (let i = 0; i < 64; i++) gzip.push(new Uint8Array(2 ** 20), i === 63); // 64 MB of zeros in 64 kB
  const bomb = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    bomb.set(chunk, at);
    at += chunk.length;
  }
  expect(bomb.length).toBeLessThan(100_000);
  expect(() => readIdxSync(bomb)).toThrow(
    /at most 18 bytes when unpacked, got more than that after 16384 of \d+ compressed bytes/,
  );
  expect(() => readIdxSync(gzipSync(idx([5000], new Uint8Array(5000))), { maximumBytes: 4096 })).toThrow(
    "at most 4096 bytes when unpacked",
  );
});

test("a missing file is an error that names the path", async () => {
  await expect(readIdx("no/such/file.gz")).rejects.toThrow(
    'readIdx: input must be the path of a readable file, got "no/such/file.gz" (ENOENT)',
  );
});

test("reads the digits from disk", async (context) => {
  const path = sharedData("digits-train-images-idx3-ubyte.gz");
  if (path === null) return context.skip(sharedMissing);
  const images = await readIdx(path);
  expect(images.shape).toEqual([6000, 28, 28]);
  expect((readIdxSync(readFileSync(path)).data as Uint8Array)[28 * 28 * 17 + 14 * 28 + 14]).toBe(
    images.data[28 * 28 * 17 + 14 * 28 + 14],
  );
  const labels = await readIdx(sharedData("digits-train-labels-idx1-ubyte.gz")!);
  const counts = new Array<number>(10).fill(0);
  for (const label of labels.data as Uint8Array) counts[label]++;
  expect(counts.every((count) => count > 300)).toBe(true);
});
