import { cos, sin } from "../core/index.js";
import type { QuadratureRule } from "./quadrature-rule.js";

/**
 * Odd functions φ_1, φ_2, φ_3 of the angle, as coefficients of θ, θ³, θ⁵, …: with u = n + 1/2 and
 * φ = θ + φ_1/u² + φ_2/u⁴ + φ_3/u⁶ + O(u⁻⁸), √(sin θ) P_n(cos θ) = √(φ/φ′) J_0(u φ). φ solves
 * (u² + 1/(4φ²)) φ′² + {φ, θ}/2 = u² + 1/(4 sin² θ), order by order ({ , } the Schwarzian derivative); φ_1 = (1/θ − cot θ)/8.
 * Rounded from rational numbers; their number suffices for 1e-17 at θ <= π/2 and n >= 200, where the first term left out is
 * below 1e-18. test/fixtures/special/gauss-legendre-phase.py derives them.
 */
const FIRST = [
  0.041666666666666664, 0.002777777777777778, 0.00026455026455026457, 2.6455026455026456e-5, 2.672224894447117e-6,
  2.7055053510079965e-7, 2.7407434814842222e-8, 2.7768260987474598e-9, 2.8134808146011243e-10, 2.850643900574023e-11,
  2.888304074875328e-12, 2.9264633524781103e-13, 2.9651271750292066e-14, 3.004301916663463e-15, 3.043994253647921e-16,
  3.0842110056465093e-17, 3.1249590964026012e-18, 3.1662455446757936e-19,
] as const;
const SECOND = [
  -0.006423611111111111, -0.0015266754850088184, -0.0003036816578483245, -5.1540537651648765e-5, -7.895307057564554e-6,
  -1.1281259076673539e-6, -1.5334675698821356e-7, -2.0079692034388287e-8, -2.554140865551961e-9, -3.174570644907543e-10,
  -3.8719178262575884e-11, -4.6489112172539145e-12, -5.508349515358845e-13, -6.453102432996158e-14,
  -7.486112102447398e-15, -8.61039459316785e-16, -9.829041485885112e-17, -1.1145221485870385e-17,
  -1.2562182070230738e-18,
] as const;
const THIRD = [
  0.003552482914462081, 0.0018061755952380953, 0.000611398792822404, 0.00015737473668470142, 3.400941173758634e-5,
  6.517796770448757e-6, 1.1446136300264021e-6, 1.8810499815638594e-7, 2.9344055399430727e-8,
] as const;

/** The first zeros j of J_0, before the expansion of McMahon takes over. */
const ZEROS = [
  2.404825557695773, 5.520078110286311, 8.653727912911013, 11.791534439014281, 14.930917708487787, 18.071063967910924,
  21.21163662987926, 24.352471530749302, 27.493479132040253, 30.634606468431976, 33.77582021357357, 36.917098353664045,
  40.05842576462824, 43.19979171317673, 46.341188371661815, 49.482609897397815, 52.624051841115, 55.76551075501998,
  58.90698392608094, 62.048469190227166,
] as const;

/** j J_1(j)² at those zeros. */
const SLOPES = [
  0.648134453415508, 0.6391154085935381, 0.6376616336296979, 0.6371859053663432, 0.6369742859829496, 0.6368623065495274,
  0.6367960302661276, 0.6367536069928467, 0.6367248326035309, 0.6367044260678117, 0.6366894327517111,
  0.6366780952221107, 0.6366693151849153, 0.6366623777142765, 0.6366568012398947, 0.6366522517914336,
  0.6366484918714181, 0.6366453488537629, 0.6366426948296805, 0.636640433396573,
] as const;

/** The rule of {@link gaussLegendre} for n >= 200 from the zeros of J_0, O(1) flops per node [bogaert2014]. */
export function gaussLegendreLarge(n: number): QuadratureRule {
  const nodes = new Float64Array(n);
  const weights = new Float64Array(n);
  const u = n + 0.5;
  const v = 1 / (u * u);
  for (let i = 0; 2 * i < n; i++) {
    const middle = 2 * i + 1 === n;
    const tabulated = i < ZEROS.length;
    const b = Math.PI * (i + 0.75);
    const excess = tabulated ? 0 : mcMahon(b); // j − b
    const zero = tabulated ? ZEROS[i] : b + excess;
    const alpha = zero / u;
    // φ(θ) = α by fixed points: each step gains a factor 0.1/u² or better.
    let theta = alpha;
    let shift = 0;
    for (let step = 0; step < 4; step++) {
      shift = phaseShift(theta, v);
      theta = alpha - shift;
    }
    // Beyond 45° the node follows ψ = π/2 − θ, whose leading part is exact; the corrections are of size 1/u².
    const psi = (Math.PI * (n - 1 - 2 * i)) / (2 * n + 1) - excess / u + shift;
    const outer = tabulated || theta < Math.PI / 4;
    const node = middle ? 0 : outer ? cos(theta) : sin(psi);
    const sine = outer ? sin(theta) : cos(psi);
    const slope = tabulated ? SLOPES[i] : besselSlope(zero);
    // P_n' = −√(φ φ'/sin θ) u J_1(uφ) at a zero, and w = 2/(dP_n/dθ)².
    const weight = (2 * sine) / ((1 + phaseSlope(theta, v)) * u * slope);
    nodes[n - 1 - i] = node;
    nodes[i] = middle ? 0 : -node;
    weights[i] = weight;
    weights[n - 1 - i] = weight;
  }
  return { nodes, weights };
}

/** φ(θ) − θ. */
function phaseShift(theta: number, v: number): number {
  const s = theta * theta;
  return theta * v * (even(FIRST, s) + v * (even(SECOND, s) + v * even(THIRD, s)));
}

/** φ′(θ) − 1. */
function phaseSlope(theta: number, v: number): number {
  const s = theta * theta;
  return v * (evenSlope(FIRST, s) + v * (evenSlope(SECOND, s) + v * evenSlope(THIRD, s)));
}

/** Σ c_k sᵏ. */
function even(c: readonly number[], s: number): number {
  let sum = 0;
  for (let k = c.length - 1; k >= 0; k--) sum = sum * s + c[k];
  return sum;
}

/** Σ (2k + 1) c_k sᵏ: the derivative of Σ c_k θ^{2k+1}. */
function evenSlope(c: readonly number[], s: number): number {
  let sum = 0;
  for (let k = c.length - 1; k >= 0; k--) sum = sum * s + (2 * k + 1) * c[k];
  return sum;
}

/** j_{0,k} − b for b = (k − 1/4)π, k > 20: [dlmf2025, 10.21.19], the terms left out are below 1e-18 relative. */
function mcMahon(b: number): number {
  const a = 1 / (8 * b);
  const s = a * a;
  return a * (1 + s * (-124 / 3 + s * (120928 / 15 + s * (-401743168 / 105 + (s * 1071187749376) / 315))));
}

/** x J_1(x)² at a zero of J_0 beyond 60, 4/(π² x M²) by the modulus M² of [dlmf2025, 10.18.17]. */
function besselSlope(x: number): number {
  const s = 1 / (4 * x * x);
  const sum = 1 + s * (-1 / 2 + s * (27 / 8 + s * (-1125 / 16 + (s * 385875) / 128)));
  return 2 / (Math.PI * sum);
}
