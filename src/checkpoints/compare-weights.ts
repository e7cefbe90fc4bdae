import { type LongRunning, isCancelled, requireInteger, requireOptions } from "../core/index.js";
import {
  type ByteInput,
  type NamedTensors,
  type Tensor,
  type TensorArchive,
  openTensors,
  sizeOfShape,
  toFloat64,
} from "../formats/index.js";
import { isArchive } from "./archives.js";
import { tensorList } from "./tensor-list.js";
import { type LayerComparison, compareLayer, compareTiled } from "./compare-layers.js";
import { requireFiniteWeights } from "./finite-weights.js";
import {
  type LayoutChoice,
  type TensorOutline,
  type WeightLayout,
  guessLayout,
  layerMatrices,
  requireLayout,
  skipReason,
} from "./layer-matrices.js";
import { matchesPattern, requirePatterns } from "./patterns.js";

/** Options of compareWeights and compareCheckpoints. */
export interface CompareWeightsOptions extends LongRunning {
  /** Number of leading singular vectors whose subspaces are compared; default 5, at most min(rows, cols). */
  readonly subspace?: number;
  /** Order of the axes; default guessed from the first model. */
  readonly layout?: "auto" | WeightLayout;
  /** Names to compare, "*" standing for any text; all by default. */
  readonly only?: readonly string[];
  /** compareCheckpoints only: tensors with more entries are read in tiles and compared by values alone; default 16,777,216. */
  readonly tileAbove?: number;
}

/** Two models side by side. */
export interface WeightComparison {
  /** One record per matrix that both have with the same shape. */
  readonly layers: readonly LayerComparison[];
  /** Tensors of two or more dimensions that only one model has, or with different shapes. */
  readonly unmatched: readonly { readonly name: string; readonly reason: string }[];
  /** Layout used for both. */
  readonly layout: LayoutChoice;
  /** "converged", or "cancelled" when the signal stopped it: `layers` then holds what was done. */
  readonly status: "converged" | "cancelled";
}

interface CompareSettings {
  readonly subspace: number;
  readonly layout: "auto" | WeightLayout;
  readonly only: readonly string[] | null;
  readonly tileAbove: number;
  readonly running: LongRunning;
}

function requireCompareSettings(options: CompareWeightsOptions, caller: string): CompareSettings {
  requireOptions(options, ["subspace", "layout", "only", "tileAbove", "signal", "onProgress"], caller);
  const { signal, onProgress } = options;
  return {
    subspace: requireInteger(options.subspace ?? 5, "subspace", caller, 1),
    layout: requireLayout(options.layout, caller),
    only: options.only === undefined ? null : requirePatterns(options.only, "only", caller),
    tileAbove: requireInteger(options.tileAbove ?? 2 ** 24, "tileAbove", caller, 1),
    running: { ...(signal === undefined ? {} : { signal }), ...(onProgress === undefined ? {} : { onProgress }) },
  };
}

/**
 * Compares the weights of two models, layer by layer: size of the change, spectra, leading subspaces.
 *
 * Relation: with Δ = B − A, (1/r) Σ (s_i(B) − s_i(A))² <= ‖Δ‖_F²/r (Hoffman–Wielandt); principal angles are the arc
 * cosines of the singular values of U_AᵀU_B, taken from the sines where they are small.
 *
 * @param first the model before, by name or as a list
 * @param second the model after
 * @throws {ArgumentError} when subspace is not an integer >= 1
 * @throws {NonFiniteError} when a weight is NaN or infinite
 *
 * Cost: three SVDs per layer.
 * @see [wedin1972]
 *
 * @example
 * ```ts
 * import { compareWeights } from "eigenscope/checkpoints";
 * const layer = (data: number[]) => [{ name: "w", dtype: "F64" as const, shape: [2, 2], data: Float64Array.from(data) }];
 * const { layers } = compareWeights(layer([2, 0, 0, 1]), layer([2, 0, 0, 1.5]), { subspace: 1 });
 * console.log(layers[0]?.spectralChange, layers[0]?.leftAngles.defined && layers[0].leftAngles.value[0]); // 0.5 0
 * ```
 */
export function compareWeights(
  first: NamedTensors | Iterable<Tensor>,
  second: NamedTensors | Iterable<Tensor>,
  options: CompareWeightsOptions = {},
): WeightComparison {
  const caller = "compareWeights";
  const settings = requireCompareSettings(options, caller);
  const before = byName(tensorList(first, "first", caller));
  const after = byName(tensorList(second, "second", caller));
  const plan = planComparison([...before.values()], [...after.values()], settings);
  const layers: LayerComparison[] = [];
  for (const [index, { name }] of plan.pairs.entries()) {
    if (isCancelled(settings.running.signal)) break;
    layers.push(...compareTensors(before.get(name)!, after.get(name)!, plan.layout.layout, settings.subspace, caller));
    settings.running.onProgress?.({ phase: "comparison", done: index + 1, total: plan.pairs.length });
  }
  return finish(layers, plan, settings);
}

/**
 * Compares two checkpoint files, one pair of tensors at a time.
 *
 * Relation and errors as compareWeights; inputs as analyzeCheckpoint. Tensors with more than `tileAbove` entries are read
 * in tiles: their values and norms come from Gram matrices, and their angles are undefined.
 *
 * @throws {FormatError} when a file is damaged
 * @throws {NonFiniteError} when a weight is NaN or infinite
 *
 * Cost: three SVDs per layer; memory a few times the largest tensor.
 * @see [wedin1972]
 */
export async function compareCheckpoints(
  first: ByteInput | readonly ByteInput[] | TensorArchive,
  second: ByteInput | readonly ByteInput[] | TensorArchive,
  options: CompareWeightsOptions = {},
): Promise<WeightComparison> {
  const caller = "compareCheckpoints";
  const settings = requireCompareSettings(options, caller);
  const before = isArchive(first) ? first : await openTensors(first);
  try {
    const after = isArchive(second) ? second : await openTensors(second);
    try {
      const plan = planComparison(before.tensors, after.tensors, settings);
      const layers: LayerComparison[] = [];
      for (const [index, outline] of plan.pairs.entries()) {
        if (isCancelled(settings.running.signal)) break;
        const { layout } = plan.layout;
        if (sizeOfShape(outline.shape) > settings.tileAbove)
          layers.push(...(await compareTiled(before, after, outline, layout, settings, caller)));
        else {
          const [a, b] = [await before.read(outline.name), await after.read(outline.name)];
          layers.push(...compareTensors(a, b, layout, settings.subspace, caller));
        }
        settings.running.onProgress?.({ phase: "comparison", done: index + 1, total: plan.pairs.length });
      }
      return finish(layers, plan, settings);
    } finally {
      if (!isArchive(second)) await after.close();
    }
  } finally {
    if (!isArchive(first)) await before.close();
  }
}

function byName<T extends { readonly name: string }>(list: readonly T[]): Map<string, T> {
  return new Map(list.map((item) => [item.name, item]));
}

interface Plan {
  readonly layout: LayoutChoice;
  readonly pairs: readonly TensorOutline[];
  readonly unmatched: WeightComparison["unmatched"];
}

/** Names and shapes decide what is compared, before any tensor is read. */
function planComparison(
  first: readonly TensorOutline[],
  second: readonly TensorOutline[],
  settings: CompareSettings,
): Plan {
  const layout: LayoutChoice =
    settings.layout === "auto"
      ? guessLayout(first)
      : { layout: settings.layout, from: "given", reason: "given by the caller" };
  const selected = (outline: TensorOutline): boolean =>
    skipReason(outline) === null &&
    (settings.only === null || settings.only.some((pattern) => matchesPattern(outline.name, pattern)));
  const before = byName(first);
  const after = byName(second);
  const pairs: TensorOutline[] = [];
  const unmatched: { name: string; reason: string }[] = [];
  for (const a of before.values()) {
    if (!selected(a)) continue;
    const b = after.get(a.name);
    if (b === undefined) unmatched.push({ name: a.name, reason: "only in the first model" });
    else if (b.shape.join() !== a.shape.join())
      unmatched.push({ name: a.name, reason: `shapes [${a.shape.join(", ")}] and [${b.shape.join(", ")}]` });
    else if (skipReason(b) !== null) unmatched.push({ name: a.name, reason: `in the second model: ${skipReason(b)}` });
    else pairs.push(a);
  }
  for (const b of after.values())
    if (!before.has(b.name) && selected(b)) unmatched.push({ name: b.name, reason: "only in the second model" });
  return { layout, pairs, unmatched };
}

function finish(layers: readonly LayerComparison[], plan: Plan, settings: CompareSettings): WeightComparison {
  const status = isCancelled(settings.running.signal) ? "cancelled" : "converged";
  return { layers, unmatched: plan.unmatched, layout: plan.layout, status };
}

function compareTensors(
  a: Tensor,
  b: Tensor,
  layout: WeightLayout,
  subspace: number,
  caller: string,
): readonly LayerComparison[] {
  const [dataA, dataB] = [toFloat64(a), toFloat64(b)];
  requireFiniteWeights(dataA, a.name, 0, `${caller}, first model`);
  requireFiniteWeights(dataB, b.name, 0, `${caller}, second model`);
  const second = layerMatrices(b, dataB, layout);
  return layerMatrices(a, dataA, layout).map(({ matrix, ...part }, k) =>
    compareLayer(a.name, part, matrix, second[k].matrix, subspace),
  );
}
