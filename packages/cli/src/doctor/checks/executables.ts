import { about, type Check } from "../check.ts";
import type { Finding } from "../finding.ts";

/** Our plugins are one file with three names: is each still what its name says? */
export const executables: Check = {
  name: "executables",
  well: "no plugin was written over by way of another's name",
  findings: ({ misnamed }) =>
    about("the plugins' files", misnamed, (all) =>
      all.map(
        ({ directory, type, says, names }): Finding => ({
          severity: "broken",
          what: `${type} ${says === undefined ? "does not say what it is" : `answers as ${says}`}: ${names.join(", ")} are one file, and somebody wrote into it`,
          where: `${directory}/${type}`,
          remedy: `cni-chain install --bin-dir ${directory} # others are put there by install, mv or cp --remove-destination`,
        }),
      ),
    ),
};
