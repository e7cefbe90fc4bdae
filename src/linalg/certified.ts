/** A result whose certificate is there where `certificate: true` asked for it (C is true); else it may be null. */
export type Certified<T extends { readonly certificate: object | null }, C extends boolean> = [C] extends [true]
  ? T & {
      /** What was measured. */
      readonly certificate: NonNullable<T["certificate"]>;
    }
  : T;

/** Options of type O; C says whether a certificate is asked for, so that the type of the result can tell. */
export type Certifying<O extends { readonly certificate?: boolean }, C extends boolean> = O & {
  /** Measure the quality of the result; default false. */
  readonly certificate?: C;
};
