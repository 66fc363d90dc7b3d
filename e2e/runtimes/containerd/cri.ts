import { join } from "node:path";
import { Client, credentials, type ServiceError } from "@grpc/grpc-js";
import { loadSync, type MethodDefinition } from "@grpc/proto-loader";
import type {
  ContainerConfig,
  ContainerStatus,
  ExecSyncResponse,
  PodSandbox,
  PodSandboxConfig,
  PodSandboxStatus,
  RuntimeCondition,
} from "./cri-messages.ts";

/** Request and response of each method that the tests call. */
interface Methods {
  readonly Version: [object, { readonly runtimeName: string; readonly runtimeVersion: string }];
  readonly Status: [
    { readonly verbose?: boolean },
    {
      readonly status: { readonly conditions: readonly RuntimeCondition[] };
      readonly info: Readonly<Record<string, string>>;
    },
  ];
  readonly ImageStatus: [{ readonly image: { readonly image: string } }, { readonly image: object | null }];
  readonly RunPodSandbox: [{ readonly config: PodSandboxConfig }, PodSandboxId];
  readonly StopPodSandbox: [PodSandboxId, object];
  readonly RemovePodSandbox: [PodSandboxId, object];
  readonly PodSandboxStatus: [
    PodSandboxId & { readonly verbose: boolean },
    { readonly status: PodSandboxStatus; readonly info: Readonly<Record<string, string>> },
  ];
  readonly ListPodSandbox: [object, { readonly items: readonly PodSandbox[] }];
  readonly CreateContainer: [
    PodSandboxId & { readonly config: ContainerConfig; readonly sandboxConfig: PodSandboxConfig },
    ContainerId,
  ];
  readonly StartContainer: [ContainerId, object];
  readonly StopContainer: [ContainerId & { readonly timeout: number }, object];
  readonly ContainerStatus: [ContainerId, { readonly status: ContainerStatus }];
  readonly ExecSync: [ContainerId & { readonly cmd: readonly string[] }, ExecSyncResponse];
}

interface PodSandboxId {
  readonly podSandboxId: string;
}

interface ContainerId {
  readonly containerId: string;
}

/** How long one call may take: a pod's start runs every plugin, and the machine may be busy. */
const patienceMs = 60_000;

const definitions = loadSync(join(import.meta.dirname, "cri.proto"), { defaults: true, enums: String });

/** A client of the Container Runtime Interface (runtime.v1) on a Unix socket. */
export class Cri {
  readonly #client: Client;

  constructor(socket: string) {
    this.#client = new Client(`unix://${socket}`, credentials.createInsecure());
  }

  /** Calls a method. A status other than OK is thrown, with the method's name in front. */
  call<M extends keyof Methods>(method: M, request: Methods[M][0]): Promise<Methods[M][1]> {
    const { path, requestSerialize, responseDeserialize } = methodNamed(method);
    const answer = Promise.withResolvers<Methods[M][1]>();
    const onAnswer = (error: ServiceError | null, response?: object) => {
      if (error === null && response !== undefined) answer.resolve(response);
      else answer.reject(new Error(`${method}: ${error?.details ?? "no answer"}`, { cause: error }));
    };
    const options = { deadline: Date.now() + patienceMs };
    this.#client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, options, onAnswer);
    return answer.promise;
  }

  close(): void {
    this.#client.close();
  }
}

function methodNamed(name: string): MethodDefinition<object, object> {
  for (const service of ["runtime.v1.RuntimeService", "runtime.v1.ImageService"]) {
    const definition = definitions[service];
    if (definition === undefined || "format" in definition) continue;
    const method = definition[name];
    if (method !== undefined) return method;
  }
  throw new Error(`cri.proto has no method ${name}`);
}
