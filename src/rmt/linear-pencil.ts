import { square } from "../core/index.js";
import { type Complex, complex, minus, modulus, over, plus, squareRoot, stretch, times } from "./complex.js";

/** Ratios and activation constant of a network of linear width. */
export interface PencilModel {
  /** n / d_0: samples over inputs. */
  readonly dataRatio: number;
  /** n / d_l for the hidden layers l = 1 … L. */
  readonly widthRatios: readonly number[];
  /** b² = (E σ′)², in (0, 1]. */
  readonly bSquared: number;
}

const TOLERANCE = 1e-14; // relative change of a solved s
const SECANT_STEPS = 80;

/** ∫ dμ(t) / (t − z) for the Marchenko–Pastur law of variance 1: the product of roots is analytic off the support. */
export function marchenkoPasturTransform(ratio: number, z: Complex): Complex {
  const root = Math.sqrt(ratio);
  const product = times(
    squareRoot(minus(z, complex(square(1 - root)))),
    squareRoot(minus(z, complex(square(1 + root)))),
  );
  return over(plus(minus(complex(1 - ratio), z), product), stretch(z, 2 * ratio));
}

/** What a solve reports besides its value. */
export interface PencilStatus {
  /** Largest relative residual of the fixed points at the last evaluation. */
  residual: number;
}

/**
 * Evaluates T_L(z, w) = lim n⁻¹ tr (z₋₁ I + Σ z_k X_kᵀX_k)⁻¹ (w₋₁ I + Σ w_k X_kᵀX_k) by the recursion over the layers.
 *
 * At each layer a scalar s in the upper half plane solves s = 1/z_l + g_l T_{l−1}(z′(s), …): damped fixed point, sped up by
 * secant steps that stay in the half plane. Solutions are kept as starts of the next call.
 * [fan2020]
 */
export function createPencil(model: PencilModel): {
  evaluate(z: readonly Complex[], w: readonly Complex[]): Complex;
  status: PencilStatus;
} {
  const { dataRatio, widthRatios, bSquared: b2 } = model;
  const starts: (Complex | null)[] = widthRatios.map(() => null);
  const status: PencilStatus = { residual: 0 };
  const ground = (z: readonly Complex[], w: readonly Complex[]): Complex => {
    const [A, B] = z;
    const [c, d] = w;
    const m = marchenkoPasturTransform(dataRatio, stretch(over(A, B), -1));
    const share = over(d, B);
    return plus(share, times(minus(c, times(share, A)), over(m, B)));
  };
  const lowered = (z: readonly Complex[], s: Complex): Complex[] => {
    const out = z.slice(0, -1);
    const inverse = over(complex(1), s);
    out[0] = plus(out[0], stretch(inverse, 1 - b2));
    out[out.length - 1] = plus(out[out.length - 1], stretch(inverse, b2));
    return out;
  };
  const layer = (l: number, z: readonly Complex[], w: readonly Complex[]): Complex => {
    if (l === 0) return ground(z, w);
    const last = z[z.length - 1];
    const direct = over(complex(1), last);
    const inner: Complex[] = z.slice(0, -1).map(() => complex(0));
    inner[0] = complex(1 - b2);
    inner[inner.length - 1] = plus(inner[inner.length - 1], complex(b2));
    const phi = (s: Complex): Complex => plus(direct, stretch(layer(l - 1, lowered(z, s), inner), widthRatios[l - 1]));
    const { root, residual } = solveHalfPlane(phi, starts[l - 1]);
    starts[l - 1] = root;
    status.residual = Math.max(status.residual, residual);
    const share = over(w[w.length - 1], last);
    const rest = w.slice(0, -1).map((entry, k) => minus(entry, times(share, z[k])));
    return plus(share, layer(l - 1, lowered(z, root), rest));
  };
  return {
    status,
    evaluate(z, w) {
      status.residual = 0;
      return layer(widthRatios.length, z, w);
    },
  };
}

/** Solves s = φ(s) in the open upper half plane, where the solution is unique. */
function solveHalfPlane(phi: (s: Complex) => Complex, start: Complex | null): { root: Complex; residual: number } {
  let s = start ?? complex(1, 1);
  if (!(s.im > 0)) s = complex(s.re, Math.max(modulus(s), 1));
  let image = phi(s);
  let best = { root: s, residual: relative(image, s) };
  let previous: { s: Complex; error: Complex } | null = null;
  for (let step = 0; step < SECANT_STEPS; step++) {
    const error = minus(image, s);
    const size = relative(image, s);
    if (size < best.residual) best = { root: s, residual: size };
    if (size <= TOLERANCE) return best;
    let next: Complex | null = null;
    if (previous !== null) {
      const slope = minus(error, previous.error);
      if (modulus(slope) > 0) {
        const candidate = minus(s, times(error, over(minus(s, previous.s), slope)));
        // A wild step, or one that leaves the half plane, is replaced by the damped fixed point.
        if (candidate.im > 0 && modulus(minus(candidate, s)) < 4 * (modulus(s) + modulus(error))) next = candidate;
      }
    }
    // Every eighth step is damped in any case: secants alone may cycle.
    if (next === null || step % 8 === 7) next = stretch(plus(s, image), 0.5);
    previous = { s, error };
    s = next;
    image = phi(s);
  }
  return best;
}

function relative(image: Complex, s: Complex): number {
  return modulus(minus(image, s)) / Math.max(modulus(s), Number.MIN_VALUE);
}
