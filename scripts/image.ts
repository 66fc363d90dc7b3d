// Writes the container image of a node: busybox, the tools the plugins start, and our executables, as an OCI archive
// for `ctr images import`, `podman load` and `docker load`. No container engine is needed.
// Usage: scripts/image [--output FILE] [--name NAME:TAG] [--from DIRECTORY] [--no-compression]
import { mkdirSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { parseArgs } from "node:util";
import packageJson from "../package.json" with { type: "json" };
import { writeImage } from "./image-archive/archive.ts";
import { nodeImage } from "./image-archive/node-image.ts";

const root = resolve(import.meta.dir, "..");
const { values } = parseArgs({
  options: {
    output: { type: "string", default: join(root, "dist", "image.tar") },
    name: { type: "string", default: `localhost/cni-chain:${packageJson.version}` },
    from: { type: "string", default: join(root, "dist", "bin") },
    "no-compression": { type: "boolean", default: false },
  },
});
const output = resolve(values.output);
mkdirSync(dirname(output), { recursive: true });
writeImage(
  output,
  nodeImage({ name: values.name, from: resolve(values.from), compressed: !values["no-compression"] }),
);
console.log(
  `${relative(process.cwd(), output)}  ${(statSync(output).size / 1e6).toFixed(1)} MB, ${values.name}`,
);
