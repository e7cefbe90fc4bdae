import { type FftStage, passConstants } from "./fft-tables.js";

/**
 * Passes of the Stockham transform: a pass of radix p takes `span` interleaved sub-transforms of length p·m apart and
 * leaves p·span of length m, in natural order, so no reordering is needed at the end.
 *
 * Entry (k, q, r) of the input lies at k + span (q + m r), of the output at k + span (p q + r), k < span, q < m, r < p;
 * output r is multiplied by exp(−2πi q r / (p m)). Complex numbers are interleaved pairs.
 */
export type FftPass = (
  x: Float64Array,
  y: Float64Array,
  twiddles: Float64Array,
  first: number,
  span: number,
  m: number,
) => void;

/** The pass of a radix. */
function fftPass(radix: number): FftPass {
  if (radix > 7) return primePass(radix);
  return radix === 4 ? pass4 : radix === 2 ? pass2 : radix === 3 ? pass3 : radix === 5 ? pass5 : pass7;
}

/** Passes from one work space to the other, beginning with `input`; what it gives returns the one with the result. */
export function passRunner(
  stages: readonly FftStage[],
  twiddles: Float64Array,
  input: Float64Array,
  other: Float64Array,
): () => Float64Array {
  const passes: FftPass[] = stages.map(({ radix }) => fftPass(radix));
  return () => {
    let from = input;
    let to = other;
    for (let i = 0; i < stages.length; i++) {
      passes[i](from, to, twiddles, stages[i].first, stages[i].span, stages[i].m);
      [from, to] = [to, from];
    }
    return from;
  };
}

function pass2(x: Float64Array, y: Float64Array, twiddles: Float64Array, first: number, span: number, m: number): void {
  const far = 2 * span * m;
  const step = 2 * span;
  if (m === 1) {
    for (let i = 0; i < step; i++) {
      const a = x[i];
      const b = x[i + far];
      y[i] = a + b;
      y[i + step] = a - b;
    }
    return;
  }
  for (let q = 0; q < m; q++) {
    const wr = twiddles[first + 2 * q];
    const wi = twiddles[first + 2 * q + 1];
    for (let k = 0; k < step; k += 2) {
      const i = k + step * q;
      const o = k + 2 * step * q;
      const ar = x[i];
      const ai = x[i + 1];
      const br = x[i + far];
      const bi = x[i + far + 1];
      y[o] = ar + br;
      y[o + 1] = ai + bi;
      const dr = ar - br;
      const di = ai - bi;
      y[o + step] = dr * wr - di * wi;
      y[o + step + 1] = di * wr + dr * wi;
    }
  }
}

function pass3(x: Float64Array, y: Float64Array, twiddles: Float64Array, first: number, span: number, m: number): void {
  const far = 2 * span * m;
  const step = 2 * span;
  const half = 0.5;
  const sine = 0.8660254037844386; // sin(2π/3)
  for (let q = 0; q < m; q++) {
    const w = first + 4 * q;
    const w1r = twiddles[w];
    const w1i = twiddles[w + 1];
    const w2r = twiddles[w + 2];
    const w2i = twiddles[w + 3];
    for (let k = 0; k < step; k += 2) {
      const i = k + step * q;
      const o = k + 3 * step * q;
      const ar = x[i];
      const ai = x[i + 1];
      const br = x[i + far];
      const bi = x[i + far + 1];
      const cr = x[i + 2 * far];
      const ci = x[i + 2 * far + 1];
      const tr = br + cr;
      const ti = bi + ci;
      const ur = ar - half * tr;
      const ui = ai - half * ti;
      // −i sin (b − c)
      const vr = sine * (bi - ci);
      const vi = -sine * (br - cr);
      y[o] = ar + tr;
      y[o + 1] = ai + ti;
      const pr = ur + vr;
      const pi = ui + vi;
      const nr = ur - vr;
      const ni = ui - vi;
      y[o + step] = pr * w1r - pi * w1i;
      y[o + step + 1] = pi * w1r + pr * w1i;
      y[o + 2 * step] = nr * w2r - ni * w2i;
      y[o + 2 * step + 1] = ni * w2r + nr * w2i;
    }
  }
}

function pass4(x: Float64Array, y: Float64Array, twiddles: Float64Array, first: number, span: number, m: number): void {
  const far = 2 * span * m;
  const step = 2 * span;
  for (let q = 0; q < m; q++) {
    const w = first + 6 * q;
    const w1r = twiddles[w];
    const w1i = twiddles[w + 1];
    const w2r = twiddles[w + 2];
    const w2i = twiddles[w + 3];
    const w3r = twiddles[w + 4];
    const w3i = twiddles[w + 5];
    for (let k = 0; k < step; k += 2) {
      const i = k + step * q;
      const o = k + 4 * step * q;
      const ar = x[i];
      const ai = x[i + 1];
      const br = x[i + far];
      const bi = x[i + far + 1];
      const cr = x[i + 2 * far];
      const ci = x[i + 2 * far + 1];
      const dr = x[i + 3 * far];
      const di = x[i + 3 * far + 1];
      const t0r = ar + cr;
      const t0i = ai + ci;
      const t1r = ar - cr;
      const t1i = ai - ci;
      const t2r = br + dr;
      const t2i = bi + di;
      // −i (b − d)
      const t3r = bi - di;
      const t3i = -(br - dr);
      y[o] = t0r + t2r;
      y[o + 1] = t0i + t2i;
      const u1r = t1r + t3r;
      const u1i = t1i + t3i;
      const u2r = t0r - t2r;
      const u2i = t0i - t2i;
      const u3r = t1r - t3r;
      const u3i = t1i - t3i;
      if (m === 1) {
        // The last pass, whose twiddles are ones.
        y[o + step] = u1r;
        y[o + step + 1] = u1i;
        y[o + 2 * step] = u2r;
        y[o + 2 * step + 1] = u2i;
        y[o + 3 * step] = u3r;
        y[o + 3 * step + 1] = u3i;
        continue;
      }
      store(y, o + step, u1r, u1i, w1r, w1i);
      store(y, o + 2 * step, u2r, u2i, w2r, w2i);
      store(y, o + 3 * step, u3r, u3i, w3r, w3i);
    }
  }
}

function pass5(x: Float64Array, y: Float64Array, twiddles: Float64Array, first: number, span: number, m: number): void {
  const far = 2 * span * m;
  const step = 2 * span;
  const root = 0.5590169943749475; // √5/4: cos(2π/5) = √5/4 − 1/4 and cos(4π/5) = −√5/4 − 1/4
  const s1 = 0.9510565162951535; // sin(2π/5)
  const s2 = 0.5877852522924731; // sin(4π/5)
  for (let q = 0; q < m; q++) {
    const w = first + 8 * q;
    const w1r = twiddles[w];
    const w1i = twiddles[w + 1];
    const w2r = twiddles[w + 2];
    const w2i = twiddles[w + 3];
    const w3r = twiddles[w + 4];
    const w3i = twiddles[w + 5];
    const w4r = twiddles[w + 6];
    const w4i = twiddles[w + 7];
    for (let k = 0; k < step; k += 2) {
      const i = k + step * q;
      const o = k + 5 * step * q;
      const ar = x[i];
      const ai = x[i + 1];
      const p1r = x[i + far] + x[i + 4 * far];
      const p1i = x[i + far + 1] + x[i + 4 * far + 1];
      const n1r = x[i + far] - x[i + 4 * far];
      const n1i = x[i + far + 1] - x[i + 4 * far + 1];
      const p2r = x[i + 2 * far] + x[i + 3 * far];
      const p2i = x[i + 2 * far + 1] + x[i + 3 * far + 1];
      const n2r = x[i + 2 * far] - x[i + 3 * far];
      const n2i = x[i + 2 * far + 1] - x[i + 3 * far + 1];
      const tr = p1r + p2r;
      const ti = p1i + p2i;
      y[o] = ar + tr;
      y[o + 1] = ai + ti;
      const ur = ar - 0.25 * tr;
      const ui = ai - 0.25 * ti;
      const vr = root * (p1r - p2r);
      const vi = root * (p1i - p2i);
      const e1r = ur + vr;
      const e1i = ui + vi;
      const e2r = ur - vr;
      const e2i = ui - vi;
      // −i (s1 n1 + s2 n2) and −i (s2 n1 − s1 n2)
      const o1r = s1 * n1i + s2 * n2i;
      const o1i = -(s1 * n1r + s2 * n2r);
      const o2r = s2 * n1i - s1 * n2i;
      const o2i = -(s2 * n1r - s1 * n2r);
      if (m === 1) {
        // The last pass, whose twiddles are ones.
        y[o + step] = e1r + o1r;
        y[o + step + 1] = e1i + o1i;
        y[o + 2 * step] = e2r + o2r;
        y[o + 2 * step + 1] = e2i + o2i;
        y[o + 3 * step] = e2r - o2r;
        y[o + 3 * step + 1] = e2i - o2i;
        y[o + 4 * step] = e1r - o1r;
        y[o + 4 * step + 1] = e1i - o1i;
        continue;
      }
      store(y, o + step, e1r + o1r, e1i + o1i, w1r, w1i);
      store(y, o + 2 * step, e2r + o2r, e2i + o2i, w2r, w2i);
      store(y, o + 3 * step, e2r - o2r, e2i - o2i, w3r, w3i);
      store(y, o + 4 * step, e1r - o1r, e1i - o1i, w4r, w4i);
    }
  }
}

function pass7(x: Float64Array, y: Float64Array, twiddles: Float64Array, first: number, span: number, m: number): void {
  const far = 2 * span * m;
  const step = 2 * span;
  const c1 = 0.6234898018587336; // cos(2π/7)
  const c2 = -0.2225209339563144; // cos(4π/7)
  const c3 = -0.9009688679024191; // cos(6π/7)
  const s1 = 0.7818314824680298; // sin(2π/7)
  const s2 = 0.9749279121818236; // sin(4π/7)
  const s3 = 0.4338837391175581; // sin(6π/7)
  for (let q = 0; q < m; q++) {
    const w = first + 12 * q;
    for (let k = 0; k < step; k += 2) {
      const i = k + step * q;
      const o = k + 7 * step * q;
      const ar = x[i];
      const ai = x[i + 1];
      const p1r = x[i + far] + x[i + 6 * far];
      const p1i = x[i + far + 1] + x[i + 6 * far + 1];
      const n1r = x[i + far] - x[i + 6 * far];
      const n1i = x[i + far + 1] - x[i + 6 * far + 1];
      const p2r = x[i + 2 * far] + x[i + 5 * far];
      const p2i = x[i + 2 * far + 1] + x[i + 5 * far + 1];
      const n2r = x[i + 2 * far] - x[i + 5 * far];
      const n2i = x[i + 2 * far + 1] - x[i + 5 * far + 1];
      const p3r = x[i + 3 * far] + x[i + 4 * far];
      const p3i = x[i + 3 * far + 1] + x[i + 4 * far + 1];
      const n3r = x[i + 3 * far] - x[i + 4 * far];
      const n3i = x[i + 3 * far + 1] - x[i + 4 * far + 1];
      y[o] = ar + (p1r + p2r + p3r);
      y[o + 1] = ai + (p1i + p2i + p3i);
      const e1r = ar + (c1 * p1r + c2 * p2r + c3 * p3r);
      const e1i = ai + (c1 * p1i + c2 * p2i + c3 * p3i);
      const e2r = ar + (c2 * p1r + c3 * p2r + c1 * p3r);
      const e2i = ai + (c2 * p1i + c3 * p2i + c1 * p3i);
      const e3r = ar + (c3 * p1r + c1 * p2r + c2 * p3r);
      const e3i = ai + (c3 * p1i + c1 * p2i + c2 * p3i);
      // −i times the sine sums; sin(8π/7) = −s3, sin(12π/7) = −s1, sin(18π/7) = s2
      const o1r = s1 * n1i + s2 * n2i + s3 * n3i;
      const o1i = -(s1 * n1r + s2 * n2r + s3 * n3r);
      const o2r = s2 * n1i - s3 * n2i - s1 * n3i;
      const o2i = -(s2 * n1r - s3 * n2r - s1 * n3r);
      const o3r = s3 * n1i - s1 * n2i + s2 * n3i;
      const o3i = -(s3 * n1r - s1 * n2r + s2 * n3r);
      store(y, o + step, e1r + o1r, e1i + o1i, twiddles[w], twiddles[w + 1]);
      store(y, o + 2 * step, e2r + o2r, e2i + o2i, twiddles[w + 2], twiddles[w + 3]);
      store(y, o + 3 * step, e3r + o3r, e3i + o3i, twiddles[w + 4], twiddles[w + 5]);
      store(y, o + 4 * step, e3r - o3r, e3i - o3i, twiddles[w + 6], twiddles[w + 7]);
      store(y, o + 5 * step, e2r - o2r, e2i - o2i, twiddles[w + 8], twiddles[w + 9]);
      store(y, o + 6 * step, e1r - o1r, e1i - o1i, twiddles[w + 10], twiddles[w + 11]);
    }
  }
}

/**
 * The pass of an odd prime p. With sums P_j = x_j + x_{p−j} and differences N_j = x_j − x_{p−j}, j = 1 … h = (p − 1)/2, outputs
 * k and p − k are E ∓ i O for E = x_0 + Σ cos(2π k j/p) P_j and O = Σ sin(2π k j/p) N_j: real factors, half of them shared.
 */
function primePass(p: number): FftPass {
  const h = (p - 1) / 2;
  // P_j and N_j, real and imaginary parts, of one butterfly.
  const room = new Float64Array(4 * h);
  return (x, y, twiddles, first, span, m) => {
    const far = 2 * span * m;
    const step = 2 * span;
    for (let q = 0; q < m; q++) {
      const w = first + passConstants(p) + 2 * (p - 1) * q;
      for (let k = 0; k < step; k += 2) {
        const i = k + step * q;
        const o = k + p * step * q;
        const ar = x[i];
        const ai = x[i + 1];
        let [sr, si] = [ar, ai];
        for (let j = 0; j < h; j++) {
          const u = i + (j + 1) * far;
          const v = i + (p - 1 - j) * far;
          room[4 * j] = x[u] + x[v];
          room[4 * j + 1] = x[u + 1] + x[v + 1];
          room[4 * j + 2] = x[u] - x[v];
          room[4 * j + 3] = x[u + 1] - x[v + 1];
          sr += room[4 * j];
          si += room[4 * j + 1];
        }
        y[o] = sr;
        y[o + 1] = si;
        for (let r = 1, c = first; r <= h; r++) {
          let [er, ei, or, oi] = [ar, ai, 0, 0];
          for (let j = 0; j < 4 * h; j += 4, c += 2) {
            const cosine = twiddles[c];
            const sine = twiddles[c + 1];
            er += cosine * room[j];
            ei += cosine * room[j + 1];
            or += sine * room[j + 2];
            oi += sine * room[j + 3];
          }
          const low = o + r * step;
          const high = o + (p - r) * step;
          if (m === 1) {
            // The last pass, whose twiddles are ones.
            y[low] = er + oi;
            y[low + 1] = ei - or;
            y[high] = er - oi;
            y[high + 1] = ei + or;
            continue;
          }
          const a = w + 2 * (r - 1);
          const b = w + 2 * (p - r - 1);
          store(y, low, er + oi, ei - or, twiddles[a], twiddles[a + 1]);
          store(y, high, er - oi, ei + or, twiddles[b], twiddles[b + 1]);
        }
      }
    }
  };
}

/** y[o] ← u w for complex u and w. */
function store(y: Float64Array, o: number, ur: number, ui: number, wr: number, wi: number): void {
  y[o] = ur * wr - ui * wi;
  y[o + 1] = ui * wr + ur * wi;
}
