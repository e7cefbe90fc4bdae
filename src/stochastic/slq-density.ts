import { isCancelled, type Status, exp } from "../core/index.js";
import { type Coroutine } from "../krylov/index.js";
import { tridiagonalEigh } from "../linalg/index.js";
import {
  type BulkDensity,
  type BulkSettings,
  type ProbeMeasure,
  STEPS_SHARE,
  drawProbe,
  firstProbes,
  linearGrid,
  mergeMeasures,
  probesFor,
  summarize,
  wassersteinSpread,
} from "./bulk.js";
import { type ProbeQuadrature, probeQuadrature } from "./slq.js";

/** Nodes closer to zero than this share of the largest one belong to the null space, if there is one. */
const ZERO = 1e-8;

/** Nodes whose Ritz residual is below this share of the largest node have found an eigenvalue, which may be zero. */
const FOUND = 1e-2;

/** Smoothing in units of the spacing of Gauss nodes mid-spectrum, π / steps of the half width. */
const BANDWIDTH_IN_SPACINGS = 0.7;

/**
 * Stochastic Lanczos quadrature of the bulk: each probe gives a discrete measure, their mean is the estimate, their
 * spread the band.
 * @see [ghorbani2019]
 */
export function* slqDensity(settings: BulkSettings): Coroutine<BulkDensity> {
  const { n, steps, nullity, tolerance, deflation, reorthogonalization, signal, onProgress } = settings;
  const mass = (n - deflation.count - nullity) / n;
  const measures: ProbeMeasure[] = [];
  let matvecs = 0;
  let unresolved = 0; // probes whose rule shows no node at zero although there is a null space
  let status: Status = "converged";
  let probes = firstProbes(settings);
  let affordable = true;
  let exact = true; // every rule so far is the measure of its probe
  for (let p = 0; p < probes; p++) {
    const project = deflation.count > 0 ? deflation.project : undefined;
    const rule = yield* probeQuadrature(drawProbe(settings), { steps, reorthogonalization, signal, project });
    matvecs += rule.matvecs;
    const { measure, resolved } = withoutNullSpace(rule, nullity > 0, mass);
    measures.push(measure);
    exact &&= rule.residualNorm === 0;
    if (p + 1 === probes && tolerance !== null && affordable) {
      const next = probesFor(settings, measures, extentOf(mergeMeasures(measures).nodes));
      probes = Math.max(probes, next.probes);
      affordable = next.affordable;
    }
    if (!resolved) unresolved++;
    onProgress?.({ phase: "spectral density", done: p + 1, total: probes, figures: { matvecs } });
    if (isCancelled(signal)) {
      status = "cancelled";
      break;
    }
  }
  const { nodes, weights } = mergeMeasures(measures);
  const lowest = nodes[0] ?? 0;
  const highest = nodes.at(-1) ?? 0;
  const extent = extentOf(nodes) || Math.max(Math.abs(highest), Math.abs(lowest)) || 1;
  // Equal moments up to 2 steps − 1: Jackson's bound on the approximation of Lipschitz functions by polynomials.
  const quadratureError = exact ? 0 : (mass * Math.PI * extentOf(nodes)) / (4 * steps);
  const coarse = tolerance !== null && quadratureError > STEPS_SHARE * tolerance * extent;
  if (status === "converged" && (unresolved > 0 || !affordable || coarse)) status = "max-iterations";
  const bandwidth = settings.bandwidth ?? ((BANDWIDTH_IN_SPACINGS * Math.PI) / steps) * (extent / 2);
  const grid = settings.grid ?? linearGrid(lowest - 4 * bandwidth, highest + 4 * bandwidth, settings.points);
  const curves = measures.map((measure) => smooth(measure, grid, bandwidth));
  return {
    method: "slq",
    probes: measures.length,
    steps,
    bandwidth,
    grid,
    ...summarize(curves, settings.confidence),
    nodes,
    weights,
    matvecs,
    wassersteinError: wassersteinSpread(measures),
    quadratureError,
    status,
    advice: adviceFor(status, unresolved, coarse),
  };
}

function extentOf(nodes: Float64Array): number {
  return nodes.length === 0 ? 0 : nodes[nodes.length - 1] - nodes[0];
}

/** Takes the nodes at zero out of a rule and gives the rest the mass that the bulk is known to have. */
function withoutNullSpace(
  rule: ProbeQuadrature,
  expected: boolean,
  mass: number,
): { measure: ProbeMeasure; resolved: boolean } {
  const { nodes, weights } = rule;
  const zero = expected ? nodesAtZero(rule) : new Set<number>();
  const kept = Array.from(nodes, (_, j) => j).filter((j) => !zero.has(j));
  let total = 0;
  for (const j of kept) total += weights[j];
  const factor = total > 0 ? mass / total : 0;
  return {
    measure: {
      nodes: Float64Array.from(kept, (j) => nodes[j]),
      weights: Float64Array.from(kept, (j) => factor * weights[j]),
    },
    resolved: !expected || zero.size > 0,
  };
}

/** Nodes at zero up to rounding, or found with a residual interval that contains zero. */
function nodesAtZero({ nodes, diagonal, offDiagonal, residualNorm }: ProbeQuadrature): Set<number> {
  const scale = Math.max(Math.abs(nodes[0]), Math.abs(nodes[nodes.length - 1]));
  // Last components of T's eigenvectors are first components for T read backwards.
  const last = tridiagonalEigh(diagonal.slice().reverse(), offDiagonal.slice().reverse(), {
    vectors: "first-row",
  }).firstRow!;
  const zero = new Set<number>();
  nodes.forEach((node, j) => {
    const residual = residualNorm * Math.abs(last[j]);
    if (Math.abs(node) <= ZERO * scale || (residual <= FOUND * scale && Math.abs(node) <= residual)) zero.add(j);
  });
  return zero;
}

/** Σ_j weights_j N(x; node_j, bandwidth²) on the grid. */
function smooth({ nodes, weights }: ProbeMeasure, grid: Float64Array, bandwidth: number): Float64Array {
  const out = new Float64Array(grid.length);
  const height = 1 / (Math.sqrt(2 * Math.PI) * bandwidth);
  for (let j = 0; j < nodes.length; j++) {
    for (let i = 0; i < grid.length; i++) {
      const z = (grid[i] - nodes[j]) / bandwidth;
      if (Math.abs(z) < 39) out[i] += weights[j] * height * exp(-0.5 * z * z); // exp underflows beyond
    }
  }
  return out;
}

function adviceFor(status: Status, unresolved: number, coarse: boolean): string | null {
  if (status === "converged") return null;
  if (status === "cancelled") return "stopped by the signal: the band is that of the probes done so far";
  if (unresolved === 0) {
    return coarse
      ? "the steps are too few for the tolerance: raise steps, or leave it out"
      : "the tolerance needs more products than maximumMatvecs: raise it or loosen the tolerance";
  }
  return `${unresolved} probes show no node at zero, so the known null space is still inside the bulk: raise steps`;
}
