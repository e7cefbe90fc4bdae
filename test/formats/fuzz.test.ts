import { gzipSync, zipSync } from "fflate";
import { expect, test } from "vitest";
import { EigenscopeError } from "../../src/core/index.js";
import {
  type Tensor,
  readIdxSync,
  readNpySync,
  readNpzSync,
  readSafetensorsSync,
  sizeOfShape,
  writeNpy,
  writeSafetensors,
} from "../../src/formats/index.js";
import { createRng } from "../../src/random/index.js";
import { mutate } from "./mutate.js";

const values = Float32Array.from({ length: 24 }, (_, i) => Math.sin(i));
const named: Tensor = { name: "w", dtype: "F32", shape: [4, 6], data: values };
const idx = Uint8Array.from([0, 0, 8, 2, 0, 0, 0, 5, 0, 0, 0, 4, ...Array.from({ length: 20 }, (_, i) => i * 11)]);

/** A format: a good file, its reader, and whether a checksum guards its contents. */
const formats: Record<string, { file: Uint8Array; read: (bytes: Uint8Array) => Tensor[]; guarded: boolean }> = {
  safetensors: {
    file: writeSafetensors([named, { name: "b", dtype: "I8", shape: [3], data: Int8Array.of(1, 2, 3) }], {
      metadata: { a: "b" },
    }),
    read: (bytes) => Object.values(readSafetensorsSync(bytes)),
    guarded: false,
  },
  npy: { file: writeNpy(named), read: (bytes) => [readNpySync(bytes)], guarded: false },
  npz: {
    file: zipSync({ "w.npy": writeNpy(named), "v.npy": [writeNpy(named), { level: 0 }] }),
    read: (bytes) => Object.values(readNpzSync(bytes)),
    guarded: true,
  },
  idx: { file: idx, read: (bytes) => [readIdxSync(bytes)], guarded: false },
  "gzipped idx": {
    file: gzipSync(idx),
    read: (bytes) => [readIdxSync(bytes, { maximumBytes: 2 ** 20 })],
    guarded: true,
  },
};

test.each(Object.entries(formats))(
  "2,500 mutated %s files: our error or a consistent tensor, nothing else",
  (name, { file, read, guarded }) => {
    const expected = read(file).map(({ name: label, data }) => `${label}:${Array.from(data as Float32Array).join()}`);
    const rng = createRng(202).fork(name);
    let refused = 0;
    for (let i = 0; i < 2500; i++) {
      const bytes = mutate(file, rng);
      let tensors: Tensor[];
      try {
        tensors = read(bytes);
      } catch (error) {
        expect(error, `mutation ${i}`).toBeInstanceOf(EigenscopeError);
        refused++;
        continue;
      }
      for (const { shape, data } of tensors) expect(data.length).toBe(sizeOfShape(shape));
      if (guarded) {
        // A checksum guards the contents: whatever is still read has the right entries (names in the directory may differ).
        for (const { data } of tensors)
          expect(
            expected.some((text) => text.endsWith(`:${Array.from(data as Float32Array).join()}`)),
            `mutation ${i}`,
          ).toBe(true);
      }
    }
    expect(refused).toBeGreaterThan(500); // the mutations do reach the checks
  },
  60_000,
);
