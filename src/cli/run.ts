import { EigenscopeError } from "../core/index.js";
import { visibleText } from "../report/index.js";
import { nearest, parseArguments } from "./arguments.js";
import { claimsCommand } from "./claims-command.js";
import { COMMANDS, type CommandSpec, commandHelp, overview } from "./commands.js";
import { EXIT } from "./exit-codes.js";
import type { Host } from "./host.js";
import { studyCommand } from "./study-command.js";
import { UsageError } from "./usage-error.js";
import { weightsCommand } from "./weights-command.js";

/**
 * Runs the `eigenscope` command.
 *
 * @param words the command line after the program's name
 * @returns the exit code: 0 fine, 1 a check failed, 2 bad usage or input (one message on stderr), 130 interrupted
 */
export async function run(words: readonly string[], host: Host): Promise<number> {
  try {
    return await dispatch(words, host);
  } catch (error) {
    if (error instanceof UsageError || error instanceof EigenscopeError) {
      host.stderr.write(`eigenscope: ${visibleText(error.message)}\n`);
      return EXIT.badInput;
    }
    throw error;
  }
}

async function dispatch(words: readonly string[], host: Host): Promise<number> {
  const [name, ...rest] = words;
  if (name === undefined) {
    throw new UsageError(
      `nothing to do; expected a command: ${COMMANDS.map((command) => command.name).join(", ")} (see eigenscope --help)`,
    );
  }
  if (name === "--help" || name === "-h" || name === "help") {
    const topic = rest.find((word) => !word.startsWith("-"));
    host.stdout.write(topic === undefined ? overview() : commandHelp(commandNamed(topic)));
    return EXIT.fine;
  }
  if (name === "--version") {
    host.stdout.write(`${host.versions["eigenscope"]}\n`);
    return EXIT.fine;
  }
  const command = commandNamed(name);
  if (rest.includes("--help") || rest.includes("-h")) {
    host.stdout.write(commandHelp(command));
    return EXIT.fine;
  }
  const parsed = parseArguments(rest, command.options, `eigenscope ${command.name}`);
  if (command.name === "study") return studyCommand(parsed, host);
  return command.name === "weights" ? weightsCommand(parsed, host) : claimsCommand(parsed, host);
}

/** The command of that name, or a usage error with the nearest one. */
function commandNamed(name: string): CommandSpec {
  const command = COMMANDS.find((candidate) => candidate.name === name);
  if (command === undefined) {
    const near = nearest(
      name,
      COMMANDS.map((candidate) => candidate.name),
    );
    const hint = near === null ? "" : ` (did you mean ${near}?)`;
    throw new UsageError(
      `${JSON.stringify(name)} is not a command${hint}; expected one of ${COMMANDS.map((candidate) => candidate.name).join(", ")}, --help or --version`,
    );
  }
  return command;
}
