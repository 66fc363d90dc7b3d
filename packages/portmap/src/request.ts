import type { AttachmentCall } from "@cni-chain/core";
import type { Request } from "./backend.ts";
import type { PortmapConfig } from "./config.ts";
import type { Destination } from "./destinations.ts";
import { routeDevice } from "./route-device.ts";
import type { Host } from "./tools.ts";

/** The request for one family, with the look-up of the device on its way. */
export function requestOf(
  { attachment, config, warn }: AttachmentCall<PortmapConfig>,
  destination: Destination,
  host: Host,
): Request {
  const fromLoopback = config.snat && destination.family === "v4";
  const loopbackDevice = fromLoopback ? routeDevice(destination.address, host) : Promise.resolve(undefined);
  // Whoever awaits it is told; that nobody may have come to it yet is no fault of its own.
  loopbackDevice.catch(() => {});
  return { attachment, config, destination, loopbackDevice, warn };
}

/** The devices that packets from 127.0.0.1 leave by to the containers of these requests, each once. */
export async function loopbackDevicesOf(requests: readonly Request[]): Promise<string[]> {
  const devices = await Promise.all(requests.map(({ loopbackDevice }) => loopbackDevice));
  return [...new Set(devices.filter((device) => device !== undefined))];
}
