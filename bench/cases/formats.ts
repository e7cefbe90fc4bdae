import { analyzeCheckpoint } from "eigenscope/checkpoints";
import { openSafetensors, readSafetensors, writeSafetensors } from "eigenscope/formats";
import { createRng, normalMatrix } from "eigenscope/random";
import type { BenchCase } from "../harness.js";

/** A checkpoint of layers of the given shape. */
function checkpoint(layers: number, rows: number, cols: number, dtype: "F32" | "F16" = "F32"): Uint8Array {
  return writeSafetensors(
    Array.from({ length: layers }, (_, l) => ({
      name: `layer${l}.weight`,
      dtype,
      shape: [rows, cols],
      data: Float32Array.from(normalMatrix(createRng(l), rows, cols).data),
    })),
  );
}

const reading: BenchCase = {
  name: "formats-safetensors",
  claim: "Reading one tensor of a checkpoint by its range costs a fraction of reading the file.",
  input: "64 layers of 512 x 512 float32, 67 MB in memory",
  checksumTolerance: 0,
  rounds: 5,
  contenders: async () => {
    const bytes = checkpoint(64, 512, 512);
    const blob = new Blob([Uint8Array.from(bytes)]);
    return {
      contenders: [
        {
          name: "one tensor by range",
          run: async () => {
            const archive = await openSafetensors(blob);
            return [Number((await archive.read("layer40.weight")).data[7])];
          },
        },
        { name: "all tensors", run: async () => [Number((await readSafetensors(blob))["layer40.weight"]?.data[7])] },
      ],
      missing: [],
    };
  },
};

/** A scan of a file of float16 or float32 layers, as MB/s: the size is in the name of the input. */
function scanCase(
  name: string,
  layers: number,
  rows: number,
  cols: number,
  dtype: "F32" | "F16",
  options: Parameters<typeof analyzeCheckpoint>[1],
  claim: string,
): BenchCase {
  const megabytes = (layers * rows * cols * (dtype === "F32" ? 4 : 2)) / 1e6;
  return {
    name,
    claim,
    input: `${layers} layers of ${rows} x ${cols} ${dtype}, ${megabytes.toFixed(1)} MB in memory: MB/s is that over the seconds`,
    checksumTolerance: 1e-9,
    rounds: 3,
    contenders: async () => {
      const bytes = checkpoint(layers, rows, cols, dtype);
      const run = async (): Promise<readonly number[]> => [
        (await analyzeCheckpoint(bytes, options)).summary.logSpectralNormSum,
      ];
      return { contenders: [{ name: "eigenscope", run }], missing: ["WeightWatcher (not on this machine)"] };
    },
  };
}

const scans: readonly BenchCase[] = [
  scanCase(
    "formats-checkpoint-scan",
    8,
    256,
    256,
    "F32",
    {},
    "A checkpoint is scanned layer by layer, with all norms, ranks, fits and no p-values.",
  ),
  scanCase(
    "formats-checkpoint-scan-large",
    2,
    1024,
    1024,
    "F32",
    {},
    "Layers of a million entries: the singular values are nearly all of the work.",
  ),
  scanCase(
    "formats-checkpoint-scan-tiles",
    4,
    65_536,
    64,
    "F16",
    { tileAbove: 2 ** 20 },
    "Tall layers in tiles: half floats are widened and a Gram matrix is summed at the speed of matrix products.",
  ),
];

export const cases: readonly BenchCase[] = [reading, ...scans];
