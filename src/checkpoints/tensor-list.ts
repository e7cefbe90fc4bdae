import { ArgumentError, describe } from "../core/index.js";
import type { NamedTensors, Tensor } from "../formats/index.js";

/** Tensors given as a list or by name, as a list. */
export function tensorList(
  tensors: NamedTensors | Iterable<Tensor>,
  argument: string,
  caller: string,
): readonly Tensor[] {
  const fail = (got: unknown): ArgumentError =>
    new ArgumentError({
      function: caller,
      argument,
      expected: "tensors { name, dtype, shape, data } in a list or by name",
      got: describe(got),
      remedy: "read them with readSafetensors, readNpz or readNpy",
    });
  if (tensors === null || typeof tensors !== "object") throw fail(tensors);
  const list =
    Symbol.iterator in tensors ? Array.from(tensors as Iterable<Tensor>) : Object.values(tensors as NamedTensors);
  const isTensor = (item: unknown): boolean => {
    const { name, shape, data } = (item ?? {}) as Partial<Tensor>;
    return typeof name === "string" && Array.isArray(shape) && ArrayBuffer.isView(data);
  };
  if (!list.every(isTensor)) throw fail(tensors);
  return list;
}
