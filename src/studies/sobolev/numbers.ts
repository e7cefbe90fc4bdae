import { exp, log } from "../../core/index.js";

/** n numbers from a to b, equally spaced in their logarithms. */
export function logSpaced(a: number, b: number, n: number): number[] {
  const step = n === 1 ? 0 : log(b / a) / (n - 1);
  return Array.from({ length: n }, (_, i) => (i === n - 1 ? b : a * exp(i * step)));
}

/** Slope of the least-squares line through (ln x, ln y); pairs with y = 0 are left out. */
export function logSlope(x: ArrayLike<number>, y: ArrayLike<number>): number {
  const pairs = Array.from(x, (value, i) => [value, y[i]] as const)
    .filter(([a, b]) => a > 0 && b > 0)
    .map(([a, b]) => [log(a), log(b)] as const);
  const mean = (j: 0 | 1): number => pairs.reduce((sum, pair) => sum + pair[j], 0) / pairs.length;
  const [mx, my] = [mean(0), mean(1)];
  let above = 0;
  let below = 0;
  for (const [a, b] of pairs) {
    above += (a - mx) * (b - my);
    below += (a - mx) * (a - mx);
  }
  return above / below;
}

/** Minimiser of a function with one minimum on [a, b], by golden section: the slow twin of the exact walk along envelopes. */
export function goldenSection(f: (x: number) => number, a: number, b: number, steps: number): number {
  const ratio = (Math.sqrt(5) - 1) / 2;
  let [low, high] = [a, b];
  let left = high - ratio * (high - low);
  let right = low + ratio * (high - low);
  let [atLeft, atRight] = [f(left), f(right)];
  for (let i = 0; i < steps; i++) {
    if (atLeft <= atRight) {
      [high, right, atRight] = [right, left, atLeft];
      left = high - ratio * (high - low);
      atLeft = f(left);
    } else {
      [low, left, atLeft] = [left, right, atRight];
      right = low + ratio * (high - low);
      atRight = f(right);
    }
  }
  return (low + high) / 2;
}
