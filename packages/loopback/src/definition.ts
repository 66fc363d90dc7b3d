import { cniVersions, type Definition } from "@cni-chain/core";
import { schema } from "./generated/config-schema.js";

/** loopback has no configuration of its own. */
export const definition: Definition<object> = {
  type: "loopback",
  supportedVersions: cniVersions,
  schema,
  readConfig: () => ({ ok: true, value: {} }),
  prevResult: "optional",
};
