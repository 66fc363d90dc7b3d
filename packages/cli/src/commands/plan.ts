export { plan } from "../plan/command.ts";
