import { cosTurns, sinTurns } from "../../src/core/index.js";
import type { ComplexArray } from "../../src/fft/index.js";

/** Compensated sum of products: Dekker product and Knuth sum, so that the reference has no error of its own to speak of. */
class Accumulator {
  private sum = 0;
  private rest = 0;

  add(a: number, b: number): void {
    const p = a * b;
    const ca = 134217729 * a;
    const ah = ca - (ca - a);
    const al = a - ah;
    const cb = 134217729 * b;
    const bh = cb - (cb - b);
    const bl = b - bh;
    this.rest += al * bl - (p - ah * bh - al * bh - ah * bl);
    const total = this.sum + p;
    const back = total - this.sum;
    this.rest += this.sum - (total - back) + (p - back);
    this.sum = total;
  }

  get value(): number {
    return this.sum + this.rest;
  }
}

/** The definition, X_k = Σ_j x_j e^{−2πi jk/n}, with compensated sums. */
export function naiveDft(re: ArrayLike<number>, im: ArrayLike<number>): ComplexArray {
  const n = re.length;
  const out = { re: new Float64Array(n), im: new Float64Array(n) };
  for (let k = 0; k < n; k++) {
    const real = new Accumulator();
    const imaginary = new Accumulator();
    for (let j = 0; j < n; j++) {
      const c = cosTurns((j * k) % n, n);
      const s = sinTurns((j * k) % n, n);
      real.add(re[j], c);
      real.add(im[j], s);
      imaginary.add(im[j], c);
      imaginary.add(-re[j], s);
    }
    out.re[k] = real.value;
    out.im[k] = imaginary.value;
  }
  return out;
}

/** ‖a − b‖ / ‖b‖ in the 2-norm over both parts; 0 when both vanish. */
export function relativeError(a: ComplexArray, b: ComplexArray): number {
  if (a.re.length !== b.re.length || a.im.length !== b.im.length) return Infinity;
  let difference = 0;
  let size = 0;
  for (let i = 0; i < b.re.length; i++) {
    difference += (a.re[i] - b.re[i]) ** 2 + (a.im[i] - b.im[i]) ** 2;
    size += b.re[i] ** 2 + b.im[i] ** 2;
  }
  const error = difference === 0 ? 0 : Math.sqrt(difference / size);
  return Number.isNaN(error) ? Infinity : error;
}

/** The bound of the two back ends and of every transform here: factor · ε · max(1, log₂ n). */
export function fftTolerance(factor: number, n: number): number {
  return factor * 2 ** -52 * Math.max(1, Math.log2(n));
}
