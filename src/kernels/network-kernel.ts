import {
  ArgumentError,
  type Matrix,
  OptionError,
  ShapeError,
  describe,
  requireFinite,
  requireInteger,
  requireNumber,
  requireOneOf,
  requireOptions,
  requirePositive,
} from "../core/index.js";
import { type DualSource, dualActivation } from "./dual-activation.js";
import { type DualActivation, emptyDual } from "./dual-record.js";
import type { KernelConventions } from "./types.js";

/** Options of {@link ntk} and {@link nngp}. */
export interface NetworkKernelOptions {
  /** Number of weight matrices, >= 2: one hidden layer is depth 2. */
  readonly depth: number;
  /** Activation: a name, a record, a function, `{ polynomial }` or `{ rectifierPower }`; "relu" by default. */
  readonly activation?: DualSource | DualActivation;
  /**
   * Variance σ_w² of weights of hidden and output layers (times fan-in). By default 1/E φ(Z)², which preserves unit variance;
   * for a s + b|s| that is the edge of chaos 1/(a² + b²), 2 for relu. For other activations see `edgeOfChaos`.
   */
  readonly weightVariance?: number;
  /** Variance σ_b² of biases, 0 by default. */
  readonly biasVariance?: number;
  /**
   * "unit": Σ¹ = x·y + σ_b², the convention of the spectra on the unit sphere; "fan-in": Σ¹ = σ_w² x·y/d + σ_b². The
   * default is "unit" when neither variance is given and "fan-in" as soon as one is.
   */
  readonly inputScaling?: "unit" | "fan-in";
  /**
   * "ntk" (default) or "standard": weights themselves are the parameters, so that a layer's term is multiplied by its
   * fan-in and a bias contributes 1. "standard" needs `widths`.
   */
  readonly parameterisation?: "ntk" | "standard";
  /** Widths of the depth − 1 hidden layers, for the standard parameterisation (where they do not drop out). */
  readonly widths?: readonly number[];
  /** Divide by the depth, so that the bias-free edge-of-chaos NTK has value 1 at angle 0; false by default. */
  readonly normalised?: boolean;
  /**
   * "plain" (default); "skip" adds the identity around every hidden layer (z ← skipScale · z + W φ(z) + b);
   * "concatenation" feeds the input to every layer beside the activations (z ← W φ(z) + U x + b).
   */
  readonly architecture?: "plain" | "skip" | "concatenation";
  /** Scale of the identity branch of "skip", 1 by default. */
  readonly skipScale?: number;
  /** What to do with zero rows of bias-free kernels: "error" (default), or "zero": their kernel values are 0. */
  readonly zeroVectors?: "error" | "zero";
}

const OPTION_NAMES = [
  "depth",
  "activation",
  "weightVariance",
  "biasVariance",
  "inputScaling",
  "parameterisation",
  "widths",
  "normalised",
  "architecture",
  "skipScale",
  "zeroVectors",
];

/** Checked and completed options, the input of the recursion. */
export interface NetworkSpecification {
  readonly depth: number;
  readonly dual: DualActivation;
  readonly weightVariance: number;
  readonly biasVariance: number;
  readonly inputScaling: "unit" | "fan-in";
  readonly standard: boolean;
  readonly widths: readonly number[];
  readonly normalised: boolean;
  readonly architecture: "plain" | "skip" | "concatenation";
  readonly skip: number; // square of the scale of the identity branch, 0 without
  readonly zeroVectors: "error" | "zero";
}

/** Checks the options of a network kernel and fills in the defaults. */
export function specify(options: NetworkKernelOptions, caller: string): NetworkSpecification {
  if (options === undefined || options === null) {
    throw new ArgumentError({
      function: caller,
      argument: "options",
      expected: "an object with a depth",
      got: describe(options),
    });
  }
  requireOptions(options, OPTION_NAMES, caller);
  if (caller === "nngp" && options.normalised !== undefined) {
    throw new OptionError({
      function: caller,
      argument: "option normalised",
      expected: "given for ntk only (the NNGP at the edge of chaos has value 1 already)",
      got: describe(options.normalised),
    });
  }
  const depth = requireInteger(options.depth, "depth", caller, 2);
  const dual = toDual(options.activation ?? "relu");
  if (caller.startsWith("ntk") && !dual.differentiable) {
    throw new ArgumentError({
      function: caller,
      argument: "activation",
      expected: "differentiable almost everywhere without point masses, with its derivative given",
      got: describe(dual.name),
      remedy: "use nngp, or pass dualActivation(f, { derivative })",
    });
  }
  const out = emptyDual();
  dual.varianceInto(1, out);
  const explicit = options.weightVariance !== undefined || options.biasVariance !== undefined;
  const weightVariance = requirePositive(options.weightVariance ?? 1 / out.value, "weightVariance", caller);
  const biasVariance = requireNumber(options.biasVariance ?? 0, "biasVariance", caller, 0);
  const inputScaling = requireOneOf(
    options.inputScaling ?? (explicit ? "fan-in" : "unit"),
    ["unit", "fan-in"],
    "inputScaling",
    caller,
  );
  const standard =
    requireOneOf(options.parameterisation ?? "ntk", ["ntk", "standard"], "parameterisation", caller) === "standard";
  const architecture = requireOneOf(
    options.architecture ?? "plain",
    ["plain", "skip", "concatenation"],
    "architecture",
    caller,
  );
  if (options.skipScale !== undefined && architecture !== "skip") {
    throw new OptionError({
      function: caller,
      argument: "option skipScale",
      expected: 'given with architecture "skip" only',
      got: describe(options.skipScale),
    });
  }
  const skipScale = requireNumber(options.skipScale ?? 1, "skipScale", caller);
  return {
    depth,
    dual,
    weightVariance,
    biasVariance,
    inputScaling,
    standard,
    widths: requireWidths(options.widths, standard, depth, caller),
    normalised: requireOneOf(String(options.normalised ?? false), ["true", "false"], "normalised", caller) === "true",
    architecture,
    skip: architecture === "skip" ? skipScale * skipScale : 0,
    zeroVectors: requireOneOf(options.zeroVectors ?? "error", ["error", "zero"], "zeroVectors", caller),
  };
}

function toDual(source: DualSource | DualActivation): DualActivation {
  return typeof source === "object" && source !== null && "evaluateInto" in source ? source : dualActivation(source);
}

function requireWidths(
  widths: readonly number[] | undefined,
  standard: boolean,
  depth: number,
  caller: string,
): readonly number[] {
  if (!standard) {
    if (widths === undefined) return [];
    throw new OptionError({
      function: caller,
      argument: "option widths",
      expected: 'given with parameterisation "standard" only (elsewhere widths drop out)',
      got: describe(widths),
    });
  }
  if (!Array.isArray(widths) || widths.length !== depth - 1) {
    throw new ShapeError({
      function: caller,
      argument: "widths",
      expected: `the ${depth - 1} hidden widths (the standard parameterisation diverges with them)`,
      got: describe(widths),
    });
  }
  for (const width of widths) requireInteger(width, "widths", caller, 1);
  return widths;
}

/** What a kernel of these options echoes. */
export function conventionsOf(kind: "ntk" | "nngp", spec: NetworkSpecification): KernelConventions {
  return {
    kind,
    depth: spec.depth,
    activation: spec.dual.name,
    linearAbsolute: spec.dual.linearAbsolute,
    weightVariance: spec.weightVariance,
    biasVariance: spec.biasVariance,
    inputScaling: spec.inputScaling,
    profileNorm: spec.inputScaling === "unit" ? "1" : "sqrt(d)",
    parameterisation: spec.standard ? "standard" : "ntk",
    normalised: spec.normalised,
    architecture: spec.architecture,
    homogeneous: spec.dual.linearAbsolute !== null && spec.biasVariance === 0,
  };
}

/** Checks a point given as a vector and wraps it as a one-row matrix. */
export function pointOf(x: unknown, argument: string, caller: string): Matrix {
  if (!(x instanceof Float64Array) || x.length === 0) {
    throw new ArgumentError({
      function: caller,
      argument,
      expected: "a nonempty Float64Array",
      got: describe(x),
      remedy: "convert with Float64Array.from",
    });
  }
  requireFinite(x, argument, caller);
  return { rows: 1, cols: x.length, data: x };
}
