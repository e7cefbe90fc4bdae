import {
  defined,
  type LongRunning,
  requireInteger,
  requireOptions,
  requirePositive,
  type Tagged,
  undefinedBecause,
  pow,
} from "../core/index.js";
import { eigsh } from "../krylov/index.js";
import {
  type DataLike,
  loss as lossOf,
  type LossOptions,
  type Network,
  requireData,
  requireParameters,
} from "../networks/index.js";
import { requireRng, type Rng } from "../random/index.js";
import { spectrumEnds, type SpectrumEnds } from "./extremes.js";
import { empiricalNtk } from "./ntk.js";
import { hessian, lossOptionsOf } from "./operators.js";
import {
  effectiveWeights,
  homogeneousWeights,
  isContractive,
  layerNorms,
  lipschitzOfActivation,
  pathNorm,
} from "./weights.js";

/** Options of {@link spectralCertificate}. */
export interface SpectralCertificateOptions extends LossOptions, LongRunning {
  /** Random starts of the iterations. */
  readonly rng: Rng;
  /** Number of parameters up to which all Hessian eigenvalues are computed (default 400). */
  readonly denseLimit?: number;
  /** Residual tolerance of the iterations, relative (default 1e-6). */
  readonly tolerance?: number;
  /** Number of leading tangent-kernel modes whose rates are listed (default 5). */
  readonly modes?: number;
  /** Rank k of the truncation that is certified for each layer (default: half the layer's rank, rounded up). */
  readonly rank?: number;
}

/** What the spectrum of one layer says about truncating it. */
export interface LayerTruncation {
  /** Name of the layer. */
  readonly layer: string;
  /** Rank kept. */
  readonly rank: number;
  /** ‖W − W_k‖₂ = s_{k+1}. */
  readonly spectralError: number;
  /** ‖W − W_k‖_F. */
  readonly frobeniusError: number;
  /** Largest singular value. */
  readonly spectralNorm: number;
}

/** A structured replacement of a single "spectral certificate" number: what is bounded, by what, under which assumptions. */
export interface SpectralCertificate {
  /** Hessian: ends of the spectrum, counts by sign where known, and κ where it exists. */
  readonly hessian: SpectrumEnds & {
    /** λ_max/λ_min for a positive definite Hessian, else the reason why there is none. */
    readonly kappa: Tagged;
    /** λ_max over the smallest nonzero modulus, where the whole spectrum is known. */
    readonly kappaNonzero: Tagged;
  };
  /** Upper bound of the network's Lipschitz constant in ℓ2: product of the layers' spectral norms and the activations' constants. */
  readonly lipschitzUpper: Tagged;
  /** ℓ2 path norm (not the product of spectral norms). */
  readonly pathNormL2: number;
  /** ℓ1 path norm. */
  readonly pathNormL1: number;
  /** Bartlett's R_A with reference matrices 0, where its theorem applies. */
  readonly bartlett: Tagged;
  /** Largest eigenvalue of the tangent kernel K = J Jᵀ (not divided by n), with its residual norm; NaN when cancelled before. */
  readonly ntkTop: { readonly value: number; readonly residualNorm: number; readonly status: string };
  /** 2/λ_max(H): above it gradient descent diverges on the local quadratic. */
  readonly maxStableEta: Tagged;
  /** λ_i(K)/n of the leading modes: the residual's modes decay as exp(−t λ_i/n) under gradient flow of the linearised network with mse. */
  readonly modeRates: { readonly rates: Float64Array; readonly residualNorms: Float64Array };
  /** Rank truncation of each layer. */
  readonly truncation: readonly LayerTruncation[];
  /** Operator applications in all. */
  readonly matvecs: number;
  /** Number of samples. */
  readonly samples: number;
  /** Name of the loss. */
  readonly loss: string;
  /** The seed path of the random starts. */
  readonly seed: readonly number[];
  /** What the entries assume. */
  readonly assumptions: readonly string[];
}

/**
 * Collects what spectra certify about a network at a parameter vector: conditioning, Lipschitz and path-norm bounds, tangent-kernel
 * rates and truncation errors, each with its method, residual and assumptions.
 *
 * Relation: see the fields. κ is undefined, with the reason, for indefinite or singular Hessians. The truncation error of rank k is
 * s_{k+1}, not s_k. The product of spectral norms bounds the Lipschitz constant; it is not a path norm.
 *
 * @throws {UnsupportedError} for layers other than dense and activation, or layers that couple samples
 * @throws {ShapeError} when sizes do not fit
 *
 * Cost: Hessian products (denseLimit at most when dense, else those of eigsh), tangent-kernel products, one SVD per layer.
 * @see [bartlett2017]
 * @see [neyshabur2015]
 *
 * @example
 * ```ts
 * import { spectralCertificate } from "eigenscope/curvature";
 * import { mlp } from "eigenscope/networks";
 * import { createRng } from "eigenscope/random";
 * const net = mlp({ sizes: [2, 1], bias: false });
 * const data = { inputs: [[2, 0], [0, 1]], targets: [[1], [1]] };
 * const certificate = spectralCertificate(net, Float64Array.of(3, 4), data, { rng: createRng(1) });
 * console.log(certificate.hessian.kappa.defined && certificate.hessian.kappa.value, certificate.ntkTop.value); // 4 4
 * console.log(certificate.lipschitzUpper.defined && certificate.lipschitzUpper.value, certificate.pathNormL1); // 5 7
 * ```
 */
export function spectralCertificate(
  net: Network,
  params: Float64Array,
  data: DataLike,
  options: SpectralCertificateOptions,
): SpectralCertificate {
  const caller = "spectralCertificate";
  const known = [
    "rng",
    "denseLimit",
    "tolerance",
    "modes",
    "rank",
    "loss",
    "batchSize",
    "memoryBudget",
    "signal",
    "onProgress",
  ];
  requireOptions(options, known, caller);
  requireRng(options?.rng, caller);
  requireParameters(net, params, caller);
  const denseLimit = requireInteger(options.denseLimit ?? 400, "denseLimit", caller);
  const tolerance = requirePositive(options.tolerance ?? 1e-6, "tolerance", caller);
  const modes = requireInteger(options.modes ?? 5, "modes", caller, 1);
  if (options.rank !== undefined) requireInteger(options.rank, "rank", caller, 1);
  const lossUsed = options.loss === undefined ? net.loss : lossOf(options.loss);
  const { inputs } = requireData(net, data, lossUsed, caller);
  const collected = effectiveWeights(net, params, caller);
  const running = {
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
  };
  const ends = spectrumEnds(hessian(net, params, data, lossOptionsOf(options)), {
    rng: options.rng.fork("hessian"),
    tolerance,
    denseLimit,
    ...running,
  });
  const kernel = empiricalNtk(net, params, inputs);
  const top = eigsh(kernel.operator, {
    count: Math.min(modes, kernel.operator.rows),
    which: "largest",
    tolerance,
    rng: options.rng.fork("ntk"),
    ...running,
  });
  const { weights, augmented } = homogeneousWeights(collected);
  return {
    hessian: { ...ends, kappa: kappaOf(ends), kappaNonzero: nonzeroKappaOf(ends) },
    lipschitzUpper: lipschitzOf(
      collected.weights.map((W) => layerNorms(W).spectral),
      collected.activations,
    ),
    pathNormL2: pathNorm(weights, 2),
    pathNormL1: pathNorm(weights, 1),
    bartlett: bartlettOf(weights.map(layerNorms), collected.activations),
    ntkTop: {
      value: top.values[0] ?? Number.NaN,
      residualNorm: top.residualNorms[0] ?? Infinity,
      status: top.status,
    },
    maxStableEta: maxStableEtaOf(ends),
    modeRates: {
      rates: top.values.map((value) => value / inputs.rows),
      residualNorms: top.residualNorms.map((value) => value / inputs.rows),
    },
    truncation: collected.weights.map((W, l) =>
      truncationOf(collected.names[l], layerNorms(W).singularValues, options.rank),
    ),
    matvecs: ends.matvecs + top.matvecs,
    samples: inputs.rows,
    loss: lossUsed.name,
    seed: options.rng.state.seedPath,
    assumptions: [
      "the Hessian is that of the mean loss over the given samples, almost everywhere for activations with kinks",
      ...(ends.method === "dense"
        ? []
        : [
            "the ends of the Hessian are Ritz values: an eigenvalue lies within the residual norm of each, and from a random start none is likely, though not proved, to lie beyond",
          ]),
      "2/λ_max is a local statement: networks also train at the edge of stability above it",
      "mode rates hold for mse and the network linearised at these parameters",
      augmented
        ? "path norms and R_A are those of the bias-free network on (x, 1) that computes the same function"
        : "the network has no biases",
      "the Lipschitz bound is an upper bound in ℓ2, usually loose",
    ],
  };
}

const CANCELLED = "the run was cancelled before the spectrum was known";

function maxStableEtaOf({ largest }: SpectrumEnds): Tagged {
  if (Number.isNaN(largest)) return undefinedBecause(CANCELLED);
  return largest > 0 ? defined(2 / largest) : undefinedBecause("the Hessian has no positive eigenvalue");
}

function kappaOf(ends: SpectrumEnds): Tagged {
  if (Number.isNaN(ends.largest)) return undefinedBecause(CANCELLED);
  const { largest, smallest, counts } = ends;
  const negative = counts === null ? "" : ` (${counts.negative} negative, ${counts.zero} zero)`;
  const zero = counts?.tolerance ?? ends.residualNorms[1] + 1e-10 * Math.abs(largest);
  if (smallest < -zero)
    return undefinedBecause(`the Hessian is indefinite${negative}: λ_min = ${smallest.toPrecision(4)}`);
  if (smallest <= zero) return undefinedBecause(`the Hessian is singular to rounding${negative}`);
  return defined(largest / smallest);
}

function nonzeroKappaOf(ends: SpectrumEnds): Tagged {
  if (Number.isNaN(ends.largest)) return undefinedBecause(CANCELLED);
  if (ends.counts === null) return undefinedBecause("only the ends of the spectrum are known: raise denseLimit");
  const { smallestModulus } = ends.counts;
  return smallestModulus === null
    ? undefinedBecause("the Hessian is zero")
    : defined(Math.max(ends.largest, -ends.smallest) / smallestModulus);
}

function lipschitzOf(spectralNorms: readonly number[], activations: readonly string[]): Tagged {
  let product = spectralNorms.reduce((all, value) => all * value, 1);
  for (const name of activations) {
    const constant = lipschitzOfActivation(name);
    if (constant === null) return undefinedBecause(`the Lipschitz constant of activation "${name}" is not known`);
    product *= constant;
  }
  return defined(product);
}

function bartlettOf(
  layers: readonly { readonly spectral: number; readonly rowSum: number }[],
  activations: readonly string[],
): Tagged {
  const outside = activations.find((name) => !isContractive(name));
  if (outside !== undefined)
    return undefinedBecause(`needs 1-Lipschitz activations with φ(0) = 0, and ${outside} is not`);
  const product = layers.reduce((all, layer) => all * layer.spectral, 1);
  const sum = layers.reduce(
    (all, layer) => all + (layer.spectral === 0 ? 0 : pow(layer.rowSum / layer.spectral, 2 / 3)),
    0,
  );
  return defined(product * pow(sum, 1.5));
}

function truncationOf(layer: string, singularValues: Float64Array, rank: number | undefined): LayerTruncation {
  const kept = Math.min(singularValues.length, rank ?? Math.ceil(singularValues.length / 2));
  let squares = 0;
  for (let i = kept; i < singularValues.length; i++) squares += singularValues[i] * singularValues[i];
  return {
    layer,
    rank: kept,
    spectralError: kept < singularValues.length ? singularValues[kept] : 0,
    frobeniusError: Math.sqrt(squares),
    spectralNorm: singularValues[0],
  };
}
