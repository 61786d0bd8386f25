/**
 * Architectures an image can be built for, by systemd's names.
 *
 * Source: ConditionArchitecture= in systemd.unit(5). `amd64` and `aarch64` never match
 * a host's `ARCHITECTURE=` check, so they are not names here.
 */
export const architectures = ['x86-64', 'arm64'] as const;

export type Arch = (typeof architectures)[number];

/** What each tool calls an architecture. */
export const archNames: Record<Arch, { go: string; elfMachine: number; node: string }> = {
  // e_machine values: EM_X86_64 and EM_AARCH64 in the System V ABI.
  'x86-64': { go: 'amd64', elfMachine: 62, node: 'x64' },
  arm64: { go: 'arm64', elfMachine: 183, node: 'arm64' },
};

/** True for the two names in {@link architectures}. */
export function isArch(value: unknown): value is Arch {
  return architectures.includes(value as Arch);
}

/** The architecture of this machine, or `undefined` when no image can be built for it. */
export function machineArch(node: string = process.arch): Arch | undefined {
  return architectures.find((arch) => archNames[arch].node === node);
}
