import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type Tensor,
  openSafetensors,
  readSafetensors,
  readSafetensorsSync,
  writeSafetensors,
} from "../../src/formats/index.js";
import { FormatError } from "../../src/core/index.js";
import { fixture, sharedData, sharedMissing } from "../support/shared.js";

/** A file with the given header text and body. */
function file(header: string, body: number | Uint8Array = 0): Uint8Array {
  const json = new TextEncoder().encode(header);
  const bytes = typeof body === "number" ? new Uint8Array(body) : body;
  const out = new Uint8Array(8 + json.length + bytes.length);
  new DataView(out.buffer).setUint32(0, json.length, true);
  out.set(json, 8);
  out.set(bytes, 8 + json.length);
  return out;
}

const tensors: Tensor[] = [
  { name: "a", dtype: "F64", shape: [2, 2], data: Float64Array.of(1, -0, Number.MIN_VALUE, 1e300) },
  { name: "b", dtype: "F32", shape: [], data: Float32Array.of(0.1) },
  { name: "__proto__", dtype: "BF16", shape: [3], data: Float32Array.of(1, -2.5, Infinity) },
  { name: "h", dtype: "F16", shape: [2], data: Float32Array.of(65504, 2 ** -24) },
  { name: "i", dtype: "I8", shape: [1, 2], data: Int8Array.of(-128, 127) },
  { name: "z", dtype: "I64", shape: [1], data: BigInt64Array.of(-(2n ** 62n)) },
  { name: "empty", dtype: "U16", shape: [0, 4], data: new Uint16Array(0) },
  { name: "flags", dtype: "BOOL", shape: [2], data: Uint8Array.of(1, 0) },
];

test("what is written is read back: names, types, shapes, entries, metadata", async () => {
  const bytes = writeSafetensors(tensors, { metadata: { format: "pt" } });
  for (const record of [readSafetensorsSync(bytes), await readSafetensors(new Blob([bytes.slice()]))]) {
    expect(Object.keys(record).sort()).toEqual(tensors.map((tensor) => tensor.name).sort());
    for (const tensor of tensors) expect(record[tensor.name]).toEqual(tensor);
  }
  const archive = await openSafetensors(bytes);
  expect(archive.metadata["format"]).toBe("pt");
  const part = await archive.read("a", { start: 1, end: 3 });
  expect(part.shape).toEqual([2]);
  expect(Array.from(part.data as Float64Array)).toEqual([-0, Number.MIN_VALUE]);
  await expect(archive.read("c")).rejects.toThrow('name must be the name of a tensor in the file, got "c"');
  await expect(archive.read("a", { end: 5 })).rejects.toThrow("end must be an integer in [0, 4], got 5");
});

test("8-bit floats decode to their published extremes", () => {
  const codes = Uint8Array.of(0x7e, 0x01, 0x08, 0x80, 0xfe, 0x7f, 0x38);
  const bytes = file('{"w":{"dtype":"F8_E4M3","shape":[7],"data_offsets":[0,7]}}', codes);
  expect(Array.from(readSafetensorsSync(bytes)["w"]!.data as Float32Array)).toEqual([
    448,
    2 ** -9,
    2 ** -6,
    -0,
    -448,
    Number.NaN,
    1,
  ]);
  const e5 = file(
    '{"w":{"dtype":"F8_E5M2","shape":[5],"data_offsets":[0,5]}}',
    Uint8Array.of(0x7b, 0x01, 0x7c, 0xfc, 0x3c),
  );
  expect(Array.from(readSafetensorsSync(e5)["w"]!.data as Float32Array)).toEqual([
    57344,
    2 ** -16,
    Infinity,
    -Infinity,
    1,
  ]);
});

test("F16 rounding agrees with NumPy on every input", () => {
  const { halves } = fixture<{ halves: { inputs: string; codes: string } }>("formats/numpy.json");
  const inputs = new Float32Array(new Uint8Array(Buffer.from(halves.inputs, "base64")).buffer);
  const codes = new Uint8Array(Buffer.from(halves.codes, "base64"));
  const bytes = writeSafetensors([{ name: "h", dtype: "F16", shape: [inputs.length], data: inputs }]);
  expect(bytes.subarray(bytes.length - codes.length)).toEqual(codes);
});

test("BF16 rounds to nearest, ties to even", () => {
  const data = Float32Array.of(1 + 2 ** -8, 1 + 3 * 2 ** -8, 1 + 2 ** -8 + 2 ** -20, Number.NaN);
  const bytes = writeSafetensors([{ name: "w", dtype: "BF16", shape: [4], data }]);
  expect(Array.from(readSafetensorsSync(bytes)["w"]!.data as Float32Array)).toEqual([
    1,
    1 + 2 ** -6,
    1 + 2 ** -7,
    Number.NaN,
  ]);
});

const lies: [string, Uint8Array, string][] = [
  [
    "shorter than its length field",
    Uint8Array.of(1, 2, 3),
    "a safetensors file of at least 8 bytes, got 3 bytes; the file is truncated",
  ],
  [
    "a header of gigabytes",
    Uint8Array.of(0, 0, 0, 0, 1, 0, 0, 0, 123),
    "a header of at most 100000000 bytes, got 4294967296 bytes",
  ],
  [
    "a header beyond the file",
    Uint8Array.of(50, 0, 0, 0, 0, 0, 0, 0, 123),
    "at least 58 bytes long, as its header length states, got 9 bytes",
  ],
  ["no JSON", file("{oops"), "a safetensors file with a JSON header"],
  ["an array", file("[]"), "whose header is a JSON object, got an array of length 0"],
  ["offsets outside", file('{"w":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}', 8), "where its last tensor ends"],
  [
    "a wrong size",
    file('{"w":{"dtype":"F32","shape":[3],"data_offsets":[0,16]}}', 16),
    '12 bytes for "w", F32 of shape [3], got data_offsets [0, 16]',
  ],
  [
    "an overlap",
    file(
      '{"v":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"w":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}}',
      6,
    ),
    "overlaps the tensor before it",
  ],
  ["a hole", file('{"w":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}', 3), "leaves a hole"],
  ["bytes after the end", file("{}", 3), "bytes that belong to no tensor are refused"],
  [
    "an unknown type",
    file('{"w":{"dtype":"F7","shape":[1],"data_offsets":[0,1]}}', 1),
    'known dtype for "w", got "F7"',
  ],
  [
    "a negative extent",
    file('{"w":{"dtype":"U8","shape":[-1],"data_offsets":[0,1]}}', 1),
    "a header with dtype, shape and two data_offsets",
  ],
  [
    "a huge shape",
    file('{"w":{"dtype":"U8","shape":[9007199254740991,9007199254740991],"data_offsets":[0,1]}}', 1),
    "the header does not describe the file",
  ],
  ["a null entry", file('{"w":null}'), "a header with dtype, shape and two data_offsets"],
  [
    "a name twice",
    file(
      '{"w":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"\\u0077":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}',
      1,
    ),
    'every name once, got "w" twice',
  ],
  ["metadata that is no text", file('{"__metadata__":{"a":1}}'), "__metadata__ has text values"],
];

test("files that people try instead are named, with what to do about them", () => {
  const beginning = (text: string): Uint8Array =>
    Uint8Array.from({ length: 64 }, (_, i) => (i < text.length ? text.charCodeAt(i) : 0xff));
  for (const [text, advice] of [
    ["\x1f\x8b\x08\x00", "this is a gzip file: unpack it first"],
    ["\x89HDF\r\n\x1a\n", "this is an HDF5 file (Keras): convert it to safetensors or npz first"],
    ["GGUF\x03\x00", "this is a GGUF file: take the safetensors file that it was made from"],
    ["\x80\x02\x8a\x0a", "this is a Python pickle, which is never loaded: save the tensors as safetensors first"],
    ["\x80\x04\x95\x0a", "this is a Python pickle, which is never loaded: save the tensors as safetensors first"],
    ["hello", "this is not a safetensors, .npy or .npz file"],
  ] as const)
    expect(() => readSafetensorsSync(beginning(text)), text).toThrow(advice);
});

test.each(lies)("refuses %s", async (_name, bytes, message) => {
  expect(() => readSafetensorsSync(bytes)).toThrow(FormatError);
  expect(() => readSafetensorsSync(bytes)).toThrow(message);
  await expect(readSafetensors(new Blob([bytes.slice()]))).rejects.toThrow(message);
});

test("types that are not decoded are listed, and refused on reading", async () => {
  const bytes = file('{"w":{"dtype":"C64","shape":[1],"data_offsets":[0,8]}}', 8);
  expect((await openSafetensors(bytes)).tensors[0]!.dtype).toBe("C64");
  expect(() => readSafetensorsSync(bytes)).toThrow('tensor "w" must be of type F64');
});

test("shards: a list of Blobs, and an index beside its files", async () => {
  const first = writeSafetensors(tensors.slice(0, 2));
  const second = writeSafetensors(tensors.slice(4));
  const merged = await readSafetensors([new Blob([first.slice()]), second]);
  expect(Object.keys(merged)).toHaveLength(6);
  await expect(readSafetensors([first, first])).rejects.toThrow('files with different tensors, got "a" in two of them');
  const folder = mkdtempSync(join(tmpdir(), "shards-"));
  try {
    writeFileSync(join(folder, "m-1.safetensors"), first);
    writeFileSync(join(folder, "m-2.safetensors"), second);
    const index = join(folder, "m.safetensors.index.json");
    writeFileSync(
      index,
      JSON.stringify({ weight_map: { a: "m-1.safetensors", b: "m-1.safetensors", i: "m-2.safetensors" } }),
    );
    expect((await readSafetensors(index))["i"]).toEqual(tensors[4]);
    for (const evil of ["../m-1.safetensors", "/etc/passwd", "a\\b.safetensors"]) {
      writeFileSync(index, JSON.stringify({ weight_map: { a: evil } }));
      await expect(readSafetensors(index)).rejects.toThrow("a weight_map to plain names of .safetensors files");
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("reads exactly the bytes it needs", async () => {
  const bytes = writeSafetensors(tensors);
  let read = 0;
  const blob = {
    size: bytes.length,
    slice: (start: number, end: number) => {
      read += end - start;
      return { arrayBuffer: async () => bytes.slice(start, end).buffer };
    },
  };
  const archive = await openSafetensors(blob);
  const header = read;
  await archive.read("i");
  expect(read - header).toBe(2);
});

test("writing refuses duplicate names, wrong lengths and impossible types", () => {
  expect(() => writeSafetensors([tensors[0]!, tensors[0]!])).toThrow(
    'named differently, and not __metadata__, got "a" twice',
  );
  expect(() => writeSafetensors([{ ...tensors[0]!, shape: [3] }])).toThrow(
    'data of "a" must be of length 3 for shape [3], got length 4',
  );
  expect(() => writeSafetensors([{ ...tensors[0]!, dtype: "F8_E4M3" }])).toThrow(
    "dtype must be F64 for a Float64Array, got F8_E4M3",
  );
});

test("round trip of arbitrary float arrays", () => {
  fc.assert(
    fc.property(fc.float64Array({ maxLength: 20 }), fc.string({ unit: "binary" }), (data, name) => {
      fc.pre(name !== "__metadata__");
      const back = readSafetensorsSync(writeSafetensors([{ name, dtype: "F64", shape: [data.length], data }]));
      expect(back[name]!.data).toEqual(data);
    }),
  );
});

test("reads a real checkpoint", async (context) => {
  const path = sharedData("mtcnn.safetensors");
  if (path === null) return context.skip(sharedMissing);
  const archive = await openSafetensors(path);
  expect(archive.tensors).toHaveLength(50);
  const conv = await archive.read("pnet/conv1/weights");
  expect(conv.shape).toEqual([3, 3, 3, 10]);
  expect((conv.data as Float32Array).every(Number.isFinite)).toBe(true);
  await archive.close();
});
