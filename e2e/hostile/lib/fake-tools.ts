import type { Command, CommandResult, Runner } from "@cni-chain/exec";
import { type RestoreLine, readRestore } from "./read-restore.ts";

type Chains = Map<string, string[][]>;

/**
 * Tools that keep their tables in memory and note every command. iptables-restore reads its input by a grammar of its
 * own here, so that what a plugin means and what a tool would understand are two things.
 */
export class FakeTools implements Runner {
  readonly commands: Command[] = [];
  /** The device that packets to containers leave by; the way from 127.0.0.1 is closed there, or open already. */
  readonly route: { readonly device: string; readonly isClosed: boolean };
  readonly #tables = new Map<string, Map<string, Chains>>();

  constructor(route: FakeTools["route"] = { device: "cni0", isClosed: false }) {
    this.route = route;
  }

  /** Puts a rule of somebody else's at the end of a chain, which is made if need be. */
  plant(file: string, table: string, chain: string, words: readonly string[]): void {
    const tables = this.#tables.get(file) ?? new Map<string, Chains>();
    const chains = tables.get(table) ?? builtIn();
    chains.set(chain, [...(chains.get(chain) ?? []), [...words]]);
    this.#tables.set(file, tables.set(table, chains));
  }

  rules(file: string, table: string, chain: string): readonly (readonly string[])[] {
    return this.#tables.get(file)?.get(table)?.get(chain) ?? [];
  }

  async run(command: Command): Promise<CommandResult> {
    this.commands.push(command);
    if (/^ip6?tables-restore$/.test(command.file)) return this.#restore(command);
    if (command.file === "nft") return nft(command);
    return exited(0, JSON.stringify([{ dst: "10.0.0.2", dev: this.route.device }]));
  }

  #restore({ file, stdin = "" }: Command): CommandResult {
    const tables = this.#tables.get(file) ?? new Map<string, Chains>();
    let stdout = "";
    for (const { table, lines } of readRestore(stdin)) {
      const chains: Chains = new Map(
        [...(tables.get(table) ?? builtIn())].map(([chain, rules]) => [chain, [...rules]]),
      );
      for (const line of lines) {
        const said = carryOut(chains, line);
        if (said === undefined) return exited(1, stdout, `line refused: ${line.text}`);
        stdout += said;
      }
      tables.set(table, chains);
    }
    this.#tables.set(file, tables);
    return exited(0, stdout);
  }
}

const builtIn = (): Chains => new Map(["PREROUTING", "OUTPUT", "POSTROUTING"].map((chain) => [chain, []]));

/** What the line prints; undefined where iptables would refuse it. */
function carryOut(
  chains: Chains,
  { words: [flag = "", chain = "", ...rest] }: RestoreLine,
): string | undefined {
  const rules = chains.get(chain);
  if (flag === "-N") {
    if (rules === undefined) chains.set(chain, []);
    return rules === undefined ? "" : undefined;
  }
  if (rules === undefined) return undefined;
  switch (flag) {
    case "-S":
      return [`-N ${chain}`, ...rules.map((words) => `-A ${chain} ${words.map(listed).join(" ")}`), ""].join(
        "\n",
      );
    case "-A":
      rules.push(rest);
      return "";
    case "-I":
      rules.unshift(rest.slice(1));
      return "";
    case "-F":
      rules.length = 0;
      return "";
    case "-X":
      return chains.delete(chain) ? "" : undefined;
    case "-D": {
      const at = rules.findIndex((words) => words.join("\n") === rest.join("\n"));
      return at >= 0 && rules.splice(at, 1).length === 1 ? "" : undefined;
    }
    default:
      return undefined;
  }
}

function listed(word: string): string {
  return /^[\w./:,[\]!-]+$/.test(word) ? word : `"${word.replaceAll(/["\\]/g, "\\$&")}"`;
}

/** No table is there yet, and every transaction is taken. */
function nft({ argv }: Command): CommandResult {
  return argv.includes("-j") ? exited(1, "", "Error: No such file or directory") : exited(0, "");
}

function exited(exitCode: number, stdout: string, stderr = ""): CommandResult {
  return { kind: "exited", exitCode, stdout, stderr };
}
