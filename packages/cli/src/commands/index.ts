import type { CommandModule } from "yargs";
import type { Body, Common } from "../command.ts";
import type { Terminal } from "../output/terminal.ts";

/** What the tool's help says of a command. */
interface Entry {
  /** Its name, and its arguments in the words of yargs. */
  readonly command: string;
  readonly describe: string;
  /** Loads its code, which nobody else needs. */
  load(): Promise<Body>;
}

/** Every command of the tool, in the order of its help. */
const entries: readonly Entry[] = [
  {
    command: "list",
    describe: "every forwarded host port and limited pod of this node",
    load: async () => (await import("./list.ts")).list,
  },
  {
    command: "top",
    describe: "live traffic of each limited pod against its limits",
    load: async () => (await import("./top.ts")).top,
  },
  {
    command: "add <network>",
    describe: "attach a container to a network, as a runtime does",
    load: async () => (await import("./add.ts")).add,
  },
  {
    command: "check <network>",
    describe: "ask every plugin whether an attachment is as add made it",
    load: async () => (await import("./check.ts")).check,
  },
  {
    command: "del <network>",
    describe: "detach a container; everything else is known from add",
    load: async () => (await import("./del.ts")).del,
  },
  {
    command: "plan <verb> <network>",
    describe: "show what add or del would change, and change nothing",
    load: async () => (await import("./plan.ts")).plan,
  },
  {
    command: "explain <port>",
    describe: "the way of a packet to a host port, rule by rule, and where it ends",
    load: async () => (await import("./explain.ts")).explain,
  },
  {
    command: "gc <network>",
    describe: "clear away what belongs to no container any more",
    load: async () => (await import("./gc.ts")).gc,
  },
  {
    command: "status <network>",
    describe: "ask every plugin whether it is ready for add",
    load: async () => (await import("./status.ts")).status,
  },
  {
    command: "doctor",
    describe:
      "say what is wrong on this node, and what to do; exit code 1 for warnings, 2 if something is broken",
    load: async () => (await import("./doctor.ts")).doctor,
  },
  {
    command: "repair",
    describe: "restore host ports and limits that were lost, remove what is left of dead containers",
    load: async () => (await import("./repair.ts")).repair,
  },
  {
    command: "version [network]",
    describe: "the tool's version, or the CNI versions a network's plugins support",
    load: async () => (await import("./version.ts")).version,
  },
  {
    command: "validate [conflist..]",
    describe: "check conflists: fields, capabilities, versions, order",
    load: async () => (await import("./validate.ts")).validate,
  },
  {
    command: "install [plugin..]",
    describe: "put the plugins into a runtime's directory, and into a chain",
    load: async () => (await import("./install.ts")).install,
  },
  {
    command: "uninstall",
    describe: "take the plugins out again, and put back what was there before",
    load: async () => (await import("./uninstall.ts")).uninstall,
  },
  {
    command: "node-install",
    describe: "install, and stay to do it again when others write over it: what the container image runs",
    load: async () => (await import("./node-install.ts")).nodeInstall,
  },
  {
    command: "completion [shell]",
    describe: "print a script that completes commands and options",
    load: async () => (await import("./completion.ts")).completion,
  },
];

/** The command's name, by which it is called. */
function nameOf({ command }: Pick<Entry, "command">): string {
  return command.split(" ")[0] ?? command;
}

/** The names of all commands, in the order of the help. */
export const commandNames = entries.map(nameOf);

/**
 * All commands for yargs; with their options and code only those that a word of the command line names. They are loaded
 * before anything is parsed: yargs asks for options without waiting where it completes a line.
 */
export function commandsFor(
  words: readonly string[],
  terminal: Terminal,
): Promise<readonly CommandModule<Common, Common>[]> {
  return Promise.all(
    entries.map(async ({ command, describe, load }) => {
      const body = words.includes(nameOf({ command })) ? (await load())(terminal) : { handler() {} };
      return { command, describe, ...body };
    }),
  );
}
