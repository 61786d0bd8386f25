import * as z from 'zod';
import { architectures } from '../arch.ts';
import { SysextError } from '../errors.ts';
import { describeIssues } from '../issues.ts';
import { versionProblem } from '../version.ts';

/** Where a repository is served: http or https, nothing after the path. */
const BaseUrl = z.string().refine((text) => {
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) && url.search === '' && url.hash === '';
}, 'an http or https URL such as https://sysext.example/');

/** An image that is published uncompressed: Ignition unpacks no xz. */
const Image = z.strictObject({
  /** As in its name, with the revision: `v3.5.21-1`. */
  version: z
    .string()
    .refine((version) => versionProblem(version) === undefined, 'a version as in the name of an image'),
  arch: z.enum(architectures),
  sha256: z.string().regex(/^[0-9a-f]{64}$/, '64 lower-case hexadecimal digits'),
});

/** True or false, also as the words that a command line has. */
const Flag = z.union([z.boolean(), z.enum(['true', 'false']).transform((word) => word === 'true')]);

/** What has to be known of every extension to deploy it. */
export const CommonParameters = z.strictObject({
  /** Where hosts fetch from: `https://sysext.example/`. */
  baseUrl: BaseUrl,
  /** The image that the host starts with. */
  image: Image,
  /** The repository's public keys, in binary form: `keys/import-pubring.gpg` of the repository. */
  keyring: z.custom<Uint8Array>((value) => value instanceof Uint8Array, 'has to be the bytes of a keyring').optional(),
  /** False for a repository that is published unsigned; true when absent. */
  verify: Flag.optional(),
  /** Follow the versions of this series only: `3.5`. */
  series: z.string().optional(),
  /** False for a host that stays at its image; true when absent. */
  update: Flag.optional(),
});
/** See {@link CommonParameters}. */
export type CommonParameters = z.output<typeof CommonParameters>;

/** Problems of parameters, one line each; the part before the colon is the parameter. */
export function parameterProblems(error: z.ZodError): string[] {
  return describeIssues(error, 'parameters');
}

/** Says that a required value is missing, where zod would speak of undefined. */
export const wording: z.core.ParseContext<z.core.$ZodIssue> = {
  error: (issue) => (issue.input === undefined && issue.code !== 'unrecognized_keys' ? 'is missing' : undefined),
};

const options: Readonly<Record<string, string>> = {
  baseUrl: '--base-url URL',
  image: '--repo DIR',
  keyring: '--keyring FILE',
  verify: '--no-verify',
};

/** The error for parameters that are not what an extension needs. */
export function parametersInvalid(extension: string, problems: readonly string[]): SysextError {
  const named = problems.flatMap((problem) => /^([A-Za-z]\w*)(?:\.\w+)*(?=: )/.exec(problem)?.slice(0, 2) ?? []);
  const wanted = named.flatMap((path, index) =>
    index % 2 === 0 && path !== 'parameters' ? [options[named[index + 1]!] ?? `--set ${path}=…`] : [],
  );
  const hint = `sysext butane ${extension} ${[...new Set(wanted)].join(' ')}`.trimEnd();
  return new SysextError('PARAMETERS_INVALID', `${extension} cannot be deployed so:\n  ${problems.join('\n  ')}`, {
    hint,
    data: { problems },
  });
}
