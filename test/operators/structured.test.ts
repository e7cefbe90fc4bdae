import { expect, test } from "vitest";
import { ArgumentError, AsymmetricError, ShapeError, type Matrix, fromRows, transpose } from "../../src/core/index.js";
import { eigh, orthogonalMatrix } from "../../src/linalg/index.js";
import {
  type SymmetricOperator,
  block,
  blockDiagonal,
  checkedSymmetric,
  circulant,
  deflate,
  diagonal,
  exactSpectrum,
  fromFunction,
  fromMatrix,
  gramOperator,
  kronecker,
  lowRank,
  restrict,
  scale,
  shift,
  sparse,
  toDense,
  toeplitz,
} from "../../src/operators/index.js";
import { createRng, normalMatrix } from "../../src/random/index.js";
import { naiveProduct, tolerance, within } from "../support/compare.js";
import { operatorLaws } from "../support/laws/operator-laws.js";

const rng = createRng(14);
const build = (rows: number, cols: number, entry: (i: number, j: number) => number): Matrix => ({
  rows,
  cols,
  data: Float64Array.from({ length: rows * cols }, (_, at) => entry(Math.floor(at / cols), at % cols)),
});
const A = normalMatrix(rng.fork("A"), 3, 4);
const B = normalMatrix(rng.fork("B"), 2, 5);
const G = normalMatrix(rng.fork("G"), 6, 6);
const S = naiveProduct(G, transpose(G));

for (const n of [1, 2, 3, 7, 8, 30]) {
  const c = Array.from({ length: n }, (_, i) => Math.sin(3 * i + 1));
  operatorLaws(
    `circulant of order ${n}`,
    () => circulant(c),
    build(n, n, (i, j) => c[(i - j + n) % n]),
  );
  const even = c.map((value, i) => value + c[(n - i) % n]);
  operatorLaws(
    `symmetric circulant of order ${n}`,
    () => circulant(even),
    build(n, n, (i, j) => even[(i - j + n) % n]),
  );
  operatorLaws(
    `symmetric Toeplitz of order ${n}`,
    () => toeplitz(c),
    build(n, n, (i, j) => c[Math.abs(i - j)]),
  );
  const row = [c[0], ...Array.from({ length: n + 1 }, (_, j) => Math.cos(j))];
  operatorLaws(
    `Toeplitz ${n} x ${n + 2}`,
    () => toeplitz(c, row),
    build(n, n + 2, (i, j) => (i >= j ? c[i - j] : row[j - i])),
  );
}
operatorLaws(
  "kronecker",
  () => kronecker(fromMatrix(A), fromMatrix(B)),
  build(6, 20, (i, j) => A.data[Math.floor(i / 2) * 4 + Math.floor(j / 5)] * B.data[(i % 2) * 5 + (j % 5)]),
);
operatorLaws(
  "block diagonal",
  () => blockDiagonal(fromMatrix(A), fromMatrix(B)),
  build(5, 9, (i, j) => (i < 3 && j < 4 ? A.data[i * 4 + j] : i >= 3 && j >= 4 ? B.data[(i - 3) * 5 + j - 4] : 0)),
);
operatorLaws(
  "block",
  () =>
    block([
      [fromMatrix(A), fromMatrix(A)],
      [fromMatrix(A), fromMatrix(A)],
    ]),
  build(6, 8, (i, j) => A.data[(i % 3) * 4 + (j % 4)]),
);
operatorLaws("gram", () => gramOperator(fromMatrix(A)), naiveProduct(transpose(A), A));
operatorLaws(
  "restrict",
  () => restrict(fromMatrix(S), [4, 1, 0]),
  build(3, 3, (i, j) => S.data[[4, 1, 0][i] * 6 + [4, 1, 0][j]]),
);
operatorLaws(
  "restrict, not symmetric",
  () => restrict(fromMatrix(G), [5, 2]),
  build(2, 2, (i, j) => G.data[[5, 2][i] * 6 + [5, 2][j]]),
);
const triplets = { rows: [2, 0, 2, 1, 2], cols: [1, 0, 1, 3, 0], values: [1, 2, 3, 4, 5] };
operatorLaws("sparse", () => sparse(3, 4, triplets), fromRows([[2, 0, 0, 0], [0, 0, 0, 4], [5, 4, 0, 0]])); // prettier-ignore
operatorLaws(
  "sparse, empty",
  () => sparse(2, 3, { rows: [], cols: [], values: [] }),
  build(2, 3, () => 0),
);
operatorLaws("checkedSymmetric", () => checkedSymmetric(fromMatrix(S, { symmetric: false }), { rng: createRng(1) }), S);

test("deflate moves the eigenvalues of the given vectors to zero and keeps the others", () => {
  const Q = orthogonalMatrix(createRng(2), 6);
  const spectrum = [9, 7, 3, 2, 1, -4];
  const M = naiveProduct(
    build(6, 6, (i, j) => Q.data[i * 6 + j] * spectrum[j]),
    transpose(Q),
  );
  const slanted = build(6, 2, (i, j) => 3 * Q.data[i * 6] + (j === 0 ? 0 : Q.data[i * 6 + 1])); // spans the first two, not orthonormal
  const values = eigh(toDense(deflate(fromMatrix(M, { symmetric: true }), slanted))).values;
  expect(within(values, [-4, 0, 0, 1, 2, 3], tolerance(50, 6, 9)).ok).toBe(true);
});

test("exact spectra of structured operators equal those of the assembled matrices", () => {
  const line = toeplitz([2, -1, 0, 0, 0]);
  const ring = circulant([2, -1, 0, 0, 0, -1]) as SymmetricOperator;
  const cases = [
    line,
    ring,
    kronecker(line, ring),
    blockDiagonal(line, ring),
    shift(scale(kronecker(line, line), -2), 3),
    toeplitz([4]),
    kronecker(diagonal([1, -2]), ring),
    lowRank(build(6, 2, (i, j) => i - 3 * j)),
    lowRank(build(4, 9, (i, j) => ((i * 5 + j * 3) % 7) - 3)), // more columns than rows
    shift(
      lowRank(
        build(5, 2, (i, j) => 1 + i * j),
        undefined,
        { weights: [2, -1] },
      ),
      1,
    ),
    lowRank(build(3, 0, () => 0)),
  ];
  for (const operator of cases) {
    const spectrum = exactSpectrum(operator);
    if (!spectrum.defined) throw new Error("no spectrum");
    const dense = eigh(toDense(operator)).values;
    const scale = dense.reduce((sum, value) => sum + Math.abs(value), 20);
    expect(within(spectrum.value.values, dense, tolerance(20, operator.rows, 20)).ok).toBe(true);
    expect(spectrum.value.errorBound).toBeLessThan(tolerance(20, operator.rows, scale));
  }
  expect(exactSpectrum(toeplitz([2, -1, 0.5]))).toMatchObject({ defined: false });
  expect(exactSpectrum(restrict(line, [0, 1]))).toMatchObject({ defined: false });
});

test("checkedSymmetric finds asymmetry and randomness", () => {
  const check = (product: (x: Float64Array) => number[]) => () =>
    checkedSymmetric(fromFunction(3, product), { rng: createRng(1) });
  expect(check((x) => [x[0] + 1e-6 * x[1], x[1], x[2]])).toThrow(AsymmetricError);
  const noise = createRng(5);
  expect(check((x) => [x[0] + 1e-13 * noise.normal(), x[1], x[2]])).toThrow(
    "deterministic: equal inputs, equal products",
  );
  expect(check((x) => [2 * x[0] + x[1], x[0], x[2]])).not.toThrow();
});

test("wrong structure is refused by name", () => {
  expect(() => circulant([])).toThrow("circulant: column must be not empty, got length 0");
  expect(() => toeplitz([1, 2], [3, 4])).toThrow("toeplitz: row must be a row that begins with column[0] = 1, got 3");
  expect(() => toeplitz([1], [])).toThrow(ArgumentError);
  expect(() => sparse(2, 2, { rows: [0], cols: [2], values: [1] })).toThrow(
    "sparse: entries.cols must be integers in [0, 2), got 2 at position 0",
  );
  expect(() => sparse(2, 2, { rows: [0], cols: [], values: [1] })).toThrow(ShapeError);
  expect(() => sparse(2, 2, { rows: [0], cols: [1], values: [1] }, { symmetric: true })).toThrow(
    "1 at (0, 1) and 0 at (1, 0); list both triangles",
  );
  expect(() => block([[diagonal([1])], [diagonal([1]), diagonal([1])]])).toThrow(
    "block: grid must be a rectangle of operators",
  );
  expect(() => block([[diagonal([1]), diagonal([1, 2])]])).toThrow("block: grid[0][1] must be 1 x 2, got 2 x 2");
  expect(() => blockDiagonal()).toThrow(ArgumentError);
  expect(() => restrict(diagonal([1, 2]), [2])).toThrow("restrict: indices[0] must be an integer in [0, 1], got 2");
  expect(() =>
    deflate(
      diagonal([1, 2]),
      build(2, 2, () => 1),
    ),
  ).toThrow("deflate: vectors must be of 2 rows and fewer columns, got 2 x 2");
  expect(() => gramOperator(fromFunction(2, (x) => x))).toThrow(
    "gramOperator: A must be an operator with applyTranspose",
  );
});
