import type { Command, CommandResult, Runner } from "@cni-chain/exec";

/** A link as `ip -j -d` prints it, as far as this package reads it. */
export interface FakeLink {
  readonly ifindex: number;
  readonly ifname: string;
  flags: string[];
  mtu: number;
  txqlen?: number;
  address?: string;
  ifalias?: string;
  link_index?: number;
  linkinfo?: { info_kind: string };
  addr_info?: { family: string; local: string; prefixlen: number }[];
}

export interface FakeIp extends Runner {
  /** Links by namespace path (`""`: our own) and name. `lo` is there from the start. */
  readonly namespaces: Map<string, Map<string, FakeLink>>;
}

/**
 * A model of `ip` and `nsenter … ip` for tests: understands what this package renders, keeps state, and answers
 * with ip's exit codes. A line for which `refuse` says true fails as by the kernel.
 */
export function fakeIp(
  links: Readonly<Record<string, readonly FakeLink[]>>,
  refuse: (line: string) => boolean = () => false,
): FakeIp {
  const namespaces = new Map(
    Object.entries({ "": [], ...links }).map(([netns, list]) => {
      const lo = { ifindex: 1, ifname: "lo", flags: [], mtu: 65536 };
      return [netns, new Map<string, FakeLink>([lo, ...list].map((link) => [link.ifname, link]))];
    }),
  );
  return {
    namespaces,
    async run(command): Promise<CommandResult> {
      const { file, netns, argv } = unwrapped(command);
      const here = namespaces.get(netns);
      if (file !== "ip") return { kind: "notFound", path: "" };
      if (here === undefined) {
        return { kind: "exited", exitCode: 1, stdout: "", stderr: `nsenter: cannot open ${netns}\n` };
      }
      const words = argv.filter((word) => !word.startsWith("-")).join(" ");
      const lines = command.stdin?.trimEnd().split("\n") ?? [words];
      let [stdout, stderr] = ["", ""];
      for (const [index, line] of lines.entries()) {
        const answer = refuse(line) ? undefined : carryOut(line, here);
        stdout += answer ?? "";
        if (answer !== undefined) continue;
        stderr += `refused\nCommand failed -:${index + 1}\n`;
        if (!argv.includes("-force")) break;
      }
      return { kind: "exited", exitCode: stderr === "" ? 0 : 1, stdout, stderr };
    },
  };
}

function unwrapped({ file, argv }: Command): { file: string; netns: string; argv: readonly string[] } {
  const [option = "", , inner = "", ...rest] = argv;
  if (file !== "nsenter") return { file, netns: "", argv };
  return { file: inner, netns: option.replace("--net=", ""), argv: rest };
}

/** Undefined: refused. */
function carryOut(line: string, links: Map<string, FakeLink>): string | undefined {
  const [, kind] = /^link show type (\S+)$/.exec(line) ?? [];
  if (kind !== undefined) {
    return `${JSON.stringify([...links.values()].filter((link) => link.linkinfo?.info_kind === kind))}\n`;
  }
  const [, object, name = ""] = /^(\w+ \w+) (?:dev|name) (\S+)/.exec(line) ?? [];
  const link = links.get(name);
  if (object === "link add") return link === undefined ? add(line, name, links) : undefined;
  if (link === undefined) return undefined;
  switch (object) {
    case "link show":
    case "addr show":
      return `${JSON.stringify([link])}\n`;
    case "link set":
      set(line, link);
      return "";
    case "link delete":
      links.delete(name);
      return "";
    default:
      return undefined;
  }
}

function add(line: string, name: string, links: Map<string, FakeLink>): string {
  const ifindex = Math.max(...[...links.values()].map((link) => link.ifindex)) + 1;
  const [, kind = ""] = / type (\S+)$/.exec(line) ?? [];
  const link = { ifindex, ifname: name, flags: [], mtu: 1500, address: "02:00:00:00:00:01" };
  links.set(name, { ...link, linkinfo: { info_kind: kind } });
  set(line, links.get(name) ?? link);
  return "";
}

function set(line: string, link: FakeLink): void {
  const [, mtu] = / mtu (\d+)/.exec(line) ?? [];
  const [, txqlen] = / txqueuelen (\d+)/.exec(line) ?? [];
  const [, quoted, plain] = / alias (?:"([^"]*)"|(\S+))/.exec(line) ?? [];
  if (mtu !== undefined) link.mtu = Number(mtu);
  if (txqlen !== undefined) link.txqlen = Number(txqlen);
  const alias = quoted ?? plain;
  if (alias !== undefined) link.ifalias = alias;
  if (/ up$/.test(line)) link.flags = [...link.flags.filter((flag) => flag !== "UP"), "UP"];
  if (/ down$/.test(line)) link.flags = link.flags.filter((flag) => flag !== "UP");
}
