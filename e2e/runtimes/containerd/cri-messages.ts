/** Messages of cri.proto as its loader gives and takes them: camel case, enums by name, missing fields by default. */
export interface PodSandboxConfig {
  readonly metadata: PodSandboxMetadata;
  readonly hostname?: string;
  readonly dnsConfig?: { readonly servers: readonly string[] };
  readonly portMappings?: readonly PortMapping[];
  readonly annotations?: Readonly<Record<string, string>>;
  readonly linux?: { readonly cgroupParent: string };
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
  readonly command: readonly string[];
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
