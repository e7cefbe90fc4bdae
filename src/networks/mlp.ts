import { ArgumentError, describe, requireInteger, requireOptions } from "../core/index.js";
import type { ActivationLike } from "../special/index.js";
import { activationLayer } from "./activation-layer.js";
import { dense, type Parameterisation } from "./dense.js";
import type { LayerDefinition } from "./layer.js";
import type { LossLike } from "./losses.js";
import { type Network, sequential } from "./network.js";
import type { Penalty } from "./network.js";

/** Options of {@link mlp}. */
export interface MlpOptions {
  /** Widths from input to output, at least two. */
  readonly sizes: readonly number[];
  /** Activation between the layers (default "relu"); the last layer is linear. */
  readonly activation?: ActivationLike;
  /** "standard" (default) or "ntk". */
  readonly parameterisation?: Parameterisation;
  /** Whether layers have biases (default true). */
  readonly bias?: boolean;
  /** σ_w of the NTK parameterisation (default 1). */
  readonly weightScale?: number;
  /** σ_b of the NTK parameterisation (default 1). */
  readonly biasScale?: number;
  /** Loss that the network is studied with (default "mse"). */
  readonly loss?: LossLike;
  /** Terms added to the mean loss (default none). */
  readonly penalties?: readonly Penalty[];
}

/**
 * Makes a fully connected network: dense layers with an activation between them, the last one linear.
 *
 * Relation: a_0 = x, s_l = W_l a_{l−1} + b_l, a_l = φ(s_l), f = s_L; parameters W_1 row-major, b_1, W_2, b_2, ….
 *
 * @throws {ArgumentError} when there are fewer than two sizes, or one is not an integer >= 1
 * @throws {OptionError} for unknown options, activations or losses
 *
 * @example
 * ```ts
 * import { mlp } from "eigenscope/networks";
 * const net = mlp({ sizes: [784, 128, 10], activation: "relu", loss: "cross-entropy" });
 * console.log(net.parameterCount, net.loss.name); // 101770 cross-entropy
 * ```
 */
export function mlp(options: MlpOptions): Network {
  const known = ["sizes", "activation", "parameterisation", "bias", "weightScale", "biasScale", "loss", "penalties"];
  requireOptions(options, known, "mlp");
  const sizes = options?.sizes;
  if (!Array.isArray(sizes) || sizes.length < 2) {
    throw new ArgumentError({
      function: "mlp",
      argument: "sizes",
      expected: "an array of at least two widths",
      got: describe(sizes),
      remedy: "for example sizes: [784, 128, 10]",
    });
  }
  sizes.forEach((size, i) => requireInteger(size, `sizes[${i}]`, "mlp", 1));
  const { activation = "relu", parameterisation, bias, weightScale, biasScale } = options;
  const between = activationLayer(activation); // made even if unused: an unknown name is an error at any depth
  const layers: LayerDefinition[] = [];
  for (let l = 1; l < sizes.length; l++) {
    if (l > 1) layers.push(between);
    layers.push(
      dense({
        inputs: sizes[l - 1],
        outputs: sizes[l],
        ...(parameterisation === undefined ? {} : { parameterisation }),
        ...(bias === undefined ? {} : { bias }),
        ...(weightScale === undefined ? {} : { weightScale }),
        ...(biasScale === undefined ? {} : { biasScale }),
      }),
    );
  }
  return sequential(layers, {
    ...(options.loss === undefined ? {} : { loss: options.loss }),
    ...(options.penalties === undefined ? {} : { penalties: options.penalties }),
  });
}
