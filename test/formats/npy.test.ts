import { zipSync } from "fflate";
import { expect, test } from "vitest";
import { readNpy, readNpySync, readNpz, readNpzSync, toFloat64, writeNpy } from "../../src/formats/index.js";
import { FormatError, UnsupportedError } from "../../src/core/index.js";
import { fixture } from "../support/shared.js";

interface Numpy {
  readonly arrays: Record<string, { file: string; shape: number[]; values: string[] }>;
  readonly npz: string;
  readonly npz_compressed: string;
  readonly pickled: string;
  readonly structured: string;
  readonly complex: string;
}

const numpy = fixture<Numpy>("formats/numpy.json");
const decode = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(Buffer.from(text, "base64"));

/** Parses the hexadecimal floats that Python prints. */
function parse(text: string): number {
  const match = /^(-?)0x([01])\.?([0-9a-f]*)p([+-]\d+)$/.exec(text);
  if (match === null) return text === "inf" ? Infinity : Number(text);
  const fraction = match[3] === "" ? 0 : Number.parseInt(match[3]!, 16) / 16 ** match[3]!.length;
  return (match[1] === "-" ? -1 : 1) * (Number(match[2]) + fraction) * 2 ** Number(match[4]);
}

test("reads what NumPy wrote: types, byte orders, Fortran order, scalars and empty arrays", async () => {
  for (const [name, { file, shape, values }] of Object.entries(numpy.arrays)) {
    const tensor = readNpySync(decode(file));
    expect(tensor.shape, name).toEqual(shape);
    if (name === "i8") {
      expect(Array.from(tensor.data as BigInt64Array).map(String)).toEqual(values);
    } else {
      expect(Array.from(toFloat64(tensor)), name).toEqual(values.map(parse));
    }
    expect((await readNpy(new Blob([decode(file)]))).data).toEqual(tensor.data);
    expect(readNpySync(writeNpy(tensor))).toEqual(tensor);
  }
});

test("reads stored and deflated archives", async () => {
  const expected = numpy.arrays["f8"]!.values.map(parse);
  const stored = readNpzSync(decode(numpy.npz));
  expect(Object.keys(stored)).toEqual(["a", "b"]);
  expect(Array.from(stored["a"]!.data as Float64Array)).toEqual(expected);
  const packed = await readNpz(decode(numpy.npz_compressed));
  expect(Array.from(packed["a"]!.data as Float64Array)).toEqual(expected);
  expect(packed["zeros"]!.shape).toEqual([2000]);
});

test("refuses pickled objects, structured and complex types by name", () => {
  expect(() => readNpySync(decode(numpy.pickled))).toThrow("pickled Python objects, which are never loaded");
  expect(() => readNpySync(decode(numpy.structured))).toThrow(UnsupportedError);
  expect(() => readNpySync(decode(numpy.complex))).toThrow('got descr "<c16"; save it with a plain numeric dtype');
});

test("refuses truncated and foreign files with their numbers", () => {
  const file = decode(numpy.arrays["f8"]!.file);
  expect(() => readNpySync(file.subarray(0, file.length - 1))).toThrow(
    /must be 224 bytes long for shape \[3, 4\] of <f8, got 223 bytes; the file is truncated/,
  );
  expect(() => readNpySync(Uint8Array.of(1, 2, 3))).toThrow("got 3 bytes beginning with 01 02 03");
  const version = file.slice();
  version[6] = 9;
  expect(() => readNpySync(version)).toThrow("of npy version 1, 2 or 3, got version 9.0");
  const lying = file.slice();
  lying[9] = 255;
  expect(() => readNpySync(lying)).toThrow(FormatError);
});

test("a zip bomb is refused by its stated size, and stopped when it states a wrong one", () => {
  const archive = decode(numpy.npz_compressed);
  expect(() => readNpzSync(archive, { maximumBytes: 10_000 })).toThrow(
    'member "zeros.npy" must be at most maximumBytes',
  );
  const lying = archive.slice();
  const view = new DataView(lying.buffer);
  let at = lying.length - 22;
  at = view.getUint32(at + 16, true);
  view.setUint32(at + 24, 100, true); // the directory now says that the first member has 100 bytes
  expect(() => readNpzSync(lying)).toThrow("must be at least 128 bytes long, as its header states, got 100 bytes");
  // A member whose own header promises 16 bytes of data, as the directory does, followed by a million more.
  const small = writeNpy({ name: "", dtype: "F64", shape: [2], data: Float64Array.of(1, 2) });
  const bomb = zipSync({ "a.npy": Uint8Array.from([...small, ...new Uint8Array(1_000_000)]) });
  const bombView = new DataView(bomb.buffer);
  const entry = bombView.getUint32(bomb.length - 22 + 16, true);
  bombView.setUint32(entry + 24, small.length, true);
  expect(() => readNpzSync(bomb)).toThrow(`at most ${small.length} bytes when unpacked`);
  const overlapping = archive.slice();
  const second = at + 46 + view.getUint16(at + 28, true) + view.getUint16(at + 30, true);
  new DataView(overlapping.buffer).setUint32(second + 42, 0, true);
  expect(() => readNpzSync(overlapping)).toThrow("whose members do not overlap");
});

test("a PyTorch archive is named, and nothing in it is loaded", () => {
  const bytes = zipSync({ "archive/data.pkl": Uint8Array.of(0x80, 2, 0x2e), "archive/data/0": new Uint8Array(8) });
  expect(() => readNpzSync(bytes)).toThrow(
    'got member "archive/data.pkl": a PyTorch checkpoint; pickled objects are never loaded: save the tensors as safetensors first',
  );
});
