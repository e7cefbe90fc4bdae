import type { Network } from "./network.js";

/** A term that depends on the parameters alone and is added to the mean loss. */
export interface Penalty {
  /** Name, echoed in results. */
  readonly name: string;
  /** The term's value. */
  value(net: Network, params: Float64Array): number;
  /** Adds the gradient to `out`. */
  addGradient(net: Network, params: Float64Array, out: Float64Array): void;
  /** Adds the Hessian times `direction` to `out`. */
  addHessianProduct(net: Network, params: Float64Array, direction: Float64Array, out: Float64Array): void;
}
