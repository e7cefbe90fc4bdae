import { sinh, log1p, hypot } from "../core/index.js";
import { gaussLegendre } from "../special/index.js";
import type { SpectralActivation } from "./activation.js";

const PANEL = 0.5; // length of a quadrature panel in the stretched variable; 16 points then give full precision
const rule = /* @__PURE__ */ (() => {
  let cached: ReturnType<typeof gaussLegendre> | null = null;
  return () => (cached ??= gaussLegendre(16));
})();

/**
 * P(w) = ∫₀^w γ / (γ′ √(4x² + c²)) dx, so that α²/2 − Σ P(w_i) is conserved by the flow with trained α.
 *
 * With x = (|c|/2) sinh s the root cancels: P = ½ ∫ γ(x)/γ′(x) ds. Balanced factors (c = 0) have the regular integrand
 * γ(x)/(2 x γ′(x)) instead. Even in w, as γ is odd.
 */
export function alphaPotential(gamma: SpectralActivation, w: number, c: number): number {
  const end = Math.abs(w);
  if (end === 0) return 0;
  const half = Math.abs(c) / 2;
  const ratio = (x: number): number => gamma.value(x) / gamma.derivative(x);
  if (half === 0) {
    const integrand = (x: number): number => (x === 0 ? 1 : ratio(x) / x);
    return 0.5 * integrate(integrand, 0, end);
  }
  const x = end / half;
  const arsinh = log1p(x + (x * x) / (1 + hypot(1, x)));
  return 0.5 * integrate((s) => ratio(half * sinh(s)), 0, arsinh);
}

function integrate(f: (x: number) => number, from: number, to: number): number {
  const panels = Math.max(1, Math.ceil((to - from) / PANEL));
  const { nodes, weights } = rule();
  const width = (to - from) / panels;
  let sum = 0;
  for (let panel = 0; panel < panels; panel++) {
    const middle = from + (panel + 0.5) * width;
    for (let i = 0; i < nodes.length; i++) sum += weights[i] * f(middle + 0.5 * width * nodes[i]);
  }
  return 0.5 * width * sum;
}
