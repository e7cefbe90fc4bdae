import { type Matrix, exp, log1p, norm } from "../../core/index.js";
import { matmul } from "../../linalg/index.js";
import { type Rng, fillNormal, mulberry32 } from "../../random/index.js";

/** A two-layer network in the NTK parameterisation, one sample per column: f(x) = vᵀσ(W x/√d)/√h, σ = tanh normalised. */
export interface LinearWidthCase {
  /** d x n inputs. */
  readonly X: Matrix;
  /** h x d first layer. */
  readonly W: Matrix;
  /** Output weights. */
  readonly v: Float64Array;
  /** Targets with noise. */
  readonly y: Float64Array;
  /** Unit teacher direction. */
  readonly beta: Float64Array;
  /** d x m fresh inputs for the test error; no columns when none were asked for. */
  readonly testX: Matrix;
  /** Their targets without noise. */
  readonly testY: Float64Array;
}

/** Teacher functions with mean and standard deviation of φ(Z) for a standard normal Z. */
const TEACHERS = {
  softplus: {
    value: (x: number): number => log1p(exp(x)),
    mean: 0.8060591833474398,
    deviation: 0.5210705343814394,
  },
  relu: { value: (x: number): number => Math.max(0, x), mean: 0.3989422804014327, deviation: 0.5838193701035489 },
} as const;

/** Name of a teacher function. */
export type Teacher = keyof typeof TEACHERS;

/** Normalised teacher values (φ(βᵀx) − mean)/deviation at the columns of X. */
export function teach(X: Matrix, beta: Float64Array, teacher: Teacher): Float64Array {
  const { value, mean, deviation } = TEACHERS[teacher];
  return matmul({ rows: 1, cols: X.rows, data: beta }, X).data.map((x) => (value(x) - mean) / deviation);
}

/** Sizes and scales of a case. */
export interface CaseShape {
  /** Inputs. */
  readonly d: number;
  /** Hidden units. */
  readonly h: number;
  /** Samples. */
  readonly n: number;
  /** Standard deviation of the output weights; 1 by default. */
  readonly outputScale?: number;
  /** Standard deviation of the noise on the targets. */
  readonly noise: number;
  /** Teacher function. */
  readonly teacher: Teacher;
  /** Fresh points for the test error; none by default. */
  readonly testPoints?: number;
}

/** A source of independent standard normals. */
export type NormalSource = (count: number) => Float64Array;

/** Normals of a stream. */
export const normalsOf =
  (rng: Rng): NormalSource =>
  (count) =>
    fillNormal(rng, new Float64Array(count));

/** The stream with which the recipes' reference numbers were made. */
export const recipeNormals = (seed: number): NormalSource => mulberry32(seed >>> 0).normals;

/** Draws teacher, network and data, in the order of the recipes: β, W, v, X, noise, test points. */
export function drawCase(normals: NormalSource, shape: CaseShape): LinearWidthCase {
  const { d, h, n, outputScale = 1, noise, teacher, testPoints = 0 } = shape;
  const beta = normals(d);
  const size = norm(beta);
  for (let j = 0; j < d; j++) beta[j] /= size;
  const W: Matrix = { rows: h, cols: d, data: normals(h * d) };
  const v = normals(h).map((value) => outputScale * value);
  const X = columnsFrom(normals(n * d), n, d);
  const errors = normals(n);
  const y = teach(X, beta, teacher).map((value, i) => value + noise * errors[i]);
  const testX = columnsFrom(normals(testPoints * d), testPoints, d);
  return { X, W, v, y, beta, testX, testY: testPoints === 0 ? new Float64Array(0) : teach(testX, beta, teacher) };
}

/** Samples drawn one after the other become columns. */
function columnsFrom(samples: Float64Array, n: number, d: number): Matrix {
  const data = new Float64Array(d * n);
  for (let i = 0; i < n; i++) for (let j = 0; j < d; j++) data[j * n + i] = samples[i * d + j];
  return { rows: d, cols: n, data };
}
