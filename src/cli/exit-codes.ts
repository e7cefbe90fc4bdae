/** Exit codes of the command. */
export const EXIT = { fine: 0, checkFailed: 1, badInput: 2, interrupted: 130 } as const;
