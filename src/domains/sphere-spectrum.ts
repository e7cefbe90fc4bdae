import { requireFinite, requireInteger, sin, square, exp, log1p, pow, log } from "../core/index.js";
import type { Kernel } from "../kernels/index.js";
import { gammaRatio, gaussLegendre } from "../special/index.js";
import type { ModeSpectrum } from "./types.js";
import { NEAR_POLE, logMultiplicity, multiplicities } from "./zonal-harmonics.js";

/** Mercer spectrum of a zonal kernel on S^{d−1}; eigenvalues are indexed by degree. */
export interface SphereSpectrum extends ModeSpectrum {
  /** "recurrence": exact two-layer formulas with full relative accuracy; "quadrature": Gauss–Legendre in θ. */
  readonly method: "recurrence" | "quadrature";
  /** Nodes of the quadrature, 0 for the recurrence. */
  readonly nodes: number;
  /** K(x, x), which Σ N(d, k) μ_k approaches from below like 1/maxDegree. */
  readonly valueAtOne: number;
  /** Σ_{k <= maxDegree} N(d, k) μ_k, without the degrees whose share is not known to K(x, x) itself: N(d, k) reaches 1e300 in high dimension. */
  readonly partialTrace: number;
  /** Bound on the error of partialTrace: Σ N(d, k) errorBounds[k] over the degrees it contains. */
  readonly partialTraceError: number;
}

/** Rounding part of the error bars in ε times the integral of |f P_k|, beside k/2 for the k steps of the recurrence and √d for the measure. */
const ROUNDING_FACTOR = 8;

/** Sizes of the coarser rules beside the finest one: a kink may fall so that two of them agree by accident, but hardly four. */
const COARSER = [1, 1.03, 1.07, 1.1] as const;
/** What a disagreement beyond rounding is multiplied by: a kink's error falls like n⁻², so that the finest rule is off by some times as much. */
const KINK_FACTOR = 8;

/**
 * Funk–Hecke eigenvalues by Gauss–Legendre in θ: the integrand of a network kernel is analytic in θ on [0, π], while in t = cos θ it has
 * square-root singularities at both ends. Error bar: disagreement of two rules and rounding. Profiles of unknown smoothness take five rules, and
 * count a disagreement beyond rounding eightfold.
 */
export function funkHecke(
  kernel: Kernel,
  d: number,
  maxDegree: number,
): { eigenvalues: Float64Array; errorBounds: Float64Array; nodes: number } {
  const size = 2 * maxDegree + 40 + 4 * Math.ceil(Math.sqrt(d));
  const fine = integrate(kernel, d, maxDegree, size + 16 + Math.ceil(size / 8));
  const known = kernel.conventions.kind !== "zonal";
  const disagreement = new Float64Array(maxDegree + 1);
  for (const factor of known ? [1] : COARSER) {
    const { eigenvalues } = integrate(kernel, d, maxDegree, Math.ceil(size * factor));
    for (let k = 0; k <= maxDegree; k++)
      disagreement[k] = Math.max(disagreement[k], Math.abs(fine.eigenvalues[k] - eigenvalues[k]));
  }
  const errorBounds = disagreement.map((difference, k) => {
    const rounding = (ROUNDING_FACTOR + k / 2 + Math.sqrt(d)) * Number.EPSILON * fine.magnitudes[k];
    return rounding + difference * (known || difference <= rounding ? 1 : KINK_FACTOR);
  });
  return { eigenvalues: fine.eigenvalues, errorBounds, nodes: fine.nodes };
}

function integrate(
  kernel: Kernel,
  d: number,
  maxDegree: number,
  nodes: number,
): { eigenvalues: Float64Array; magnitudes: Float64Array; nodes: number } {
  const rule = halfRule(nodes);
  const eigenvalues = new Float64Array(maxDegree + 1);
  const magnitudes = new Float64Array(maxDegree + 1);
  const constant = 1 / (Math.sqrt(Math.PI) * halfGammaRatio(d - 1));
  const scale = Math.abs(kernel.profile(0, Math.PI));
  // Nodes come in pairs symmetric about π/2, where P_k differs by (−1)^k only: one recurrence serves both. Pairs are added in blocks: one
  // long sum per degree would carry as many roundings as there are nodes.
  const block = emptyBlock();
  const half = rule.weights.length;
  for (let start = 0; start < half; start += BLOCK) {
    block.count = 0;
    block.nearPole = 0;
    for (let i = start; i < Math.min(half, start + BLOCK); i++) {
      const theta = rule.angles[i];
      const supplement = Math.PI / 2 + rule.complements[i];
      const cosine = sin(rule.complements[i]);
      const weight = constant * rule.weights[i] * sinePower(d - 2, theta, cosine);
      if (weight === 0) continue; // high dimension: the mass is at π/2, the rest underflows
      const near = weight * kernel.profile(theta, supplement);
      const far = weight * kernel.profile(supplement, theta);
      const j = block.count++;
      block.even[j] = near + far;
      block.odd[j] = near - far;
      // The kernel's own rounding is a few ε of its value at angle 0, wherever it is small.
      block.size[j] = Math.abs(near) + Math.abs(far) + weight * scale;
      block.cosine[j] = cosine;
      block.versine[j] = 2 * square(sin(theta / 2));
      if (block.versine[j] < NEAR_POLE) block.nearPole = j + 1; // angles ascend
    }
    addBlock(block, d, eigenvalues, magnitudes);
  }
  requireFinite(eigenvalues, "kernel.profile", "sphere.mercer");
  return { eigenvalues, magnitudes, nodes: 2 * half };
}

/** Pairs of nodes that go through the recurrence of P_k side by side. */
const BLOCK = 16;
interface Block {
  /** Number of pairs, and how many of them, the first ones, are near the pole. */
  count: number;
  nearPole: number;
  /** Weighted sum and difference of the profile at a pair, and a bound on its size. */
  readonly even: Float64Array;
  readonly odd: Float64Array;
  readonly size: Float64Array;
  /** t = cos θ and 1 − t. */
  readonly cosine: Float64Array;
  readonly versine: Float64Array;
  /** P_{k−1} or, near the pole, P_k − P_{k−1}; and P_k. */
  readonly other: Float64Array;
  readonly current: Float64Array;
}

function emptyBlock(): Block {
  const column = (): Float64Array => new Float64Array(BLOCK);
  return {
    count: 0,
    nearPole: 0,
    even: column(),
    odd: column(),
    size: column(),
    cosine: column(),
    versine: column(),
    other: column(),
    current: column(),
  };
}

/** Adds Σ_j f_j P_k(θ_j) over a block to every degree: the recurrences of `zonalHarmonics`, all pairs of a degree at once. The cosine comes from the
 * complement of the angle: in high dimension all mass is near π/2, where P_k ~ t^k. */
function addBlock(block: Block, d: number, sums: Float64Array, magnitudes: Float64Array): void {
  const { count, nearPole, even, odd, size, cosine, versine, other, current } = block;
  for (let j = 0; j < count; j++) {
    current[j] = 1;
    other[j] = 0;
  }
  for (let k = 0; k < sums.length; k++) {
    if (k === 1) {
      for (let j = 0; j < count; j++) {
        other[j] = j < nearPole ? -versine[j] : 1;
        current[j] = cosine[j];
      }
    } else if (k > 1) {
      const [a, b, c] = [2 * k + d - 4, k - 1, k + d - 3];
      for (let j = 0; j < nearPole; j++) {
        other[j] = (b * other[j] - a * versine[j] * current[j]) / c;
        current[j] += other[j];
      }
      for (let j = nearPole; j < count; j++) {
        const next = (a * cosine[j] * current[j] - b * other[j]) / c;
        other[j] = current[j];
        current[j] = next;
      }
    }
    const values = k % 2 === 0 ? even : odd;
    let sum = 0;
    let magnitude = magnitudes[k];
    for (let j = 0; j < count; j++) {
      sum += values[j] * current[j];
      magnitude += size[j] * Math.abs(current[j]);
    }
    sums[k] += sum;
    magnitudes[k] = magnitude;
  }
}

/** Most nodes of one Gauss–Legendre rule: the distance 1 + x of the outermost nodes from the end loses digits like n² ε. */
const LONGEST_RULE = 200;
/** Nodes of each panel beyond that, and how many more nodes panels need in all. */
const PANEL_NODES = 64;
const PANEL_EXCESS = 1.3;

/** A rule on [0, π/2] whose nodes stand for their mirror images too: angles, their complements to π/2, weights. */
interface HalfRule {
  readonly angles: Float64Array;
  readonly complements: Float64Array;
  readonly weights: Float64Array;
}

/** About `nodes` Gauss–Legendre nodes on [0, π], in one rule or in panels of 64 nodes, as its half on [0, π/2]. */
function halfRule(nodes: number): HalfRule {
  if (nodes <= LONGEST_RULE) {
    const rule = gaussLegendre(nodes + (nodes % 2)); // an even number: no node at π/2
    const count = rule.nodes.length / 2;
    const take = (f: (x: number) => number): Float64Array => Float64Array.from(rule.nodes.subarray(0, count), f);
    return {
      angles: take((x) => (Math.PI / 2) * (1 + x)),
      complements: take((x) => (-Math.PI / 2) * x),
      weights: Float64Array.from(rule.weights.subarray(0, count), (w) => (Math.PI / 2) * w),
    };
  }
  const panels = Math.ceil((PANEL_EXCESS * nodes) / (2 * PANEL_NODES));
  const rule = gaussLegendre(PANEL_NODES);
  const width = Math.PI / 2 / panels;
  const index = Array.from({ length: panels * PANEL_NODES }, (_, i) => i);
  const place = (i: number): number => Math.floor(i / PANEL_NODES);
  const inside = (i: number): number => (1 + rule.nodes[i % PANEL_NODES]) / 2;
  const outside = (i: number): number => (1 - rule.nodes[i % PANEL_NODES]) / 2;
  return {
    angles: Float64Array.from(index, (i) => width * (place(i) + inside(i))),
    complements: Float64Array.from(index, (i) => width * (panels - 1 - place(i) + outside(i))),
    weights: Float64Array.from(index, (i) => (width / 2) * rule.weights[i % PANEL_NODES]),
  };
}

/** sin^p θ; near π/2 from the cosine, because a high power would multiply the rounding of a sine near 1 by p. */
function sinePower(power: number, angle: number, cosine: number): number {
  return Math.abs(cosine) < 0.7 ? exp((power / 2) * log1p(-cosine * cosine)) : pow(sin(angle), power);
}

/** Γ(d/2)/Γ((d + 1)/2) for integers d >= 1: by r(d + 2) = r(d) d/(d + 1) while that product is short. */
function halfGammaRatio(d: number): number {
  if (d > 40) return gammaRatio(d / 2, 0, 0.5);
  let value = d % 2 === 0 ? 2 / Math.sqrt(Math.PI) : Math.sqrt(Math.PI);
  for (let j = d % 2 === 0 ? 2 : 1; j < d; j += 2) value *= j / (j + 1);
  return value;
}

/**
 * Funk–Hecke coefficients λ_k of t ↦ max(t, 0)^s on S^{d−1}, s = 0, 1 or 2, by a recurrence of two terms.
 *
 * Relation: λ_{k+2} = −λ_k (k − s)/(k + s + d). No gamma function of a large argument, all relative errors at rounding.
 */
export function rectifierCoefficients(d: number, s: 0 | 1 | 2, maxDegree: number): Float64Array {
  const out = new Float64Array(maxDegree + 3);
  const half = halfGammaRatio(d) / (2 * Math.sqrt(Math.PI)); // ½ E|t|
  if (s === 0) [out[0], out[1]] = [0.5, half];
  else if (s === 1) [out[0], out[1]] = [half, 1 / (2 * d)];
  else [out[0], out[1]] = [1 / (2 * d), (2 * half) / (d + 1)]; // ½ E t², ½ E|t|³ = E|t|/(d + 1)
  for (let k = 0; k <= maxDegree; k++)
    out[k + 2] = k === s || (k > s && out[k] === 0) ? 0 : (-out[k] * (k - s)) / (k + s + d);
  return out.subarray(0, maxDegree + 1);
}

/**
 * Spectra of κ₀, κ₁ or κ₂ on S^{d−1} (κ_n(1) = 1), with full relative accuracy at every degree.
 *
 * Relation: 2λ², 2dλ², 2d(d + 2)λ²/3 with λ the Funk–Hecke coefficients of max(t, 0)ⁿ.
 *
 * @throws {ArgumentError} for d, order or maxDegree out of range
 */
export function arcCosineSpectrum(d: number, order: 0 | 1 | 2, maxDegree: number): Float64Array {
  requireInteger(d, "d", "arcCosineSpectrum", 2);
  requireInteger(order, "order", "arcCosineSpectrum", 0, 2);
  requireInteger(maxDegree, "maxDegree", "arcCosineSpectrum", 0, 10_000_000);
  const factor = [2, 2 * d, (2 * d * (d + 2)) / 3][order];
  return rectifierCoefficients(d, order, maxDegree).map((lambda) => factor * lambda * lambda);
}

/**
 * Spectrum of t f(t) from the spectrum of f (one degree longer).
 *
 * Relation: μ_k(t f) = [k μ_{k−1}(f) + (k + d − 2) μ_{k+1}(f)]/(2k + d − 2), and μ_0(t f) = μ_1(f).
 */
export function timesCosine(d: number, eigenvalues: Float64Array): Float64Array {
  return Float64Array.from({ length: eigenvalues.length - 1 }, (_, k) =>
    k === 0 ? eigenvalues[1] : (k * eigenvalues[k - 1] + (k + d - 2) * eigenvalues[k + 1]) / (2 * k + d - 2),
  );
}

/**
 * Exact spectrum of a two-layer bias-free kernel of a s + b|s| (unit variance), or null when the kernel is another one.
 *
 * Relation: Σ² = (1 − 2Δ) t + 2Δ κ₁ and Θ² = 2(1 − 2Δ) t + 2Δ (κ₁ + t κ₀): sums of positive terms at every degree >= 2.
 */
export function exactSpectrum(kernel: Kernel, d: number, maxDegree: number): Float64Array | null {
  const { kind, depth, linearAbsolute, homogeneous, architecture, parameterisation } = kernel.conventions;
  if (kind === "arc-cosine") {
    const order = ["step", "relu", "relu^2"].indexOf(kernel.conventions.activation ?? "") as 0 | 1 | 2;
    const scale = kernel.profile(0);
    return arcCosineSpectrum(d, order, maxDegree).map((mu) => scale * mu);
  }
  const plain = homogeneous && architecture === "plain" && parameterisation === "ntk" && depth === 2;
  if (!plain || linearAbsolute === null || (kind !== "ntk" && kind !== "nngp")) return null;
  const { linear: a, absolute: b } = linearAbsolute;
  const delta = (b * b) / (a * a + b * b);
  const first = arcCosineSpectrum(d, 1, maxDegree + 1);
  const scale = kind === "ntk" ? kernel.profile(0) / 2 : kernel.profile(0);
  const both = kind === "ntk" ? timesCosine(d, arcCosineSpectrum(d, 0, maxDegree + 1)) : null;
  return Float64Array.from({ length: maxDegree + 1 }, (_, k) => {
    // Degree 1 in closed form: (2 − 2Δ)/d and (1 − Δ)/d, exactly zero for abs.
    if (k === 1) return (scale * (1 - delta) * (kind === "ntk" ? 2 : 1)) / d;
    return scale * 2 * delta * (first[k] + (both === null ? 0 : both[k]));
  });
}

/** Degrees that vanish by parity, as a predicate: odd k >= 3 for two layers, all odd k for abs; only without bias. */
export function vanishesByParity(kernel: Kernel, degree: number): boolean {
  const { kind, depth, linearAbsolute, homogeneous, architecture, activation } = kernel.conventions;
  if (kind === "arc-cosine") {
    if (activation === "step") return degree >= 2 && degree % 2 === 0;
    return activation === "relu" ? degree >= 3 && degree % 2 === 1 : degree >= 4 && degree % 2 === 0;
  }
  if ((kind !== "ntk" && kind !== "nngp") || !homogeneous || linearAbsolute === null || architecture !== "plain")
    return false;
  const { linear: a, absolute: b } = linearAbsolute;
  if (b === 0) return degree !== 1;
  if (a === 0) return degree % 2 === 1;
  return depth === 2 && degree >= 3 && degree % 2 === 1;
}

/** The Mercer spectrum by degree, by recurrence where exact formulas exist and by quadrature elsewhere. */
export function sphereSpectrum(
  kernel: Kernel,
  d: number,
  maxDegree: number,
  method: "auto" | "quadrature",
): SphereSpectrum {
  const exact = method === "auto" ? exactSpectrum(kernel, d, maxDegree) : null;
  const computed =
    exact === null
      ? funkHecke(kernel, d, maxDegree)
      : { eigenvalues: exact, errorBounds: exact.map((mu) => 16 * Number.EPSILON * mu), nodes: 0 };
  const { eigenvalues, errorBounds, nodes } = computed;
  const counts = multiplicities(d, maxDegree);
  const vanishing: number[] = [];
  const valueAtOne = kernel.profile(0);
  let partialTrace = 0;
  let partialTraceError = 0;
  for (let k = 0; k <= maxDegree; k++) {
    if (vanishesByParity(kernel, k)) {
      eigenvalues[k] = 0;
      errorBounds[k] = 0;
      vanishing.push(k);
      continue;
    }
    if (Math.abs(eigenvalues[k]) <= errorBounds[k]) vanishing.push(k);
    const error = timesMultiplicity(d, k, counts[k], errorBounds[k]);
    if (!(error <= Math.abs(valueAtOne))) continue;
    partialTrace += timesMultiplicity(d, k, counts[k], eigenvalues[k]);
    partialTraceError += error;
  }
  return {
    conventions: {
      domain: sphereName(d),
      dimension: d,
      measure: "uniform probability measure",
      modes: "degree",
      kernel: kernel.conventions,
    },
    eigenvalues,
    errorBounds,
    multiplicities: counts,
    vanishing,
    method: exact === null ? "quadrature" : "recurrence",
    nodes,
    valueAtOne,
    partialTrace,
    partialTraceError: partialTraceError + 4 * Number.EPSILON * Math.abs(partialTrace),
  };
}

/** N(d, k) μ, by logarithms where N leaves the double range. */
function timesMultiplicity(d: number, k: number, count: number, value: number): number {
  if (Number.isFinite(count) || value === 0) return value === 0 ? 0 : count * value;
  return Math.sign(value) * exp(logMultiplicity(d, k) + log(Math.abs(value)));
}

/** Name of S^{d−1} in the conventions of its spectra and operators. */
export function sphereName(d: number): string {
  return `sphere S^${d - 1} in R^${d}`;
}
