import type { LongRunning } from "../../core/index.js";
import { composite, torus } from "../../domains/index.js";
import { ntk } from "../../kernels/index.js";
import type { Comparison } from "../claims/claim.js";
import { equals } from "../sensing/recipe.js";
import { logSlope } from "./numbers.js";
import type { SettledSobolevOptions } from "./options.js";

/** Which frequencies the losses of a Poisson problem learn when. */
export interface PhysicsPart {
  /** Lengths |k| of the frequencies (k, 0). */
  readonly lengths: readonly number[];
  /** Rates by loss. */
  readonly losses: readonly {
    readonly name: string;
    readonly power: 0 | 2 | 4;
    readonly rates: readonly number[];
    readonly exponent: number;
  }[];
  /** What is compared with what was expected. */
  readonly comparisons: readonly Comparison[];
}

/** Rates of the plain loss, the Ritz energy |k|² and the residual |k|⁴ of −Δu = f on the torus T². */
export function physicsPart({ depth }: SettledSobolevOptions, running: LongRunning): PhysicsPart {
  const N = 256;
  const domain = torus(2, N);
  const K = domain.mercer(ntk({ depth }), running);
  const lengths = Array.from({ length: 48 }, (_, i) => i + 1);
  const at = (values: Float64Array): number[] => lengths.map((k) => values[domain.indexOf([k, 0])]);
  const losses = (
    [
      ["plain loss", 0, K.eigenvalues],
      ["Ritz energy, |k|²", 2, composite(K, domain.poisson("ritz")).eigenvalues],
      ["squared residual, |k|⁴", 4, composite(K, domain.poisson("residual")).eigenvalues],
    ] as const
  ).map(([name, power, values]) => {
    const rates = at(values);
    return { name, power, rates, exponent: logSlope(lengths.slice(11), rates.slice(11)) };
  });
  return {
    lengths,
    losses,
    comparisons: losses.map(({ name, power, exponent }) =>
      equals(`${name}: exponent of the rate in |k|, 12 ≤ |k| ≤ 48`, exponent, power - 3, 0.1),
    ),
  };
}
