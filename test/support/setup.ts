import fc from "fast-check";

/** CI sets the seed, so that a failure there replays here; locally the default keeps runs comparable. */
const seed = Number(process.env["FAST_CHECK_SEED"] ?? 20_261_122);
fc.configureGlobal({ seed, verbose: fc.VerbosityLevel.Verbose });
