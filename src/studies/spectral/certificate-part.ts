import type { LongRunning } from "../../core/index.js";
import {
  type GeneralizationReport,
  type SpectralCertificate,
  generalizationBounds,
  spectralCertificate,
} from "../../curvature/index.js";
import type { Rng } from "../../random/index.js";
import type { Problem } from "./problem.js";
import type { TrainingPart } from "./training-part.js";

/** What spectra certify about the trained network. */
export interface CertificatePart {
  /** Conditioning, Lipschitz and path-norm bounds, tangent-kernel rates and truncation errors. */
  readonly certificate: SpectralCertificate;
  /** Generalisation bounds; null for regression. */
  readonly bounds: GeneralizationReport | null;
}

const TOLERANCE = 1e-4; // residuals relative to the norm: they are reported beside each value

/** The spectral certificate of the trained network on the subset. */
export function certificatePart(
  problem: Problem,
  training: TrainingPart,
  rng: Rng,
  running: LongRunning,
): CertificatePart {
  const { network, subset } = problem;
  const certificate = spectralCertificate(network, training.trained, subset, {
    rng: rng.fork("certificate"),
    tolerance: TOLERANCE,
    ...running,
  });
  const bounds =
    problem.classes === null
      ? null
      : generalizationBounds(network, training.trained, problem.train, {
          prior: training.initial,
          rng: rng.fork("bounds"),
        });
  return { certificate, bounds };
}
