import { architectures } from '../arch.ts';
import type { Rule } from './rule.ts';

/** Source: Discoverable Partitions Specification (UAPI.2); systemd-repart builds for its own machine by default. */
export const diskImagePartition: Rule = {
  name: 'disk-image-partition',
  summary:
    'A disk image has a root or usr partition of its architecture; without one it aborts the merge of every extension.',
  *check({ image, programArch }) {
    if (image?.partitions === undefined) return;
    const wanted = (programArch === undefined ? architectures : [programArch]).flatMap((arch) => [
      `root-${arch}`,
      `usr-${arch}`,
    ]);
    const roles = image.partitions.map(({ role }) => role);
    if (roles.some((role) => wanted.includes(role))) return;
    yield {
      severity: 'error',
      message: `the disk image has no partition ${wanted.join(' or ')} (it has ${roles.join(', ') || 'none'}), which aborts the merge of every extension on the host`,
      fix: 'build it with systemd-repart --architecture=',
    };
  },
};
