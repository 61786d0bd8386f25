import * as z from 'zod';
import { imagePathProblem } from './image-path.ts';
import { versionProblem } from './version.ts';

/** A zod check out of a function that names the problem. */
export const without = (problem: (value: string) => string | undefined) =>
  z.string().superRefine((value, context) => {
    const found = problem(value);
    if (found !== undefined) context.addIssue({ code: 'custom', message: `${JSON.stringify(value)}: ${found}` });
  });

export const Version = without(versionProblem);
export const Url = z.string().regex(/^https?:\/\/[^/\s]+\/\S*$/, 'an http or https URL');

/** `/usr/bin/etcd`: absolute, normal form, below one of the hierarchies a merge covers. */
export const ImagePath = without((path) => {
  if (!/^\/(usr|opt)\/./.test(path)) return 'only /usr (and, where a recipe allows it, /opt) is merged into a host';
  return imagePathProblem(path.slice(1));
});

/** An {@link ImagePath}, or a directory of one, written with a slash at its end. */
export const Destination = without((path) => {
  const file = path.endsWith('/') ? `${path}x` : path;
  const parsed = ImagePath.safeParse(file);
  return parsed.success ? undefined : 'a file or, with a slash at its end, a directory below /usr';
});

export const Mode = z.string().regex(/^0[0-7]{3,4}$/, 'an octal mode such as "0755"');

/** Restricts a rule to a range of upstream versions, in systemd's order. */
export const When = z.strictObject({
  /** First version the rule applies to. */
  from: Version.optional(),
  /** First version it no longer applies to. */
  before: Version.optional(),
});
