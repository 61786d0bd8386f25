/**
 * Every way in which this library fails on purpose, with the exit code that the
 * command line gives it. Codes are stable: scripts may rely on them.
 */
export const exitCodes = {
  /** The call itself is wrong: an option, an argument, a value. */
  USAGE: 2,
  /** No extension of that name can be found. */
  UNKNOWN_EXTENSION: 3,
  /** The lock does not hold that version. */
  UNKNOWN_VERSION: 4,
  /** `extension.ts` does not fit the recipe schema. */
  RECIPE_INVALID: 5,
  /** `extension.lock.json` does not fit the lock schema. */
  LOCK_INVALID: 6,
  /** The lock holds no digest for something the build needs. */
  NOT_LOCKED: 7,
  /** A name or version that must not reach a path, a URL or a file. */
  NAME_INVALID: 8,
  /** No source could deliver; the message lists each one's reason. */
  SOURCES_EXHAUSTED: 9,
  /** Name resolution or connection failed, or the connection broke too often. */
  UNREACHABLE: 10,
  /** The server answered with an error status. */
  HTTP_STATUS: 11,
  /** Redirects in a circle, too many of them, or to a place that is refused. */
  REDIRECT: 12,
  /** The server stopped sending. */
  STALLED: 13,
  /** The transfer ended before the announced length, every time. */
  TRUNCATED: 14,
  /** `--offline`, and the cache does not hold it. */
  OFFLINE: 15,
  /** A list of versions or digests that is not of the form its server documents. */
  ANSWER_INVALID: 16,
  /** One of several upstreams failed; the others are part of the result. */
  UPSTREAM_FAILED: 17,
  /** Bytes that are not the ones the lock names. */
  DIGEST_MISMATCH: 20,
  /** More or fewer bytes than the lock names. */
  SIZE_MISMATCH: 21,
  /** A web page where a file was expected. */
  HTML_PAGE: 22,
  /** A cache entry changed under us and could not be fetched again. */
  CACHE_DAMAGED: 23,
  /** Upstream publishes another digest than the one computed or locked. */
  UPSTREAM_DISAGREES: 24,
  /** An archive member that tries to leave its place, or is a device, or carries setuid. */
  ARCHIVE_UNSAFE: 30,
  /** An archive that is larger, or has more members, than any real one. */
  ARCHIVE_TOO_LARGE: 31,
  /** Bytes that are no archive of the declared format. */
  ARCHIVE_INVALID: 32,
  /** The archive lacks a member that the recipe takes. */
  MEMBER_MISSING: 33,
  /** Two rules of a recipe write the same path, or a path leaves its hierarchy. */
  TREE_CONFLICT: 34,
  /** Lint found errors; the findings are part of the error. */
  LINT_FAILED: 40,
  /** A file that is no readable system extension image. */
  IMAGE_INVALID: 41,
  /** Parameters with which an extension cannot be deployed. */
  PARAMETERS_INVALID: 42,
  /** Extensions that one host cannot have together. */
  DEPLOY_CONFLICT: 43,
  /** A program that the step needs is not installed. */
  TOOL_MISSING: 50,
  /** A program that the step needs failed. */
  TOOL_FAILED: 51,
  /** The file system is full. */
  NO_SPACE: 52,
  /** Reading or writing failed for another reason. */
  IO: 53,
  /** A repository, or a part of it, that is not of the documented form. */
  REPOSITORY_INVALID: 60,
  /** A published name would get other bytes, or come back after it was yanked. */
  ALREADY_PUBLISHED: 61,
  /** Hosts could not tell the version from others of the feed, or would take it for a newer one than it is. */
  FEED_CONFLICT: 62,
  /** A signing key or keyring that cannot be read, or whose passphrase is missing or wrong. */
  KEY_INVALID: 63,
  /** The key is not in the keyring that hosts of the repository have. */
  KEY_UNKNOWN: 64,
  /** A signature that is missing, or is not of the bytes or the keys it should be of. */
  SIGNATURE_INVALID: 65,
  /** A build record that cannot be read, or is not the one of the image beside it. */
  RECORD_INVALID: 66,
  /** Checking a repository found problems; they are part of the result. */
  VERIFY_FAILED: 67,
  /** Interrupted by the caller. */
  ABORTED: 130,
} as const;

/** Closed union of the codes a {@link SysextError} can carry. */
export type ErrorCode = keyof typeof exitCodes;

export interface ErrorDetails {
  /** The next command to type, or the place to look at. */
  readonly hint?: string | undefined;
  readonly cause?: unknown;
  /** Machine-readable facts for `--json`: paths, findings, expected and found values. */
  readonly data?: unknown;
}

/**
 * The one error class of this library.
 *
 * `message` says what failed, on which file or URL, and expected against found;
 * `hint` says what to type next.
 */
export class SysextError extends Error {
  override readonly name = 'SysextError';
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly data: unknown;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, 'cause' in details ? { cause: details.cause } : undefined);
    this.code = code;
    this.hint = details.hint;
    this.data = details.data;
  }

  /** Exit status of a command that ends with this error. */
  get exitCode(): number {
    return exitCodes[this.code];
  }
}

/** The `code` of a Node.js system error (`ENOENT`, `ENOSPC`, …), if `error` is one. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/**
 * Translates a failure of the file system into a {@link SysextError} that names the path.
 * Errors of this library pass through unchanged.
 */
export function ioError(error: unknown, what: string, path: string): SysextError {
  if (error instanceof SysextError) return error;
  if (systemCode(error) === 'ENOSPC' || systemCode(error) === 'EDQUOT') {
    return new SysextError('NO_SPACE', `${what}: no space left for ${path}`, {
      cause: error,
      hint: 'free some space, or point SYSEXT_CACHE, TMPDIR or --output at another file system',
    });
  }
  const reason = error instanceof Error ? error.message : String(error);
  return new SysextError('IO', `${what}: ${path}: ${reason}`, { cause: error });
}
