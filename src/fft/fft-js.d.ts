/** The part of fft.js that the power-of-two path uses. */
declare module "fft.js" {
  export default class FFT {
    constructor(size: number);
    /** Interleaved e^{−2πi k/size}, filled with our own sine and cosine. */
    table: ArrayLike<number>;
    transform(out: Float64Array, data: Float64Array): void;
  }
}
