import { cniVersions, type Definition } from "@cni-chain/core";
import { type BandwidthConfig, readConfig } from "./config.ts";
import { schema } from "./generated/config-schema.js";

export const definition: Definition<BandwidthConfig> = {
  type: "bandwidth",
  supportedVersions: cniVersions.filter((version) => version >= "0.3.0"),
  schema,
  readConfig,
  prevResult: "required",
};
