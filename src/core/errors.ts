/** What an error of this library says: which call, which argument, what came, what was expected, what to do. */
export interface ErrorDetails {
  /** Public function that rejected its input, as the user typed it. */
  readonly function: string;
  /** Name of the offending argument or option. */
  readonly argument: string;
  /** What was expected of it, as the end of the sentence "must be …". */
  readonly expected: string;
  /** What came instead, with its numbers. */
  readonly got: string;
  /** What the caller can do about it. */
  readonly remedy?: string;
}

/** Machine-readable kind of an {@link EigenscopeError}. */
export type ErrorCode =
  | "shape"
  | "argument"
  | "option"
  | "non-finite"
  | "asymmetric"
  | "singular"
  | "format"
  | "resource"
  | "unsupported"
  | "not-converged"
  | "internal";

/**
 * Base of every error that this library throws on purpose.
 *
 * The message always reads `function: argument must be expected, got got; remedy`.
 */
export class EigenscopeError extends Error {
  /** Kind of the error, stable across versions. */
  readonly code: ErrorCode;
  /** The parts of the message. */
  readonly details: ErrorDetails;

  /** Composes the message from its parts. */
  constructor(code: ErrorCode, details: ErrorDetails) {
    const remedy = details.remedy === undefined ? "" : `; ${details.remedy}`;
    super(`${details.function}: ${details.argument} must be ${details.expected}, got ${details.got}${remedy}`);
    this.name = new.target.name;
    this.code = code;
    this.details = details;
  }
}

/** Sizes that do not fit: rows, columns, lengths, ragged nested arrays. */
export class ShapeError extends EigenscopeError {
  /** Composes the message from its parts. */
  constructor(details: ErrorDetails) {
    super("shape", details);
    this.name = "ShapeError";
  }
}

/** A value of the wrong type or outside its range. */
export class ArgumentError extends EigenscopeError {
  /** Composes the message from its parts. */
  constructor(details: ErrorDetails) {
    super("argument", details);
    this.name = "ArgumentError";
  }
}

/** An option that does not exist, or a choice that is not among the offered ones. */
export class OptionError extends EigenscopeError {
  /** Composes the message from its parts. */
  constructor(details: ErrorDetails) {
    super("option", details);
    this.name = "OptionError";
  }
}

/** NaN or an infinity where a finite number is needed. */
export class NonFiniteError extends EigenscopeError {
  /** Composes the message from its parts. */
  constructor(details: ErrorDetails) {
    super("non-finite", details);
    this.name = "NonFiniteError";
  }
}

/** A matrix or operator that should be symmetric and is not. */
export class AsymmetricError extends EigenscopeError {
  /** Composes the message from its parts. */
  constructor(details: ErrorDetails) {
    super("asymmetric", details);
    this.name = "AsymmetricError";
  }
}

/** A matrix without the rank or definiteness that the operation needs. */
export class SingularError extends EigenscopeError {
  /** Composes the message from its parts. */
  constructor(details: ErrorDetails) {
    super("singular", details);
    this.name = "SingularError";
  }
}

/** Bytes that are not what their format promises: truncated, lying or hostile. */
export class FormatError extends EigenscopeError {
  /** Composes the message from its parts. */
  constructor(details: ErrorDetails) {
    super("format", details);
    this.name = "FormatError";
  }
}

/** A request beyond memory or a stated budget, refused before any work. */
export class ResourceError extends EigenscopeError {
  /** Composes the message from its parts. */
  constructor(details: ErrorDetails) {
    super("resource", details);
    this.name = "ResourceError";
  }
}

/** Input that is well formed but that this function does not handle. */
export class UnsupportedError extends EigenscopeError {
  /** Composes the message from its parts. */
  constructor(details: ErrorDetails) {
    super("unsupported", details);
    this.name = "UnsupportedError";
  }
}

/**
 * Thrown by `requireConverged`: iterations themselves report a status instead. The one exception are the QL, QR and Jacobi
 * sweeps inside a dense factorisation, which no known matrix exhausts and which leave nothing useful behind when they do.
 */
export class NotConvergedError extends EigenscopeError {
  /** Composes the message from its parts. */
  constructor(details: ErrorDetails) {
    super("not-converged", details);
    this.name = "NotConvergedError";
  }
}
