/** Beginnings of files that people try instead, with what to do about them. */
const SIGNATURES: readonly (readonly [beginning: string, advice: string])[] = [
  ["\x1f\x8b", "this is a gzip file: unpack it first"],
  ["\x89HDF", "this is an HDF5 file (Keras): convert it to safetensors or npz first"],
  ["GGUF", "this is a GGUF file: take the safetensors file that it was made from"],
  ["\x80\x02", "this is a Python pickle, which is never loaded: save the tensors as safetensors first"],
  ["\x80\x03", "this is a Python pickle, which is never loaded: save the tensors as safetensors first"],
  ["\x80\x04", "this is a Python pickle, which is never loaded: save the tensors as safetensors first"],
  ["\x80\x05", "this is a Python pickle, which is never loaded: save the tensors as safetensors first"],
];

/** What to do about a file that is no safetensors file, from its first bytes. */
export function adviceFor(first: Uint8Array): string {
  const text = String.fromCharCode(...first.subarray(0, 8));
  const known = SIGNATURES.find(([beginning]) => text.startsWith(beginning));
  return known?.[1] ?? "this is not a safetensors, .npy or .npz file";
}
