import * as z from 'zod';

/** A value that EnvironmentFile= of systemd takes as it is written: no quotes, escapes, spaces or line ends. */
const Value = z.string().regex(/^[!#&(-[\]-_a-~]*$/, 'printable ASCII without spaces, quotes, "\\", "%", "$" and "`"');

/** Variables of Coder. */
export const environment = z.record(z.string().regex(/^CODER_[A-Z0-9_]+$/, 'a variable of Coder: CODER_…'), Value);
