import { describe, expect, test } from "vitest";
import { ours, reference, whyNoReference } from "../lib/reference.ts";
import { difference, takeSnapshot, withoutShared } from "../lib/snapshot.ts";
import { bandwidth, loopback, portmap } from "../lib/stage.ts";
import { ask, serve } from "../lib/traffic.ts";
import { Operator } from "./operator.ts";

const refused = { timeoutMs: 1000 };
const noReference = whyNoReference();
if (noReference !== undefined) console.warn(`chain.test: ${noReference}`);

describe.each([ours, reference])("with the $whose plugins", ({ whose, directory }) => {
  test.skipIf(whose === "reference" && noReference !== undefined)(
    "add forwards a port, check finds all well, del leaves nothing",
    async () => {
      await using operator = await Operator.start({ plugins: directory });
      const { node, uplink } = operator;
      const cniVersion = "1.0.0";
      await operator.network("net", [loopback, portmap(), bandwidth()], { cniVersion });
      // The bridge, and what belongs to all containers, stay.
      await operator.run("add", "net", "--sandbox", "first", "-p", "9999:99");
      await operator.run("del", "net", "--sandbox", "first");
      const before = withoutShared(await takeSnapshot(node));

      const line = ["--sandbox", "web", "--id", "web", "-p", "8080:80", "--ingress-bandwidth", "100M"];
      const text = await operator.run("add", "net", ...line);
      expect(text).toMatch(/^attached web to net: eth0 in \/run\/netns\/web$/m);
      const [, address = ""] = /address +([\d.]+)\/24, gateway 10\.88\.0\.1/.exec(text) ?? [];
      expect(text).toContain(`8080/tcp -> ${address}:80`);
      expect(text).toContain("100Mbit into the container");
      expect(text).not.toContain("\u001b");
      await serve(node.netns("/run/netns/web"), "web", 80);
      expect(await ask(uplink.host, uplink.node4, 8080)).toMatchObject({ server: "web" });
      expect(await node.run(["tc", "qdisc", "show"])).toContain("100Mbit");

      // The reference's CHECK fails for pods that have IPv4 alone.
      if (whose === "ours") {
        expect(await operator.run("check", "net")).toBe(
          "all well web on net: eth0 (wire, loopback, portmap, bandwidth)\n",
        );
      }
      expect(await operator.run("del", "net", "--id", "web")).toBe("detached web from net: eth0\n");
      expect(await ask(uplink.host, uplink.node4, 8080, refused)).toBeUndefined();
      expect(difference(before, withoutShared(await takeSnapshot(node)))).toEqual([]);
    },
  );
});

test.each(["0.3.1", "0.4.0", "1.0.0", "1.1.0"])(
  "a chain at %s has results of that version",
  async (cniVersion) => {
    await using operator = await Operator.start();
    await operator.network("net", [portmap()], { cniVersion });
    const result = await operator.add("net", "web", "-p", "8080:80");
    expect(result).toMatchObject({ cniVersion, ips: [{ address: "10.88.0.2/24" }] });
    expect(await operator.json("del", "net")).toEqual({
      network: "net",
      containerId: "web",
      ifname: "eth0",
      wasCached: true,
    });
  },
);

describe("check", () => {
  test("says what is missing", async () => {
    await using operator = await Operator.start();
    await operator.network("net");
    await operator.add("net", "web", "-p", "8080:80");
    await operator.node.run(["iptables", "-t", "nat", "-F", "CNI-HOSTPORT-DNAT"]);
    const { exitCode, stdout, stderr } = await operator.try("check", "net");
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
    expect(stderr).toMatch(/plugin portmap failed \(CHECK\): error 101: .*CNI-HOSTPORT-DNAT/);
  });

  test("of a network that has none, or wants none", async () => {
    await using operator = await Operator.start();
    await operator.network("old", [], { cniVersion: "0.3.1" });
    await operator.add("old", "a");
    expect((await operator.try("check", "old")).stderr).toContain(
      "version 0.3.1 of network old has no CHECK",
    );
    await operator.network("unchecked", [], { disableCheck: true });
    await operator.add("unchecked", "b");
    await operator.calls();
    expect(await operator.run("check", "unchecked")).toContain("disableCheck");
    expect(await operator.calls()).toEqual([]);
  });
});
