/**
 * Where things are kept: in a hidden directory of the bin-dir, so that every rename stays on one file system and a
 * runtime, which looks for a plugin by its name in the bin-dir, never meets them.
 */
export function layout(binDir: string) {
  const home = `${binDir}/.cni-chain`;
  return {
    home,
    manifest: `${home}/manifest.json`,
    plugin: (type: string) => `${binDir}/${type}`,
    fresh: (type: string) => `${home}/${type}.new`,
    /** What lay at the plugin's place before. */
    replaced: (type: string) => `${home}/${type}.replaced`,
  };
}

/** The same beside a conflist: hidden, and with endings that no runtime loads (.conf, .conflist, .json). */
export function confListLayout(file: string) {
  const slash = file.lastIndexOf("/") + 1;
  const hidden = `${file.slice(0, slash)}.${file.slice(slash)}`;
  return { fresh: `${hidden}.cni-chain-new`, original: `${hidden}.cni-chain-original` };
}
