import { ArgumentError, describe, requireOptions } from "../core/index.js";
import {
  type ConvolutionGeometry,
  type ConvolutionKernel,
  GEOMETRY_OPTIONS,
  requireGeometry,
} from "./convolution-geometry.js";
import { matchesPattern } from "./patterns.js";

/** What a checkpoint does not store of a convolution; absent parts keep their defaults (input 16, zero padding, stride 1). */
export type LayerGeometry = Partial<ConvolutionGeometry>;

/** The geometry assumed for one layer. */
export interface AssumedGeometry {
  /** The geometry. */
  readonly geometry: ConvolutionGeometry;
  /** Parts that were guessed from the name and shape, in words; empty when there are none. */
  readonly guesses: readonly string[];
}

const DEFAULT_INPUT = 16;

/** Checks geometries given for all layers and by pattern; what does not fit a kernel is found when it meets one. */
export function requireLayerGeometries(
  general: LayerGeometry | undefined,
  byPattern: Readonly<Record<string, LayerGeometry>> | undefined,
  caller: string,
): void {
  if (byPattern !== undefined && (typeof byPattern !== "object" || byPattern === null || Array.isArray(byPattern))) {
    throw new ArgumentError({
      function: caller,
      argument: "convolutions",
      expected: "geometries by patterns of names",
      got: describe(byPattern),
    });
  }
  requireOptions(general, GEOMETRY_OPTIONS, caller);
  for (const own of [{}, ...Object.values(byPattern ?? {})]) {
    requireOptions(own, GEOMETRY_OPTIONS, caller);
    const geometry: LayerGeometry = { ...general, ...own };
    // Numbers stand for every dimension: a kernel of one tap in as many dimensions as the lists have shows what is wrong.
    const dimensions = Object.values(geometry).reduce<number>(
      (most, value) => Math.max(most, Array.isArray(value) ? value.length : 1),
      1,
    );
    const outChannels = typeof geometry.groups === "number" && geometry.groups >= 1 ? geometry.groups : 1;
    const probe = { outChannels, inChannels: 1, kernelSize: new Array<number>(Math.min(3, dimensions)).fill(1) };
    const { inputSize = 1 << 20, ...rest } = geometry;
    requireGeometry(probe, { inputSize, ...rest }, caller);
  }
}

/** Names of layers whose channels do not mix. */
export function isDepthwiseName(name: string): boolean {
  return /depth_?wise|(^|[./_])dw_?conv|(^|[./])dw([./]|$)/i.test(name);
}

/** Names of transposed convolutions. */
function isTransposedName(name: string): boolean {
  return /transpose|deconv|(^|[./_])up_?conv/i.test(name);
}

/** The geometry for one kernel: guesses from the name, then what is given for all layers, then the patterns that match. */
export function geometryFor(
  name: string,
  kernel: Omit<ConvolutionKernel, "data">,
  general: LayerGeometry,
  byPattern: Readonly<Record<string, LayerGeometry>>,
): AssumedGeometry {
  let given: LayerGeometry = general;
  for (const [pattern, geometry] of Object.entries(byPattern))
    if (matchesPattern(name, pattern)) given = { ...given, ...geometry };
  const guesses: string[] = [];
  let geometry: ConvolutionGeometry = { inputSize: DEFAULT_INPUT, ...given };
  if (given.groups === undefined && kernel.inChannels === 1 && kernel.outChannels > 1 && isDepthwiseName(name)) {
    geometry = { ...geometry, groups: kernel.outChannels };
    guesses.push(`groups ${kernel.outChannels} (depthwise, from the name)`);
  }
  if (given.transposed === undefined && isTransposedName(name)) {
    geometry = { ...geometry, transposed: true };
    guesses.push("transposed (from the name)");
  }
  return { geometry, guesses };
}
