import { expect, test } from "vitest";
import { OptionError, identity } from "../../src/core/index.js";
import * as linalg from "../../src/linalg/index.js";

const A = identity(2);
const hermitian = { re: A, im: { rows: 2, cols: 2, data: new Float64Array(4) } };

// A string such as "no" is true in JavaScript: matmul would have transposed.
test.each<[string, string, (options: never) => unknown]>([
  ["matmul", "transposeA", (o) => linalg.matmul(A, A, o)],
  ["matmul", "transposeB", (o) => linalg.matmul(A, A, o)],
  ["eigh", "vectors", (o) => linalg.eigh(A, o)],
  ["eigh", "certificate", (o) => linalg.eigh(A, o)],
  ["eighHermitian", "vectors", (o) => linalg.eighHermitian(hermitian, o)],
  ["generalizedEigh", "vectors", (o) => linalg.generalizedEigh(A, A, o)],
  ["eig", "vectors", (o) => linalg.eig(A, o)],
  ["eig", "balance", (o) => linalg.eig(A, o)],
  ["svd", "certificate", (o) => linalg.svd(A, o)],
  ["qr", "certificate", (o) => linalg.qr(A, o)],
  ["pivotedQr", "certificate", (o) => linalg.pivotedQr(A, o)],
  ["cholesky", "certificate", (o) => linalg.cholesky(A, o)],
  ["tryCholesky", "certificate", (o) => linalg.tryCholesky(A, o)],
  ["lu", "certificate", (o) => linalg.lu(A, o)],
  ["ldl", "certificate", (o) => linalg.ldl(A, o)],
  ["schur", "certificate", (o) => linalg.schur(A, o)],
  ["norms", "spectral", (o) => linalg.norms(A, o)],
])("%s: %s is a switch", (name, flag, run) => {
  for (const value of ["no", 0, 1, null, {}]) {
    expect(() => run({ [flag]: value } as never)).toThrow(OptionError);
    expect(() => run({ [flag]: value } as never)).toThrow(`${name}: option "${flag}" must be true or false, got`);
  }
  expect(() => run({ [flag]: undefined } as never)).not.toThrow();
  expect(() => run({ [flag]: true } as never)).not.toThrow();
});
