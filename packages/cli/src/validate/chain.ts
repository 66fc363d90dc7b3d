import { isCniVersion, type Json, type JsonObject } from "@cni-chain/core";
import { error, type Finding, ofKey, type Path, warning } from "./finding.ts";
import { ours } from "./ours.ts";
import { suggest } from "./suggest.ts";

/** One plugin of a list, and where it stands. */
export interface Element {
  readonly type: string;
  readonly document: JsonObject;
  readonly path: Path;
}

/** Plugins that make a container's interface, so that others must stand behind them. */
const interfaceMakers = [
  "bridge",
  "ptp",
  "macvlan",
  "ipvlan",
  "vlan",
  "host-device",
  "dummy",
  "flannel",
  "calico",
  "weave-net",
  "cilium-cni",
  "azure-vnet",
];

/** Orders in which the plugins cannot work, and plugins that stand in a list twice. */
export function orderFindings(elements: readonly Element[]): Finding[] {
  return elements.flatMap(({ type, path }, index) => {
    const typePath = [...path, "type"];
    const twice = ours.has(type) && elements.findIndex((one) => one.type === type) < index;
    const found = twice ? [warning(typePath, `${type} stands in the list twice`)] : [];
    if (ours.get(type)?.prevResult !== "required") return found;
    const maker = elements.slice(index + 1).find((one) => interfaceMakers.includes(one.type));
    const fix = maker === undefined ? "the plugin that makes the container's interface" : maker.type;
    if (index === 0) {
      return [
        error(
          typePath,
          `${type} cannot be the first: it works on the result of the plugin before; put it behind ${fix}`,
        ),
      ];
    }
    if (maker === undefined) return found;
    return [
      ...found,
      warning(typePath, `${type} stands in front of ${fix}, whose interface it then does not see`),
    ];
  });
}

/** A type that is nearly one of ours. */
export function typeFindings({ type, path }: Element): Finding[] {
  const meant = suggest(type, [...ours.keys()]);
  return meant === undefined
    ? []
    : [warning([...path, "type"], `no plugin of that name is known here`, meant)];
}

/** Versions of the list that a plugin of ours refuses. */
export function versionFindings(list: JsonObject, elements: readonly Element[]): Finding[] {
  const { cniVersion, cniVersions } = list;
  const asked = cniVersion ?? "";
  const findings: Finding[] = [];
  const path = cniVersion === undefined ? [] : ["cniVersion"];
  if (asked === "") findings.push(warning(path, "cniVersion is missing, which means 0.1.0"));
  const needy = (version: Json) =>
    elements.filter(({ type }) => refuses(type, version === "" ? "0.1.0" : version));
  if (asked === "" || isCniVersion(asked)) {
    for (const { type } of needy(asked)) {
      findings.push(
        error(path, `${asked === "" ? "0.1.0" : asked} is not spoken by ${type}, which has ${spoken(type)}`),
      );
    }
  }
  if (!Array.isArray(cniVersions)) return findings;
  for (const [index, version] of cniVersions.entries()) {
    if (typeof version !== "string") continue;
    for (const { type } of needy(version)) {
      const message = `a runtime that has ${version} would take it, and ${type} refuse it: that has ${spoken(type)}`;
      findings.push(warning(["cniVersions", index], message));
    }
  }
  return findings;
}

/** Keys of the list itself are matched with their case, unlike those of a plugin. */
export function misspeltListKeys(list: JsonObject, known: readonly string[]): Finding[] {
  return Object.keys(list).flatMap((key) => {
    const meant = suggest(key, known);
    if (meant === undefined || Object.hasOwn(list, meant)) return [];
    return [ofKey(warning([key], "unknown field, the runtime passes over it", meant))];
  });
}

function refuses(type: string, version: Json): boolean {
  const plugin = ours.get(type);
  return plugin !== undefined && !plugin.supportedVersions.some((one) => one === version);
}

function spoken(type: string): string {
  return ours.get(type)?.supportedVersions.join(", ") ?? "";
}
