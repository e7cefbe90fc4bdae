import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { zipSync } from "fflate";
import { afterAll, beforeAll, expect, test } from "vitest";
import { EigenscopeError } from "../../src/core/index.js";
import {
  type Tensor,
  type TensorArchive,
  openTensors,
  readNpySync,
  sizeOfShape,
  writeNpy,
  writeSafetensors,
} from "../../src/formats/index.js";
import { createRng, uniformInteger } from "../../src/random/index.js";
import { fixture } from "../support/shared.js";
import { mutate } from "./mutate.js";

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "eigenscope-open-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const numpy = fixture<{ arrays: Record<string, { file: string; shape: number[] }>; pickled: string }>(
  "formats/numpy.json",
);
const decode = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(Buffer.from(text, "base64"));
const tensor = (name: string, length: number): Tensor => ({
  name,
  dtype: "F32",
  shape: [length],
  data: Float32Array.from({ length }, (_, i) => i + name.length),
});

const entries = async (archive: TensorArchive): Promise<Record<string, string>> => {
  const all: Record<string, string> = {};
  for (const { name } of archive.tensors) all[name] = (await archive.read(name)).data.join(" ");
  return all;
};

test("safetensors, npy and npz in one list, told by their first bytes whatever their names", async () => {
  const npy = join(folder, "weights.bin");
  writeFileSync(npy, writeNpy(tensor("x", 3)));
  const npz = zipSync({ "a.npy": writeNpy(tensor("a", 2)), "b.npy": [writeNpy(tensor("bb", 2)), { level: 0 }] });
  const archive = await openTensors([
    npy,
    new Blob([Uint8Array.from(npz)]),
    writeSafetensors([tensor("s", 4)], { metadata: { k: "v" } }),
  ]);
  expect(archive.tensors.map(({ name, shape }) => [name, shape])).toEqual([
    ["weights.bin", [3]],
    ["a", [2]],
    ["b", [2]],
    ["s", [4]],
  ]);
  expect(await entries(archive)).toEqual({ "weights.bin": "1 2 3", a: "1 2", b: "2 3", s: "1 2 3 4" });
  expect((await archive.read("b", { start: 1 })).data.join(" ")).toBe("3");
  expect((await archive.read("weights.bin", { start: 1, end: 2 })).shape).toEqual([1]);
  expect(archive.metadata).toEqual({ k: "v" });
  await expect(archive.read("nobody")).rejects.toThrow('got "nobody"');
  await archive.close();
});

test("what NumPy wrote reads by ranges as it reads whole, Fortran order and byte orders included", async () => {
  for (const [name, { file, shape }] of Object.entries(numpy.arrays)) {
    const whole = readNpySync(decode(file));
    const archive = await openTensors(decode(file));
    expect(archive.tensors[0], name).toMatchObject({ name: "tensor", shape });
    const size = sizeOfShape(shape);
    const middle = size >> 1;
    const parts = [
      ...(await archive.read("tensor", { end: middle })).data,
      ...(await archive.read("tensor", { start: middle })).data,
    ];
    expect(parts.map(String), name).toEqual(Array.from(whole.data as Float64Array, String));
    expect((await archive.read("tensor")).data, name).toEqual(whole.data);
  }
});

test("only the directory and the beginnings of an archive are read when it is opened, one member at a time after", async () => {
  const big = { name: "", dtype: "F64" as const, shape: [40_000], data: new Float64Array(40_000).map(Math.sin) };
  const bytes = zipSync({ "one.npy": [writeNpy(big), { level: 0 }], "two.npy": [writeNpy(big), { level: 0 }] });
  let read = 0;
  const blob = {
    size: bytes.length,
    slice: (start: number, end: number) => ({
      arrayBuffer: async () => ((read += end - start), bytes.slice(start, end).buffer as ArrayBuffer),
    }),
  };
  const archive = await openTensors(blob);
  // The tail for the directory and 65 kB for the header of each member: the data are 640 kB.
  expect(read).toBeLessThan(250_000);
  read = 0;
  await archive.read("two");
  expect(read).toBeLessThan(330_000);
});

test("bad parts: names twice, pickles, missing files; nothing stays open", async () => {
  await expect(openTensors([writeSafetensors([tensor("a", 1)]), writeSafetensors([tensor("a", 1)])])).rejects.toThrow(
    'must be files with different tensors, got "a" in two of them',
  );
  await expect(openTensors(decode(numpy.pickled))).rejects.toThrow("pickled Python objects, which are never loaded");
  await expect(openTensors(join(folder, "nobody.npz"))).rejects.toThrow("ENOENT");
  await expect(openTensors(new Uint8Array(0))).rejects.toThrow("the file is truncated");
});

test("an index must agree with its shards: missing files, missing tensors, foreign paths", async () => {
  writeFileSync(join(folder, "m-1.safetensors"), writeSafetensors([tensor("a", 2)]));
  writeFileSync(join(folder, "m-2.safetensors"), writeSafetensors([tensor("b", 3)]));
  const index = join(folder, "model.safetensors.index.json");
  const withMap = (weight_map: unknown): string => {
    writeFileSync(index, JSON.stringify({ weight_map }));
    return index;
  };
  const good = await openTensors(withMap({ a: "m-1.safetensors", b: "m-2.safetensors" }));
  expect(await entries(good)).toEqual({ a: "1 2", b: "1 2 3" });
  await good.close();
  await expect(openTensors(withMap({ a: "m-1.safetensors", b: "m-1.safetensors" }))).rejects.toThrow(
    /"b" in ".*m-1.safetensors", got a file without it; index and shards do not belong together/,
  );
  await expect(openTensors(withMap({ a: "m-3.safetensors" }))).rejects.toThrow("ENOENT");
  await expect(openTensors(withMap({ a: "../m-1.safetensors" }))).rejects.toThrow("plain names");
  await expect(openTensors(withMap(["m-1.safetensors"]))).rejects.toThrow("an object with a weight_map");
});

test("1,500 mutated archives read lazily, and 1,000 mutated indexes: our error or the right tensor", async () => {
  const npz = zipSync({ "w.npy": writeNpy(tensor("w", 30)), "v.npy": [writeNpy(tensor("vv", 30)), { level: 0 }] });
  const good = Object.values(await entries(await openTensors(npz)));
  const rng = createRng(31);
  let refused = 0;
  for (let i = 0; i < 1500; i++) {
    try {
      const archive = await openTensors(mutate(npz, rng));
      for (const data of Object.values(await entries(archive))) expect(good).toContain(data);
    } catch (error) {
      expect(error, `archive ${i}`).toBeInstanceOf(EigenscopeError);
      refused++;
    }
  }
  expect(refused).toBeGreaterThan(300);
  writeFileSync(join(folder, "f-1.safetensors"), writeSafetensors([tensor("a", 2)]));
  writeFileSync(join(folder, "f-2.safetensors"), writeSafetensors([tensor("b", 3)]));
  const text = new TextEncoder().encode(
    JSON.stringify({ metadata: { total_size: 20 }, weight_map: { a: "f-1.safetensors", b: "f-2.safetensors" } }),
  );
  const index = join(folder, "fuzz.index.json");
  refused = 0;
  for (let i = 0; i < 1000; i++) {
    writeFileSync(index, uniformInteger(rng, 2) === 0 ? mutate(text, rng) : damageText(text, rng));
    try {
      const archive = await openTensors(index);
      const found = await entries(archive);
      await archive.close();
      for (const [name, data] of Object.entries(found)) expect({ a: "1 2", b: "1 2 3" }[name]).toBe(data);
    } catch (error) {
      expect(error, `index ${i}`).toBeInstanceOf(EigenscopeError);
      refused++;
    }
  }
  expect(refused).toBeGreaterThan(500);
}, 60_000);

/** A change inside the JSON that leaves it JSON more often than random bytes do. */
function damageText(bytes: Uint8Array, rng: ReturnType<typeof createRng>): Uint8Array {
  const words = ["f-1", "f-2", "weight_map", "safetensors", '"a"', '"b"', "{", "}", ":"];
  const others = ["..", "/etc/passwd", "null", "[]", "{}", "1e999", '"\\u0000"', "__proto__", ""];
  const word = words[uniformInteger(rng, words.length)]!;
  return new TextEncoder().encode(
    new TextDecoder().decode(bytes).replace(word, others[uniformInteger(rng, others.length)]!),
  );
}
