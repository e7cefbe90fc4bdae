// The second back end of the routines, compiled by scripts/build-wasm.mjs. Every function mirrors a JavaScript routine.
export { addPanels, multiplyPanels, packColumns, packRows } from "./panels";
export { rowSums, addTransposed } from "./products";
export { addSymmetric } from "./symmetric";
export { interleave, pass2, pass3, pass4, pass5, pass7, passPrime, separate } from "./fourier";
export { finishPart, gridColumns, gridRows, powerLine, powerRows } from "./grid";
export { joinSpectrum, leaveExchanged, oddEnd, oddJoin, oddPass, oddSplit, splitSpectrum } from "./halves";
export { zonalRow, transposeBlock } from "./zonal";
export { reflectRows, reflectColumns } from "./reflections";
export { innerProduct, rotate } from "./vectors";
export { solveForward } from "./triangles";
export { symmetricModulus } from "./mirrored";
