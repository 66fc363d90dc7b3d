import { parseListing, ruleKeys } from "iptables-wrapper";
import type { ResultDocument } from "../lib/cni.ts";
import type { Node } from "../lib/node.ts";

/**
 * What plugins have made on a node, as objects of one spelling: the name of the list an object stands in, and the
 * list in its order. Hardware addresses, which the kernel makes up, are left out.
 */
export type NodeState = ReadonlyMap<string, readonly string[]>;

/** Looks at everything once, in the node's own iptables. */
export async function takeState(node: Node): Promise<NodeState> {
  const state = new Map<string, string[]>();
  const put = (list: string, object: string) => state.set(list, [...(state.get(list) ?? []), object]);
  const text = await node.run(["sh", "-c", script]);
  for (const section of text.split("\n== ").filter((each) => each !== "")) {
    const [title = "", ...lines] = section.split("\n");
    const body = lines.join("\n");
    const [kind, ...rest] = title.split(" ");
    if (kind === "rules") {
      for (const { chain, rules } of parseListing(byChain(lines))) {
        for (const rule of rules) {
          put(`${rest.join(" ")} ${chain}`, ruleKeys(rule).join(" | "));
        }
      }
    } else if (kind === "links") putLinks(JSON.parse(body), put);
    else if (kind === "qdiscs") putQdiscs(JSON.parse(body), put);
    else if (kind === "filters") putFilters(rest.join(" "), lines, put);
    else if (kind === "sysctls") for (const line of lines.filter((each) => each !== "")) put("sysctls", line);
  }
  return state;
}

/** A result as one object per leaf, in lists named after the plugin that gave it. */
export function resultState(name: string, result: ResultDocument): NodeState {
  const leaves: string[] = [];
  const walk = (path: string, value: unknown): void => {
    if (typeof value !== "object" || value === null) {
      leaves.push(path.endsWith(".mac") ? path : `${path} = ${JSON.stringify(value)}`);
      return;
    }
    for (const [key, inner] of Object.entries(value)) {
      walk(Array.isArray(value) ? `${path}[${key}]` : path === "" ? key : `${path}.${key}`, inner);
    }
  };
  walk("", result);
  return new Map([[`${name} result`, leaves.sort()]]);
}

/** Lines for what only one side has, and for lists that hold the same in another order; empty if all is equal. */
export function compareStates(ours: NodeState, theirs: NodeState): readonly string[] {
  return [...new Set([...ours.keys(), ...theirs.keys()])].flatMap((list) => {
    const [mine, yours] = [ours.get(list) ?? [], theirs.get(list) ?? []];
    const lines = [
      ...without(mine, yours).map((object) => `ours: ${list}: ${object}`),
      ...without(yours, mine).map((object) => `reference: ${list}: ${object}`),
    ];
    return lines.length === 0 && mine.join("\n") !== yours.join("\n") ? [`order: ${list}`] : lines;
  });
}

/** What of a list is more often in it than in another. */
function without(list: readonly string[], other: readonly string[]): string[] {
  const rest = [...other];
  return list.filter((object) => {
    const at = rest.indexOf(object);
    if (at >= 0) rest.splice(at, 1);
    return at < 0;
  });
}

const script = `
for tool in iptables ip6tables; do for table in raw mangle nat filter; do
  echo; echo "== rules $tool $table"; $tool -t $table -S
done; done
echo; echo "== links"; ip -d -j link show
echo; echo "== qdiscs"; tc -j qdisc show
for dev in $(ip -o link show | sed 's/^[0-9]*: //; s/[:@].*//'); do
  echo; echo "== filters $dev"; tc filter show dev $dev ingress
done
echo; echo "== sysctls"; cd /proc/sys/net/ipv4/conf; grep . */route_localnet
`;

/** A listing of a whole table names all chains first; here every chain is followed by its rules. */
function byChain(lines: readonly string[]): string {
  const chains = new Map<string, string[]>();
  for (const line of lines) {
    const chain = line.split(" ")[1];
    if (chain !== undefined) chains.set(chain, [...(chains.get(chain) ?? []), line]);
  }
  return [...chains.values()].flat().join("\n");
}

type Put = (list: string, object: string) => void;

interface ShownLink {
  readonly ifname: string;
  readonly mtu: number;
  readonly txqlen?: number;
  readonly flags: readonly string[];
  readonly master?: string;
  readonly ifalias?: string;
  readonly linkinfo?: { readonly info_kind?: string };
}

function putLinks(links: readonly ShownLink[], put: Put): void {
  for (const { ifname, mtu, txqlen, flags, master, ifalias, linkinfo } of links) {
    const [kind, up] = [linkinfo?.info_kind, flags.includes("UP")];
    put("links", JSON.stringify({ ifname, kind, mtu, txqlen, up, master }));
    if (ifalias !== undefined) put("aliases", `${ifname}: ${ifalias}`);
  }
}

interface ShownQdisc {
  readonly dev: string;
  readonly kind: string;
  readonly handle: string;
  readonly parent?: string;
  readonly root?: boolean;
  readonly options: unknown;
}

function putQdiscs(qdiscs: readonly ShownQdisc[], put: Put): void {
  for (const { dev, kind, handle, parent, root, options } of qdiscs) {
    put("qdiscs", JSON.stringify({ dev, kind, handle, parent, root, options }));
  }
}

/** Without what names the hook and what counts: the same filter is shown by `parent ffff:` or `ingress`. */
function putFilters(dev: string, lines: readonly string[], put: Put): void {
  for (const line of lines.map((each) => each.trim())) {
    if (line === "" || /^index \d+/.test(line)) continue;
    put(`filters ${dev}`, line.replace(/^filter (parent ffff: |ingress )?/, "filter "));
  }
}
