import {
  ArgumentError,
  OptionError,
  describe,
  requireInteger,
  requireNumber,
  requireOptions,
  requirePositive,
} from "../../core/index.js";
import { type LabelledImages, requireLabelledImages } from "./images.js";

/** Options of the spectral study that are plain data; all have defaults, which depend on the input. */
export interface SpectralStudyOptions {
  /** Images to classify; without them a teacher–student problem is generated. */
  readonly images?: LabelledImages;
  /** Images on which the accuracy is measured; needs `images`. */
  readonly testImages?: LabelledImages;
  /** Samples for curvature and kernels, drawn without replacement; at most all. Default 1000 (all of a generated problem). */
  readonly subset?: number;
  /** Widths of the hidden layers. Default [128, 64] for images, [64, 64] else. */
  readonly hidden?: readonly number[];
  /** Updates. Default 600 for images, 400 else. */
  readonly steps?: number;
  /** Step size η. Default 0.1 for images, 0.2 else. */
  readonly stepSize?: number;
  /** Samples per update. Default 100 for images, all (full batch) else. */
  readonly batchSize?: number;
  /** Factor on the He initialisation. Default 0.5 for images, 0.6 else. */
  readonly gain?: number;
  /** Number of steps at which the sharpness is computed. Default 8. */
  readonly sharpnessSteps?: number;
  /** Largest Hessian eigenvalues to compute. Default 10. */
  readonly largest?: number;
  /** Smallest Hessian eigenvalues to compute. Default 2. */
  readonly smallest?: number;
  /** Residual of these eigenvalues, relative to the norm of the Hessian. Default 1e-6. */
  readonly tolerance?: number;
  /** Hessian products for each end of the spectrum at most: what is not converged by then shows it in its residuals. Default 400. */
  readonly maximumMatvecs?: number;
  /** Hessian products for each sharpness at most. Default 120. */
  readonly sharpnessMatvecs?: number;
  /** Random vectors of the density estimate. Default 8. */
  readonly probes?: number;
  /** Lanczos steps per random vector. Default 40. */
  readonly lanczosSteps?: number;
  /** Grid points per axis of the torus T². Default 64. */
  readonly torusSize?: number;
  /** Smoothness values s of the Sobolev weights. Default [0, 0.75, 1.5]: 1.5 offsets the decay |k|⁻³ of the kernel. */
  readonly smoothness?: readonly number[];
}

/** Options after defaults, without the data. */
export type SettledOptions = Required<Omit<SpectralStudyOptions, "images" | "testImages">> & {
  /** Samples of the whole training set. */
  readonly samples: number;
  /** Activation of the hidden layers. */
  readonly activation: "relu";
  /** Loss. */
  readonly loss: "cross-entropy" | "mse";
};

/** Size and dimensions of the generated problem. */
export const GENERATED = { samples: 512, inputs: 16, teacherWidth: 4, outputs: 2 } as const;

const KNOWN: readonly string[] = [
  "images",
  "testImages",
  "subset",
  "hidden",
  "steps",
  "stepSize",
  "batchSize",
  "gain",
  "sharpnessSteps",
  "largest",
  "smallest",
  "tolerance",
  "maximumMatvecs",
  "sharpnessMatvecs",
  "probes",
  "lanczosSteps",
  "torusSize",
  "smoothness",
];

/** Checks the options and fills in the defaults. */
export function settleOptions(options: SpectralStudyOptions, extra: readonly string[], caller: string): SettledOptions {
  requireOptions(options, [...KNOWN, ...extra], caller);
  const { images } = options;
  requireImages(options, caller);
  const real = images !== undefined;
  const samples = real ? images.images.shape[0]! : GENERATED.samples;
  const count = (name: keyof SpectralStudyOptions, fallback: number, minimum: number, maximum?: number): number =>
    requireInteger(options[name] ?? fallback, name, caller, minimum, maximum);
  const hidden = requireHidden(options.hidden ?? (real ? [128, 64] : [64, 64]), caller);
  const smoothness = options.smoothness ?? [0, 0.75, 1.5];
  if (!Array.isArray(smoothness) || smoothness.length === 0) {
    throw new ArgumentError({
      function: caller,
      argument: "smoothness",
      expected: "a list of at least one number",
      got: describe(smoothness),
    });
  }
  smoothness.forEach((s, i) => requireNumber(s, `smoothness[${i}]`, caller, -10, 10));
  return {
    samples,
    activation: "relu",
    loss: real ? "cross-entropy" : "mse",
    subset: Math.min(samples, count("subset", 1000, 20)),
    hidden,
    steps: count("steps", real ? 600 : 400, 1),
    stepSize: requirePositive(options.stepSize ?? (real ? 0.1 : 0.2), "stepSize", caller),
    batchSize: Math.min(samples, count("batchSize", real ? 100 : samples, 1)),
    gain: requirePositive(options.gain ?? (real ? 0.5 : 0.6), "gain", caller),
    sharpnessSteps: count("sharpnessSteps", 8, 2),
    largest: count("largest", 10, 1),
    smallest: count("smallest", 2, 1),
    tolerance: requireNumber(options.tolerance ?? 1e-6, "tolerance", caller, 0, 1),
    maximumMatvecs: count("maximumMatvecs", 400, 1),
    sharpnessMatvecs: count("sharpnessMatvecs", 120, 1),
    probes: count("probes", 8, 2),
    lanczosSteps: count("lanczosSteps", 40, 2),
    torusSize: count("torusSize", 64, 4, 1024),
    smoothness,
  };
}

/** Checks the widths of the hidden layers. */
export function requireHidden(hidden: unknown, caller: string): readonly number[] {
  if (!Array.isArray(hidden) || hidden.length === 0) {
    throw new ArgumentError({
      function: caller,
      argument: "hidden",
      expected: "a list of at least one width",
      got: describe(hidden),
    });
  }
  return hidden.map((width, i) => requireInteger(width, `hidden[${i}]`, caller, 2, 4096));
}

/** Checks the images of a study of a classifier, and that those of the test fit them. */
export function requireImages(
  { images, testImages }: Pick<SpectralStudyOptions, "images" | "testImages">,
  caller: string,
): void {
  if (images !== undefined) requireLabelledImages(images, caller);
  if (testImages !== undefined) {
    if (images === undefined) {
      throw new OptionError({
        function: caller,
        argument: "testImages",
        expected: "given together with images",
        got: "testImages alone",
      });
    }
    requireLabelledImages(testImages, caller);
    requireSameImages(images, testImages, caller);
  }
}

/** Checks that test images have the size of the training images. */
function requireSameImages(train: LabelledImages, test: LabelledImages, caller: string): void {
  const expected = train.images.shape.slice(1).join(" x ");
  const got = test.images.shape.slice(1).join(" x ");
  if (expected !== got) {
    throw new ArgumentError({
      function: caller,
      argument: "testImages",
      expected: `images of ${expected} pixels, as for training`,
      got: `${got} pixels`,
    });
  }
}
