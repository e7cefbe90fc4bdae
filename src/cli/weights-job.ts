import { createHash } from "node:crypto";
import { createReadStream, statSync } from "node:fs";
import { basename } from "node:path";
import { type LayerGeometry, type WeightLayout, analyzeCheckpoint, compareCheckpoints } from "../checkpoints/index.js";
import { EigenscopeError } from "../core/index.js";
import { type TensorArchive, openTensors } from "../formats/index.js";
import { createRng } from "../random/index.js";
import type { ReportRecord } from "../report/index.js";
import {
  type GateCondition,
  type GateOutcome,
  evaluateGate,
  weightsCsv,
  weightsJson,
  weightsReport,
} from "../studies/index.js";
import type { JobHooks } from "./job-hooks.js";
import { UsageError } from "./usage-error.js";

/** An analysis of a checkpoint as plain data. */
export interface WeightsJob {
  /** Discriminator. */
  readonly kind: "weights";
  /** Seed of all randomness. */
  readonly seed: number;
  /** Versions for the provenance. */
  readonly versions: Readonly<Record<string, string>>;
  /** Files of the checkpoint. */
  readonly inputs: readonly string[];
  /** Files of the checkpoint to compare with, or null. */
  readonly compare: readonly string[] | null;
  /** Order of the axes. */
  readonly layout: "auto" | WeightLayout;
  /** Patterns of names, or null for all. */
  readonly only: readonly string[] | null;
  /** Geometry of all convolutions. */
  readonly convolution: LayerGeometry;
  /** Geometry by patterns. */
  readonly convolutions: Readonly<Record<string, LayerGeometry>>;
  /** Bootstrap replicates. */
  readonly replicates: number;
  /** Permuted copies. */
  readonly draws: number;
  /** Entries up to which a layer gets a baseline. */
  readonly baselineLimit: number;
  /** Entries above which tensors are read in tiles. */
  readonly tileAbove: number;
  /** Layers with a part of their own in the page. */
  readonly details: number;
  /** Conditions under which the checkpoint fails. */
  readonly conditions: readonly GateCondition[];
}

/** Everything that the command shows and writes. */
export interface WeightsJobResult {
  /** Discriminator. */
  readonly kind: "weights";
  /** Report without the parts of single layers. */
  readonly short: ReportRecord;
  /** Report with figures. */
  readonly full: ReportRecord;
  /** JSON text. */
  readonly json: string;
  /** CSV text. */
  readonly csv: string;
  /** One line per condition that is not passed. */
  readonly failures: readonly string[];
}

/** Does the job in this thread. Both models are opened before any work: a damaged file to compare with is refused at once. */
export async function runWeightsJob(job: WeightsJob, hooks: JobHooks): Promise<WeightsJobResult> {
  const model = await openFiles(job.inputs);
  try {
    const other = job.compare === null ? null : await openFiles(job.compare);
    try {
      return await analyseOpen(job, model, other, hooks);
    } finally {
      await other?.close();
    }
  } finally {
    await model.close();
  }
}

/** Opens the parts of a model; a damaged one is refused by its name, which its bytes do not know. */
async function openFiles(paths: readonly string[]): Promise<TensorArchive> {
  try {
    return await openTensors(paths);
  } catch (error) {
    for (const path of paths) {
      try {
        await (await openTensors(path)).close();
      } catch (reason) {
        if (reason instanceof EigenscopeError) throw new UsageError(`${path}: ${reason.message}`);
        throw reason;
      }
    }
    throw error; // each file is fine, but they do not belong together
  }
}

async function analyseOpen(
  job: WeightsJob,
  model: TensorArchive,
  other: TensorArchive | null,
  { signal, onProgress, now }: JobHooks,
): Promise<WeightsJobResult> {
  const { seed, inputs, compare, layout, only, convolution, convolutions, replicates, draws, tileAbove } = job;
  const selection = only === null ? {} : { only };
  const began = now();
  const report = await analyzeCheckpoint(model, {
    rng: createRng(seed),
    layout,
    ...selection,
    convolution,
    convolutions,
    replicates,
    draws,
    phaseLimit: job.baselineLimit,
    tileAbove,
    signal,
    onProgress,
  });
  const analysed = now();
  const comparison =
    other === null
      ? null
      : await compareCheckpoints(model, other, { layout, ...selection, tileAbove, signal, onProgress });
  const wallTimes = {
    weights: (analysed - began) / 1000,
    ...(compare === null ? {} : { comparison: (now() - analysed) / 1000 }),
  };
  const gate = evaluateGate(job.conditions, report, comparison);
  const result = { report, comparison, gate };
  const { conditions, versions, kind: _kind, seed: _seed, inputs: _inputs, compare: _compare, ...options } = job;
  const provenance = {
    program: "weights",
    seed,
    options: { ...options, conditions: conditions.map(({ text }) => text) },
    versions,
    input: `${await describeFiles(inputs)}${compare === null ? "" : `; compared with ${await describeFiles(compare)}`}`,
  };
  return {
    kind: "weights",
    short: weightsReport(result, provenance, { details: 0, wallTimes }),
    full: weightsReport(result, provenance, { details: job.details, wallTimes }),
    json: weightsJson(result, provenance, wallTimes),
    csv: weightsCsv(result),
    failures: gate.filter((outcome) => !outcome.passed).map(failureLine),
  };
}

function failureLine({ condition, violations, decided, undecided }: GateOutcome): string {
  if (violations.length > 0) {
    const places = violations.slice(0, 3).map(({ where, value }) => `${where} (${String(value)})`);
    const more = violations.length > 3 ? ` and ${violations.length - 3} more` : "";
    return `not passed: ${condition.text} in ${places.join(", ")}${more}`;
  }
  if (decided + undecided.length === 0) return `not passed: ${condition.text} matches no layer`;
  return `not passed: ${condition.text} could be decided in none of ${undecided.length} places (${undecided[0]!.reason})`;
}

/** Name, size and SHA-256 of each file: what was analysed, beyond doubt. */
async function describeFiles(paths: readonly string[]): Promise<string> {
  const parts: string[] = [];
  for (const path of paths) {
    const hash = createHash("sha256");
    for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
    parts.push(
      `${basename(path)} (${statSync(path).size.toLocaleString("en-US")} bytes, SHA-256 ${hash.digest("hex").slice(0, 16)}…)`,
    );
  }
  return parts.join(", ");
}
