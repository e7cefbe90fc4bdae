import { square } from "../core/index.js";
import type { CancellationSignal, DensitySpectrum, Matrix, Progress, Status } from "../core/index.js";
import type { Reorthogonalization } from "../krylov/index.js";
import { qr } from "../linalg/index.js";
import { type Rng } from "../random/index.js";
import { fillProbe, projectOut } from "./probes.js";
import { studentQuantile } from "./student.js";

/** Known eigenpairs. */
export interface Deflated {
  readonly values: Float64Array;
  readonly vectors: Matrix;
}

/** Projection onto the complement of known eigenvectors. */
export interface Deflation {
  /** Number of known eigenvectors. */
  readonly count: number;
  /** v ← (I − QQᵀ) v. */
  readonly project: (v: Float64Array) => void;
}

/** Checked options of a density estimate. */
export interface BulkSettings {
  readonly n: number;
  readonly rng: Rng;
  readonly probes: number;
  readonly steps: number;
  readonly confidence: number;
  readonly grid: Float64Array | null;
  readonly points: number;
  readonly bandwidth: number | null;
  readonly nullity: number;
  /** Wasserstein-1 error asked for, relative to the extent of the bulk; null for a fixed number of probes. */
  readonly tolerance: number | null;
  /** Most products when a tolerance is given. */
  readonly maximumMatvecs: number;
  readonly reorthogonalization: Reorthogonalization;
  readonly deflation: Deflation;
  readonly signal: CancellationSignal | undefined;
  readonly onProgress: ((progress: Progress) => void) | undefined;
}

/** What a method finds out about the part of the spectrum that is not known. */
export interface BulkDensity extends Pick<DensitySpectrum, "grid" | "density" | "band" | "nodes" | "weights"> {
  readonly method: "slq" | "kpm";
  readonly probes: number;
  readonly steps: number;
  readonly bandwidth: number;
  readonly matvecs: number;
  readonly wassersteinError: number;
  readonly quadratureError: number;
  readonly status: Status;
  readonly advice: string | null;
}

/** Probes from which the number of probes for a tolerance follows. */
export const PILOT = 8;

/** Part of a tolerance on the density that the finite number of steps may use up. */
export const STEPS_SHARE = 0.5;

/** Probes to begin with: all of them, or the pilot. */
export function firstProbes({ tolerance, probes }: BulkSettings): number {
  return tolerance === null ? probes : PILOT;
}

/** Probes that bring the expected Wasserstein-1 error to the rest of the tolerance: it falls like one over the root. */
export function probesFor(
  { tolerance, maximumMatvecs, steps }: BulkSettings,
  measures: readonly ProbeMeasure[],
  extent: number,
): { probes: number; affordable: boolean } {
  const done = measures.length;
  if (tolerance === null || done !== PILOT) return { probes: done, affordable: true };
  const ratio = wassersteinSpread(measures) / ((1 - STEPS_SHARE) * tolerance * extent);
  const needed = extent > 0 ? Math.max(done, Math.ceil(done * ratio * ratio)) : done;
  const most = Math.max(done, Math.floor(maximumMatvecs / steps));
  return { probes: Math.min(needed, most), affordable: needed <= most };
}

/** Prepares the projection; the vectors are orthonormalised first, since projecting twice along slanted ones is no projection. */
export function createDeflation(deflate: Deflated | null): Deflation {
  if (deflate === null || deflate.values.length === 0) return { count: 0, project: () => undefined };
  const { q } = qr(deflate.vectors);
  return { count: q.cols, project: (v) => projectOut(q, v) };
}

/** A unit probe, uniform on the sphere of the complement of the known eigenvectors. */
export function drawProbe({ n, rng, deflation }: BulkSettings): Float64Array {
  const v = fillProbe("gaussian", rng, new Float64Array(n));
  deflation.project(v);
  let squares = 0;
  for (let i = 0; i < n; i++) squares += v[i] * v[i];
  const length = Math.sqrt(squares);
  for (let i = 0; i < n; i++) v[i] /= length;
  return v;
}

/** Equidistant abscissae over [lower, upper]. */
export function linearGrid(lower: number, upper: number, points: number): Float64Array {
  return Float64Array.from({ length: points }, (_, i) => lower + ((upper - lower) * i) / (points - 1));
}

/** Mean and pointwise t band of curves on a common grid; densities are not negative, so neither is the band. */
export function summarize(
  curves: readonly Float64Array[],
  confidence: number,
): { density: Float64Array; band: DensitySpectrum["band"] } {
  const count = curves.length;
  const points = curves[0].length;
  const density = new Float64Array(points);
  const lower = new Float64Array(points);
  const upper = new Float64Array(points);
  const quantile = count > 1 ? studentQuantile(0.5 + confidence / 2, count - 1) : Infinity;
  for (let i = 0; i < points; i++) {
    let mean = 0;
    for (const curve of curves) mean += curve[i] / count;
    let squares = 0;
    for (const curve of curves) squares += square(curve[i] - mean);
    // One probe says nothing about its spread.
    const half = count > 1 ? quantile * Math.sqrt(squares / (count - 1) / count) : Infinity;
    density[i] = mean;
    lower[i] = Math.max(0, mean - half);
    upper[i] = mean + half;
  }
  return { density, band: { lower, upper, level: confidence } };
}

/** A discrete measure of one probe. */
export interface ProbeMeasure {
  readonly nodes: Float64Array;
  readonly weights: Float64Array;
}

/** All nodes in ascending order with their weights divided by the number of probes. */
export function mergeMeasures(measures: readonly ProbeMeasure[]): ProbeMeasure {
  const pairs: [number, number][] = [];
  for (const { nodes, weights } of measures)
    nodes.forEach((node, j) => pairs.push([node, weights[j] / measures.length]));
  pairs.sort((a, b) => a[0] - b[0]);
  return { nodes: Float64Array.from(pairs, (pair) => pair[0]), weights: Float64Array.from(pairs, (pair) => pair[1]) };
}

/**
 * Estimated Wasserstein-1 distance of the mean measure to its expectation: the mean distance of one probe's measure to
 * their mean, over √(probes − 1). Infinity for a single probe.
 */
export function wassersteinSpread(measures: readonly ProbeMeasure[]): number {
  if (measures.length < 2) return Infinity;
  const mean = mergeMeasures(measures);
  let total = 0;
  for (const measure of measures) total += wasserstein1(measure, mean);
  return total / measures.length / Math.sqrt(measures.length - 1);
}

/** ∫ |F − G| of two discrete measures with sorted nodes. */
export function wasserstein1(a: ProbeMeasure, b: ProbeMeasure): number {
  let i = 0;
  let j = 0;
  let difference = 0; // F − G at the present abscissa
  let previous = 0;
  let distance = 0;
  let first = true;
  while (i < a.nodes.length || j < b.nodes.length) {
    const takeA = j >= b.nodes.length || (i < a.nodes.length && a.nodes[i] <= b.nodes[j]);
    const at = takeA ? a.nodes[i] : b.nodes[j];
    if (!first) distance += Math.abs(difference) * (at - previous);
    difference += takeA ? a.weights[i++] : -b.weights[j++];
    previous = at;
    first = false;
  }
  return distance;
}
