import {
  ArgumentError,
  describe,
  requireInteger,
  requireNumber,
  requireOptions,
  requirePositive,
} from "../../core/index.js";
import type { LabelledImages } from "../spectral/images.js";
import { requireHidden, requireImages } from "../spectral/options.js";

/** Options of the curvature study that are plain data; all have defaults, which depend on the input and on `quick`. */
export interface CurvatureStudyOptions {
  /** Images to classify; without them Gaussian classes are generated. */
  readonly images?: LabelledImages;
  /** Images on which the accuracy is measured; needs `images`. */
  readonly testImages?: LabelledImages;
  /** The short form: fewer samples, steps and probes. Default false. */
  readonly quick?: boolean;
  /** Samples for the curvature, drawn without replacement; at most all. Default 1000, quick 300. */
  readonly subset?: number;
  /** Widths of the hidden layers. Default [64, 48] for images, [32, 24] else. */
  readonly hidden?: readonly number[];
  /** Passes over the data in the training whose end is studied. Default 8 for images (quick 4), 20 else. */
  readonly epochs?: number;
  /** Samples per update there. Default 100 for images, 50 else. */
  readonly batchSize?: number;
  /** Step size there (heavy ball, γ = 0.9). Default 0.02 for images, 0.03 else. */
  readonly stepSize?: number;
  /** Sign probes for traces and ranks. Default 30, quick 10. */
  readonly probes?: number;
  /** Random vectors of each density. Default 6, quick 3. */
  readonly densityProbes?: number;
  /** Lanczos steps per random vector. Default 50, quick 30. */
  readonly lanczosSteps?: number;
  /** Samples of the full-batch runs that look for the edge of stability. Default 500, quick 150; at most `subset`. */
  readonly edgeSamples?: number;
  /** Steps of each of these runs. Default 800, quick 300. */
  readonly edgeSteps?: number;
  /** Step size of the heavy ball there, as a share of what is stable at the start. Default 0.7 for images, 0.35 else. */
  readonly momentumShare?: number;
}

/** Options after defaults, without the data. */
export type SettledCurvatureOptions = Required<Omit<CurvatureStudyOptions, "images" | "testImages">> & {
  /** Samples of the whole training set. */
  readonly samples: number;
  /** Activation of the hidden layers: smooth, so that the Hessian is the whole second derivative. */
  readonly activation: "tanh";
};

/** The generated classification problem. */
export const GENERATED_CLASSES = { samples: 600, inputs: 20, classes: 4 } as const;

const KNOWN: readonly string[] = [
  "images",
  "testImages",
  "quick",
  "subset",
  "hidden",
  "epochs",
  "batchSize",
  "stepSize",
  "probes",
  "densityProbes",
  "lanczosSteps",
  "edgeSamples",
  "edgeSteps",
  "momentumShare",
];

/** Checks the options and fills in the defaults. */
export function settleCurvatureOptions(options: CurvatureStudyOptions, caller: string): SettledCurvatureOptions {
  requireOptions(options, KNOWN, caller);
  const { images } = options;
  requireImages(options, caller);
  const quick = options.quick ?? false;
  if (typeof quick !== "boolean") {
    throw new ArgumentError({
      function: caller,
      argument: "quick",
      expected: "true or false",
      got: describe(quick),
    });
  }
  const real = images !== undefined;
  const samples = real ? images.images.shape[0] : GENERATED_CLASSES.samples;
  const count = (name: keyof CurvatureStudyOptions, fallback: number, minimum: number): number =>
    requireInteger(options[name] ?? fallback, name, caller, minimum);
  const hidden = requireHidden(options.hidden ?? (real ? [64, 48] : [32, 24]), caller);
  const subset = Math.min(samples, count("subset", quick ? 300 : 1000, 20));
  return {
    quick,
    samples,
    activation: "tanh",
    subset,
    hidden,
    epochs: count("epochs", real ? (quick ? 4 : 8) : 20, 1),
    batchSize: Math.min(samples, count("batchSize", real ? 100 : 50, 1)),
    stepSize: requirePositive(options.stepSize ?? (real ? 0.02 : 0.03), "stepSize", caller),
    probes: count("probes", quick ? 10 : 30, 2),
    densityProbes: count("densityProbes", quick ? 3 : 6, 2),
    lanczosSteps: count("lanczosSteps", quick ? 30 : 50, 2),
    edgeSamples: Math.min(subset, count("edgeSamples", quick ? 150 : 500, 10)),
    edgeSteps: count("edgeSteps", quick ? 300 : 800, 10),
    momentumShare: requireNumber(options.momentumShare ?? (real ? 0.7 : 0.35), "momentumShare", caller, 0.01, 10),
  };
}
