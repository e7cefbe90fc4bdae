import { type LongRunning, type Tagged, isCancelled } from "../../core/index.js";
import { composite, conditionNumber, gaussian, sobolevFlow, sphere, torus } from "../../domains/index.js";
import { type Kernel, ntk } from "../../kernels/index.js";
import type { Comparison } from "../claims/claim.js";
import { atMost, equals } from "../sensing/recipe.js";
import { logSpaced } from "./numbers.js";
import type { SettledSobolevOptions } from "./options.js";
import type { DomainName } from "./spectra-part.js";
import { sphereTargetPower, torusPower, torusTarget } from "./targets.js";

/** Training of the jump with a kernel that has zero modes, and with one that has none. */
export interface ZeroModeRow {
  /** The domain. */
  readonly domain: DomainName;
  /** The kernel in words. */
  readonly kernel: string;
  /** Modes that vanish, and all modes. */
  readonly vanishing: number;
  /** Number of modes. */
  readonly modes: number;
  /** The first vanishing modes, as degrees or frequency vectors. */
  readonly first: readonly string[];
  /** Condition number over all modes: unresolved when some vanish. */
  readonly condition: Tagged;
  /** Condition number over the others. */
  readonly conditionOfRest: Tagged;
  /** Share of the target's power in vanishing modes. */
  readonly lostShare: number;
  /** Number of modes that `sobolevFlow` reports as never learned. */
  readonly neverLearned: number;
  /** Loss at the times of the part over its start, Sobolev loss of order 1. */
  readonly loss: readonly number[];
}

/** Zero modes on the three domains. */
export interface ZeroModesPart {
  /** Times. */
  readonly times: readonly number[];
  /** One row per domain and kernel. */
  readonly rows: readonly ZeroModeRow[];
  /** What is compared with what was expected. */
  readonly comparisons: readonly Comparison[];
}

/** Two layers without bias have zero modes, which no Sobolev loss reaches; depth or a bias removes them. */
export function zeroModesPart({ dimension, quick }: SettledSobolevOptions, running: LongRunning): ZeroModesPart {
  const times = logSpaced(0.1, 1e12, 53);
  const degrees = quick ? 200 : 400;
  const N = 64;
  const kernels: readonly [string, Kernel][] = [
    ["2 layers", ntk({ depth: 2 })],
    ["3 layers", ntk({ depth: 3 })],
    ["2 layers, biases 0.1", ntk({ depth: 2, weightVariance: 2, biasVariance: 0.1 })],
  ];
  const rows: ZeroModeRow[] = [];
  for (const [name, kernel] of kernels) {
    if (isCancelled(running.signal)) break;
    running.onProgress?.({ phase: "zero modes", done: rows.length, total: 8 });
    const onSphere = sphere(dimension).mercer(kernel, degrees);
    const weights = sphere(dimension).sobolev({ symbol: "D", smoothness: 1, bandwidth: degrees });
    const power = sphereTargetPower(dimension, "jump", degrees);
    rows.push(zeroModeRow("sphere", name, onSphere, weights.symbol, power, String, times));
    const grid = torus(dimension - 1, N);
    rows.push(
      zeroModeRow(
        "torus",
        name,
        grid.mercer(kernel),
        grid.sobolev({ symbol: "C", smoothness: 0.5 }).symbol,
        torusPower(torusTarget("jump", N), N),
        (index) => `(${grid.level(index).frequency.join(", ")})`,
        times,
      ),
    );
    if (!kernel.conventions.homogeneous) continue; // on Gaussian space the exact spectrum needs homogeneity
    const T = gaussian(dimension).composite(kernel, degrees, 0.5);
    if (!T.defined) throw new RangeError(T.reason); // not reached: 1/2 < 1 + d/2
    const K = gaussian(dimension).mercer(kernel, degrees);
    const scaled = power.map((value) => dimension * value);
    rows.push(zeroModeRow("Gaussian space", name, K, T.value.factors, scaled, String, times));
  }
  const two = rows.filter((row) => row.kernel === kernels[0][0]);
  return {
    times,
    rows,
    comparisons: [
      ...two.flatMap((row) => [
        equals(
          `${row.domain}, two layers: loss at t = 10¹² over the power of the vanishing modes`,
          row.loss[row.loss.length - 1] / row.lostShare,
          1,
          1e-9,
        ),
        equals(`${row.domain}, two layers: condition number resolved (0: no)`, row.condition.defined ? 1 : 0, 0, 0),
      ]),
      // Var 1{t > 0} = 1/4, of which degree 1 holds 3 (1/4)² = 3/16 on S²: a quarter is lost, less a tail that starts at the band's end.
      equals(
        "sphere, two layers: share of the jump that is never learned",
        two[0]?.lostShare ?? Number.NaN,
        1 / 4,
        2 / degrees,
      ),
      ...rows
        .filter((row) => !two.includes(row))
        .map((row) => atMost(`${row.domain}, ${row.kernel}: loss at t = 10¹²`, row.loss[row.loss.length - 1], 1e-12)),
    ],
  };
}

function zeroModeRow(
  domain: DomainName,
  kernel: string,
  K: Parameters<typeof conditionNumber>[0],
  symbol: Float64Array,
  power: Float64Array,
  show: (index: number) => string,
  times: readonly number[],
): ZeroModeRow {
  // A mode within its error bar of zero is treated as zero: its rate is not known.
  const vanishing = new Set(K.vanishing);
  const eigenvalues = K.eigenvalues.map((value, i) => (vanishing.has(i) ? 0 : value));
  const T = composite({ ...K, eigenvalues }, { symbol });
  const residual = power.map((value) => Math.sqrt(value));
  const flow = sobolevFlow({ eigenvalues: T.eigenvalues, residual }, { times: [0, ...times] });
  const total = power.reduce((a, b) => a + b, 0);
  return {
    domain,
    kernel,
    vanishing: K.vanishing.length,
    modes: K.eigenvalues.length,
    first: K.vanishing.slice(0, 6).map(show),
    condition: conditionNumber(K).condition,
    conditionOfRest: conditionNumber(K, { modes: "nonzero" }).condition,
    lostShare: K.vanishing.reduce((sum, i) => sum + power[i], 0) / total,
    neverLearned: flow.neverLearned.length,
    loss: Array.from(flow.loss.subarray(1), (value) => value / flow.loss[0]),
  };
}
