import { hostVeth } from "../lib/base-plugin.ts";
import type { Added } from "../lib/stage.ts";
import { bandwidth } from "../lib/stage.ts";
import { measure } from "../lib/traffic.ts";
import { type Fault, wrongIf } from "./fault.ts";
import { Scene, textOf } from "./scene.ts";

const mbit = 1_000_000;
const conf = bandwidth();
const options = { base: { mode: "ptp" } } as const;
const into = (rate: number, burst: number) => ({ bandwidth: { ingressRate: rate, ingressBurst: burst } });
const out = { bandwidth: { egressRate: 8 * mbit, egressBurst: mbit } };
const both = { bandwidth: { ...into(8 * mbit, mbit).bandwidth, ...out.bandwidth } };

/** Throughput of a TCP stream into a pod during a second, in bit/s. */
async function throughput({ stage }: Scene, { pod, result }: Added): Promise<number> {
  const host = result.ips?.[0]?.address.split("/")[0] ?? "";
  const target = { host, port: 5201 };
  return (await measure(stage.uplink.host, { place: pod, listen: 5201 }, target, { seconds: 1 })).mean;
}

const qdiscs = (scene: Scene, { attachment }: Added) => scene.sh(`tc qdisc show dev ${hostVeth(attachment)}`);

export const bandwidthFaults: readonly Fault[] = [
  {
    plugin: "bandwidth",
    id: "placeholder-burst",
    reported: "P#609, k8s#90838",
    title: "a limit of 10 Mbit/s with the burst that containerd sends for none, 4294967295 bits",
    reference: "takes it literally, and its 32-bit ticks wrap: the first 193 MB are not limited",
    ours: "takes it as not given: the limit holds from the first byte",
    async see(installation) {
      await using scene = await Scene.set(installation, options);
      const pod = await scene.pod("web", into(10 * mbit, 4_294_967_295));
      await scene.succeed("ADD", conf, pod);
      const mean = await throughput(scene, pod);
      return wrongIf(mean > 30 * mbit, `${Math.round(mean / mbit)} Mbit/s`);
    },
  },
  {
    plugin: "bandwidth",
    id: "small-burst",
    title: "a burst smaller than a packet",
    reference: "lets nothing through, the pod stalls",
    ours: "raises it to a packet, with a warning",
    async see(installation) {
      await using scene = await Scene.set(installation, options);
      const pod = await scene.pod("web", into(8 * mbit, 8_000));
      await scene.succeed("ADD", conf, pod);
      const mean = await throughput(scene, pod);
      return wrongIf(mean < mbit / 10, `${mean} bit/s`);
    },
  },
  {
    plugin: "bandwidth",
    id: "tiny-rate",
    title: "a rate below 8 bit/s",
    reference: "divides by zero; 1.1.1 hands the kernel what comes of it, which says `invalid argument`",
    ours: "is refused with its field, its value and what is allowed",
    async see(installation) {
      await using scene = await Scene.set(installation, options);
      const answer = await scene.call("ADD", conf, await scene.pod("web", into(4, 80_000)));
      return wrongIf(!/ingressRate.* 4 /.test(textOf(answer)), answer.stdout);
    },
  },
  {
    plugin: "bandwidth",
    id: "beside-clsact",
    reported: "P#894",
    title: "an egress limit on a veth with a clsact qdisc, as eBPF agents set one",
    reference: "fails: file exists",
    ours: "shares it",
    async see(installation) {
      await using scene = await Scene.set(installation, options);
      const pod = await scene.pod("web", out);
      await scene.node.run(["tc", "qdisc", "add", "dev", hostVeth(pod.attachment), "clsact"]);
      const answer = await scene.call("ADD", conf, pod);
      return wrongIf(answer.exitCode !== 0, answer.stdout);
    },
  },
  {
    plugin: "bandwidth",
    id: "second-add",
    title: "a second ADD of the same attachment",
    reference: "fails: file exists",
    ours: "brings about what the first did",
    async see(installation) {
      await using scene = await Scene.set(installation, options);
      const pod = await scene.pod("web", both);
      await scene.succeed("ADD", conf, pod);
      const answer = await scene.call("ADD", conf, pod);
      return wrongIf(answer.exitCode !== 0, answer.stdout);
    },
  },
  {
    plugin: "bandwidth",
    id: "no-rollback",
    title: "an ADD that fails half-way, and again after the cause is gone",
    reference: "leaves its half, on which every later ADD fails",
    ours: "takes back what it has done, and succeeds later",
    async see(installation) {
      await using scene = await Scene.set(installation, options);
      const pod = await scene.pod("web", both);
      const veth = hostVeth(pod.attachment);
      // A name the ifb needs, as somebody else's link: the egress half cannot be made.
      const blocked = await scene.succeed("ADD", conf, pod);
      const ifb = blocked.interfaces?.at(-1)?.name ?? "";
      await scene.sh(
        `ip link delete ${ifb}; tc qdisc del dev ${veth} root; tc qdisc del dev ${veth} ingress`,
      );
      await scene.node.run(["ip", "link", "add", ifb, "type", "bridge"]);
      const failed = await scene.call("ADD", conf, pod);
      if (failed.exitCode === 0) throw new Error("ADD succeeds though its ifb's name is taken");
      await scene.node.run(["ip", "link", "delete", ifb]);
      const answer = await scene.call("ADD", conf, pod);
      return wrongIf(answer.exitCode !== 0, answer.stdout);
    },
  },
  {
    plugin: "bandwidth",
    id: "del-leaves-qdiscs",
    title: "DEL where the veth stays",
    reference: "leaves its limits there, and a filter that leads nowhere",
    ours: "takes off what is its own",
    async see(installation) {
      await using scene = await Scene.set(installation, options);
      const pod = await scene.pod("web", both);
      const result = await scene.succeed("ADD", conf, pod);
      await scene.succeed("DEL", conf, { ...pod, result });
      const left = await qdiscs(scene, pod);
      return wrongIf(/tbf|ingress/.test(left), left);
    },
  },
  {
    plugin: "bandwidth",
    id: "fixed-latency",
    title: "how long a packet may wait in the queue",
    reference: "is 25 ms, whatever is configured",
    ours: "is configured by `latency`, 25 ms if not",
    async see(installation) {
      await using scene = await Scene.set(installation, options);
      const pod = await scene.pod("web", both);
      await scene.succeed("ADD", bandwidth({ latency: "80ms" }), pod);
      const shown = await qdiscs(scene, pod);
      return wrongIf(!shown.includes("lat 80ms"), shown);
    },
  },
  {
    plugin: "bandwidth",
    id: "veth-only",
    title: "a pod's interface that is no veth",
    reference: "fails, and says that it was no veth",
    ours: "fails too, and says of which kind it is and what to do",
    async see(installation) {
      await using scene = await Scene.set(installation, options);
      const pod = await scene.pod("web", both);
      await pod.pod.ip("link delete eth0", "link add eth0 type bridge");
      const answer = await scene.call("ADD", conf, pod);
      if (answer.exitCode === 0) throw new Error("a bridge was limited");
      return wrongIf(!/kind bridge.*not veth/.test(textOf(answer)), answer.stdout);
    },
  },
  {
    plugin: "bandwidth",
    id: "nameless-ifb",
    title: "an ifb on the node",
    reference: "has a hash for a name, which leads back to no pod",
    ours: "says in its ifalias whose it is",
    async see(installation) {
      await using scene = await Scene.set(installation, options);
      await scene.succeed("ADD", conf, await scene.pod("web", both));
      const shown = await scene.sh("ip -d link show type ifb");
      if (!shown.includes("bwp")) throw new Error("there is no ifb");
      return wrongIf(!/container=web/.test(shown), shown);
    },
  },
];
