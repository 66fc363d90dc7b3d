import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { hostVeth } from "../lib/base-plugin.ts";
import { PluginError } from "../lib/chain.ts";
import type { Pod } from "../lib/node.ts";
import { plugins } from "../lib/plugins.ts";
import { difference, takeSnapshot, withoutShared } from "../lib/snapshot.ts";
import { type Added, bandwidth, loopback, mapping, portmap, Stage } from "../lib/stage.ts";
import { ask, serve } from "../lib/traffic.ts";
import { noteTried } from "../lib/tried-table.ts";

// What a pod makes of the links in its namespace must not confuse ADD, CHECK, DEL or the operator's tool.

const limits = { ingressRate: 80e6, ingressBurst: 8e6, egressRate: 80e6, egressBurst: 8e6 };

/** Names the kernel takes: anything of 1 to 15 bytes but white space, `/`, `:`, `.` and `..`. */
const oddNames = [
  [
    "-rf",
    "--help",
    "$(id)",
    "`id`",
    ";reboot",
    "'",
    '"',
    '\\"',
    "%s%n",
    "*",
    "[a-z]",
    "{}",
    "a,b",
    "#x",
    "@eth0",
  ],
  ["lo0", "lo\u0001", "\u001b[2J", "\u007f", "é", "名前", "\u202e", "🐢", "cni-chain", "dev", "type", "link"],
  [
    "bwp000000000000",
    "vethdeadbeef",
    "cni0",
    "up1",
    "0",
    "-1",
    "1e9",
    "null",
    "true",
    "__proto__",
    "eth0\u200b",
  ],
].flat();

interface Deed {
  readonly what: string;
  readonly deed: (pod: Pod, neighbour: Added) => Promise<void>;
  /** What CHECK says to it; undefined where nothing of ours is touched. */
  readonly check?: RegExp;
}

const deeds: readonly Deed[] = [
  { what: "another MTU", deed: (pod) => pod.ip("link set eth0 mtu 1280") },
  { what: "eth0 down", deed: (pod) => pod.ip("link set eth0 down") },
  { what: "eth0 without addresses", deed: (pod) => pod.ip("address flush dev eth0") },
  {
    what: "eth0 renamed",
    deed: (pod) => pod.ip("link set eth0 down", "link set eth0 name mine"),
    check: /there is no interface eth0 in/,
  },
  {
    what: "a bridge named eth0",
    deed: (pod) => pod.ip("link set eth0 down", "link set eth0 name mine", "link add eth0 type bridge"),
    check: /eth0 in \S+ is of kind bridge, not veth/,
  },
  {
    what: "another pair with one end named eth0",
    deed: (pod) =>
      pod.ip("link set eth0 down", "link set eth0 name mine", "link add eth0 type veth peer name other"),
    check: /the host's end of eth0 is neither among/,
  },
  {
    what: "an eth0 with the index that the neighbour's end on the node has",
    deed: async (pod, { attachment }) => {
      const [index = ""] = (await stage.node.run(["ip", "-o", "link", "show", hostVeth(attachment)])).split(
        ":",
      );
      await pod.ip(
        "link set eth0 down",
        "link set eth0 name mine",
        `link add eth0 type veth peer name ${hostVeth(attachment)} index ${index}`,
      );
    },
    check: /the host's end of eth0 is neither among/,
  },
  { what: "lo down", deed: (pod) => pod.ip("link set lo down"), check: /lo/ },
  {
    what: "lo renamed",
    deed: (pod) => pod.ip("link set lo down", "link set lo name mine"),
    check: /lo: expected it up, found no interface of that name/,
  },
  {
    what: "hundreds of links with odd names",
    deed: async (pod) => {
      for (const name of oddNames) await pod.try(["ip", "link", "add", "name", name, "type", "bridge"]);
      const many = Array.from({ length: 200 }, (_, at) => `link add name many${at} type ifb`);
      await pod.ip(...many);
    },
  },
];

let stage: Stage;
let neighbour: Added;

beforeAll(async () => {
  stage = await Stage.set({ chained: [portmap(), bandwidth(), loopback] });
  neighbour = await stage.add("neighbour", { portMappings: [mapping(8080, 80)], bandwidth: limits });
  await serve(neighbour.pod, "neighbour", 80);
});
afterAll(() => stage[Symbol.asyncDispose]());

interface Listed {
  readonly ports: readonly {
    readonly containerId: string;
    readonly hostPort: number;
    readonly family: string;
  }[];
  readonly limits: readonly { readonly containerId: string; readonly hostDevice: string }[];
  readonly problems: readonly unknown[];
}

/** What the operator's tool says of the node, without counters; nothing where it is not built. */
async function listed(): Promise<readonly string[]> {
  const tool = join(plugins, "cni-chain");
  if (!existsSync(tool)) return [];
  const { ports, limits, problems }: Listed = JSON.parse(await stage.node.run([tool, "list", "--json"]));
  return [
    ...ports.map(({ containerId, hostPort, family }) => `${containerId} ${hostPort} ${family}`),
    ...limits.map(({ containerId, hostDevice }) => `${containerId} ${hostDevice}`),
    ...problems.map((problem) => JSON.stringify(problem)),
  ];
}

test.for(deeds)("$what", async ({ what, deed, check }, { task }) => {
  const before = withoutShared(await takeSnapshot(stage.node));
  const listedBefore = await listed();
  const pod = await stage.add("against", { portMappings: [mapping(8081, 80)], bandwidth: limits });
  await deed(pod.pod, neighbour);
  const lost: string[] = [];
  const note = async (name: string, work: Promise<unknown>) => {
    await work.catch((error: unknown) => lost.push(`${name}: ${error}`));
  };
  const told = await stage.chain.check(pod.attachment).catch((error: unknown) => error);
  if (
    check === undefined ? told !== undefined : !(told instanceof PluginError && check.test(told.document.msg))
  )
    lost.push(`CHECK: ${told}`);
  await note("the neighbour's CHECK", stage.chain.check(neighbour.attachment));
  await note("list", listed());
  await note(
    "ADD of another",
    stage.add("another", { portMappings: [mapping(8082, 80)], bandwidth: limits }),
  );
  await note("DEL of another", stage.chain.del({ ...pod.attachment, containerId: "another" }));
  await note("DEL", stage.chain.del(pod.attachment));
  await note("DEL once more", stage.chain.del(pod.attachment));
  await stage.node.removeNetns(pod.pod);
  await stage.node.run(["ip", "netns", "delete", "another"]);
  lost.push(...difference(before, withoutShared(await takeSnapshot(stage.node))));
  const listedAfter = await listed();
  if (listedAfter.join("\n") !== listedBefore.join("\n")) lost.push(`the list has changed: ${listedAfter}`);
  if ((await ask(stage.uplink.host, stage.uplink.node4, 8080))?.server !== "neighbour")
    lost.push("the neighbour does not answer");
  noteTried(task, { what: `links: ${what}`, times: 1, lost: lost.length });
  expect(lost).toEqual([]);
});
