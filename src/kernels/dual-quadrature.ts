import { square, exp, atan2, cos } from "../core/index.js";
import { type Activation, gaussLegendre, gaussianExpectation, hasJump } from "../special/index.js";
import { type DualFormula, type DualValue, type PairCovariance, emptyDual } from "./dual-record.js";
import { quadratureGaps } from "./dual-quadrature-gaps.js";
import { hermiteDual } from "./dual-hermite.js";
import { quadratureSlopes } from "./dual-slopes.js";

/** Range of the standard normal in the quadratures: density 3e-23 relative at the end. */
const RANGE = 10;

/** Variances whose own dual is kept. */
const KEPT = 4096;

/** Accepted error of the trapezoidal rule, relative to the scale of the integrand. */
const TARGET = 1e-14;

/** Its finest step. */
const FINEST = 1 / 32;

/**
 * Dual of an activation without closed form, by quadrature over the plane.
 *
 * With u = √k11 x, v = √k22 (t x + √(1 − t²) y) and independent normals x, y:
 * smooth functions use their Hermite expansion where its rest is below 1e-13, else the trapezoidal rule (whose error
 * falls like e^{−2πa/h}, a the width of the strip of analyticity);
 * a kink at 0 uses polar coordinates split at the four directions in which u or v changes sign, where the integrand is
 * analytic between the splits; other kinks use nested adaptive panels. The error is the disagreement of two resolutions.
 *
 * @param hasDerivative whether φ′ is given
 * @param exactSecond whether φ″ is given (and not a difference of φ′): then the dual can be differentiated
 */
export function quadratureDual(phi: Activation, hasDerivative: boolean, exactSecond: boolean): DualFormula {
  const smooth = phi.kinks.length === 0;
  const integrate = smooth ? trapezoid : phi.kinks.every((kink) => kink === 0) ? polar : nested;
  const expanded = smooth ? hermiteDual(phi, hasDerivative) : null;
  /** Values of varianceInto: in a Gram matrix every point asks for its own once per partner. */
  const variances = new Map<number, DualValue>();
  const own = emptyDual();
  const varianceOf = (k: number): number => {
    varianceInto(k, own);
    return own.value;
  };
  const varianceInto = (k: number, out: DualValue): void => {
    const known = variances.get(k);
    if (known !== undefined) {
      Object.assign(out, known);
      return;
    }
    const value = gaussianExpectation((x) => square(phi.value(x)), { variance: k, kinks: phi.kinks });
    out.value = value.value;
    out.error = value.error;
    out.gap = out.excess = out.sineSquared = 0;
    out.sum = 2 * value.value;
    out.derivative = 0;
    if (hasDerivative) {
      const derivative = gaussianExpectation((x) => square(phi.derivative(x)), { variance: k, kinks: phi.kinks });
      out.derivative = derivative.value;
      out.error += derivative.error;
    }
    if (variances.size === KEPT) variances.delete(variances.keys().next().value!);
    variances.set(k, { ...out });
  };
  return {
    name: phi.name,
    method: "quadrature",
    linearAbsolute: null,
    differentiable: hasDerivative && !hasJump(phi),
    slopesInto:
      hasDerivative && exactSecond && phi.kinks.length === 0
        ? (pair, out): void => quadratureSlopes(phi, pair, out)
        : null,
    evaluateInto(pair, out) {
      const first = varianceOf(pair.k11);
      const second = pair.k22 === pair.k11 ? first : varianceOf(pair.k22);
      if (expanded !== null && expanded(pair, [first, second], out)) return;
      quadratureGaps(phi, hasDerivative, pair, [first, second], () => integrate(phi, hasDerivative, pair, out), out);
    },
    varianceInto,
  };
}

/** The orthogonal frame of a pair: u = a x, v = b x + c y. */
function frameOf({ k11, k12, k22, sineSquared }: PairCovariance): { a: number; b: number; c: number } {
  const a = Math.sqrt(k11);
  if (a === 0) return { a, b: 0, c: Math.sqrt(k22) };
  return { a, b: k12 / a, c: Math.sqrt(sineSquared * k22) };
}

function trapezoid(phi: Activation, hasDerivative: boolean, pair: PairCovariance, out: DualValue): void {
  const { a, b, c } = frameOf(pair);
  let previous = { value: Number.NaN, derivative: Number.NaN };
  for (let h = 0.5; h >= FINEST; h /= 2) {
    const n = Math.ceil(RANGE / h);
    // For c = 0 (v a multiple of u) the y-integral is 1. One step for both: the lattices of two levels must not share their aliases.
    const step = c === 0 ? 1 : h;
    const m = c === 0 ? 0 : n;
    let value = 0;
    let derivative = 0;
    let size = 0;
    for (let i = -n; i <= n; i++) {
      const x = i * h;
      const left = exp(-0.5 * x * x);
      const value1 = left * phi.value(a * x);
      const derivative1 = hasDerivative ? left * phi.derivative(a * x) : 0;
      // Row sums first: one long sum of n² terms would carry n² roundings.
      let rowValue = 0;
      let rowDerivative = 0;
      let rowSize = 0;
      for (let j = -m; j <= m; j++) {
        const y = j * step;
        const right = c === 0 ? Math.sqrt(2 * Math.PI) : exp(-0.5 * y * y);
        const term = phi.value(b * x + c * y) * right;
        rowValue += term;
        rowSize += Math.abs(term);
        if (hasDerivative) rowDerivative += phi.derivative(b * x + c * y) * right;
      }
      value += value1 * rowValue;
      size += Math.abs(value1) * rowSize;
      derivative += derivative1 * rowDerivative;
    }
    const scale = (h * step) / (2 * Math.PI);
    value *= scale;
    derivative *= scale;
    size *= scale;
    out.value = value;
    out.derivative = derivative;
    const gap = Math.max(Math.abs(value - previous.value), Math.abs(derivative - previous.derivative));
    const scaleOfError = size + Math.abs(derivative);
    // Halving the step squares the error of the rule: 1e-8 of disagreement means 1e-16 of error.
    const reached = (gap / scaleOfError) * gap;
    out.error = Number.isNaN(gap) ? Infinity : Math.min(gap, 100 * reached) + 8 * Number.EPSILON * scaleOfError;
    if (100 * reached <= TARGET * scaleOfError) return;
    previous = { value, derivative };
  }
}

const angularRules = [/* @__PURE__ */ gaussLegendre(20), /* @__PURE__ */ gaussLegendre(28)] as const;
const radialRules = [/* @__PURE__ */ gaussLegendre(20), /* @__PURE__ */ gaussLegendre(28)] as const;
const RADIAL_PANELS = [0, 0.75, 1.5, 2.5, 4, 6, RANGE] as const;

function polar(phi: Activation, hasDerivative: boolean, pair: PairCovariance, out: DualValue): void {
  const first = Math.sqrt(pair.k11);
  const second = Math.sqrt(pair.k22);
  const psi = atan2(Math.sqrt(pair.sineSquared) * first * second, pair.k12);
  // u = √k11 r cos α, v = √k22 r cos(α − ψ): signs change at ±π/2 and ψ ± π/2.
  const splits = [-Math.PI / 2, psi - Math.PI / 2, Math.PI / 2, psi + Math.PI / 2, (3 * Math.PI) / 2];
  const sums = [0, 1].map((level) => {
    let value = 0;
    let derivative = 0;
    const angular = angularRules[level];
    const radial = radialRules[level];
    for (let p = 0; p < 4; p++) {
      const half = (splits[p + 1] - splits[p]) / 2;
      if (half <= 0) continue;
      for (let i = 0; i < angular.nodes.length; i++) {
        // Angles measured from the nearer end keep their sign at the split itself.
        const alpha = (splits[p] + splits[p + 1]) / 2 + half * angular.nodes[i];
        const cu = first * cos(alpha);
        const cv = second * cos(alpha - psi);
        for (let q = 0; q + 1 < RADIAL_PANELS.length; q++) {
          const radius = (RADIAL_PANELS[q + 1] - RADIAL_PANELS[q]) / 2;
          const centre = (RADIAL_PANELS[q + 1] + RADIAL_PANELS[q]) / 2;
          for (let k = 0; k < radial.nodes.length; k++) {
            const r = centre + radius * radial.nodes[k];
            const weight = half * angular.weights[i] * radius * radial.weights[k] * r * exp(-0.5 * r * r);
            value += weight * phi.value(r * cu) * phi.value(r * cv);
            if (hasDerivative) derivative += weight * phi.derivative(r * cu) * phi.derivative(r * cv);
          }
        }
      }
    }
    return { value: value / (2 * Math.PI), derivative: derivative / (2 * Math.PI) };
  });
  out.value = sums[1].value;
  out.derivative = sums[1].derivative;
  const gap = Math.max(Math.abs(sums[1].value - sums[0].value), Math.abs(sums[1].derivative - sums[0].derivative));
  out.error = gap + 16 * Number.EPSILON * (Math.abs(out.value) + Math.abs(out.derivative) + Math.abs(first * second));
}

function nested(phi: Activation, hasDerivative: boolean, pair: PairCovariance, out: DualValue): void {
  const { a, b, c } = frameOf(pair);
  const outerKinks = a === 0 ? [] : phi.kinks.map((kink) => kink / a);
  const expectation = (f: (x: number) => number): { value: number; error: number } => {
    let innerError = 0;
    const outer = gaussianExpectation(
      (x) => {
        const inner = gaussianExpectation(f, { mean: b * x, variance: c * c, kinks: phi.kinks });
        innerError = Math.max(innerError, inner.error);
        return f(a * x) * inner.value;
      },
      // Where v has its kink at y = 0 the inner mean is smooth, but on the scale c/b: a split there saves bisections.
      { kinks: b === 0 ? outerKinks : [...outerKinks, ...phi.kinks.map((kink) => kink / b)] },
    );
    return { value: outer.value, error: outer.error + innerError };
  };
  const value = expectation((x) => phi.value(x));
  out.value = value.value;
  out.error = value.error;
  out.derivative = 0;
  if (hasDerivative) {
    const derivative = expectation((x) => phi.derivative(x));
    out.derivative = derivative.value;
    out.error += derivative.error;
  }
}
