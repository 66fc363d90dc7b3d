import { describe, expect, test } from "vitest";
import { Chain } from "../lib/chain.ts";
import type { ConfList } from "../lib/cni.ts";
import { keepAsking } from "../lib/keep-asking.ts";
import { ours, reference, whyNoReference } from "../lib/reference.ts";
import { difference, takeSnapshot, withoutShared } from "../lib/snapshot.ts";
import { type Added, bandwidth, loopback, mapping, portmap, Stage } from "../lib/stage.ts";
import { type IptablesVariant, iptablesVariants } from "../lib/tools.ts";
import { serve } from "../lib/traffic.ts";

// A node goes over from one to the other while its pods serve.
const reason = whyNoReference();
if (reason !== undefined) console.warn(`left out, going over with traffic running: ${reason}`);

const conf: ConfList = {
  cniVersion: "1.0.0",
  name: "net",
  plugins: [{ type: "base", hairpinMode: true }, portmap(), bandwidth(), loopback],
};

const limits = { ingressRate: 1e8, ingressBurst: 8e6, egressRate: 1e8, egressBurst: 8e6 };

const directions = iptablesVariants.flatMap((iptables) => [
  { iptables, title: `from the reference to ours on iptables-${iptables}`, from: reference, to: ours },
  { iptables, title: `from ours to the reference on iptables-${iptables}`, from: ours, to: reference },
]);

async function arrange(iptables: IptablesVariant, from: typeof ours, to: typeof ours) {
  const stage = await Stage.set({ iptables, chained: [] });
  const [old, young] = [from, to].map(({ directory }) => new Chain(stage.node, directory, conf));
  if (old === undefined || young === undefined) throw new Error("two chains were asked for");
  const before = withoutShared(await takeSnapshot(stage.node));
  const add = async (name: string, port: number, chain: Chain): Promise<Added> => {
    const added = await stage.add(name, { portMappings: [mapping(port, 80)], bandwidth: limits }, chain);
    await serve(added.pod, name, 80);
    return added;
  };
  const { node4, node6, host } = stage.uplink;
  /** Every way to a pod: from outside in both families, and from the node itself. */
  const ask = async (server: string, port: number) => {
    const urls = [`http://${node4}:${port}/`, `http://[${node6}]:${port}/`];
    const asking = await Promise.all([
      keepAsking(
        host,
        urls.map((url) => ({ server, url })),
      ),
      keepAsking(stage.node, [{ server, url: `http://127.0.0.1:${port}/` }]),
    ]);
    return async () => {
      const asked = await Promise.all(asking.map((each) => each.stop()));
      return {
        rounds: Math.min(...asked.map(({ rounds }) => rounds)),
        lost: asked.flatMap(({ lost }) => lost),
      };
    };
  };
  return { stage, old, young, before, add, ask };
}

describe.skipIf(reason !== undefined).concurrent("no request is lost while a node goes over", () => {
  test.each(directions)("$title", async ({ iptables, from, to }) => {
    const { stage, old, young, before, add, ask } = await arrange(iptables, from, to);
    await using _ = stage;
    const stays = await add("stays", 8080, old);
    const leaves = await add("leaves", 8081, old);
    const stopAskingStays = await ask("stays", 8080);

    // The plugins are replaced: from here on every call is the other's.
    young.adopt(stays.attachment, stays.result);
    young.adopt(leaves.attachment, leaves.result);
    await young.del(leaves.attachment);
    const first = await add("first", 8082, young);
    const stopAskingFirst = await ask("first", 8082);
    // A port changes hands, twice.
    const heir = await add("heir", 8081, young);
    const stopAskingHeir = await ask("heir", 8081);
    const second = await add("second", 8083, young);
    await young.del(second.attachment);
    const asked = { heir: await stopAskingHeir(), first: await stopAskingFirst() };
    await young.del(heir.attachment);
    const askedStays = await stopAskingStays();
    for (const { rounds, lost } of [asked.heir, asked.first, askedStays]) {
      expect(lost).toEqual([]);
      expect(rounds).toBeGreaterThan(1);
    }

    await young.del(first.attachment);
    await young.del(stays.attachment);
    const left = difference(before, withoutShared(await takeSnapshot(stage.node)));
    // The reference knows nothing of the guard that ours has made.
    const known = to === reference ? left.filter((line) => !/: raw .*CNI-HOSTPORT-LOCAL/.test(line)) : left;
    expect(known).toEqual([]);
  });
});
