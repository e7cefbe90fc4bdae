import { type Rng, uniformInteger } from "../../src/random/index.js";

/** One of: flipped bits, overwritten bytes, truncation, insertion, duplication of a piece, a large number in a field. */
export function mutate(file: Uint8Array, rng: Rng): Uint8Array {
  let bytes = file.slice();
  const rounds = 1 + uniformInteger(rng, 3);
  for (let round = 0; round < rounds; round++) {
    const at = uniformInteger(rng, bytes.length);
    switch (uniformInteger(rng, 6)) {
      case 0:
        bytes[at] ^= 1 << uniformInteger(rng, 8);
        break;
      case 1:
        for (let i = at; i < Math.min(bytes.length, at + 4); i++) bytes[i] = uniformInteger(rng, 256);
        break;
      case 2:
        bytes = bytes.slice(0, at + 1);
        break;
      case 3:
        bytes = Uint8Array.from([
          ...bytes.subarray(0, at),
          ...Array.from({ length: 3 }, () => uniformInteger(rng, 256)),
          ...bytes.subarray(at),
        ]);
        break;
      case 4:
        bytes = Uint8Array.from([...bytes.subarray(0, at), ...bytes.subarray(at >> 1)]);
        break;
      default:
        for (let i = at; i < Math.min(bytes.length, at + 4); i++) bytes[i] = 0xff;
    }
  }
  return bytes;
}
