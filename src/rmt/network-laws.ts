import {
  ArgumentError,
  describe,
  requireInteger,
  requireNumber,
  requireOptions,
  requirePositive,
  square,
  pow,
  cos,
  sin,
  acos,
} from "../core/index.js";
import { type ActivationLike, activation, activationMoments, gaussianExpectation } from "../special/index.js";
import { type Complex, complex, modulus, over } from "./complex.js";
import { type SpectralLaw, requireProbability } from "./law.js";
import { createPencil, marchenkoPasturTransform } from "./linear-pencil.js";

/** A network whose widths grow in proportion to the number of samples. */
export interface LinearWidthNetwork {
  /** Activation, centred and normalised for the law (only its two constants enter). Give it or the constants. */
  readonly activation?: ActivationLike;
  /** Constants of the centred, normalised activation: b² = (E σ′)² and a = E σ′². */
  readonly constants?: { readonly bSquared: number; readonly a: number };
  /** n / d_0: samples over inputs. */
  readonly dataRatio: number;
  /** n / d_l for each hidden layer, first to last; depth (weight matrices) is one more than their number. */
  readonly widthRatios: readonly number[];
}

/** Options of the laws. */
export interface NetworkLawOptions {
  /** Points of the density grid; default 1500. */
  readonly points?: number;
  /** Distance of the grid from the real axis; default 1e-6. */
  readonly eta?: number;
}

/** The limiting spectrum of a kernel matrix of a linear-width network. */
export interface NetworkLaw extends SpectralLaw {
  /** Constants of the activation after centring and normalising. */
  readonly constants: { readonly bSquared: number; readonly a: number };
  /** Stieltjes transform ∫ dμ(t)/(t − z) for Im z > 0, with the relative residual of its fixed points. */
  readonly stieltjes: (z: Complex) => { readonly value: Complex; readonly residual: number };
  /** Abscissae of the density, ascending. */
  readonly grid: Float64Array;
  /** Density of the continuous part on the grid. */
  readonly density: Float64Array;
  /** 1 − (mass of grid and atom): the acceptance test of the numerical law, about 1e-4. */
  readonly massError: number;
  /** Largest relative residual of a fixed point on the grid. */
  readonly residual: number;
  /** Where the atom sits. */
  readonly atomLocation: number;
  /** E_μ[t] of the limit, from the constants. */
  readonly mean: number;
}

/**
 * Computes the limiting spectrum of the conjugate kernel X_LᵀX_L of a linear-width network at initialisation, at any depth.
 *
 * Relation: X_l = σ(W_l X_{l−1})/√d_l with standard normal W_l and σ centred and normalised; the law is
 * MP_{g_L} ⊠ ((1 − b²) + b² μ_{L−1}), μ_0 the Marchenko–Pastur law of the data (columns of X_0 of unit norm, nearly
 * orthogonal). For b = 0 it is MP_{g_L} itself; otherwise plain Marchenko–Pastur is wrong.
 * An activation that is not centred adds one outlier near n (E σ)²: a mean effect, not a learned feature.
 *
 * @param network ratios n/d and the activation
 * @throws {ArgumentError} for ratios that are not positive, no hidden layer, or an activation that is constant
 *
 * Accuracy: stieltjes to 1e-12 away from the axis; cdf to massError; support to the spacing of the grid.
 * Cost: a few hundred transforms per grid point and layer beyond the first: 0.1 s for one, a few seconds for three.
 * @see [fan2020]
 *
 * @example
 * ```ts
 * import { conjugateKernelLaw } from "eigenscope/rmt";
 * const law = conjugateKernelLaw({ activation: "tanh", dataRatio: 0.8, widthRatios: [2 / 3] }, { points: 200 });
 * console.log(law.stieltjes({ re: 1, im: 0.5 }).value.re); // -0.341447219365
 * ```
 */
export function conjugateKernelLaw(network: LinearWidthNetwork, options: NetworkLawOptions = {}): NetworkLaw {
  const caller = "conjugateKernelLaw";
  const model = requireNetwork(network, caller);
  const depth = model.widthRatios.length;
  const last = model.widthRatios[depth - 1];
  const pencil = createPencil(model);
  const { bSquared: b2 } = model;
  const transform = (z: Complex): { value: Complex; residual: number } => {
    if (b2 === 0) return { value: marchenkoPasturTransform(last, z), residual: 0 };
    const weights = Array.from({ length: depth + 2 }, () => complex(0));
    const probe = weights.slice();
    weights[0] = complex(-z.re, -z.im);
    weights[depth + 1] = complex(1);
    probe[0] = complex(1);
    // z_k = 0 for the layers below: their 1/z_l is never formed, because every level receives b²/s from the one above.
    return { value: pencil.evaluate(weights, probe), residual: pencil.status.residual };
  };
  let largest = square(1 + Math.sqrt(model.dataRatio));
  for (const ratio of model.widthRatios) largest = square(1 + Math.sqrt(ratio)) * (1 - b2 + b2 * largest);
  // Below the last layer the identity part (1 − b²) I has full rank, unless the activation is linear.
  const rank =
    b2 > 1 - 1e-12 ? Math.min(1 / model.dataRatio, ...model.widthRatios.map((ratio) => 1 / ratio)) : 1 / last;
  return assemble(
    transform,
    { lowest: 0, largest, atom: Math.max(0, 1 - rank), mean: 1, constants: model },
    options,
    caller,
  );
}

/**
 * Computes the limiting spectrum of the neural tangent kernel of a linear-width network at initialisation, at any depth:
 * all weights trained, standard normal parameterisation.
 *
 * Relation: spec K ~ r₊ I + Σ_{l=0}^{L} q_l X_lᵀX_l with q_l = b^{2(L−l)} and r₊ = Σ_{l<L} (a^{L−l} − q_l).
 *
 * @param network ratios n/d and the activation
 * @throws {ArgumentError} as conjugateKernelLaw
 *
 * Accuracy and cost: as conjugateKernelLaw.
 * @see [fan2020]
 *
 * @example
 * ```ts
 * import { ntkLaw } from "eigenscope/rmt";
 * const law = ntkLaw({ activation: "relu", dataRatio: 0.8, widthRatios: [2 / 3] }, { points: 200 });
 * console.log(law.mean); // 2.4669422069
 * ```
 */
export function ntkLaw(network: LinearWidthNetwork, options: NetworkLawOptions = {}): NetworkLaw {
  const caller = "ntkLaw";
  const model = requireNetwork(network, caller);
  const { bSquared: b2, a, widthRatios, dataRatio } = model;
  const depth = widthRatios.length;
  const q = Array.from({ length: depth + 1 }, (_, l) => pow(b2, depth - l));
  let shift = 0;
  for (let l = 0; l < depth; l++) shift += pow(a, depth - l) - q[l];
  const pencil = createPencil(model);
  const transform = (z: Complex): { value: Complex; residual: number } => {
    const moved = complex(z.re - shift, z.im);
    if (b2 === 0) return { value: marchenkoPasturTransform(widthRatios[depth - 1], moved), residual: 0 };
    const weights = [complex(-moved.re, -moved.im), ...q.map((value) => complex(value))];
    const probe = weights.map((_, k) => complex(k === 0 ? 1 : 0));
    return { value: pencil.evaluate(weights, probe), residual: pencil.status.residual };
  };
  let layerLargest = square(1 + Math.sqrt(dataRatio));
  let largest = shift + q[0] * layerLargest;
  widthRatios.forEach((ratio, l) => {
    layerLargest = square(1 + Math.sqrt(ratio)) * (1 - b2 + b2 * layerLargest);
    largest += q[l + 1] * layerLargest;
  });
  const ranks = [1 / dataRatio, ...widthRatios.map((ratio) => 1 / ratio)];
  // Row spaces of the layers are in general position, unless the activation is linear (nested) or b = 0 (only the last counts).
  const total = b2 > 1 - 1e-12 ? ranks[0] : b2 === 0 ? ranks[depth] : ranks.reduce((sum, rank) => sum + rank, 0);
  const mean = shift + q.reduce((sum, value) => sum + value, 0);
  return assemble(
    transform,
    { lowest: shift, largest, atom: Math.max(0, 1 - total), mean, constants: model },
    options,
    caller,
  );
}

type Model = Required<Pick<LinearWidthNetwork, "dataRatio" | "widthRatios">> & {
  readonly bSquared: number;
  readonly a: number;
};

function requireNetwork(network: LinearWidthNetwork, caller: string): Model {
  requireOptions(network, ["activation", "constants", "dataRatio", "widthRatios"], caller);
  const dataRatio = requirePositive(network?.dataRatio, "dataRatio", caller);
  const { widthRatios } = network;
  if (!Array.isArray(widthRatios) || widthRatios.length === 0) {
    throw new ArgumentError({
      function: caller,
      argument: "widthRatios",
      expected: "a list of n / d_l with at least one hidden layer",
      got: describe(widthRatios),
    });
  }
  widthRatios.forEach((ratio: unknown, l) => requirePositive(ratio, `widthRatios[${l}]`, caller));
  if ((network.activation === undefined) === (network.constants === undefined)) {
    throw new ArgumentError({
      function: caller,
      argument: "network",
      expected: "given activation or constants",
      got: network.activation === undefined ? "neither" : "both",
    });
  }
  const { bSquared, a } = network.constants ?? activationConstants(network.activation!, caller);
  requireNumber(bSquared, "constants.bSquared", caller, 0, 1 + 1e-12);
  requireNumber(a, "constants.a", caller, bSquared * (1 - 1e-12));
  return { dataRatio, widthRatios, bSquared: bSquared < 1e-14 ? 0 : Math.min(1, bSquared), a };
}

/** b² = (E φ′)² / Var φ and a = E φ′² / Var φ by adaptive quadrature that splits at kinks. */
function activationConstants(phi: ActivationLike, caller: string): { readonly bSquared: number; readonly a: number } {
  const record = activation(phi);
  const { mean, secondMoment, derivativeSecondMoment } = activationMoments(record);
  const slope = gaussianExpectation((x) => record.derivative(x), { kinks: record.kinks }).value;
  const variance = secondMoment.value - mean.value * mean.value;
  if (!(variance > 0))
    throw new ArgumentError({ function: caller, argument: "activation", expected: "not constant", got: record.name });
  return { bSquared: (slope * slope) / variance, a: derivativeSecondMoment.value / variance };
}

interface Frame {
  readonly lowest: number;
  readonly largest: number;
  readonly atom: number;
  readonly mean: number;
  readonly constants: { readonly bSquared: number; readonly a: number };
}

function assemble(
  transform: (z: Complex) => { value: Complex; residual: number },
  frame: Frame,
  options: NetworkLawOptions,
  caller: string,
): NetworkLaw {
  requireOptions(options, ["points", "eta"], caller);
  const points = requireInteger(options.points ?? 1500, "points", caller, 16, 100_000);
  const eta = requireNumber(options.eta ?? 1e-6, "eta", caller, 1e-9, 1);
  const { lowest, largest, atom } = frame;
  const width = largest - lowest;
  let residual = 0;
  const continuous = (x: number, height: number): { density: number; residual: number } => {
    const z = complex(x, height);
    const { value, residual: error } = transform(z);
    // Without the atom, whose Lorentzian would cover the density around it.
    const pole = atom === 0 ? complex(0) : over(complex(-atom), complex(x - lowest, height));
    return { density: Math.max(0, (value.im - pole.im) / Math.PI), residual: error };
  };
  const approach = (x: number): { density: number; residual: number } => {
    for (let height = Math.max(1, width); height > eta; height /= 2) transform(complex(x, height));
    return continuous(x, eta);
  };
  /** Density on a cosine grid, dense at the ends, where the density has square roots. */
  const sample = (
    low: number,
    high: number,
  ): { grid: Float64Array; density: Float64Array; center: number; radius: number } => {
    const center = (low + high) / 2;
    const radius = (high - low) / 2;
    const grid = Float64Array.from({ length: points }, (_, i) => center - radius * cos((Math.PI * i) / (points - 1)));
    const density = new Float64Array(points);
    residual = 0;
    for (let i = points - 1; i >= 0; i--) {
      // Warm start from the right neighbour; where that fails, come down from far above the axis.
      let result = i === points - 1 ? approach(grid[i]) : continuous(grid[i], eta);
      if (result.residual > 1e-10) result = approach(grid[i]);
      density[i] = result.density;
      residual = Math.max(residual, result.residual);
    }
    return { grid, density, center, radius };
  };
  /** Neighbours of the first and the last point with visible density. */
  const visible = ({ grid, density }: { grid: Float64Array; density: Float64Array }): [number, number] => {
    let first = 0;
    let last = points - 1;
    while (first < last && density[first] * width < 1e-3) first++;
    while (last > first && density[last] * width < 1e-3) last--;
    return [grid[Math.max(0, first - 1)], grid[Math.min(points - 1, last + 1)]];
  };
  // The bounds may lie far outside: a second pass puts the dense ends of the grid at the edges that the first has found.
  const rough = visible(sample(lowest - 1e-3 * width, largest + 1e-3 * width));
  const final = sample(Math.max(lowest, rough[0]), rough[1]); // both kernels are >= lowest
  const { grid, density, center, radius } = final;
  const support = visible(final);
  // ∫ density dx = ∫ density · radius sin θ dθ: the trapezoidal rule on the equidistant angles.
  const cumulative = new Float64Array(points);
  const weight = (i: number): number => density[i] * radius * sin((Math.PI * i) / (points - 1));
  for (let i = 1; i < points; i++)
    cumulative[i] = cumulative[i - 1] + ((weight(i) + weight(i - 1)) / 2) * (Math.PI / (points - 1));
  const mass = cumulative[points - 1];
  const scale = (1 - atom) / mass;
  const cdf = (x: number): number => {
    const base = x >= lowest ? atom : 0;
    if (x <= grid[0]) return base;
    if (x >= grid[points - 1]) return 1;
    const position = (acos((center - x) / radius) / Math.PI) * (points - 1);
    const i = Math.min(points - 2, Math.floor(position));
    return Math.min(1, base + scale * (cumulative[i] + (position - i) * (cumulative[i + 1] - cumulative[i])));
  };
  return {
    constants: { bSquared: frame.constants.bSquared, a: frame.constants.a },
    stieltjes: (z) => {
      if (!(requireNumber(z?.im, "z.im", "stieltjes") > 0)) {
        throw new ArgumentError({
          function: "stieltjes",
          argument: "z",
          expected: "in the upper half plane",
          got: `imaginary part ${z.im}`,
        });
      }
      requireNumber(z.re, "z.re", "stieltjes");
      for (let height = Math.max(1, width, modulus(z)); height > 2 * z.im; height /= 2)
        transform(complex(z.re, height));
      return transform(z);
    },
    grid,
    density,
    massError: 1 - mass - atom,
    residual,
    atomLocation: lowest,
    atom,
    mean: frame.mean,
    support,
    pdf: (x) => (x <= grid[0] || x >= grid[points - 1] ? 0 : approach(requireNumber(x, "x", "pdf")).density),
    cdf,
    quantile: (p) => {
      requireProbability(p, "quantile");
      if (atom > 0 && p <= atom) return lowest;
      let [low, high] = support;
      for (let step = 0; step < 60; step++) {
        const middle = (low + high) / 2;
        if (cdf(middle) < p) low = middle;
        else high = middle;
      }
      return (low + high) / 2;
    },
  };
}
