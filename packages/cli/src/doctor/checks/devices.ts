import { about, type Check } from "../check.ts";

/** Rules and limits can be whole where nothing passes the devices. */
export const devices: Check = {
  name: "devices",
  well: "every device that leads to a pod is up",
  findings: ({ downDevices }) =>
    about("the devices of pods", downDevices, (all) =>
      all.map(({ device, fault, ifname, netns, behind }) => {
        const who = behind.length === 1 ? behind.join() : `${behind.length} attachments`;
        return fault === "down"
          ? {
              severity: "broken",
              what: `${device} is down: nothing gets to ${who}, nor back`,
              where: device,
              remedy: `ip link set dev ${device} up`,
            }
          : {
              severity: "broken",
              what: `${device} has no carrier: its other end, in the pod, is down, and nothing gets to ${who}`,
              where: device,
              remedy: `nsenter --net=${netns} ip link set dev ${ifname} up # or make the pod anew: its routes went with it`,
            };
      }),
    ),
};
