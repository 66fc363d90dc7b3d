export { explain } from "../explain/command.ts";
