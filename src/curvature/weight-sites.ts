import { type Matrix, ShapeError, UnsupportedError } from "../core/index.js";
import {
  chainBackward,
  type ChainAdjoint,
  type ChainPass,
  type LinearView,
  type LossExpansion,
  usesOf,
} from "../networks/index.js";
import { curvatureRoots } from "./roots.js";

/** One weight matrix at work on a chunk of samples. */
export interface WeightSite {
  /** Name of the layer. */
  readonly layer: string;
  /** Index of its first parameter: tells sites apart. */
  readonly offset: number;
  /** Whether there is a bias. */
  readonly bias: boolean;
  /** Rows per sample that stand for one use of the weights: 1 under "reduce". */
  readonly positions: number;
  /** Homogeneous rows that the weights act on, parameterisation factors included. */
  readonly rows: Matrix;
  /** Backward images of the curvature roots, one matrix per root. */
  readonly cotangents: readonly Matrix[];
}

/**
 * Calls back with every weight matrix of a network, layer by layer and chunk by chunk, inside residual blocks too. Uses of shared parameters
 * are further positions of the same sample.
 */
export function forEachWeightSite(
  point: LossExpansion,
  sharing: "expand" | "reduce",
  caller: string,
  callback: (site: WeightSite) => void,
): void {
  point.forEachChunk(({ pass, targets }) => {
    const sweeps = curvatureRoots(point.loss, pass.output, targets).map((root) =>
      chainBackward(pass, root, null, false),
    );
    visitChain(pass, sweeps, 0, sharing, caller, callback);
  });
}

function visitChain(
  pass: ChainPass,
  sweeps: readonly ChainAdjoint[],
  base: number,
  sharing: "expand" | "reduce",
  caller: string,
  callback: (site: WeightSite) => void,
): void {
  pass.passes.forEach(({ parts }, l) => {
    const uses = usesOf(pass.chain, l);
    if (uses.length === 0) return;
    const offset = base + pass.chain.offsets[l];
    if (parts !== undefined && uses.length === 1) {
      const inner = sweeps.map(({ adjoints }): ChainAdjoint => {
        const { partOutputs = [], parts: below = [] } = adjoints[l];
        return { cotangents: partOutputs, adjoints: below, input: null };
      });
      visitChain(parts, inner, offset, sharing, caller, callback);
      return;
    }
    const views = uses.map((use) => requireLinear(pass, use, caller));
    const positions = views.reduce((sum, view) => sum + view.positions, 0);
    const reduce = sharing === "reduce" && positions > 1;
    const all = joinPositions(
      views.map((view) => withUnit(view.rows, view.weightScale, view.biasScale)),
      views,
    );
    callback({
      layer: pass.chain.layers[l].name,
      offset,
      bias: views[0].biasScale !== null,
      positions: reduce ? 1 : positions,
      rows: reduce ? sumPositions(all, positions, 1 / positions) : all,
      cotangents: sweeps.map(({ cotangents }) => {
        const deltas = joinPositions(
          views.map((view, u) => view.cotangentRows(cotangents[uses[u]])),
          views,
        );
        return reduce ? sumPositions(deltas, positions, 1) : deltas;
      }),
    });
  });
}

function requireLinear(pass: ChainPass, l: number, caller: string): LinearView {
  const { linear } = pass.passes[l];
  if (linear !== undefined) return linear;
  throw new UnsupportedError({
    function: caller,
    argument: "net",
    expected: "made of layers that apply one weight matrix to rows",
    got: `${pass.chain.layers[l].kind} (${pass.chain.layers[l].name})`,
    remedy: "use ggn for these layers",
  });
}

/** The positions of all uses of a sample, one after the other. */
function joinPositions(parts: readonly Matrix[], views: readonly LinearView[]): Matrix {
  if (parts.length === 1) return parts[0];
  const { cols } = parts[0];
  const samples = parts[0].rows / views[0].positions;
  const rows = parts.reduce((sum, part) => sum + part.rows, 0);
  const data = new Float64Array(rows * cols);
  let next = 0;
  for (let i = 0; i < samples; i++) {
    parts.forEach((part, u) => {
      const length = views[u].positions * cols;
      data.set(part.data.subarray(i * length, (i + 1) * length), next);
      next += length;
    });
  }
  return { rows, cols, data };
}

/** Rows (w a, b): the stored parameters' own derivatives, so that NTK factors are accounted for. */
function withUnit(rows: Matrix, w: number, b: number | null): Matrix {
  const cols = rows.cols + (b === null ? 0 : 1);
  const data = new Float64Array(rows.rows * cols);
  for (let i = 0; i < rows.rows; i++) {
    for (let j = 0; j < rows.cols; j++) data[i * cols + j] = w * rows.data[i * rows.cols + j];
    if (b !== null) data[i * cols + rows.cols] = b;
  }
  return { rows: rows.rows, cols, data };
}

function sumPositions(A: Matrix, positions: number, factor: number): Matrix {
  const rows = A.rows / positions;
  if (!Number.isInteger(rows)) {
    throw new ShapeError({
      function: "kfac",
      argument: "rows",
      expected: `a multiple of ${positions}`,
      got: String(A.rows),
    });
  }
  const data = new Float64Array(rows * A.cols);
  for (let r = 0; r < A.rows; r++) {
    const to = Math.floor(r / positions) * A.cols;
    for (let j = 0; j < A.cols; j++) data[to + j] += factor * A.data[r * A.cols + j];
  }
  return { rows, cols: A.cols, data };
}
