import { cniVersions, type Definition } from "@cni-chain/core";
import { type PortmapConfig, readConfig } from "./config.ts";
import { schema } from "./generated/config-schema.js";

export const definition: Definition<PortmapConfig> = {
  type: "portmap",
  supportedVersions: cniVersions,
  schema,
  readConfig,
  prevResult: "required",
};
