import { afterAll, beforeAll } from "vitest";
import { keepLogsOfFailures } from "../lib/machine.ts";
import { Containerd, type ContainerdOptions } from "./containerd.ts";

/** A containerd for all tests of the file or describe block that calls this. */
export function containerdInSuite(options: ContainerdOptions = {}): () => Containerd {
  let running: Containerd | undefined;
  const containerd = () => {
    if (running === undefined) throw new Error("containerd is not running yet");
    return running;
  };
  beforeAll(async () => {
    running = await Containerd.start(options);
  });
  afterAll(() => running?.close());
  keepLogsOfFailures(() => containerd().machine);
  return containerd;
}
