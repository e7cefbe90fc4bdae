/** A mistake of the person at the keyboard: told on stderr in one line, exit code 2. */
export class UsageError extends Error {
  /** Takes the line to show. */
  constructor(message: string) {
    super(message);
    this.name = "UsageError";
  }
}
