import type { Matrix } from "../core/index.js";

/** What a parameter does; initialisers and weight penalties look at it. */
export type ParameterRole = "weight" | "bias" | "scale" | "shift";

/** One array of parameters of a layer, before it has its place in the parameter vector. */
export interface ParameterSpec {
  /** Name inside the layer, such as "weight". */
  readonly name: string;
  /** What the parameter does. */
  readonly role: ParameterRole;
  /** Shape; entries are row-major. A weight matrix is outputs x inputs, a kernel outputs x (inputs · taps). */
  readonly shape: readonly number[];
  /** Number of inputs that one output sums over. */
  readonly fanIn: number;
  /** Number of outputs that one input reaches. */
  readonly fanOut: number;
  /** Factor between the stored parameter and the one that acts: 1, or σ_w/√fanIn in the NTK parameterisation. */
  readonly effectiveScale: number;
}

/** Derivative of a layer's output along a direction; composite layers keep those of their parts. */
export interface Tangent {
  /** Derivative of the output, n x width. */
  readonly output: Matrix;
  /** Tangents of the parts of a composite layer. */
  readonly parts?: readonly Tangent[];
}

/** What a backward step yields; composite layers keep the adjoints of their parts for the second-order pass. */
export interface Adjoint {
  /** Cotangent of the layer's input, or null when it was not asked for. */
  readonly input: Matrix | null;
  /** Cotangents of the outputs of the parts of a composite layer, in order. */
  readonly partOutputs?: readonly Matrix[];
  /** Adjoints of the parts of a composite layer. */
  readonly parts?: readonly Adjoint[];
}

/** Everything that the second-order pass of a layer needs. */
export interface SecondOrderInput {
  /** Direction in the layer's parameters. */
  readonly parameters: Float64Array;
  /** Derivative of the layer's input along the direction; null when it is zero. */
  readonly input: Matrix | null;
  /** What `jvp` returned for the same direction. */
  readonly tangent: Tangent;
  /** Cotangent of the layer's output. */
  readonly cotangent: Matrix;
  /** What `vjp` returned for this cotangent. */
  readonly adjoint: Adjoint;
  /** Derivative of the cotangent along the direction. */
  readonly cotangentTangent: Matrix;
}

/** A layer seen as one weight matrix applied to rows: a dense layer to samples, a convolution to patches. */
export interface LinearView {
  /** Rows per sample: 1 for a dense layer, output positions for a convolution. */
  readonly positions: number;
  /** Rows that the weights act on, (n · positions) x inputs. */
  readonly rows: Matrix;
  /** Factor of the weights. */
  readonly weightScale: number;
  /** Factor of the bias, or null without one. */
  readonly biasScale: number | null;
  /** Cotangents of the products, (n · positions) x outputs, from a cotangent of the layer's output. */
  cotangentRows(cotangent: Matrix): Matrix;
}

/**
 * A layer evaluated at given parameters and inputs: its output and its exact derivatives there. Everything that does
 * not depend on a direction is computed once, at the first use.
 */
export interface LayerPass {
  /** Output, one sample per row. */
  readonly output: Matrix;
  /** The input that the pass was evaluated at. */
  readonly input: Matrix;
  /** The weights at work, for layers that apply one weight matrix (and a bias): what K-FAC factorises. */
  readonly linear?: LinearView;
  /** The passes of the parts of a composite layer; their parameters stand in order in those of the layer. */
  readonly parts?: ChainPass;
  /** Derivative of the output along (parameters, input); a null input is zero. */
  jvp(parameters: Float64Array, input: Matrix | null): Tangent;
  /** Adds the gradient to `gradient` (unless null) and returns the cotangent of the input where asked for. */
  vjp(cotangent: Matrix, gradient: Float64Array | null, needInput: boolean): Adjoint;
  /**
   * Differentiates `vjp` along a direction: adds the derivative of the gradient to `gradient` and returns the
   * derivative of the input's cotangent.
   */
  secondOrder(given: SecondOrderInput, gradient: Float64Array, needInput: boolean): Matrix | null;
  /** Adds row i of the per-sample gradients to row i of `out`, starting at column `offset`. */
  perSample(cotangent: Matrix, out: Matrix, offset: number): void;
  /**
   * Adds ⟨∂(c_i · output_i)/∂θ, ∂(c'_j · output'_j)/∂θ⟩ to out[i][j] without forming the gradients; `other` is a pass of the
   * same layer at the same parameters. Cotangents of several outputs may stand side by side: their products add up.
   * Absent: the caller forms per-sample gradients.
   */
  gram?(cotangent: Matrix, other: LayerPass, otherCotangent: Matrix, out: Matrix): void;
}

/** A layer with known shapes, ready to be evaluated. */
export interface Layer {
  /** Kind, such as "dense". */
  readonly kind: string;
  /** Name inside the network, such as "layer2"; errors and parameter blocks use it. */
  readonly name: string;
  /** Shape of one input sample; samples are stored flattened. */
  readonly inputShape: readonly number[];
  /** Shape of one output sample. */
  readonly outputShape: readonly number[];
  /** The parameters in their order. */
  readonly parameters: readonly ParameterSpec[];
  /** True when the output of one sample depends on the other samples of the batch (batch normalisation). */
  readonly couplesSamples: boolean;
  /** Numbers per sample that a pass keeps, for memory planning. */
  readonly memoryPerSample: number;
  /** Layers inside a composite layer. */
  readonly children?: readonly Layer[];
  /** Name under which the layer shares its parameters with others of its row; see {@link shared}. */
  readonly shared?: string;
  /** Evaluates the layer. */
  forward(parameters: Float64Array, input: Matrix): LayerPass;
}

/** A layer before it knows its input's shape. */
export interface LayerDefinition {
  /** Kind, such as "dense". */
  readonly kind: string;
  /** Shape of one input sample when the definition fixes it, else null. */
  readonly inputShape: readonly number[] | null;
  /** Plain data that describe the layer, for saving. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Name under which the layer shares its parameters with others of its row; see {@link shared}. */
  readonly shared?: string;
  /** Fixes the shapes; throws a ShapeError that names the layer when they do not fit. */
  bind(inputShape: readonly number[], name: string): Layer;
}

/** Number of entries of a shape. */
export function shapeSize(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Number of parameters of a layer. */
export function parameterCountOf(layer: Layer): number {
  return layer.parameters.reduce((sum, parameter) => sum + shapeSize(parameter.shape), 0);
}

/** Layers in a row with the place of each one's parameters in a common vector. */
export interface Chain {
  /** The layers, first to last. */
  readonly layers: readonly Layer[];
  /** Start of each layer's own parameters; one more entry than layers, the last is the total. */
  readonly offsets: readonly number[];
  /** Index of the layer whose parameters each layer uses: its own, or that of the first of those that share them. */
  readonly sources: readonly number[];
}

/** A chain evaluated at parameters and inputs. */
export interface ChainPass {
  /** The chain. */
  readonly chain: Chain;
  /** One pass per layer. */
  readonly passes: readonly LayerPass[];
  /** Input of the first layer. */
  readonly input: Matrix;
  /** Output of the last layer. */
  readonly output: Matrix;
}

/** What a backward sweep leaves behind for the second-order sweep. */
export interface ChainAdjoint {
  /** Cotangent of each layer's output. */
  readonly cotangents: readonly Matrix[];
  /** What each layer's vjp returned. */
  readonly adjoints: readonly Adjoint[];
  /** Cotangent of the chain's input, or null when it was not asked for. */
  readonly input: Matrix | null;
}
