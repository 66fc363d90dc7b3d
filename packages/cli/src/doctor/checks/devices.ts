import { about, type Check } from "../check.ts";
import type { DownDevice } from "../facts.ts";
import type { Finding } from "../finding.ts";

/** Rules and limits can be whole where nothing passes the devices. */
export const devices: Check = {
  name: "devices",
  well: "every device that leads to a pod is up",
  findings: ({ downDevices }) =>
    about("the devices of pods", downDevices, (all) =>
      all.map((one) => ({ severity: "broken" as const, where: one.device, ...told(one) })),
    ),
};

function told({
  device,
  fault,
  bridge = "",
  ifname,
  netns,
  behind,
}: DownDevice): Pick<Finding, "what" | "remedy"> {
  const who = behind.length === 1 ? behind.join() : `${behind.length} attachments`;
  switch (fault) {
    case "down":
      return {
        what: `${device} is down: nothing gets to ${who}, nor back`,
        remedy: `ip link set dev ${device} up`,
      };
    case "no carrier":
      return {
        what: `${device} has no carrier: its other end, in the pod, is down, and nothing gets to ${who}`,
        remedy: `nsenter --net=${netns} ip link set dev ${ifname} up # or make the pod anew: its routes went with it`,
      };
    case "no port":
      return {
        what: `${device} is no port of bridge ${bridge} any more: nothing gets to ${who}, nor back`,
        remedy: `ip link set dev ${device} master ${bridge}`,
      };
  }
}
