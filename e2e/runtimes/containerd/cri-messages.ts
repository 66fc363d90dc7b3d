/** Messages of cri.proto as its loader gives and takes them: camel case, enums by name, missing fields by default. */
export interface PodSandboxConfig {
  readonly metadata: PodSandboxMetadata;
  readonly hostname?: string;
  readonly dnsConfig?: { readonly servers: readonly string[] };
  readonly portMappings?: readonly PortMapping[];
  readonly annotations?: Readonly<Record<string, string>>;
  readonly logDirectory?: string;
  readonly linux?: {
    readonly cgroupParent: string;
    readonly securityContext?: { readonly namespaceOptions: NamespaceOption };
  };
}

/** POD where nothing is said. */
export interface NamespaceOption {
  readonly network?: "POD" | "NODE";
  readonly pid?: "POD" | "CONTAINER" | "NODE";
}

interface PodSandboxMetadata {
  readonly name: string;
  readonly uid: string;
  readonly namespace: string;
  readonly attempt: number;
}

export interface PortMapping {
  readonly protocol: "TCP" | "UDP" | "SCTP";
  readonly containerPort: number;
  /** 0: the port is only declared. */
  readonly hostPort: number;
  readonly hostIp?: string;
}

export interface ContainerConfig {
  readonly metadata: { readonly name: string };
  readonly image: { readonly image: string };
  /** The image's own where it is left out. */
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly mounts?: readonly Mount[];
  /** Below the pod's log directory. */
  readonly logPath?: string;
  readonly linux?: { readonly securityContext: SecurityContext };
}

export interface Mount {
  readonly containerPath: string;
  readonly hostPath: string;
  readonly readonly: boolean;
  readonly propagation: "PRIVATE" | "HOST_TO_CONTAINER";
}

interface SecurityContext {
  readonly capabilities: {
    readonly addCapabilities: readonly string[];
    readonly dropCapabilities: readonly string[];
  };
  readonly privileged: boolean;
  readonly namespaceOptions: NamespaceOption;
  readonly runAsUser: { readonly value: number };
  readonly runAsGroup: { readonly value: number };
  readonly readonlyRootfs: boolean;
  readonly noNewPrivs: boolean;
  readonly seccomp: { readonly profileType: "RuntimeDefault" | "Unconfined" };
}

export interface ContainerStatus {
  readonly state: "CONTAINER_CREATED" | "CONTAINER_RUNNING" | "CONTAINER_EXITED";
  readonly exitCode: number;
}

export interface PodSandboxStatus {
  readonly state: "SANDBOX_READY" | "SANDBOX_NOTREADY";
  /** Null once the pod is stopped. */
  readonly network: { readonly ip: string } | null;
}

export interface PodSandbox {
  readonly id: string;
  readonly metadata: PodSandboxMetadata;
  readonly state: PodSandboxStatus["state"];
}

export interface RuntimeCondition {
  readonly type: string;
  readonly status: boolean;
  readonly message: string;
}

export interface ExecSyncResponse {
  readonly stdout: Uint8Array;
  readonly stderr: Uint8Array;
  readonly exitCode: number;
}
