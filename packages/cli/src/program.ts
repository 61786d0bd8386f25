import type { Extension } from '@sysext/core';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { ownVersion } from './version.ts';

/** Options that every command understands. */
export interface CommonOptions {
  readonly json?: boolean;
  readonly mirror?: readonly string[];
  readonly offline?: boolean;
}

/** Exit status for a call that cannot be understood. */
const usageExit = 2;

/** The `sysext` command. */
export function sysextProgram(): Command {
  const program = root('sysext', 'Builds, checks and compares systemd system extensions for Flatcar Container Linux.');
  addExtensionCommands(program, undefined);
  addList(program);
  addLint(program);
  addInspect(program);
  addDiff(program);
  addNew(program);
  return program;
}

/** The command of one extension: what can be done with an extension, with that one chosen. */
export function extensionProgram(extension: Extension): Command {
  const { name, summary } = extension;
  const program = root(`sysext-${name}`, `Builds the system extension ${name}: ${summary}.`);
  addExtensionCommands(program, extension);
  return program;
}

function root(name: string, description: string): Command {
  return (
    new Command(name)
      .description(description)
      .helpCommand(false)
      .showHelpAfterError(`(${name} --help shows what there is)`)
      .exitOverride()
      // Options of the root come before the subcommand: after it, --version is an extension's.
      .enablePositionalOptions()
      .version(ownVersion(), '-V, --version', 'print the version of this command')
  );
}

/** Runs what the arguments say, and sets the exit status of the process. */
export async function parse(program: Command, args: readonly string[]): Promise<void> {
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    process.exitCode = error.exitCode === 0 ? 0 : usageExit;
  }
}

/** What a command does once its options are known. */
type Action = (options: CommonOptions, ...words: string[]) => Promise<void>;

/** A subcommand. `action` is imported when it runs, so that `--help` loads nothing. */
function subcommand(
  program: Command,
  signature: string,
  description: string,
  examples: readonly string[],
  action: () => Promise<Action>,
): Command {
  return program
    .command(signature)
    .description(description)
    .exitOverride()
    .addHelpText('after', `\nExamples:\n${examples.map((line) => `  ${program.name()} ${line}`).join('\n')}\n`)
    .action(async (...args: unknown[]) => {
      const words = args.slice(0, -2) as string[];
      await (
        await action()
      )(args.at(-2) as CommonOptions, ...words);
    });
}

const jsonOption = (): Option => new Option('--json', 'print the result, or the error, as JSON');

/** Options of commands that may download. */
function networked(sub: Command): Command {
  return sub
    .option(
      '--mirror <from=to>',
      'ask another server: URL prefix=URL prefix; may be repeated (also: SYSEXT_MIRRORS)',
      (value: string, previous: readonly string[] | undefined) => [...(previous ?? []), value],
    )
    .option('--offline', 'use the cache only')
    .addOption(jsonOption());
}

const archOption = (): Option =>
  new Option('-a, --arch <arch>', "architecture; this machine's when absent").choices(['x86-64', 'arm64', 'all']);

/** build, versions and lock: with the extension as an argument, or as the one that is chosen. */
function addExtensionCommands(program: Command, chosen: Extension | undefined): void {
  const argument = chosen === undefined ? ' <extension>' : '';
  const name = chosen === undefined ? ' etcd' : '';
  type Targeted = (target: Extension | string, options: CommonOptions, ...words: string[]) => Promise<void>;
  const targeted =
    (run: Targeted): Action =>
    async (options, ...words) =>
      await (chosen === undefined ? run(words[0]!, options, ...words.slice(1)) : run(chosen, options, ...words));

  networked(
    subcommand(
      program,
      `build${argument}`,
      'build images, each with a build record beside it',
      [`build${name}`, `build${name} --version v3.5.21 --arch all --output out`, `build${name} --profile fast`],
      async () => targeted((await import('./commands/build.ts')).buildCommand),
    )
      .option('-v, --version <version>', "upstream version; the lock's default when absent")
      .addOption(archOption())
      .option('-o, --output <directory>', "where images go; dist/ of the extension's package when absent")
      .addOption(
        new Option('--profile <profile>', 'time against size')
          .choices(['fast', 'default', 'release'])
          .default('default'),
      )
      .addOption(
        new Option('--format <format>', 'file system of the image').choices(['squashfs', 'erofs']).default('squashfs'),
      )
      .addOption(
        new Option('--transport <kind>', "how it goes over the wire; the recipe's choice when absent").choices([
          'plain',
          'xz',
        ]),
      )
      .addOption(new Option('--source <kind>', 'use only this kind of source').choices(['release', 'goModules']))
      .option('--os <id[:version-id]>', 'hosts the image is for: flatcar, _any, flatcar:4593.2.5', 'flatcar'),
  );
  networked(
    subcommand(
      program,
      `versions${argument}`,
      "list upstream's releases, newest first, and which of them are locked",
      [`versions${name}`, `versions${name} --limit 5 --json`],
      async () => targeted((await import('./commands/versions.ts')).versionsCommand),
    ).option('--limit <number>', 'show only so many', positiveNumber),
  );
  networked(
    subcommand(
      program,
      `lock${argument} <version>`,
      'learn the digests of a version, check them against upstream, write them to the lock',
      [`lock${name} v3.5.21`, `lock${name} v3.7.1 --default`],
      async () => targeted((await import('./commands/lock.ts')).lockCommand),
    )
      .option('--with <name=version>', 'version of a companion; may be repeated', namedVersions)
      .option('--default', 'make it the version that build takes when none is named'),
  );
  subcommand(
    program,
    `transfer${argument}`,
    'print the systemd-sysupdate transfer by which hosts follow the extension',
    [`transfer${name} --url https://sysext.example/`, `transfer${name} --url https://sysext.example/ --series 3.5`],
    async () => targeted((await import('./commands/transfer.ts')).transferCommand),
  )
    .requiredOption('--url <url>', 'where the repository is served')
    .option('--series <series>', 'follow the versions of this series only')
    .option('--no-verify', 'of a repository that is published unsigned')
    .addOption(jsonOption());
}

function positiveNumber(value: string): number {
  if (!/^[1-9]\d{0,8}$/.test(value)) throw new InvalidArgumentError('It has to be a number above 0.');
  return Number(value);
}

function namedVersions(value: string, previous: Readonly<Record<string, string>> = {}): Record<string, string> {
  const at = value.indexOf('=');
  if (at <= 0) throw new InvalidArgumentError('It has to be NAME=VERSION.');
  return { ...previous, [value.slice(0, at)]: value.slice(at + 1) };
}

function addList(program: Command): void {
  subcommand(program, 'list', 'list the extensions that can be built from here', ['list', 'list --json'], async () => {
    return (await import('./commands/list.ts')).listCommand;
  }).addOption(jsonOption());
}

function addLint(program: Command): void {
  networked(
    subcommand(
      program,
      'lint <image|tree|extension>',
      'check an image, a directory tree, or what an extension would build',
      ['lint etcd', 'lint etcd-v3.5.21-x86-64.raw', 'lint ./tree --name demo --json'],
      async () => (await import('./commands/lint.ts')).lintCommand,
    )
      .option('-v, --version <version>', 'of an extension: upstream version')
      .addOption(archOption())
      .option('--name <name>', 'name the host will see; told from the release file when absent'),
  );
}

function addInspect(program: Command): void {
  subcommand(
    program,
    'inspect <image>',
    'show what an image holds and what it needs; of any sysext image',
    ['inspect etcd-v3.5.21-x86-64.raw', 'inspect --json other.raw'],
    async () => (await import('./commands/inspect.ts')).inspectCommand,
  ).addOption(jsonOption());
}

function addDiff(program: Command): void {
  subcommand(
    program,
    'diff <image> <image>',
    'compare two images; exit status 1 when they differ',
    ['diff old.raw new.raw', 'diff --json old.raw new.raw'],
    async () => (await import('./commands/diff.ts')).diffCommand,
  ).addOption(jsonOption());
}

function addNew(program: Command): void {
  subcommand(
    program,
    'new <name>',
    'write the skeleton of an extension package',
    ['new nebula --repo slackhq/nebula'],
    async () => (await import('./commands/new.ts')).newCommand,
  )
    .option('--repo <owner/name>', "upstream's repository on GitHub")
    .option('-o, --output <directory>', 'where the package goes; packages/extensions/<name> in a checkout, else <name>')
    .addOption(jsonOption());
}
