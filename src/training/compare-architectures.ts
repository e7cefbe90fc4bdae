import {
  ArgumentError,
  describe,
  type Estimate,
  isCancelled,
  type LongRunning,
  requireInteger,
  requireOptions,
  requirePositive,
  type Status,
} from "../core/index.js";
import { ggn, hessian } from "../curvature/index.js";
import { eigsh } from "../krylov/index.js";
import { eigh } from "../linalg/index.js";
import { type DataLike, initialize, type InitializationScheme, lossValue, type Network } from "../networks/index.js";
import { toDense } from "../operators/index.js";
import { requireRng, type Rng } from "../random/index.js";
import { gradientDescent } from "./optimizers.js";
import { estimateOf, quantile } from "./statistics.js";
import { train } from "./train.js";

/** One architecture with its initialisation. */
export interface ArchitectureVariant {
  /** Name in the result. */
  readonly name: string;
  /** The network. */
  readonly network: Network;
  /** Scheme of the parameters (default "he"). */
  readonly initialization?: InitializationScheme;
  /** Factor on the weights (default 1). */
  readonly gain?: number;
  /** Data of one draw; all variants are given the same stream, so that they see the same points. */
  readonly data: (rng: Rng) => DataLike;
}

/** Options of {@link compareArchitectures}. */
export interface ArchitectureOptions extends LongRunning {
  /** Draws of data and parameters (default 9). */
  readonly draws?: number;
  /** Steps of gradient descent after the measurement, at the fraction below of 2/λ_max (default 0: none). */
  readonly steps?: number;
  /** η λ_max of these steps (default 1). */
  readonly etaSharpness?: number;
  /** Largest number of parameters for which the whole Hessian is formed (default 500). */
  readonly denseLimit?: number;
  /** Randomness. */
  readonly rng: Rng;
}

/** A quantity over the draws: networks differ widely from draw to draw, so quartiles stand beside the mean. */
export interface Spread {
  /** Median. */
  readonly median: number;
  /** Quartiles. */
  readonly quartiles: readonly [number, number];
  /** Mean with its standard error. */
  readonly estimate: Estimate;
}

/** The Hessian of one architecture at initialisation. */
export interface ArchitectureRecord {
  /** Name of the variant. */
  readonly name: string;
  /** Number of parameters. */
  readonly parameters: number;
  /** λ_max. */
  readonly largest: Spread;
  /** λ_min. */
  readonly smallest: Spread;
  /** tr H; null where the Hessian is not formed. */
  readonly trace: Spread | null;
  /** λ_max over the median of |λ|: a condition number that zero eigenvalues cannot make infinite; null where the Hessian is not formed. */
  readonly spreadRatio: Spread | null;
  /** Share of eigenvalues below 10⁻³ λ_max in modulus; null where the Hessian is not formed. */
  readonly nearZeroShare: Spread | null;
  /** Rank of the Gauss–Newton matrix (tolerance 10⁻¹⁰ λ_max); null where the Hessian is not formed. */
  readonly ggnRank: Spread | null;
  /** Loss at initialisation. */
  readonly initialLoss: Spread;
  /** Loss after the steps; null without them. */
  readonly finalLoss: Spread | null;
  /** Largest residual norm of λ_max and λ_min over the draws; 0 where they come from the whole Hessian. */
  readonly residualNorm: number;
}

/** Architectures side by side. */
export interface ArchitectureComparison {
  /** One record per variant, in order. */
  readonly records: readonly ArchitectureRecord[];
  /** Draws behind every spread. */
  readonly draws: number;
  /** "converged", or "cancelled" with the variants done so far. */
  readonly status: Status;
}

const NEAR_ZERO = 1e-3; // of λ_max
const RANK_TOLERANCE = 1e-10; // of λ_max(G)

/**
 * Compares the Hessian at initialisation between architectures over several draws of data and parameters.
 *
 * Relation: draw k of every variant uses the stream rng.fork(k): the same data and, for blocks of the same name and shape, the same
 * weights. Ratios between variants are therefore paired.
 *
 * @throws {ArgumentError} when there is no variant, or options are out of range
 *
 * Accuracy: spreads over the draws. Cost: up to denseLimit parameters p Hessian products and an eigendecomposition per draw, beyond that
 * eigsh at both ends.
 *
 * @example
 * ```ts
 * import { mlp } from "eigenscope/networks";
 * import { createRng } from "eigenscope/random";
 * import { compareArchitectures } from "eigenscope/training";
 * const data = () => ({ inputs: [[1], [2]], targets: [0, 0] });
 * const variants = [1, 2].map((gain) => ({ name: `gain ${gain}`, network: mlp({ sizes: [1, 1], bias: false }), gain, data }));
 * const { records } = compareArchitectures(variants, { draws: 3, rng: createRng(1) });
 * console.log(records[0].largest.median, records[1].largest.median); // 2.5 2.5
 * ```
 */
export function compareArchitectures(
  variants: readonly ArchitectureVariant[],
  options: ArchitectureOptions,
): ArchitectureComparison {
  const caller = "compareArchitectures";
  requireOptions(options, ["draws", "steps", "etaSharpness", "denseLimit", "rng", "signal", "onProgress"], caller);
  requireRng(options?.rng, caller);
  if (!Array.isArray(variants) || variants.length === 0) {
    throw new ArgumentError({
      function: caller,
      argument: "variants",
      expected: "a list of at least one variant",
      got: describe(variants),
    });
  }
  const draws = requireInteger(options.draws ?? 9, "draws", caller, 1);
  const steps = requireInteger(options.steps ?? 0, "steps", caller);
  const etaSharpness = requirePositive(options.etaSharpness ?? 1, "etaSharpness", caller);
  const denseLimit = requireInteger(options.denseLimit ?? 500, "denseLimit", caller);
  const records: ArchitectureRecord[] = [];
  let status: Status = "converged";
  for (const variant of variants as readonly ArchitectureVariant[]) {
    const measured: Measured[] = [];
    for (let draw = 0; draw < draws && !isCancelled(options.signal); draw++) {
      measured.push(measure(variant, options.rng.fork(draw), steps, etaSharpness, denseLimit));
    }
    if (measured.length < draws) {
      status = "cancelled"; // records are whole or absent
      break;
    }
    records.push(recordOf(variant, measured));
    options.onProgress?.({ phase: "architectures", done: records.length, total: variants.length });
  }
  return { records, draws, status };
}

interface Measured {
  readonly largest: number;
  readonly smallest: number;
  readonly residualNorm: number;
  readonly dense: {
    readonly trace: number;
    readonly spreadRatio: number;
    readonly nearZeroShare: number;
    readonly ggnRank: number;
  } | null;
  readonly initialLoss: number;
  readonly finalLoss: number | null;
}

function measure(
  { network, initialization, gain, data: dataOf }: ArchitectureVariant,
  rng: Rng,
  steps: number,
  etaSharpness: number,
  denseLimit: number,
): Measured {
  const data = dataOf(rng.fork("data"));
  const params = initialize(network, initialization ?? "he", rng.fork("parameters"), { gain: gain ?? 1 });
  const spectrum =
    network.parameterCount <= denseLimit ? whole(network, params, data) : ends(network, params, data, rng);
  const initialLoss = lossValue(network, params, data);
  return {
    ...spectrum,
    initialLoss,
    finalLoss:
      steps === 0
        ? null
        : train(network, data, {
            optimizer: gradientDescent({ stepSize: etaSharpness / spectrum.largest }),
            steps,
            params,
            recordEvery: steps,
          }).lastLoss,
  };
}

type SpectrumOnly = Pick<Measured, "largest" | "smallest" | "residualNorm" | "dense">;

function whole(network: Network, params: Float64Array, data: DataLike): SpectrumOnly {
  const options = { vectors: false, triangle: "lower" } as const;
  const { values } = eigh(toDense(hessian(network, params, data)), options);
  const gauss = eigh(toDense(ggn(network, params, data)), options).values;
  const p = values.length;
  const largest = values[p - 1];
  const sizes = values.map(Math.abs).sort();
  return {
    largest,
    smallest: values[0],
    residualNorm: 0,
    dense: {
      trace: values.reduce((sum, value) => sum + value, 0),
      spreadRatio: largest / Math.max(quantile(sizes, 0.5), Number.MIN_VALUE),
      nearZeroShare: sizes.filter((size) => size < NEAR_ZERO * largest).length / p,
      ggnRank: gauss.filter((value) => value > RANK_TOLERANCE * gauss[p - 1]).length,
    },
  };
}

function ends(network: Network, params: Float64Array, data: DataLike, rng: Rng): SpectrumOnly {
  const H = hessian(network, params, data);
  const [top, bottom] = (["largest", "smallest"] as const).map((which) =>
    eigsh(H, { count: 1, which, tolerance: 1e-6, rng: rng.fork(which) }),
  );
  return {
    largest: top.values[0],
    smallest: bottom.values[0],
    residualNorm: Math.max(top.residualNorms[0], bottom.residualNorms[0]),
    dense: null,
  };
}

function recordOf({ name, network }: ArchitectureVariant, measured: readonly Measured[]): ArchitectureRecord {
  const over = (value: (one: Measured) => number): Spread => spreadOf(measured.map(value));
  const dense = (key: keyof NonNullable<Measured["dense"]>): Spread | null =>
    measured[0].dense === null ? null : over((one) => (one.dense as NonNullable<Measured["dense"]>)[key]);
  return {
    name,
    parameters: network.parameterCount,
    largest: over((one) => one.largest),
    smallest: over((one) => one.smallest),
    trace: dense("trace"),
    spreadRatio: dense("spreadRatio"),
    nearZeroShare: dense("nearZeroShare"),
    ggnRank: dense("ggnRank"),
    initialLoss: over((one) => one.initialLoss),
    finalLoss: measured[0].finalLoss === null ? null : over((one) => one.finalLoss as number),
    residualNorm: Math.max(...measured.map((one) => one.residualNorm)),
  };
}

function spreadOf(values: readonly number[]): Spread {
  return {
    median: quantile(values, 0.5),
    quartiles: [quantile(values, 0.25), quantile(values, 0.75)],
    estimate: estimateOf(values),
  };
}
