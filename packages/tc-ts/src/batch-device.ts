import { batchWord } from "@cni-chain/exec";
import { isDeviceName } from "@cni-chain/netlink";

/** A device name for a line of `tc -batch`. Throws TypeError on a text that is none, or that a batch cannot hold. */
export function batchDevice(name: string): string {
  if (!isDeviceName(name)) throw new TypeError(`not a device name: ${JSON.stringify(name)}`);
  return batchWord(name);
}
