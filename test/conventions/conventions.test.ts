import { expect, test } from "vitest";
import { fromRows, matrix, toRows } from "../../src/core/index.js";
import { lossValue, mlp, predict } from "../../src/networks/index.js";
import { createRng, normalMatrix } from "../../src/random/index.js";
import { eigh, gram, logDeterminant, orthogonalMatrix, svd } from "../../src/linalg/index.js";
import { fft, ifft } from "../../src/fft/index.js";
import { diagonal } from "../../src/operators/index.js";
import { eigsh } from "../../src/krylov/index.js";
import { activation } from "../../src/special/index.js";
import { arcCosine, ntk } from "../../src/kernels/index.js";
import { sphere, torus } from "../../src/domains/index.js";
import { fitMarchenkoPastur, marchenkoPastur, semicircle } from "../../src/rmt/index.js";
import { effectiveRank, matrixSpectrum } from "../../src/spectra/index.js";
import { naiveProduct, tolerance, within } from "../support/compare.js";

test("Matrices are row-major: entry (i, j) of an m x n matrix stands at data[i n + j].", () => {
  expect(
    Array.from(
      fromRows([
        [1, 2, 3],
        [4, 5, 6],
      ]).data,
    ),
  ).toEqual([1, 2, 3, 4, 5, 6]);
  expect(toRows(matrix(2, 3, [1, 2, 3, 4, 5, 6]))[1]![0]).toBe(4);
});

test("gram(A) is A Aᵀ: points are rows.", () => {
  expect(
    toRows(
      gram(
        fromRows([
          [1, 2, 0],
          [0, 1, 1],
        ]),
      ),
    ),
  ).toEqual([
    [5, 2],
    [2, 2],
  ]);
});

test("eigh returns eigenvalues ascending, with unit eigenvectors as columns.", () => {
  const A = fromRows([
    [2, 1],
    [1, 2],
  ]);
  const { values, vectors } = eigh(A);
  expect(within(values, [1, 3], tolerance(4, 2, 3)).ok).toBe(true);
  const second = [vectors!.data[1]!, vectors!.data[3]!];
  expect(within(second, [Math.SQRT1_2, Math.SQRT1_2], tolerance(4, 2)).ok).toBe(true);
});

test("svd returns A = U diag(s) Vᵀ with singular values descending.", () => {
  const A = fromRows([
    [0, 2],
    [1, 0],
    [0, 0],
  ]);
  const { u, singularValues, v } = svd(A);
  expect(within(singularValues, [2, 1], tolerance(4, 3, 2)).ok).toBe(true);
  const scaled = { ...u!, data: u!.data.map((value, i) => value * singularValues[i % 2]!) };
  const vt = fromRows([0, 1].map((j) => [v!.data[j]!, v!.data[2 + j]!]));
  expect(within(naiveProduct(scaled, vt).data, A.data, tolerance(4, 3, 2)).ok).toBe(true);
});

test("The entry of largest modulus of a returned eigenvector is positive.", () => {
  const G = normalMatrix(createRng(1), 12, 12);
  const { vectors } = eigh(gram(G));
  for (let j = 0; j < 12; j++) {
    const column = Array.from({ length: 12 }, (_, i) => vectors!.data[i * 12 + j]!);
    expect(Math.max(...column)).toBeGreaterThanOrEqual(Math.max(...column.map(Math.abs)));
  }
});

test("orthogonalMatrix is the Q of a QR factorisation with positive diagonal of R.", () => {
  // The normals it is made of, multiplied by Qᵀ, must be upper triangular with a positive diagonal.
  const n = 5;
  const Q = orthogonalMatrix(createRng(3), n);
  const G = normalMatrix(createRng(3), n, n);
  const R = naiveProduct(
    fromRows(Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => Q.data[j * n + i]!))),
    G,
  );
  for (let i = 0; i < n; i++) {
    expect(R.data[i * n + i]).toBeGreaterThan(0);
    for (let j = 0; j < i; j++) expect(Math.abs(R.data[i * n + j]!)).toBeLessThan(tolerance(20, n, 3));
  }
});

test('eigsh lists eigenvalues descending for "largest" and ascending for "smallest" and "both".', () => {
  const A = diagonal(Float64Array.from({ length: 40 }, (_, i) => i));
  const rng = createRng(1);
  const values = (which: "largest" | "smallest" | "both"): number[] =>
    Array.from(eigsh(A, { count: 4, which, rng }).values, (x) => Math.abs(Math.round(x)));
  expect(values("largest")).toEqual([39, 38, 37, 36]);
  expect(values("smallest")).toEqual([0, 1, 2, 3]);
  expect(values("both")).toEqual([0, 1, 38, 39]);
});

test("The forward FFT has the sign e^(−2πi jk/n) and no factor; the inverse divides by n.", () => {
  const { re, im } = fft(Float64Array.of(0, 1, 0, 0));
  expect(within(re, [1, 0, -1, 0], tolerance(4, 4)).ok).toBe(true);
  expect(within(im, [0, -1, 0, 1], tolerance(4, 4)).ok).toBe(true);
  expect(within(ifft(Float64Array.of(4, 0, 0, 0), new Float64Array(4)).re, [1, 1, 1, 1], tolerance(4, 4)).ok).toBe(
    true,
  );
});

test("Torus frequencies are centred in (−N/2, N/2].", () => {
  // Symbol 1 + k² on the circle of 4 points: k = 0, 1, 2, −1.
  const values = torus(1, 4).sobolev({ smoothness: 1 }).symbol;
  expect(Array.from(values)).toEqual([1, 2, 5, 2]);
});

test("A layer maps y = W x + b with W of size out x in; a batch holds one sample per row.", () => {
  const net = mlp({ sizes: [2, 1], activation: "identity" });
  const outputs = predict(
    net,
    Float64Array.of(1, 10, 0.5),
    fromRows([
      [1, 0],
      [0, 1],
      [1, 1],
    ]),
  );
  expect(toRows(outputs)).toEqual([[1.5], [10.5], [11.5]]);
});

test("Parameters are ordered W₁ row by row, b₁, W₂ row by row, b₂, and so on.", () => {
  const net = mlp({ sizes: [2, 2, 1], activation: "identity" });
  const parameters = Float64Array.of(1, 2, 3, 4, 10, 20, 1, 100, 1000); // W₁ = [1 2; 3 4], b₁ = (10, 20), W₂ = [1 100], b₂ = 1000
  expect(toRows(predict(net, parameters, fromRows([[1, 1]])))).toEqual([[13 + 100 * 27 + 1000]]);
});

test("The mean squared error is 1/(2n) Σ ‖f(xᵢ) − yᵢ‖²; the cross-entropy is the mean of −log softmax.", () => {
  const net = mlp({ sizes: [1, 2], activation: "identity" });
  const zero = new Float64Array(4);
  const inputs = fromRows([[1], [2]]);
  expect(
    lossValue(
      net,
      zero,
      {
        inputs,
        targets: fromRows([
          [1, 1],
          [0, 2],
        ]),
      },
      { loss: "mse" },
    ),
  ).toBe((2 + 4) / 4);
  const entropy = lossValue(
    net,
    zero,
    {
      inputs,
      targets: fromRows([
        [1, 0],
        [0, 1],
      ]),
    },
    { loss: "cross-entropy" },
  );
  expect(within(entropy, Math.LN2, tolerance(4, 2)).ok).toBe(true);
});

test("The derivative of ReLU at 0 is 0, and so is its second derivative.", () => {
  const relu = activation("relu");
  expect([relu.derivative(0), relu.secondDerivative(0)]).toEqual([0, 0]);
});

test("Depth counts weight matrices: two layers have depth 2.", () => {
  expect(within(ntk({ depth: 2, activation: "relu" }).profile(0), 2, tolerance(4, 2)).ok).toBe(true);
  expect(
    mlp({ sizes: [3, 5, 1] })
      .blocks.map(({ name }) => name)
      .filter((name) => /weight/i.test(name)),
  ).toHaveLength(2);
});

test("On the sphere S^(d−1) in R^d the space of degree k has dimension (2k + d − 2)(k + d − 3)!/(k! (d − 2)!).", () => {
  expect([0, 1, 2, 3].map((k) => sphere(3).level(k).multiplicity)).toEqual([1, 3, 5, 7]);
  expect([0, 1, 2, 3].map((k) => sphere(4).level(k).multiplicity)).toEqual([1, 4, 9, 16]);
});

test("Mercer eigenvalues refer to the uniform probability measure: Σ N(d, k) μ_k is the kernel at angle 0.", () => {
  const kernel = ntk({ depth: 2, activation: "relu" });
  const domain = sphere(3);
  const { eigenvalues } = domain.mercer(kernel, 40);
  let trace = 0;
  for (let k = 0; k <= 40; k++) trace += domain.level(k).multiplicity * eigenvalues[k]!;
  expect(within(trace, 1.9923193, 5e-8).ok).toBe(true); // the partial trace of reference N09; the whole sum is 2
});

test("At the edge of chaos without biases the NTK of depth L is L on the diagonal.", () => {
  for (const depth of [2, 3, 7])
    expect(within(ntk({ depth, activation: "relu" }).profile(0), depth, tolerance(4, depth, depth)).ok).toBe(true);
});

test("Arc-cosine kernels of order 0, 1 and 2 are normalised to 1 at angle 0.", () => {
  for (const order of [0, 1, 2] as const) expect(within(arcCosine(order).profile(0), 1, tolerance(2, 1)).ok).toBe(true);
});

test("The spectral distribution of a layer has the eigenvalues s²/max(m, n), at the ratio min(m, n)/max(m, n).", () => {
  const rows = 60;
  const cols = 240;
  const { singularValues } = svd(normalMatrix(createRng(4), rows, cols), { vectors: "none" });
  const fit = fitMarchenkoPastur(
    singularValues.map((value) => value ** 2 / cols),
    { rows, cols },
  );
  expect(fit.ratio).toBe(0.25);
  expect(Math.abs(fit.variance - 1)).toBeLessThan(0.06); // entries of variance 1; s²/rows would give 4
});

test("Marchenko–Pastur of ratio p/N and variance σ² lives on σ²(1 ± √ratio)², with an atom 1 − 1/ratio at zero for ratio > 1.", () => {
  expect(marchenkoPastur({ ratio: 0.25, variance: 4 }).support).toEqual([1, 9]);
  expect(marchenkoPastur({ ratio: 4, variance: 1 }).atom).toBe(0.75);
});

test("The semicircle of variance σ² lives on [−2σ, 2σ].", () => {
  expect(semicircle({ variance: 9 }).support).toEqual([-6, 6]);
});

test("The effective rank is exp of the entropy of s/Σs; with s²/Σs² it has a name of its own.", () => {
  const s = Float64Array.of(3, 1);
  const entropy = (p: number[]): number => Math.exp(-p.reduce((sum, x) => sum + x * Math.log(x), 0));
  expect(effectiveRank(s)).toEqual({ defined: true, value: entropy([0.75, 0.25]) });
  const { effectiveRankEnergy } = matrixSpectrum(
    fromRows([
      [3, 0],
      [0, 1],
    ]),
  );
  expect(effectiveRankEnergy.defined && within(effectiveRankEnergy.value, entropy([0.9, 0.1]), 1e-14).ok).toBe(true);
});

test("Equal seeds give equal streams; a fork depends on seed and labels alone.", () => {
  const rng = createRng(7);
  rng.normal();
  expect(rng.fork("x").normal()).toBe(createRng(7).fork("x").normal());
});

test("Logarithms are natural unless log10 stands in the name.", () => {
  expect(
    within(
      logDeterminant(
        fromRows([
          [10, 0],
          [0, 10],
        ]),
      ).logModulus,
      2 * Math.LN10,
      tolerance(4, 2, 5),
    ).ok,
  ).toBe(true);
});
