import { execa, execaSync } from 'execa';

/** Environment for the machine's own tools: a fixed language, and `sbin`, which not every PATH has. */
const environment = {
  LC_ALL: 'C.UTF-8',
  PATH: `${process.env['PATH'] ?? '/usr/bin'}:/usr/sbin:/sbin`,
};

/** Runs one of the machine's tools to its end; rejects with the command and what it said. */
export const tool = execa({ env: environment });

/** The same, waiting for the end. */
export const toolSync = execaSync({ env: environment });

/** Directories in which {@link tool} finds programs. */
export const toolPath: readonly string[] = environment.PATH.split(':');
