/** A hash of the entries of a tensor, fed in any number of pieces. */
export interface Fingerprint {
  /** Adds entries. */
  update(entries: Float64Array): void;
  /** Two independent 32-bit hashes of everything added: equal tensors agree, others almost surely do not. */
  value(): string;
}

/** Begins a fingerprint over the bytes of float64 entries. */
export function createFingerprint(): Fingerprint {
  let a = 0x811c_9dc5;
  let b = 0x9747_b28c;
  let count = 0;
  return {
    update(entries) {
      const words = new Uint32Array(entries.buffer, entries.byteOffset, 2 * entries.length);
      for (let i = 0; i < words.length; i++) {
        a = Math.imul(a ^ words[i], 0x0100_0193);
        b = Math.imul(b ^ (words[i] + count + i), 0x85eb_ca6b);
        b ^= b >>> 13;
      }
      count += words.length;
    },
    value: () => `${count}.${a >>> 0}.${b >>> 0}`,
  };
}
