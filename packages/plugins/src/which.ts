/** Names of the plugins in this executable. */
export const names = ["portmap", "bandwidth", "loopback"] as const;

export type Name = (typeof names)[number];

/**
 * The plugin a path means by its file name: the name itself, or the one name that stands in it (`portmap.new`,
 * `cni-portmap`), as a copy beside another plugin of the same name may be called. Undefined for none, or for several.
 */
export function whichPlugin(path: string): Name | undefined {
  const file = path.slice(path.lastIndexOf("/") + 1);
  for (const name of names) if (name === file) return name;
  let found: Name | undefined;
  for (const name of names) {
    if (!file.includes(name)) continue;
    if (found !== undefined) return undefined;
    found = name;
  }
  return found;
}
