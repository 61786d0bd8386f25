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
  addOutdated(program);
  addUpdate(program);
  addLint(program);
  addInspect(program);
  addDiff(program);
  addNew(program);
  addPublish(program);
  addYank(program);
  addVerify(program);
  addMirror(program);
  addServe(program);
  addKey(program);
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
  const own = program.parent === null ? program.name() : `${program.parent.name()} ${program.name()}`;
  return program
    .command(signature)
    .description(description)
    .exitOverride()
    .addHelpText('after', `\nExamples:\n${examples.map((line) => `  ${own} ${line}`).join('\n')}\n`)
    .action(async (...args: unknown[]) => {
      const words = (args.slice(0, -2) as (string | string[])[]).flat();
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
      repeated,
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
      .addOption(
        new Option('--source <kind>', 'use only this kind of source').choices(['release', 'goModules', 'debian']),
      )
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
  addButane(program, chosen);
}

/** butane: takes several extensions, where none is chosen. */
function addButane(program: Command, chosen: Extension | undefined): void {
  const [argument, name] = chosen === undefined ? [' <extension...>', ' etcd'] : ['', ''];
  networked(
    subcommand(
      program,
      `butane${argument}`,
      'print a Butane document that puts extensions, and what keeps them current, on a host',
      [
        `butane${name} --repo ./repo --set name=node1 --set address=10.0.0.1 >node1.yaml`,
        `butane${name} --base-url https://sysext.example/ --keyring import-pubring.gpg --params node1.params.yaml`,
        `butane${name} --repo ./repo --params node1.params.yaml --set certificates.key=@node1.key`,
      ],
      async () => {
        const { butaneCommand } = await import('./commands/butane.ts');
        return async (options, ...words) =>
          await butaneCommand(chosen === undefined ? words.flat() : [chosen], options);
      },
    )
      .option('--set <name=value>', 'a parameter; @FILE as the value is the text of a file; may be repeated', repeated)
      .option('--params <file>', 'parameters as YAML or JSON; of several extensions, below the name of each')
      .option(
        '--repo <directory|url>',
        'the repository that hosts fetch from: address, keyring, newest image (also: SYSEXT_REPO)',
      )
      .option('--base-url <url>', 'where the repository is served (also: SYSEXT_BASE_URL)')
      .option('--keyring <file>', "the repository's public keys")
      .option('--no-verify', 'of a repository that is published unsigned')
      .option('--image <file>', 'without --repo: the image, with its build record beside it; in dist/ when absent')
      .option(
        '-v, --version <version>',
        "upstream version; the newest of the repository or the lock's default when absent",
      )
      .option('--series <series>', 'follow the versions of this series only')
      .addOption(
        new Option('-a, --arch <arch>', "architecture of the hosts; this machine's when absent").choices([
          'x86-64',
          'arm64',
        ]),
      )
      .addOption(
        new Option('--butane-version <version>', 'of its flatcar variant').choices(['1.0.0', '1.1.0']).default('1.1.0'),
      ),
  );
}

function repeated(value: string, previous: readonly string[] | undefined): string[] {
  return [...(previous ?? []), value];
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

function addOutdated(program: Command): void {
  networked(
    subcommand(
      program,
      'outdated [extension...]',
      'list what upstreams have released and the locks lack; of all extensions when none is named',
      ['outdated', 'outdated containerd kubernetes', 'outdated --json'],
      async () => (await import('./commands/outdated.ts')).outdatedCommand,
    ),
  );
}

function addUpdate(program: Command): void {
  networked(
    subcommand(
      program,
      'update [extension] [version]',
      'learn what upstream has released: lock, shown documents and a changeset, whole or nothing',
      ['update etcd', 'update containerd v2.3.0 --with runc=v1.4.0', 'update --all --dry-run'],
      async () => (await import('./commands/update.ts')).updateCommand,
    )
      .option('--all', 'update every extension; one that fails stops no other')
      .option('--with <name=version>', 'version of a companion; may be repeated', namedVersions)
      .option('--dry-run', 'learn and check everything, and write nothing'),
  );
}

function addLint(program: Command): void {
  networked(
    subcommand(
      program,
      'lint [image|tree|extension]',
      'check an image, a directory tree, what an extension would build, or all extensions against each other',
      ['lint etcd', 'lint etcd-v3.5.21-x86-64.raw', 'lint ./tree --name demo --json', 'lint --all'],
      async () => (await import('./commands/lint.ts')).lintCommand,
    )
      .option('-v, --version <version>', 'of an extension: upstream version')
      .addOption(archOption())
      .option('--name <name>', 'name the host will see; told from the release file when absent')
      .option('--all', 'compare the paths of all extensions with each other and with the host; downloads nothing'),
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

/** Options of commands that change a repository and sign what they change. */
function signing(sub: Command): Command {
  return sub
    .option('--repo <directory>', 'the repository (also: SYSEXT_REPO)')
    .option('--key-file <file>', 'the signing key (also: SYSEXT_KEY_FILE; SYSEXT_KEY holds a key itself)')
    .option('--unsigned', 'of or for a repository without signatures, which hosts cannot trust');
}

function addPublish(program: Command): void {
  networked(
    signing(
      subcommand(
        program,
        'publish <image|extension...>',
        'add images to a repository that hosts can follow; extensions are built first',
        [
          'publish etcd --repo repo --base-url https://sysext.example/ --key-file key.asc',
          'publish dist/etcd-v3.5.21-x86-64.raw --repo repo',
          'publish etcd --arch all --transport xz',
        ],
        async () => (await import('./commands/publish.ts')).publishCommand,
      ),
    )
      .option('--base-url <url>', 'where the repository is served; needed once (also: SYSEXT_BASE_URL)')
      .option('--prereleases', 'begin the feed of a new extension as one that takes prereleases')
      .option('-v, --version <version>', "of an extension: upstream version; the lock's default when absent")
      .addOption(archOption())
      .addOption(
        new Option('--profile <profile>', 'of an extension: time against size')
          .choices(['fast', 'default', 'release'])
          .default('default'),
      )
      .addOption(
        new Option('--transport <kind>', 'of an extension: how it goes over the wire').choices(['plain', 'xz']),
      ),
  );
}

function addYank(program: Command): void {
  signing(
    subcommand(
      program,
      'yank <extension> <version>',
      'take a version out of what hosts are offered; its files and the reason stay',
      ['yank etcd v3.5.21 --reason "loses data" --repo repo --key-file key.asc'],
      async () => (await import('./commands/yank.ts')).yankCommand as Action,
    ).requiredOption('--reason <text>', 'why; kept in the index'),
  ).addOption(jsonOption());
}

function addVerify(program: Command): void {
  networked(
    subcommand(
      program,
      'verify <directory|url>',
      'check signatures, digests, records and transfers of a repository; exit status 67 when something is wrong',
      [
        'verify repo --keyring keyring.gpg',
        'verify https://sysext.example/ --index-only',
        'verify repo --rebuild --json',
      ],
      async () => (await import('./commands/verify.ts')).verifyCommand,
    )
      .option('--keyring <file>', "keys that may sign; the repository's own when absent")
      .option('--index-only', 'read no image')
      .option('--rebuild', 'build each image again from its recipe, and compare'),
  );
}

function addMirror(program: Command): void {
  networked(
    subcommand(
      program,
      'mirror <url|directory> <directory>',
      'copy a repository with its signatures; goes on where it was interrupted, refuses what does not verify',
      [
        'mirror https://sysext.example/ repo --keyring keyring.gpg',
        'mirror https://sysext.example/ repo --only etcd kubernetes',
        'mirror /media/usb/repo /srv/sysext --base-url https://sysext.internal/',
      ],
      async () => (await import('./commands/mirror.ts')).mirrorCommand,
    )
      .option('--only <name...>', 'copy these extensions only')
      .option('--keyring <file>', 'keys that may sign; those the copy has when absent, or, at first, the repository')
      .option('--base-url <url>', 'where the copy will be served')
      .option('--unsigned', 'copy a repository without signatures'),
  );
}

function addServe(program: Command): void {
  subcommand(
    program,
    'serve <directory>',
    'serve a repository over HTTP, for trying out',
    ['serve repo', 'serve repo --host 0.0.0.0 --port 80'],
    async () => (await import('./commands/serve.ts')).serveCommand,
  )
    .option('--port <number>', 'where to listen; 0 for any', portNumber, 8080)
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .addOption(jsonOption());
}

function portNumber(value: string): number {
  if (!/^\d{1,5}$/.test(value) || Number(value) > 65_535) throw new InvalidArgumentError('It has to be 0 to 65535.');
  return Number(value);
}

function addKey(program: Command): void {
  const key = program.command('key').description('make, show, export and change signing keys').exitOverride();
  key.helpCommand(false);
  const keyFile = '--key-file <file>';
  subcommand(
    key,
    'new',
    'make a signing key; SYSEXT_KEY_PASSPHRASE, when set, encrypts it',
    ['new --key-file key.asc --name "Example Ltd" --email ops@example.com'],
    async () => (await import('./commands/key.ts')).keyNewCommand as Action,
  )
    .requiredOption(keyFile, 'where it goes; never overwritten')
    .option('--name <name>', 'whose key it is', 'sysext')
    .option('--email <address>', 'part of the public key')
    .addOption(jsonOption());
  subcommand(
    key,
    'show',
    'show the fingerprint of a key, or those in a keyring',
    ['show --key-file key.asc', 'show --keyring repo/keys/import-pubring.gpg'],
    async () => (await import('./commands/key.ts')).keyShowCommand,
  )
    .option(keyFile, 'a signing key (also: SYSEXT_KEY_FILE, SYSEXT_KEY)')
    .option('--keyring <file>', 'a keyring')
    .addOption(jsonOption());
  subcommand(
    key,
    'export',
    'write the public key as the keyring that hosts take',
    ['export --key-file key.asc --output import-pubring.gpg', 'export --key-file key.asc --armor'],
    async () => (await import('./commands/key.ts')).keyExportCommand,
  )
    .option(keyFile, 'a signing key (also: SYSEXT_KEY_FILE, SYSEXT_KEY)')
    .option('-o, --output <file>', 'where it goes; standard output when absent')
    .option('--armor', 'as text, for people; hosts do not take it')
    .addOption(jsonOption());
  subcommand(
    key,
    'rotate',
    'hand a new key to hosts, and, once they have it, sign with it',
    [
      'rotate --key-file old.asc --new-key-file new.asc --repo repo',
      'rotate --key-file old.asc --new-key-file new.asc --repo repo --finish',
    ],
    async () => (await import('./commands/key.ts')).keyRotateCommand as Action,
  )
    .option(keyFile, 'the key that signs now')
    .requiredOption('--new-key-file <file>', 'the key that will; made when it is not there')
    .option('--repo <directory>', 'the repository (also: SYSEXT_REPO)')
    .option('--finish', 'sign everything with the new key, and drop the old one')
    .addOption(jsonOption());
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
