import { ArgumentError, describe, type Matrix, ShapeError } from "../core/index.js";
import { chainBackward, chainForward, chainSecondOrder, chainTangents, createChain, usesOf } from "./chain.js";
import type { Layer, LayerDefinition, LayerPass } from "./layer.js";
import { bindLayers } from "./network.js";
import { addInto } from "./products.js";

/**
 * Defines a residual block y = x + g(x), g a row of layers whose output has the shape of its input.
 *
 * Relation: the Jacobian is I + ∂g; parameters are those of g, in order, named "layerK.branch.layerJ.weight".
 *
 * @throws {ArgumentError} when there is no layer
 * @throws {ShapeError} when the branch does not return to its input's shape; the message names the block
 *
 * @example
 * ```ts
 * import { activationLayer, dense, predict, residual, sequential } from "eigenscope/networks";
 * const net = sequential([residual([dense({ outputs: 1 }), activationLayer("relu")])], { inputShape: [1] });
 * console.log(predict(net, Float64Array.of(2, 0), [[3]]).data[0]); // 9
 * ```
 */
export function residual(layers: readonly LayerDefinition[]): LayerDefinition {
  if (!Array.isArray(layers) || layers.length === 0) {
    throw new ArgumentError({
      function: "residual",
      argument: "layers",
      expected: "a non-empty array of layers",
      got: describe(layers),
    });
  }
  return {
    kind: "residual",
    inputShape: null,
    config: { layers },
    bind(inputShape, name): Layer {
      const inner = bindLayers(layers, inputShape, `${name}.branch.`);
      const chain = createChain(inner);
      const outputShape = inner[inner.length - 1].outputShape;
      if (outputShape.join() !== inputShape.join()) {
        throw new ShapeError({
          function: "sequential",
          argument: `the branch of ${name} (residual)`,
          expected: `of output shape ${inputShape.join(" x ")}, that of its input`,
          got: outputShape.join(" x "),
        });
      }
      return {
        kind: "residual",
        name,
        inputShape,
        outputShape,
        parameters: inner.flatMap((layer, index) =>
          usesOf(chain, index).length === 0
            ? []
            : layer.parameters.map((parameter) => ({
                ...parameter,
                name: `${layer.name.slice(name.length + 1)}.${parameter.name}`,
              })),
        ),
        couplesSamples: inner.some((layer) => layer.couplesSamples),
        memoryPerSample: inner.reduce((sum, layer) => sum + layer.memoryPerSample, 0),
        children: inner,
        forward: (parameters, input) => residualPass(chainForward(chain, parameters, input), input),
      };
    },
  };
}

function sum(a: Matrix, b: Matrix): Matrix {
  const data = a.data.slice();
  addInto(data, b.data);
  return { rows: a.rows, cols: a.cols, data };
}

function residualPass(branch: ReturnType<typeof chainForward>, input: Matrix): LayerPass {
  return {
    output: sum(input, branch.output),
    input,
    parts: branch,
    jvp(parameters, inputTangent) {
      const parts = chainTangents(branch, parameters, inputTangent);
      const moved = parts[parts.length - 1].output;
      return { output: inputTangent === null ? moved : sum(inputTangent, moved), parts };
    },
    vjp(cotangent, gradient, needInput) {
      const { cotangents, adjoints, input: back } = chainBackward(branch, cotangent, gradient, needInput);
      return { input: back === null ? null : sum(cotangent, back), partOutputs: cotangents, parts: adjoints };
    },
    secondOrder(given, gradient, needInput) {
      const { adjoint, tangent } = given;
      const back = chainSecondOrder(
        branch,
        given.parameters,
        given.input,
        tangent.parts ?? [],
        { cotangents: adjoint.partOutputs ?? [], adjoints: adjoint.parts ?? [], input: null },
        given.cotangentTangent,
        gradient,
        needInput,
      );
      return back === null ? null : sum(given.cotangentTangent, back);
    },
    perSample(cotangent, out, offset) {
      const { cotangents } = chainBackward(branch, cotangent, null, false);
      branch.passes.forEach((pass, index) => {
        if (cotangents[index] !== undefined)
          pass.perSample(cotangents[index], out, offset + branch.chain.offsets[branch.chain.sources[index]]);
      });
    },
  };
}
