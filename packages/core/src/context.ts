import { Cache } from './cache.ts';
import { Mirrors } from './mirrors.ts';

/** What the library is doing; the command line turns these into progress lines. */
export type SysextEvent =
  /** A step begins; `subject` is what it works on. */
  | { readonly type: 'start'; readonly step: Step; readonly subject: string }
  /** How far it is. `total` is absent while unknown; `detail` names what is being worked on. */
  | {
      readonly type: 'progress';
      readonly step: Step;
      readonly subject: string;
      readonly done: number;
      readonly total?: number | undefined;
      readonly detail?: string | undefined;
    }
  /** A step ended well. `cached`: nothing had to be done. */
  | {
      readonly type: 'end';
      readonly step: Step;
      readonly subject: string;
      readonly cached: boolean;
      readonly detail?: string | undefined;
    }
  /** Something a person should know although the work goes on. */
  | { readonly type: 'warning'; readonly message: string; readonly hint?: string | undefined };

/**
 * `download` counts bytes, `unpack` members, `compile` Go packages, `compress` bytes fed to the compressor, `ask`
 * programs whose upstream has answered.
 */
export type Step =
  | 'download'
  | 'unpack'
  | 'compile'
  | 'lint'
  | 'compress'
  | 'read'
  | 'publish'
  | 'verify'
  | 'mirror'
  | 'ask';

/** What every operation of this library shares. */
export interface Context {
  readonly cache: Cache;
  readonly mirrors: Mirrors;
  /** Use nothing but the cache. */
  readonly offline: boolean;
  /** Aborting it ends the work; nothing half-made stays. */
  readonly signal: AbortSignal;
  readonly onEvent: (event: SysextEvent) => void;
  /** Environment that tools and settings are taken from. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly network: NetworkLimits;
  /** URLs that could not be reached in this run: asked once, not once per architecture. */
  readonly unreachable: Set<string>;
}

/** Patience with servers, in milliseconds. */
export interface NetworkLimits {
  /** To connect, TLS included. */
  readonly connect: number;
  /** Between two pieces of an answer. */
  readonly idle: number;
  /** Attempts that bring no new bytes before a download is given up. */
  readonly attempts: number;
}

export type ContextOptions = Partial<Omit<Context, 'unreachable' | 'network'>> & {
  readonly network?: Partial<NetworkLimits>;
};

/**
 * Fills in what the caller leaves open: the user's cache, mirrors from `SYSEXT_MIRRORS`,
 * no events.
 *
 * @throws SysextError `USAGE` when `SYSEXT_MIRRORS` cannot be understood.
 */
export function createContext(options: ContextOptions = {}): Context {
  const env = options.env ?? process.env;
  return {
    cache: options.cache ?? Cache.ofUser(env),
    mirrors: options.mirrors ?? Mirrors.parse(env['SYSEXT_MIRRORS'] ?? ''),
    offline: options.offline ?? false,
    signal: options.signal ?? new AbortController().signal,
    onEvent: options.onEvent ?? (() => undefined),
    env,
    network: { connect: 4000, idle: 20_000, attempts: 4, ...options.network },
    unreachable: new Set(),
  };
}
