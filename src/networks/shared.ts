import { ArgumentError, describe, ShapeError, UnsupportedError } from "../core/index.js";
import type { Layer, LayerDefinition } from "./layer.js";

/**
 * Gives a layer's parameters a name: all layers of a row with that name use the same ones (tied weights).
 *
 * Relation: the shared parameters stand once in the parameter vector, at their first use; gradients, products and per-sample gradients are
 * the sums over the uses, so every derivative is exact in the shared parameters.
 *
 * @param name  any text; layers of one row that carry it share
 * @param layer the layer; use the same definition for each place
 * @throws {ArgumentError} when the name is empty
 * @throws {ShapeError} from `sequential` when layers of one name have parameters of different shapes
 * @throws {UnsupportedError} from `sequential` when a name is used both inside and outside a residual block
 *
 * @example
 * ```ts
 * import { activationLayer, dense, sequential, shared } from "eigenscope/networks";
 * const step = shared("step", dense({ outputs: 3 }));
 * const net = sequential([step, activationLayer("tanh"), step], { inputShape: [3] });
 * console.log(net.parameterCount, net.blocks.map((block) => block.name).join(" ")); // 12 layer1.weight layer1.bias
 * ```
 */
export function shared(name: string, layer: LayerDefinition): LayerDefinition {
  if (typeof name !== "string" || name === "") {
    throw new ArgumentError({
      function: "shared",
      argument: "name",
      expected: "a non-empty text",
      got: describe(name),
    });
  }
  return { ...layer, shared: name };
}

/** Refuses layers that share parameters of different shapes. */
export function requireSharedShapes(layers: readonly Layer[]): void {
  const shapes = (layer: Layer): string =>
    layer.parameters.map((parameter) => `${parameter.name} ${parameter.shape.join(" x ")}`).join(", ");
  for (const layer of layers) {
    if (layer.shared === undefined) continue;
    const first = layers.find((other) => other.shared === layer.shared) as Layer;
    const same = first.parameters.every(
      (parameter, i) => parameter.effectiveScale === layer.parameters[i]?.effectiveScale,
    );
    if (shapes(first) === shapes(layer) && same) continue;
    throw new ShapeError({
      function: "sequential",
      argument: `the parameters of ${layer.name}, shared as ${JSON.stringify(layer.shared)}`,
      expected: `those of ${first.name}: ${shapes(first)}`,
      got: shapes(layer),
      remedy: "layers that share parameters need equal widths and scales",
    });
  }
}

/** Refuses a name that would have to share parameters across the border of a composite layer. */
export function requireSharedOnce(layers: readonly Layer[]): void {
  const rows = new Map<string, number>(); // name to the row that it was found in
  let row = 0;
  const visit = (list: readonly Layer[]): void => {
    const own = row++;
    for (const layer of list) {
      const found = layer.shared === undefined ? own : (rows.get(layer.shared) ?? own);
      if (found !== own) {
        throw new UnsupportedError({
          function: "sequential",
          argument: `the name ${JSON.stringify(layer.shared)} of shared parameters`,
          expected: "in one row of layers",
          got: `a second use in ${layer.name}, inside or outside a residual block`,
          remedy: "share within the block, or within the row that it stands in",
        });
      }
      if (layer.shared !== undefined) rows.set(layer.shared, own);
      if (layer.children !== undefined) visit(layer.children);
    }
  };
  visit(layers);
}
