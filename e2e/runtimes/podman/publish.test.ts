import { afterAll, beforeAll, expect, test } from "vitest";
import { portmap } from "../../lib/stage.ts";
import { ask, serve } from "../../lib/traffic.ts";
import { keepLogsOfFailures } from "../lib/machine.ts";
import { shows } from "../lib/shows.ts";
import { gatewayOf, podmanNetwork } from "./networks.ts";
import { type Container, Podman } from "./podman.ts";

const refused = { timeoutMs: 1000 };
let podman: Podman;
let web: Container;
let other: Container;

beforeAll(async () => {
  podman = await Podman.start([podmanNetwork(1, [portmap()])]);
  const { node4 } = podman.machine.uplink;
  web = await podman.run({
    name: "web",
    network: 1,
    publish: [
      "8080:80",
      "0.0.0.0:8081:80",
      "127.0.0.1:8082:80",
      `${node4}:8083:80`,
      "8090-8092:90-92",
      "5353:53/udp",
      "127.0.0.1:5354:53/udp",
      "5360-5361:60-61/udp",
      "9899:99/sctp",
    ],
  });
  other = await podman.run({ name: "other", network: 1 });
  await Promise.all([
    ...[90, 91, 92].map((port) => serve(web.place, `tcp ${port}`, port)),
    ...[53, 60, 61].map((port) => serve(web.place, `udp ${port}`, port, "udp")),
  ]);
});
afterAll(() => podman.close());
keepLogsOfFailures(() => podman.machine);

test("run -p: the port is reached from 127.0.0.1", shows("hostPort from 127.0.0.1"), async () => {
  expect(await ask(podman.machine.node, "127.0.0.1", 8080)).toEqual({ server: "web" });
});

test(
  "run -p: the port is reached from each of the node's addresses",
  shows("hostPort from the node's addresses"),
  async () => {
    const { node, uplink } = podman.machine;
    for (const address of [uplink.node4, gatewayOf(1)]) {
      expect(await ask(node, address, 8080), address).toEqual({ server: "web" });
    }
  },
);

test("run -p: the port is reached from another host", shows("hostPort from another host"), async () => {
  const { host, node4 } = podman.machine.uplink;
  expect(await ask(host, node4, 8080)).toEqual({ server: "web" });
  expect(await ask(host, node4, 8081)).toEqual({ server: "web" });
});

test("run -p: the port is reached from another container", shows("hostPort from another pod"), async () => {
  expect(await ask(other.place, podman.machine.uplink.node4, 8080)).toEqual({ server: "web" });
});

test(
  "run -p: the port is reached from the container itself",
  shows("hostPort from the pod itself"),
  async () => {
    expect(await ask(web.place, podman.machine.uplink.node4, 8080)).toEqual({ server: "web" });
  },
);

test("run -p PORT:PORT/udp: datagrams reach it from everywhere", shows("hostPort over UDP"), async () => {
  const { node, uplink } = podman.machine;
  for (const from of [uplink.host, node, other.place, web.place]) {
    const answer = await ask(from, uplink.node4, 5353, { protocol: "udp" });
    expect(answer, from.name).toMatchObject({ server: "udp 53" });
  }
  expect(await ask(node, "127.0.0.1", 5353, { protocol: "udp" })).toMatchObject({ server: "udp 53" });
});

test("run -p PORT:PORT/sctp: it has its rules", shows("hostPort over SCTP (rules)"), async () => {
  const rules = await podman.machine.node.run(["iptables-save", "-t", "nat"]);
  expect(rules.split("\n")).toContainEqual(
    expect.stringMatching(
      `^-A CNI-DN-\\w+ -p sctp -m sctp --dport 9899 -j DNAT --to-destination ${web.ip}:99$`,
    ),
  );
});

test("run -p FIRST-LAST: every port of a range is reached, and none beside it", async () => {
  const { host, node4 } = podman.machine.uplink;
  for (const offset of [0, 1, 2]) {
    expect(await ask(host, node4, 8090 + offset)).toMatchObject({ server: `tcp ${90 + offset}` });
  }
  expect(await ask(host, node4, 8093, refused)).toBeUndefined();
  for (const offset of [0, 1]) {
    const answer = await ask(host, node4, 5360 + offset, { protocol: "udp" });
    expect(answer).toMatchObject({ server: `udp ${60 + offset}` });
  }
});

test("run -p 127.0.0.1:PORT: it is reached on the node alone", shows("hostIP"), async () => {
  const { node, uplink } = podman.machine;
  expect(await ask(node, "127.0.0.1", 8082)).toEqual({ server: "web" });
  expect(await ask(node, "127.0.0.1", 5354, { protocol: "udp" })).toMatchObject({ server: "udp 53" });
  expect(await ask(uplink.host, uplink.node4, 8082, refused)).toBeUndefined();
  expect(await ask(uplink.host, uplink.node4, 5354, { ...refused, protocol: "udp" })).toBeUndefined();
});

test("run -p ADDRESS:PORT: it is reached at that address of the node's alone", shows("hostIP"), async () => {
  const { node, uplink } = podman.machine;
  expect(await ask(uplink.host, uplink.node4, 8083)).toEqual({ server: "web" });
  expect(await ask(node, gatewayOf(1), 8083, refused)).toBeUndefined();
  expect(await ask(node, "127.0.0.1", 8083, refused)).toBeUndefined();
});

test("a container without -p has nothing forwarded", shows("no hostPort"), async () => {
  const rules = await podman.machine.node.run(["iptables-save", "-t", "nat"]);
  expect(rules).toContain(`--to-destination ${web.ip}:80`);
  expect(rules).not.toContain(`--to-destination ${other.ip}:`);
});
