import { acos, cos, sin } from "../core/index.js";
import { type Coroutine, multiply } from "./products.js";

/** A polynomial that is near 1 on a window of the spectrum and near 0 elsewhere. */
export interface ChebyshevFilter {
  /** Middle of the interval that holds the spectrum. */
  readonly center: number;
  /** Half of its width. */
  readonly halfWidth: number;
  /** Coefficients of the Chebyshev polynomials, from degree 0 on. */
  readonly coefficients: Float64Array;
}

/**
 * The Chebyshev expansion of the indicator of [lower, upper], damped by Jackson's factors: between 0 and 1 on the whole
 * interval (the kernel is positive), about 1/2 at the ends of the window, and falling over an angle of about π/degree.
 * @see [weisse2006]
 */
export function createFilter(
  bounds: readonly [number, number],
  window: readonly [number, number],
  degree: number,
): ChebyshevFilter {
  const center = bounds[0] / 2 + bounds[1] / 2;
  const halfWidth = bounds[1] / 2 - bounds[0] / 2;
  const [low, high] = anglesOf(center, halfWidth, window);
  const q = Math.PI / (degree + 2);
  const coefficients = new Float64Array(degree + 1);
  coefficients[0] = (low - high) / Math.PI;
  for (let k = 1; k <= degree; k++) {
    const indicator = (2 * (sin(k * low) - sin(k * high))) / (k * Math.PI);
    const damping = ((degree - k + 2) * cos(k * q) + (sin(k * q) * cos(q)) / sin(q)) / (degree + 2);
    coefficients[k] = indicator * damping;
  }
  return { center, halfWidth, coefficients };
}

/** Angles whose cosines are the mapped ends of the window, the lower end first; ends outside the bounds are clipped. */
export function anglesOf(center: number, halfWidth: number, window: readonly [number, number]): [number, number] {
  const map = (x: number): number => acos(Math.max(-1, Math.min(1, (x - center) / halfWidth)));
  return [map(window[0]), map(window[1])];
}

/** The value of the filter at a point. */
export function filterAt({ center, halfWidth, coefficients }: ChebyshevFilter, x: number): number {
  const angle = acos(Math.max(-1, Math.min(1, (x - center) / halfWidth)));
  let sum = 0;
  for (let k = 0; k < coefficients.length; k++) sum += coefficients[k] * cos(k * angle);
  return sum;
}

/** out ← p(A) v with `degree` products and three vectors. */
export function* applyFilter(
  { center, halfWidth, coefficients }: ChebyshevFilter,
  v: Float64Array,
  out: Float64Array,
): Coroutine<void> {
  const n = v.length;
  const degree = coefficients.length - 1;
  let before = v.slice(); // T_{k−1}(A) v
  let now = new Float64Array(n); // T_k(A) v
  const product = new Float64Array(n);
  if (degree > 0) {
    yield* multiply(v, product);
    for (let i = 0; i < n; i++) now[i] = (product[i] - center * v[i]) / halfWidth;
  }
  for (let i = 0; i < n; i++) out[i] = coefficients[0] * v[i] + (degree > 0 ? coefficients[1] * now[i] : 0);
  const factor = 2 / halfWidth;
  for (let k = 2; k <= degree; k++) {
    yield* multiply(now, product);
    const c = coefficients[k];
    for (let i = 0; i < n; i++) {
      const next = factor * (product[i] - center * now[i]) - before[i];
      before[i] = next;
      out[i] += c * next;
    }
    [before, now] = [now, before];
  }
}
