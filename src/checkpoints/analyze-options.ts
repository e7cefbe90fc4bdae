import { type LongRunning, requireInteger, requireNumber, requireOptions } from "../core/index.js";
import type { Rng } from "../random/index.js";
import { type LayerGeometry, requireLayerGeometries } from "./layer-geometry.js";
import { type WeightLayout, requireLayout } from "./layer-matrices.js";
import { requirePatterns } from "./patterns.js";

/** Options of analyzeWeights and analyzeCheckpoint. */
export interface AnalyzeWeightsOptions extends LongRunning {
  /** Stream for p-values, permuted baselines and operator norms; without it these are undefined with that reason. */
  readonly rng?: Rng;
  /** Order of the axes; default "auto": guessed once per file, and shown. */
  readonly layout?: "auto" | WeightLayout;
  /** Names to analyse, "*" standing for any text; all by default. The others are listed as skipped. */
  readonly only?: readonly string[];
  /** Geometry assumed for all convolutions, which a checkpoint does not store; default input 16, zero padding, stride 1. */
  readonly convolution?: LayerGeometry;
  /** Geometry by patterns of names ("*" stands for any text), over `convolution`; of several that match the last decides. */
  readonly convolutions?: Readonly<Record<string, LayerGeometry>>;
  /** Bootstrap replicates of the tail's p-value; default 99. */
  readonly replicates?: number;
  /** Permuted copies of the baseline; default 9. */
  readonly draws?: number;
  /** Multiply-adds that the operator spectrum of one convolution may cost; default 1.5e9. */
  readonly operatorBudget?: number;
  /** Layers with more entries get no permuted baseline; default 150,000. */
  readonly phaseLimit?: number;
  /** analyzeCheckpoint only: matrices with more entries are read in tiles and analysed by a Gram matrix; default 16,777,216. */
  readonly tileAbove?: number;
}

/** The options with everything filled in. */
export interface AnalyzeSettings {
  /** Stream, or null. */
  readonly rng: Rng | null;
  /** Order of the axes. */
  readonly layout: "auto" | WeightLayout;
  /** Patterns of names, or null for all. */
  readonly only: readonly string[] | null;
  /** Geometry for all convolutions. */
  readonly convolution: LayerGeometry;
  /** Geometry by patterns. */
  readonly convolutions: Readonly<Record<string, LayerGeometry>>;
  /** Bootstrap replicates. */
  readonly replicates: number;
  /** Permuted copies. */
  readonly draws: number;
  /** Multiply-adds for one operator spectrum. */
  readonly operatorBudget: number;
  /** Entries up to which there is a baseline. */
  readonly phaseLimit: number;
  /** Entries above which tiles are read. */
  readonly tileAbove: number;
  /** What stops the work. */
  readonly running: LongRunning;
}

const KNOWN = [
  "rng",
  "layout",
  "only",
  "convolution",
  "convolutions",
  "replicates",
  "draws",
  "operatorBudget",
  "phaseLimit",
  "tileAbove",
  "signal",
  "onProgress",
];

/** Checks the options and fills in the defaults. */
export function requireSettings(options: AnalyzeWeightsOptions, caller: string): AnalyzeSettings {
  requireOptions(options, KNOWN, caller);
  requireLayerGeometries(options.convolution, options.convolutions, caller);
  const { signal, onProgress } = options;
  return {
    rng: options.rng ?? null,
    layout: requireLayout(options.layout, caller),
    only: options.only === undefined ? null : requirePatterns(options.only, "only", caller),
    convolution: options.convolution ?? {},
    convolutions: options.convolutions ?? {},
    replicates: requireInteger(options.replicates ?? 99, "replicates", caller, 1),
    draws: requireInteger(options.draws ?? 9, "draws", caller, 1),
    operatorBudget: requireNumber(options.operatorBudget ?? 1.5e9, "operatorBudget", caller, 0),
    phaseLimit: requireInteger(options.phaseLimit ?? 150_000, "phaseLimit", caller, 0),
    tileAbove: requireInteger(options.tileAbove ?? 2 ** 24, "tileAbove", caller, 1),
    running: { ...(signal === undefined ? {} : { signal }), ...(onProgress === undefined ? {} : { onProgress }) },
  };
}
