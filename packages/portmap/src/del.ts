import { checkConfig, type DelCall } from "@cni-chain/core";
import type { Addresses } from "./backend.ts";
import type { PortmapConfig } from "./config.ts";
import { definition } from "./definition.ts";
import { removeInFamilies } from "./in-families.ts";
import type { Tools } from "./tools.ts";

/**
 * Removes everything of the container's, found by network name and container ID alone: the runtime may
 * have lost the rest.
 */
export async function del(call: DelCall, tools: Tools): Promise<void> {
  const { attachment, warn } = call;
  const hints = { addresses: addressesOf(call, tools), config: configOf(call) };
  await removeInFamilies(tools, warn, (family) => tools.backend.remove(attachment, family, hints));
}

/** The configuration, where there is a valid one that has port mappings. Nobody has checked it before. */
function configOf({ netConf }: DelCall): PortmapConfig | undefined {
  const { read } = checkConfig(definition, netConf);
  return read !== undefined && read.value.portMappings.length > 0 ? read.value : undefined;
}

/** Looked up once, and only if somebody asks. */
function addressesOf({ attachment, netns, warn }: DelCall, { runner }: Tools): Addresses {
  let found: Promise<readonly string[]> | undefined;
  const lookUp = async (): Promise<readonly string[]> => {
    if (netns === undefined) return [];
    // Only for rules that may be from before the network was renamed.
    const { changeLinks, netnsState } = await import("@cni-chain/ip-ts");
    if (netnsState(netns) !== "present") return [];
    try {
      const links = await changeLinks(runner, [{ do: "show", name: attachment.ifname }], { netns });
      return links.flatMap((link) => link.addresses.map(({ address }) => address));
    } catch (error) {
      warn(`addresses of ${attachment.ifname} could not be read: ${(error as Error).message}`);
      return [];
    }
  };
  return () => {
    found ??= lookUp();
    return found;
  };
}
