export const toolName = "cni-chain";
