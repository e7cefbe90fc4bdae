import { NonFiniteError } from "../core/index.js";

/** Throws when a weight is NaN or infinite; `offset` is the index of the first entry in the tensor. */
export function requireFiniteWeights(data: Float64Array, name: string, offset: number, caller: string): void {
  const bad = data.findIndex((value) => !Number.isFinite(value));
  if (bad < 0) return;
  throw new NonFiniteError({
    function: caller,
    argument: `tensor ${JSON.stringify(name)}`,
    expected: "finite in every entry",
    got: `${data[bad]} at index ${offset + bad}`,
    remedy: "the checkpoint is broken or the training diverged",
  });
}
