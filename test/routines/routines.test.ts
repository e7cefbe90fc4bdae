import { expect, test } from "vitest";
import { createRng, type Rng } from "../../src/random/index.js";
import {
  axpy,
  dot,
  gemm,
  gemmLower,
  gemv,
  residentMatrix,
  mirrorLower,
  nrm2,
  rot,
  scal,
  symv,
  syr2kLower,
  syrk,
  trsm,
  trsv,
} from "../../src/routines/index.js";
import { ShapeError } from "../../src/core/index.js";
import { blockError, entry, naiveGemm } from "./twins.js";

/** Roundings per term allowed against the textbook loop. */
const FACTOR = 4;

function fill(rng: Rng, length: number): Float64Array {
  return Float64Array.from({ length }, () => rng.normal());
}

const SIZES = [0, 1, 2, 3, 4, 5, 7, 17, 64, 130, 257];

test("gemm: alpha op(A) op(B) + beta C for every transpose, odd size, offset and stride", () => {
  const rng = createRng(1);
  const pick = (): number => SIZES[rng.uint32() % SIZES.length];
  for (let round = 0; round < 160; round++) {
    const [m, n, k] = round < 20 ? [SIZES[round % SIZES.length], pick(), pick()] : [pick(), pick(), pick()];
    const [ta, tb] = [round % 2 === 1, round % 4 >= 2];
    const a = { offset: 3, stride: (ta ? m : k) + 2, data: fill(rng, 3 + (ta ? k : m) * ((ta ? m : k) + 2)) };
    const b = { offset: 1, stride: (tb ? k : n) + 1, data: fill(rng, 1 + (tb ? n : k) * ((tb ? k : n) + 1)) };
    const c = { offset: 2, stride: n + 3, data: fill(rng, 2 + m * (n + 3)) };
    const [alpha, beta] = [[1, 0, -1, 0.3][round % 4], [0, 1, -0.7][round % 3]];
    if (beta === 0) c.data.fill(Number.NaN);
    const before = c.data.slice();
    const { values, scale } = naiveGemm(ta, tb, m, n, k, alpha, a, b, beta, c);
    gemm(
      ta,
      tb,
      m,
      n,
      k,
      alpha,
      a.data,
      a.offset,
      a.stride,
      b.data,
      b.offset,
      b.stride,
      beta,
      c.data,
      c.offset,
      c.stride,
    );
    expect(blockError(c.data, c.offset, c.stride, m, n, values, scale), `${m}x${n}x${k}`).toBeLessThanOrEqual(
      FACTOR + k,
    );
    // Nothing outside the block is touched.
    for (let i = 0; i < c.data.length; i++) {
      const position = i - c.offset;
      const inside = position >= 0 && position % c.stride < n && Math.floor(position / c.stride) < m;
      if (!inside && !Object.is(c.data[i], before[i])) throw new Error(`entry ${i} outside C changed`);
    }
  }
});

test("gemm: packed, small and one-row paths sum in the same order, to the last bit", () => {
  const rng = createRng(2);
  const [m, n, k] = [33, 29, 600];
  const a = fill(rng, m * k);
  const b = fill(rng, k * n);
  const whole = new Float64Array(m * n);
  gemm(false, false, m, n, k, 1.7, a, 0, k, b, 0, n, 0, whole, 0, n);
  const rows = new Float64Array(m * n);
  for (let i = 0; i < m; i++) gemm(false, false, 1, n, k, 1.7, a, i * k, k, b, 0, n, 0, rows, i * n, n);
  expect(rows).toEqual(whole);
  const single = new Float64Array(m * n);
  for (let i = 0; i < m; i++)
    for (let j = 0; j < n; j++) gemm(false, false, 1, 1, k, 1.7, a, i * k, k, b, j, n, 0, single, i * n + j, n);
  expect(single).toEqual(whole);
});

test("gemmLower adds op(A) op(B) below the diagonal, in ordinary arrays and in place, at block edges", () => {
  const rng = createRng(30);
  for (const n of [0, 1, 2, 5, 33, 127, 128, 129, 300, 515]) {
    for (const [ta, tb] of [
      [true, false],
      [false, true],
    ] as const) {
      const k = 1 + (n % 23);
      const a = fill(rng, n * k);
      const b = fill(rng, n * k);
      const start = fill(rng, n * n);
      const left = { data: a, offset: 0, stride: ta ? n : k };
      const right = { data: b, offset: 0, stride: tb ? k : n };
      const { values, scale } = naiveGemm(ta, tb, n, n, k, -2, left, right, 1, { data: start, offset: 0, stride: n });
      for (const c of [start.slice(), residentMatrix(n, n)]) {
        c.set(start);
        gemmLower(ta, tb, n, k, -2, a, 0, left.stride, b, 0, right.stride, c, 0, n);
        for (let i = 0; i < n; i++) {
          const at = i * n;
          expect(blockError(c, at, n, 1, i + 1, values.subarray(at), scale.subarray(at))).toBeLessThanOrEqual(
            FACTOR + k,
          );
        }
      }
    }
  }
  expect(() =>
    gemmLower(false, false, 3, 2, 1, new Float64Array(5), 0, 2, new Float64Array(6), 0, 3, new Float64Array(9), 0, 3),
  ).toThrow("gemmLower: a must be long enough for a 3 x 2 block");
});

test("syrk: alpha A A' + beta C, symmetric to the last bit; syr2kLower: A B' + B A' below the diagonal", () => {
  const rng = createRng(3);
  for (const n of [0, 1, 2, 5, 33, 127, 128, 129, 300]) {
    const k = 1 + (n % 19);
    const a = fill(rng, n * k);
    const b = fill(rng, n * k);
    const c = new Float64Array(n * n).fill(Number.NaN);
    syrk(n, k, 2, a, 0, k, 0, c, 0, n);
    const block = { data: a, offset: 0, stride: k };
    const { values, scale } = naiveGemm(false, true, n, n, k, 2, block, block, 0, { data: c, offset: 0, stride: n });
    expect(blockError(c, 0, n, n, n, values, scale)).toBeLessThanOrEqual(FACTOR + k);
    for (let i = 0; i < n; i++)
      for (let j = 0; j < i; j++) if (c[i * n + j] !== c[j * n + i]) throw new Error("asymmetric");
    const other = { data: b, offset: 0, stride: k };
    const first = naiveGemm(false, true, n, n, k, -1, block, other, 1, { data: c, offset: 0, stride: n });
    const second = naiveGemm(false, true, n, n, k, -1, other, block, 1, { data: first.values, offset: 0, stride: n });
    syr2kLower(n, k, -1, a, 0, k, b, 0, k, c, 0, n);
    for (let i = 0; i < n; i++) {
      const error = blockError(
        c,
        i * n,
        n,
        1,
        i + 1,
        second.values.subarray(i * n),
        second.scale.subarray(i * n).map((s, j) => s + first.scale[i * n + j]),
      );
      expect(error).toBeLessThanOrEqual(2 * (FACTOR + k));
    }
  }
});

test("gemv and symv agree with gemm on one column", () => {
  const rng = createRng(4);
  for (const m of [1, 2, 3, 4, 5, 8, 13, 66]) {
    for (const n of [1, 2, 3, 4, 7, 65]) {
      for (const transpose of [false, true]) {
        const stride = n + 2;
        const a = { data: fill(rng, m * stride + 1), offset: 1, stride };
        const [inputs, outputs] = transpose ? [m, n] : [n, m];
        const x = fill(rng, 3 * inputs + 1);
        const y = fill(rng, 2 * outputs + 1);
        const expected = naiveGemm(
          transpose,
          false,
          outputs,
          1,
          inputs,
          -1.5,
          a,
          { data: x, offset: 1, stride: 3 },
          0.5,
          { data: y, offset: 0, stride: 2 },
        );
        gemv(transpose, m, n, -1.5, a.data, 1, stride, x, 1, 3, 0.5, y, 0, 2);
        expect(blockError(y, 0, 2, outputs, 1, expected.values, expected.scale)).toBeLessThanOrEqual(FACTOR + inputs);
      }
    }
    const full = fill(rng, m * m);
    for (let i = 0; i < m; i++) for (let j = i + 1; j < m; j++) full[i * m + j] = full[j * m + i];
    const lowerOnly = full.slice();
    for (let i = 0; i < m; i++) lowerOnly.fill(Number.NaN, i * m + i + 1, (i + 1) * m);
    const x = fill(rng, m);
    const y = new Float64Array(m).fill(Number.NaN);
    const block = { data: full, offset: 0, stride: m };
    const expected = naiveGemm(false, false, m, 1, m, 3, block, { data: x, offset: 0, stride: 1 }, 0, {
      data: y,
      offset: 0,
      stride: 1,
    });
    symv(m, 3, lowerOnly, 0, m, x, 0, 0, y, 0);
    expect(blockError(y, 0, 1, m, 1, expected.values, expected.scale)).toBeLessThanOrEqual(FACTOR + 2 * m);
  }
});

test("trsm and trsv solve op(A) X = alpha B on both sides, reading one triangle only", () => {
  const rng = createRng(5);
  for (const side of ["left", "right"] as const) {
    for (const triangle of ["lower", "upper"] as const) {
      for (const transpose of [false, true]) {
        for (const unit of [false, true]) {
          for (const [m, n] of [
            [1, 1],
            [5, 3],
            [24, 25],
            [25, 24],
            [70, 61],
            [0, 4],
          ]) {
            const order = side === "left" ? m : n;
            const stride = order + 1;
            const a = fill(rng, order * stride).map((value) => value / Math.max(1, order));
            const dense = new Float64Array(order * order);
            for (let i = 0; i < order; i++) {
              a[i * stride + i] = unit ? Number.NaN : 2 + rng.uniform();
              for (let j = 0; j < order; j++) {
                const stored = triangle === "lower" ? j < i : j > i;
                if (!stored && j !== i) a[i * stride + j] = Number.NaN;
                dense[i * order + j] = i === j ? (unit ? 1 : a[i * stride + i]) : stored ? a[i * stride + j] : 0;
              }
            }
            const b = { data: fill(rng, m * (n + 2)), offset: 0, stride: n + 2 };
            const x = b.data.slice();
            trsm(side, triangle, transpose, unit, m, n, 0.5, a, 0, stride, x, 0, n + 2);
            const A = { data: dense, offset: 0, stride: order };
            const X = { data: x, offset: 0, stride: n + 2 };
            const product =
              side === "left"
                ? naiveGemm(transpose, false, m, n, m, 1, A, X, 0, b)
                : naiveGemm(false, transpose, m, n, n, 1, X, A, 0, b);
            const half = { data: b.data.map((value) => 0.5 * value), offset: 0, stride: n + 2 };
            expect(blockError(half.data, 0, n + 2, m, n, product.values, product.scale)).toBeLessThanOrEqual(
              2 * order + FACTOR,
            );
            if (side === "right" || m === 0) continue;
            const vector = fill(rng, 2 * m);
            const solution = vector.slice();
            trsv(triangle, transpose, unit, m, a, 0, stride, solution, 0, 2);
            for (let i = 0; i < m; i++) {
              let sum = 0;
              let size = 0;
              for (let p = 0; p < m; p++) {
                const term = entry(dense, 0, m, transpose, i, p) * solution[2 * p];
                sum += term;
                size += Math.abs(term);
              }
              expect(Math.abs(sum - vector[2 * i])).toBeLessThanOrEqual((2 * m + FACTOR) * 2 ** -52 * size);
              expect(solution[2 * i + 1]).toBe(vector[2 * i + 1]);
            }
          }
        }
      }
    }
  }
});

test("vector routines: steps, empty input, extreme scales", () => {
  const x = Float64Array.of(1, 9, 2, 9, 3, 9, 4, 9, 5);
  const y = Float64Array.of(10, 20, 30, 40, 50);
  expect(dot(5, x, 0, 2, y, 0, 1)).toBe(10 + 40 + 90 + 160 + 250);
  expect(dot(5, x, 8, -2, y, 0, 1)).toBe(50 + 80 + 90 + 80 + 50);
  axpy(5, 2, x, 0, 2, y, 0, 1);
  expect([...y]).toEqual([12, 24, 36, 48, 60]);
  axpy(2, -1, y, 0, 1, y, 3, 1);
  expect([...y]).toEqual([12, 24, 36, 36, 36]);
  scal(2, 0.5, y, 0, 3);
  expect([...y]).toEqual([6, 24, 36, 18, 36]);
  const bad = Float64Array.of(Number.NaN, Infinity);
  scal(2, 0, bad, 0, 1);
  expect([...bad]).toEqual([0, 0]);
  const [u, v] = [Float64Array.of(1, 2), Float64Array.of(3, 4)];
  rot(2, u, 0, 1, v, 0, 1, 0, 1);
  expect([...u, ...v]).toEqual([3, 4, -1, -2]);
  expect(nrm2(0, x, 0, 1)).toBe(0);
  // Powers of two: 3, 4, 5 stay exact from the subnormals to the largest double.
  for (const scale of [1, 2 ** 531, 2 ** -531, 2 ** 1021, 2 ** -1070]) {
    expect(nrm2(3, Float64Array.of(3 * scale, 0, 4 * scale), 0, 1)).toBe(5 * scale);
  }
  expect(nrm2(2, Float64Array.of(Infinity, 1), 0, 1)).toBe(Infinity);
  expect(nrm2(2, Float64Array.of(Infinity, Number.NaN), 0, 1)).toBeNaN();
});

test("blocks outside their arrays are refused with the numbers", () => {
  const a = new Float64Array(5);
  expect(() => gemm(false, false, 2, 3, 1, 1, a, 0, 1, a, 0, 3, 0, a, 0, 3)).toThrow(ShapeError);
  expect(() => gemm(false, false, 2, 3, 1, 1, a, 0, 1, a, 0, 3, 0, a, 0, 3)).toThrow(
    "gemm: c must be long enough for a 2 x 3 block at offset 0 with stride 3, got length 5",
  );
  expect(() => dot(3, a, 0, 3, a, 0, 1)).toThrow(
    "dot: x must be long enough for 3 entries at offset 0 with step 3, got length 5",
  );
  expect(() => dot(3, a, 1, -1, a, 0, 1)).toThrow(ShapeError);
});

test("mirrorLower copies the lower triangle up, inside its block only, over tile edges", () => {
  for (const n of [0, 1, 2, 31, 32, 33, 70]) {
    const stride = n + 3;
    const c = Float64Array.from({ length: n * stride + 1 }, (_, i) => i);
    const before = c.slice();
    mirrorLower(n, c, 1, stride);
    for (let i = 0; i < c.length; i++) {
      const row = Math.floor((i - 1) / stride);
      const col = (i - 1) % stride;
      const above = i > 0 && row < n && col < n && col > row;
      if (c[i] !== (above ? before[1 + col * stride + row] : before[i])) throw new Error(`entry ${i} of order ${n}`);
    }
  }
});
