import type { TensorArchive } from "../formats/index.js";

/** Whether an input is an archive that is open already. */
export function isArchive(input: unknown): input is TensorArchive {
  const candidate = input as Partial<TensorArchive> | null;
  return (
    typeof candidate === "object" &&
    candidate !== null &&
    Array.isArray(candidate.tensors) &&
    typeof candidate.read === "function"
  );
}
