import { architectures, isArch } from '../arch.ts';
import type { Rule } from './rule.ts';

/** Source: ARCHITECTURE= in systemd-sysext(8); the names are those of ConditionArchitecture=. */
export const releaseArchitecture: Rule = {
  name: 'release-architecture',
  summary: "ARCHITECTURE in the release file is systemd's name of what the image is for.",
  *check({ release, arch, elves }) {
    if (release === undefined || release.unreadable !== undefined) return;
    const path = `/${release.path}`;
    const found = release.fields['ARCHITECTURE'] ?? '';
    const fix = `set ARCHITECTURE=${arch ?? architectures.join(' or ')}`;
    if (found === '' || found === '_any') {
      if (elves.size === 0) return;
      const message = 'no ARCHITECTURE: hosts of every architecture merge programs that they cannot run';
      yield { severity: 'error', path, message, fix };
    } else if (!isArch(found)) {
      yield {
        severity: 'error',
        path,
        message: `no Flatcar host has the architecture ${JSON.stringify(found)}: all skip the image silently`,
        fix,
      };
    } else if (arch !== undefined && found !== arch) {
      yield {
        severity: 'error',
        path,
        message: `ARCHITECTURE=${found}, but the image is named as one for ${arch}`,
        fix,
      };
    }
  },
};
