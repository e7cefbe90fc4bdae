import type { LabelledData, Matrix } from "../../core/index.js";
import { accuracyOf } from "../../training/index.js";
import { type FactoredLayer, decisions, forward, rowNorms } from "./truncated-layers.js";

/** Rounding allowed on a quotient of a change and its bound. */
export const ROUNDING = 1e-9;

/** What a truncation does to the network, measured on the test images and bounded. */
export interface TruncationEffect {
  /** Share of test images classified rightly. */
  readonly accuracy: number;
  /** Share of test images that keep the class the full network gives them. */
  readonly agreement: number;
  /** Share of test images for which the bound proves that: their margin exceeds √2 times it. */
  readonly certified: number;
  /** Root mean square of ‖f − f_k‖ over the test images. */
  readonly rmsChange: number;
  /** Largest ‖f − f_k‖. */
  readonly largestChange: number;
  /** Largest bound on it over the same images, by σ_{k+1}. */
  readonly bound: number;
  /** Largest bound that knows how the truncated part acts on each image: ‖(W − W_k) h‖ in the place of σ_{k+1} ‖h‖. */
  readonly localBound: number;
  /** Share of test images for which that bound proves their class. */
  readonly certifiedLocally: number;
  /** Largest quotient of a change and its own bound by σ_{k+1}: at most one. */
  readonly tightness: number;
  /** Largest quotient of a change and its own local bound, or of a local bound and its bound: at most one. */
  readonly localTightness: number;
}

/** The full network on the test images. */
export interface Reference {
  readonly layers: readonly FactoredLayer[];
  readonly test: LabelledData;
  readonly outputs: Matrix;
  readonly hidden: readonly Matrix[];
  readonly classes: Int32Array;
  readonly margins: Float64Array;
  /** Product of the norms of the layers after each. */
  readonly laterNorms: readonly number[];
}

export function reference(layers: readonly FactoredLayer[], test: LabelledData): Reference {
  const full = layers.map((layer) => layer.singularValues.length);
  const { outputs, hidden } = forward(layers, full, test.inputs);
  const laterNorms = layers.map((_, l) =>
    layers.slice(l + 1).reduce((product, layer) => product * layer.singularValues[0], 1),
  );
  return { layers, test, outputs, hidden, ...decisions(outputs), laterNorms };
}

/** Compares truncated outputs with the full ones, against two bounds per image. */
export function effect(
  problem: Reference,
  outputs: Matrix,
  bounds: Float64Array,
  local: Float64Array,
): TruncationEffect {
  const { test, classes, margins } = problem;
  const n = outputs.rows;
  const now = decisions(outputs).classes;
  const change = rowNorms(minus(outputs, problem.outputs));
  const floor = ROUNDING * rowNorms(problem.outputs).reduce((a, b) => Math.max(a, b), 0); // below it quotients are of roundings
  let [agreeing, proved, provedLocally, squares, tightness, localTightness] = [0, 0, 0, 0, 0, 0];
  for (let i = 0; i < n; i++) {
    if (now[i] === classes[i]) agreeing++;
    // |Δ(f_a − f_b)| <= √2 ‖Δf‖: below the margin the first class stays first.
    if (Math.SQRT2 * bounds[i] < margins[i]) proved++;
    if (Math.SQRT2 * local[i] < margins[i]) provedLocally++;
    squares += change[i] * change[i];
    if (local[i] > floor) localTightness = Math.max(localTightness, change[i] / local[i], local[i] / bounds[i]);
    if (bounds[i] > floor) tightness = Math.max(tightness, change[i] / bounds[i]);
  }
  const largest = (list: Float64Array): number => list.reduce((a, b) => Math.max(a, b), 0);
  return {
    accuracy: accuracyOf(outputs, test.targets),
    agreement: agreeing / n,
    certified: proved / n,
    certifiedLocally: provedLocally / n,
    rmsChange: Math.sqrt(squares / n),
    largestChange: largest(change),
    bound: largest(bounds),
    localBound: largest(local),
    tightness,
    localTightness,
  };
}

/** A − B. */
export const minus = (A: Matrix, B: Matrix): Matrix => ({ ...A, data: A.data.map((value, e) => value - B.data[e]) });
