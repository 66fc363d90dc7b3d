import { beforeAll, expect, test } from "vitest";
import { ask, serve } from "../../lib/traffic.ts";
import { bridgeAddress } from "../lib/network.ts";
import { shows } from "../lib/shows.ts";
import { containerdInSuite } from "./in-suite.ts";
import { port, type RunningPod } from "./pod.ts";

const containerd = containerdInSuite();
let web: RunningPod;
let other: RunningPod;

beforeAll(async () => {
  const { node4 } = containerd().machine.uplink;
  [web, other] = await Promise.all([
    containerd().runPod({
      name: "web",
      ports: [
        port(8080, 80),
        port(5353, 53, { protocol: "UDP" }),
        port(9899, 99, { protocol: "SCTP" }),
        port(8081, 80, { hostIp: node4 }),
        port(8082, 80, { hostIp: "127.0.0.1" }),
        port(0, 8083),
      ],
    }),
    containerd().runPod({ name: "other" }),
  ]);
  await Promise.all([containerd().serveWeb(web), serve(web.place, "dns", 53, "udp")]);
});

/** What stands in the nat table about the pods' ports. */
const rules = () => containerd().machine.node.run(["iptables-save", "-t", "nat"]);

test("a hostPort is reached from 127.0.0.1", shows("hostPort from 127.0.0.1"), async () => {
  expect(await ask(containerd().machine.node, "127.0.0.1", 8080)).toEqual({ server: "web" });
});

test(
  "a hostPort is reached from each of the node's addresses",
  shows("hostPort from the node's addresses"),
  async () => {
    const { node, uplink } = containerd().machine;
    for (const address of [uplink.node4, bridgeAddress]) {
      expect(await ask(node, address, 8080), address).toEqual({ server: "web" });
    }
  },
);

test("a hostPort is reached from another host", shows("hostPort from another host"), async () => {
  const { host, node4 } = containerd().machine.uplink;
  expect(await ask(host, node4, 8080)).toEqual({ server: "web" });
});

test("a hostPort is reached from another pod", shows("hostPort from another pod"), async () => {
  expect(await ask(other.place, containerd().machine.uplink.node4, 8080)).toEqual({ server: "web" });
});

test("a hostPort is reached from the pod itself", shows("hostPort from the pod itself"), async () => {
  expect(await ask(web.place, containerd().machine.uplink.node4, 8080)).toEqual({ server: "web" });
});

test("datagrams reach a UDP hostPort from everywhere", shows("hostPort over UDP"), async () => {
  const { node, uplink } = containerd().machine;
  for (const from of [uplink.host, node, other.place, web.place]) {
    const answer = await ask(from, uplink.node4, 5353, { protocol: "udp" });
    expect(answer, from.name).toMatchObject({ server: "dns" });
  }
  expect(await ask(node, "127.0.0.1", 5353, { protocol: "udp" })).toMatchObject({ server: "dns" });
});

test("an SCTP hostPort has its rules", shows("hostPort over SCTP (rules)"), async () => {
  expect((await rules()).split("\n")).toContainEqual(
    expect.stringMatching(
      `^-A CNI-DN-\\w+ -p sctp -m sctp --dport 9899 -j DNAT --to-destination ${web.ip}:99$`,
    ),
  );
});

test("a hostPort with a hostIP is reached at that address alone", shows("hostIP"), async () => {
  const { node, uplink } = containerd().machine;
  expect(await ask(uplink.host, uplink.node4, 8081)).toEqual({ server: "web" });
  expect(await ask(node, bridgeAddress, 8081, { timeoutMs: 1000 })).toBeUndefined();
  expect(await ask(node, "127.0.0.1", 8082)).toEqual({ server: "web" });
  expect(await ask(uplink.host, uplink.node4, 8082, { timeoutMs: 1000 })).toBeUndefined();
});

test(
  "nothing is forwarded for a port without hostPort and a pod without ports",
  shows("no hostPort"),
  async () => {
    const saved = await rules();
    expect(saved).toContain(`${web.ip}:80`);
    expect(saved).not.toContain("8083");
    expect(saved).not.toMatch(new RegExp(`DNAT .*${other.ip.replaceAll(".", "\\.")}:`));
  },
);
