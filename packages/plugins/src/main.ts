import { names, whichPlugin } from "./which.ts";

// A symlink has its name in argv[0] alone; what started this by another argv[0] leaves the file's own name.
const name = whichPlugin(process.argv0) ?? whichPlugin(process.execPath);
if (process.argv[2] === "--about") {
  const [{ processIo }, { aboutThis }] = await Promise.all([
    import("@cni-chain/core"),
    import("@cni-chain/core/about"),
  ]);
  processIo().writeStdout(aboutThis(name ?? names.join(", ")));
  process.exit(0);
}
// Each ends the process.
switch (name) {
  case "portmap":
    await import("@cni-chain/portmap/main");
    break;
  case "bandwidth":
    await import("@cni-chain/bandwidth/main");
    break;
  case "loopback":
    await import("@cni-chain/loopback/main");
    break;
  case undefined: {
    const { CniError, ErrorCode, errorDocument, printJson, processIo } = await import("@cni-chain/core");
    const error = new CniError(
      ErrorCode.invalidEnvironment,
      `no plugin is meant by the name ${JSON.stringify(process.argv0)}: there are ${names.join(", ")}`,
    );
    processIo().writeStdout(`${printJson(errorDocument(error, "1.1.0"))}\n`);
    process.exit(1);
  }
}
