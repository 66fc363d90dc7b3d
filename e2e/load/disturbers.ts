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

/** Writes all foreign rules anew, and looks whether they all stand, in their order. */
const rewriteAndLook = `
for tool in iptables ip6tables; do
  rules=/run/foreign/$tool
  $tool-restore --noflush --wait 20 $rules || echo "$tool: not written" >>/run/foreign/lost
  $tool-save -t nat | grep -- '^-A.*KUBE-' | diff $rules-listed - >>/run/foreign/lost
done
sleep 0.05`;

/** Somebody who writes all his rules anew without pause, as kube-proxy does when endpoints change. */
export const rewrite = (node: Node): Promise<Disturber> => Disturber.start(node, rewriteAndLook);

/** Somebody who holds the lock of iptables-legacy for 2 s, again and again. */
export const holdLock = (node: Node): Promise<Disturber> =>
  Disturber.start(node, "flock /run/xtables.lock sleep 2; sleep 3");

/** Somebody who takes all rules of table nat, and of nftables' tables, away again and again, as a firewall does at a reload. */
export const flush = (node: Node): Promise<Disturber> =>
  Disturber.start(
    node,
    `
for tool in iptables ip6tables; do $tool -w -t nat -F; $tool -w -t nat -X; done
for family in ip ip6; do nft delete table $family cni_hostport 2>/dev/null; done
sleep 0.05`,
  );

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
