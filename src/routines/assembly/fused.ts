// The module of fused multiply-add: what gains by it. Engines without relaxed SIMD refuse it as a whole.
export { addPanels, multiplyPanels } from "./panels";
export { addSymmetric } from "./symmetric";
