import type { Node } from "../lib/node.ts";
import type { Service } from "../lib/process.ts";

/** Runs a body in the node over and over until it is stopped, and then prints how often that was. */
const over = (body: string) => `
stop=/run/stop-$$
exec 3<&0
(cat <&3 >/dev/null; : >$stop) &
rounds=0
echo ready
until [ -e $stop ]; do
  rounds=$((rounds + 1))
  ${body}
done
rm $stop
echo $rounds`;

/** Services a proxy for Kubernetes has, with two endpoints each. */
const services = 20;

const chains = Array.from({ length: services }, (_, at) => `KUBE-SVC-${at}`);

const rules = [
  "*nat",
  ...["KUBE-SERVICES", ...chains].map((chain) => `:${chain} - [0:0]`),
  ...chains.flatMap((chain, at) => [
    `-A KUBE-SERVICES -d 10.96.0.${at + 1}/32 -p tcp -m comment --comment "default/web-${at}" -m tcp --dport 80 -j ${chain}`,
    `-A ${chain} -m statistic --mode random --probability 0.5 -p tcp -j DNAT --to-destination 10.88.1.${at}:80`,
    `-A ${chain} -p tcp -j DNAT --to-destination 10.88.2.${at}:80`,
  ]),
  "COMMIT",
].join("\n");

const jumps = "*nat\n-A PREROUTING -j KUBE-SERVICES\n-A OUTPUT -j KUBE-SERVICES\nCOMMIT";

/** Lays down rules as kube-proxy has them, in IPv4. */
export async function layForeignRules(node: Node): Promise<void> {
  await node.run(["sh", "-ec", "cat >/run/foreign-rules"], { stdin: `${rules}\n` });
  await node.run(["iptables-restore", "--noflush", "/run/foreign-rules"]);
  await node.run(["iptables-restore", "--noflush"], { stdin: `${jumps}\n` });
}

/** Somebody who writes all his rules anew without pause, as kube-proxy does when endpoints change. */
export const rewrite = (node: Node): Promise<Disturber> =>
  Disturber.start(
    node,
    "iptables-restore --noflush --wait 20 /run/foreign-rules || echo lost >>/run/foreign-lost; sleep 0.05",
  );

/** Somebody who holds the lock of iptables-legacy for 2 s, again and again. */
export const holdLock = (node: Node): Promise<Disturber> =>
  Disturber.start(node, "flock /run/xtables.lock sleep 2; sleep 3");

export class Disturber {
  readonly #service: Service;

  private constructor(service: Service) {
    this.#service = service;
  }

  static async start(node: Node, body: string): Promise<Disturber> {
    const service = node.start(["sh", "-c", over(body)]);
    await service.ready();
    return new Disturber(service);
  }

  /** Gives how often it has done its deed. */
  async stop(): Promise<number> {
    await this.#service.stop();
    return Number(await this.#service.line());
  }
}
