import { analyzeCheckpoint } from "eigenscope/checkpoints";
import { openSafetensors, readSafetensors, writeSafetensors } from "eigenscope/formats";
import { createRng, normalMatrix } from "eigenscope/random";
import type { BenchCase } from "../harness.js";

/** A checkpoint of `layers` float32 layers of the given shape. */
function checkpoint(layers: number, rows: number, cols: number): Uint8Array {
  return writeSafetensors(
    Array.from({ length: layers }, (_, l) => ({
      name: `layer${l}.weight`,
      dtype: "F32" as const,
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

const scan: BenchCase = {
  name: "formats-checkpoint-scan",
  claim: "A checkpoint is scanned layer by layer, with all norms, ranks, fits and no p-values.",
  input: "8 layers of 256 x 256 float32, 2.1 MB: divide by the time for MB/s",
  checksumTolerance: 1e-12,
  rounds: 3,
  contenders: async () => {
    const bytes = checkpoint(8, 256, 256);
    const run = async (): Promise<readonly number[]> => [(await analyzeCheckpoint(bytes)).summary.logSpectralNormSum];
    return { contenders: [{ name: "eigenscope", run }], missing: ["WeightWatcher (not on this machine)"] };
  },
};

export const cases: readonly BenchCase[] = [reading, scan];
