import { pathText } from "../../validate/finding.ts";
import { about, type Check } from "../check.ts";
import type { Finding } from "../finding.ts";

/** The runtime's network configurations: what is wrong in them, and plugins that are not installed. */
export const networks: Check = {
  name: "networks",
  well: "every network configuration is valid, and its plugins are installed",
  findings: ({ networks: known, pluginDirs, confDir }) =>
    about(confDir, known, (files) => [
      ...(files.length > 0 ? [] : [none(confDir)]),
      ...files.flatMap(({ file, validated, missing }) => [
        ...validated.findings.map(
          ({ severity, line, path, message, suggestion }): Finding => ({
            severity: severity === "error" ? "broken" : "warning",
            what: path.length === 0 ? message : `${pathText(path)}: ${message}`,
            where: `${file}:${line}`,
            remedy: suggestion === undefined ? `cni-chain validate ${file}` : `did you mean ${suggestion}?`,
          }),
        ),
        ...missing.map(
          (type): Finding => ({
            severity: "broken",
            what: `plugin ${type} is in none of ${pluginDirs.join(", ")}: every ADD to network ${validated.network ?? "of this file"} fails`,
            where: file,
            remedy: `install ${type}, or take it out of the list`,
          }),
        ),
      ]),
    ]),
};

/** Podman's own networks need none. */
const none = (confDir: string): Finding => ({
  severity: "warning",
  what: `${confDir} has no network configuration: a runtime that reads it starts no pod`,
  where: confDir,
  remedy: "see that the cluster's network is installed, or name the runtime's directory with --conf-dir",
});
