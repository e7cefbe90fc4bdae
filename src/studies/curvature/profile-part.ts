import type { LongRunning } from "../../core/index.js";
import { type CurvatureProfile, curvatureProfile } from "../../curvature/index.js";
import type { Rng } from "../../random/index.js";
import { renamed } from "../study-parts.js";
import type { SettledCurvatureOptions } from "./options.js";
import type { CurvatureProblem } from "./problem.js";
import type { CurvatureTraining } from "./training-part.js";

/** Curvature layer by layer, before and after training. */
export interface ProfilePart {
  /** At the initial parameters. */
  readonly initial: CurvatureProfile;
  /** At the trained parameters. */
  readonly trained: CurvatureProfile;
  /** The layer with the largest share of the Gauss–Newton trace at the end. */
  readonly heaviest: { readonly name: string; readonly ggnShare: number; readonly parameterShare: number };
}

const TOP = 3;

/** Traces, leading eigenvalues and Gauss–Newton shares of each layer at both ends of the training. */
export function profilePart(
  problem: CurvatureProblem,
  training: CurvatureTraining,
  settled: SettledCurvatureOptions,
  rng: Rng,
  running: LongRunning,
): ProfilePart {
  const at = (params: Float64Array, when: string): CurvatureProfile =>
    curvatureProfile(problem.network, params, problem.subset, {
      probes: settled.probes,
      top: TOP,
      rng: rng.fork(when),
      ...renamed(running, when),
    });
  const initial = at(training.initial, "before training");
  const trained = at(training.trained, "after training");
  const most = trained.blocks.reduce((best, block) => (block.ggnShare > best.ggnShare ? block : best));
  return {
    initial,
    trained,
    heaviest: {
      name: most.name,
      ggnShare: most.ggnShare,
      parameterShare: most.parameters / problem.network.parameterCount,
    },
  };
}
