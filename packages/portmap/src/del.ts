import type { DelCall } from "@cni-chain/core";
import { removeInFamilies } from "./in-families.ts";
import type { Tools } from "./tools.ts";

/**
 * Removes everything of the container's, found by network name and container ID alone: the runtime may
 * have lost the rest.
 */
export async function del({ attachment, warn }: DelCall, tools: Tools): Promise<void> {
  await removeInFamilies(tools, warn, (family) => tools.backend.remove(attachment, family));
}
