import { describe, expect, test } from "vitest";
import { mapping, Stage } from "./lib/stage.ts";
import { ask, serve } from "./lib/traffic.ts";

// Kubernetes marks the iptables variant it uses by a chain in table mangle. Rules in the other one would be in a
// kernel nobody else looks at.
describe("where Kubernetes has marked the other iptables alone", () => {
  const web = { portMappings: [mapping(8080, 80)] };
  const variants = [
    { plain: "nft", other: "legacy", marker: "KUBE-IPTABLES-HINT" },
    { plain: "legacy", other: "nft", marker: "KUBE-KUBELET-CANARY" },
  ] as const;

  test.each(variants)(
    "the plain name is $plain, and $other gets the rules",
    async ({ plain, other, marker }) => {
      await using stage = await Stage.set({ iptables: plain });
      const { node } = stage;
      const rules = async (variant: string) =>
        (await node.run([`iptables-${variant}`, "-t", "nat", "-S"])).match(/CNI-DN-/g);
      const before = await stage.add("before", { portMappings: [mapping(8081, 80)] });
      expect([await rules(plain), await rules(other)]).toEqual([expect.any(Array), null]);
      await node.run([`iptables-${other}`, "-t", "mangle", "-N", marker]);
      const after = await stage.add("after", web);
      await serve(after.pod, "after", 80);
      expect(await rules(other)).toEqual(expect.any(Array));
      expect(await ask(stage.uplink.host, stage.uplink.node4, 8080)).toMatchObject({ server: "after" });
      // What was written before the mark is found by DEL all the same.
      await stage.chain.del(before.attachment);
      await stage.chain.del(after.attachment);
      expect([await rules(plain), await rules(other)]).toEqual([null, null]);
    },
  );

  test("a mark in both leaves the plain name in its right", async () => {
    await using stage = await Stage.set({ iptables: "nft" });
    for (const variant of ["nft", "legacy"]) {
      await stage.node.run([`iptables-${variant}`, "-t", "mangle", "-N", "KUBE-KUBELET-CANARY"]);
    }
    await stage.add("web", web);
    expect(await stage.node.run(["iptables-nft", "-t", "nat", "-S"])).toContain("CNI-DN-");
  });
});

test("a node that has no legacy tables has none after ADD and DEL either", async () => {
  await using stage = await Stage.set({ iptables: "nft" });
  const { attachment } = await stage.add("web", { portMappings: [mapping(8080, 80)] });
  await stage.chain.check(attachment);
  await stage.chain.del(attachment);
  expect(await stage.node.run(["sh", "-c", "cat /proc/net/ip_tables_names || true"])).toBe("");
});
