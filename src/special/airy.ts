import { requireNumber, exp, cos, sin } from "../core/index.js";

/** Value and derivative of the Airy function. */
export interface AiryValue {
  /** Ai(x). */
  readonly ai: number;
  /** Ai′(x). */
  readonly derivative: number;
}

const AI_ZERO = 0.3550280538878172; // 3^{-2/3} / Γ(2/3)
const AI_PRIME_ZERO = -0.2588194037928068; // −3^{-1/3} / Γ(1/3)
const REACH = 10; // beyond it the asymptotic series reach roundoff: their error is near e^{−2ζ}, ζ = (2/3) 10^{3/2}
const SPACING = 0.5; // distance of the expansion points
const TAYLOR_TERMS = 24; // |h| <= SPACING: terms fall below 1e-17 everywhere on [-10, 10]
const ASYMPTOTIC_TERMS = 20;

/** Values at −10, −9.5, …, 10, built on first use. */
let table: { readonly ai: Float64Array; readonly derivative: Float64Array } | null = null;

/**
 * Computes the Airy function Ai and its derivative.
 *
 * Relation: Ai″(x) = x Ai(x), Ai(x) → 0 as x → ∞; ai = Ai(x), derivative = Ai′(x).
 * Taylor expansions of the differential equation between −10 and 10, from points that were reached in the stable
 * direction: downwards from the asymptotic value at 10 for x > 0, from the exact values at 0 for x < 0.
 *
 * @param x finite
 * @throws {NonFiniteError} for NaN and infinities
 *
 * Accuracy: for −10 <= x <= 10 absolute error below 1e-15 and, for x >= 0, relative error below 2e-14; beyond 10 the
 * relative error grows like ζ ε, ζ = (2/3) |x|^{3/2}, the roundoff of the argument. Cost: 24 terms.
 * @see [dlmf2025]
 *
 * @example
 * ```ts
 * import { airy } from "eigenscope/special";
 * const { ai, derivative } = airy(1);
 * console.log(ai, derivative); // 0.13529241631288 -0.15914744129679
 * ```
 */
export function airy(x: number): AiryValue {
  requireNumber(x, "x", "airy");
  if (x > REACH) return decaying(x);
  if (x < -REACH) return oscillating(-x);
  table ??= buildTable();
  const index = Math.round((x + REACH) / SPACING);
  const center = index * SPACING - REACH;
  return taylorStep(center, table.ai[index], table.derivative[index], x - center);
}

/** y(center + h) and y′(center + h) for y″ = x y: the coefficients satisfy (n+1)(n+2) a_{n+2} = center a_n + a_{n−1}. */
function taylorStep(center: number, value: number, slope: number, h: number): AiryValue {
  let before = 0; // a_{n−1} hⁿ⁻¹
  let current = value; // a_n hⁿ
  let next = slope * h; // a_{n+1} hⁿ⁺¹
  let ai = value + next;
  let derivative = slope;
  for (let n = 0; n < TAYLOR_TERMS; n++) {
    // a_{n+2} hⁿ⁺² = h² (center a_n hⁿ + h a_{n−1} hⁿ⁻¹) / ((n+1)(n+2)); the derivative takes (n+2)/h of it.
    const raw = (h * (center * current + h * before)) / (n + 1);
    const term = (raw * h) / (n + 2);
    derivative += raw;
    ai += term;
    before = current;
    current = next;
    next = term;
  }
  return { ai, derivative };
}

function buildTable(): NonNullable<typeof table> {
  const count = Math.round((2 * REACH) / SPACING) + 1;
  const middle = (count - 1) / 2;
  const ai = new Float64Array(count);
  const derivative = new Float64Array(count);
  const set = (index: number, value: AiryValue): void => {
    ai[index] = value.ai;
    derivative[index] = value.derivative;
  };
  const step = (from: number, h: number): AiryValue =>
    taylorStep(from * SPACING - REACH, ai[from], derivative[from], h);
  set(count - 1, decaying(REACH));
  for (let i = count - 2; i > middle; i--) set(i, step(i + 1, -SPACING)); // Ai grows downwards: errors of Bi die out
  set(middle, { ai: AI_ZERO, derivative: AI_PRIME_ZERO });
  for (let i = middle - 1; i >= 0; i--) set(i, step(i + 1, -SPACING));
  return { ai, derivative };
}

/** The coefficients u_k / ζᵏ and v_k / ζᵏ of the asymptotic series, [dlmf2025] section 9.7, summed with the given signs. */
function asymptoticSums(zeta: number, sign: (k: number) => number): readonly [number, number, number, number] {
  const sums: [number, number, number, number] = [0, 0, 0, 0]; // even u, odd u, even v, odd v
  let u = 1;
  for (let k = 0; k <= ASYMPTOTIC_TERMS; k++) {
    const v = (u * (6 * k + 1)) / (1 - 6 * k);
    sums[k % 2] += sign(k) * u;
    sums[2 + (k % 2)] += sign(k) * v;
    const factor = ((6 * k + 1) * (6 * k + 3) * (6 * k + 5)) / (216 * (k + 1) * (2 * k + 1) * zeta);
    if (Math.abs(factor) >= 1 || u < 1e-18) break; // past the smallest term
    u *= factor;
  }
  return sums;
}

function decaying(x: number): AiryValue {
  const root = Math.sqrt(x);
  const zeta = (2 / 3) * x * root;
  const [evenU, oddU, evenV, oddV] = asymptoticSums(zeta, (k) => (k % 2 === 0 ? 1 : -1));
  const front = exp(-zeta) / (2 * Math.sqrt(Math.PI));
  const fourth = Math.sqrt(root);
  return { ai: (front / fourth) * (evenU + oddU), derivative: -front * fourth * (evenV + oddV) };
}

/** Ai(−x) for large x. */
function oscillating(x: number): AiryValue {
  const root = Math.sqrt(x);
  const zeta = (2 / 3) * x * root;
  const [evenU, oddU, evenV, oddV] = asymptoticSums(zeta, (k) => ((k >> 1) % 2 === 0 ? 1 : -1));
  const cosine = cos(zeta - Math.PI / 4);
  const sine = sin(zeta - Math.PI / 4);
  const fourth = Math.sqrt(root);
  const front = 1 / Math.sqrt(Math.PI);
  return {
    ai: (front / fourth) * (cosine * evenU + sine * oddU),
    derivative: front * fourth * (sine * evenV - cosine * oddV),
  };
}
