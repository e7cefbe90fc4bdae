import { ArgumentError, ShapeError, describe } from "../core/index.js";
import { isDtype } from "./dtypes.js";
import { type Tensor, sizeOfShape } from "./tensor.js";

/**
 * Checks a tensor record before writing it.
 *
 * @throws {ArgumentError} when it is not a tensor
 * @throws {ShapeError} when the data do not fill the shape
 */
export function requireTensor(value: unknown, caller: string): Tensor {
  const tensor = value as Partial<Tensor> | null | undefined;
  if (
    typeof tensor !== "object" ||
    tensor === null ||
    typeof tensor.name !== "string" ||
    typeof tensor.dtype !== "string" ||
    !isDtype(tensor.dtype) ||
    !Array.isArray(tensor.shape) ||
    !tensor.shape.every((extent) => Number.isInteger(extent) && extent >= 0) ||
    !ArrayBuffer.isView(tensor.data) ||
    (tensor.data as unknown) instanceof DataView
  ) {
    throw new ArgumentError({
      function: caller,
      argument: "tensor",
      expected: "a tensor { name, dtype, shape, data: typed array }",
      got: describe(value),
    });
  }
  const size = sizeOfShape(tensor.shape);
  if (tensor.data.length !== size) {
    throw new ShapeError({
      function: caller,
      argument: `data of "${tensor.name}"`,
      expected: `of length ${size} for shape [${tensor.shape.join(", ")}]`,
      got: `length ${tensor.data.length}`,
    });
  }
  return value as Tensor;
}
