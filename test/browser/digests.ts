// Results whose bytes must be the same in every engine: computed here, hashed, and compared between Node and a browser.
import { createRng, normalMatrix } from "eigenscope/random";
import { eigh, gram, matmul, svd } from "eigenscope/linalg";
import { fft } from "eigenscope/fft";
import { fromMatrix } from "eigenscope/operators";
import { eigsh } from "eigenscope/krylov";
import { ntk } from "eigenscope/kernels";

/** FNV-1a over the bytes of a double array, as eight hexadecimal digits. */
export function digest(values: Float64Array): string {
  let hash = 0x811c9dc5;
  for (const byte of new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
    hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash.toString(16).padStart(8, "0");
}

/** Name and digest of each result. */
export function digests(): Record<string, string> {
  const rng = createRng(2026);
  const G = normalMatrix(rng.fork("matrix"), 60, 60);
  const S = gram(G);
  const { values, vectors } = eigh(S);
  const top = eigsh(fromMatrix(S, { symmetric: true }), { count: 3, which: "largest", rng: rng.fork("start") });
  const spectrum = fft(G.data.slice(0, 360));
  return {
    normals: digest(G.data),
    product: digest(matmul(G, G).data),
    eigenvalues: digest(values),
    eigenvectors: digest(vectors!.data),
    "singular values": digest(svd(G).singularValues),
    "Lanczos values": digest(top.values),
    "Fourier transform": digest(spectrum.re),
    "tangent kernel": digest(ntk({ depth: 3, activation: "relu" }).gram(G).data),
  };
}
