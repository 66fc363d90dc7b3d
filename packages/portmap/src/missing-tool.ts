import { CommandError } from "@cni-chain/exec";
import { findTool, nodeFiles } from "@cni-chain/exec/requirements";

/** A tool that is not on PATH, with the place where there is one all the same. */
class MissingTool extends CommandError {
  readonly #directory: string;

  constructor({ command, result }: CommandError, directory: string) {
    super(command, result);
    this.#directory = directory;
  }

  override get details(): string {
    const { file } = this.command;
    return `${super.details}\nthere is a ${file} in ${this.#directory}: add that to the PATH of the runtime`;
  }
}

/** Gives what the work gives; a failure for want of a tool says where there is one. */
export async function sayWhereToolIs<T>(work: Promise<T>, path: string): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof CommandError) || error.failure !== "toolMissing") throw error;
    const found = findTool(nodeFiles, error.command.file, path);
    throw found.kind === "elsewhere" ? new MissingTool(error, found.directory) : error;
  }
}
