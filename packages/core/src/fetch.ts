import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { Blob } from './cache.ts';
import type { Context } from './context.ts';
import { SysextError, ioError, systemCode } from './errors.ts';
import { type HttpResponse, PassingFailure, abandon, get, header } from './http.ts';
import { displayUrl } from './mirrors.ts';

/** What a download has to turn out to be. Without a digest it is being learned. */
export interface Expected {
  readonly sha256?: string | undefined;
  /** Bytes. */
  readonly size?: number | undefined;
}

/** No file that belongs into an image is larger. */
const maxDownload = 16 * 1024 ** 3;

/**
 * Brings a file into the cache from the first of `urls` that can deliver it, and returns its
 * digest and size. Bytes that are already there are hashed and taken.
 *
 * Broken connections are retried and resumed; a server that is not there, answers with an
 * error or stops sending is left for the next URL, with a warning. Bytes that are not the
 * expected ones are an error at once: no other URL is asked.
 *
 * @throws SysextError `OFFLINE`, the reason of a single URL (`UNREACHABLE`, `HTTP_STATUS`,
 * `REDIRECT`, `STALLED`, `TRUNCATED`), `SOURCES_EXHAUSTED` for several, or what stops the build:
 * `DIGEST_MISMATCH`, `SIZE_MISMATCH`, `HTML_PAGE`.
 */
export async function download(context: Context, urls: readonly string[], expected: Expected): Promise<Blob> {
  const subject = displayUrl(urls[0]!);
  const { cache, onEvent } = context;
  if (expected.sha256 !== undefined) {
    const blob = { sha256: expected.sha256, size: expected.size ?? (await cache.sizeOf(expected.sha256)) ?? 0 };
    const state = await cache.check(blob);
    if (state === 'present') {
      onEvent({ type: 'end', step: 'download', subject, cached: true });
      return blob;
    }
    if (state === 'damaged') reportDamage(context, subject, expected.sha256);
  }
  if (context.offline) {
    throw new SysextError('OFFLINE', `${subject} is not in the cache (${cache.directory}), and --offline was given`, {
      hint: 'run the same command once without --offline, or copy the cache of a machine that has it',
    });
  }
  const failures: SysextError[] = [];
  for (const url of urls) {
    try {
      const blob = await downloadFrom(context, url, expected);
      for (const { message } of failures)
        onEvent({ type: 'warning', message: `${message}; ${displayUrl(url)} was used instead` });
      return blob;
    } catch (error) {
      if (!isUnavailable(error)) throw error;
      failures.push(error);
    }
  }
  throw exhausted(failures);
}

/** Says that a cache entry was not what its name says, and is being made again. */
export function reportDamage(context: Context, subject: string, digest: string): void {
  const what = `the cache entry of ${subject} does not have the digest ${digest}`;
  if (context.offline) {
    throw new SysextError('CACHE_DAMAGED', `${what}; it was removed, and --offline was given`, {
      hint: 'run the same command once without --offline',
    });
  }
  context.onEvent({ type: 'warning', message: `${what}; it was removed and is made again` });
}

/** True for errors that say "not available there", so that another address or source may be asked. */
export function isUnavailable(error: unknown): error is SysextError {
  return error instanceof SysextError && unavailable.has(error.code);
}

const unavailable: ReadonlySet<string> = new Set([
  'UNREACHABLE',
  'HTTP_STATUS',
  'ANSWER_INVALID',
  'REDIRECT',
  'STALLED',
  'TRUNCATED',
  'OFFLINE',
  'SOURCES_EXHAUSTED',
  'TOOL_MISSING',
]);

/** One failure as it is; several as one error that lists them all. */
export function exhausted(failures: readonly SysextError[]): SysextError {
  if (failures.length === 1) return failures[0]!;
  const reasons = failures.flatMap(reasonsOf);
  return new SysextError('SOURCES_EXHAUSTED', `nothing could deliver it:${indented(reasons)}`, {
    hint: failures.findLast((failure) => failure.hint !== undefined)?.hint,
    data: { reasons },
  });
}

/** Why something is not available: a line for each address or source that was asked. */
export function reasonsOf(failure: SysextError): string[] {
  return failure.code === 'SOURCES_EXHAUSTED' ? (failure.data as { reasons: string[] }).reasons : [failure.message];
}

/** Lines below a line. */
export function indented(lines: readonly string[]): string {
  return lines.map((line) => `\n  ${line.replaceAll('\n', '\n  ')}`).join('');
}

/** Reads a small text (a checksum list, an API answer), `limit` bytes at most. */
export async function fetchText(
  context: Context,
  url: string,
  headers: Readonly<Record<string, string>> = {},
  limit = 64 * 1024 ** 2,
): Promise<{
  readonly text: string;
  /** What the text was made of. */
  readonly bytes: Uint8Array;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}> {
  if (context.offline) throw new SysextError('OFFLINE', `${displayUrl(url)} is needed, and --offline was given`);
  const chunks: Uint8Array[] = [];
  let size = 0;
  const state: Progress = { received: 0, validator: undefined };
  const answer = await withRetries(context, url, state, async () => {
    chunks.length = 0;
    size = 0;
    const response = await get(context, url, headers);
    for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
      size += chunk.length;
      if (size > limit) {
        abandon(response);
        throw new SysextError(
          'SIZE_MISMATCH',
          `${displayUrl(url)}: more than ${limit} bytes where a small text was expected`,
        );
      }
      chunks.push(chunk);
    }
    return response;
  });
  const bytes = Buffer.concat(chunks);
  return { text: bytes.toString('utf8'), bytes, headers: answer.headers };
}

/** Where a transfer stands between two attempts. */
interface Progress {
  received: number;
  /** Value for If-Range, once a server has given one. */
  validator: string | undefined;
}

async function downloadFrom(context: Context, url: string, expected: Expected): Promise<Blob> {
  const { cache } = context;
  const path = await cache.claimPartial(url);
  // Bytes of an earlier run may be gone on with only when a digest will tell whether they fit.
  if (expected.sha256 === undefined) await rm(path, { force: true });
  try {
    let blob = await transfer(context, url, path, expected);
    if (blob.resumed && expected.sha256 !== undefined && blob.sha256 !== expected.sha256) {
      await rm(path, { force: true });
      blob = await transfer(context, url, path, expected);
    }
    await checkBytes(url, path, blob, expected);
    await cache.adopt(path, blob);
    return { sha256: blob.sha256, size: blob.size };
  } catch (error) {
    if (isUnavailable(error) || context.signal.aborted) await cache.releasePartial(url, path);
    else await rm(path, { force: true });
    throw error;
  }
}

/** Appends to the file at `path` until the whole body is there. */
async function transfer(
  context: Context,
  url: string,
  path: string,
  expected: Expected,
): Promise<Blob & { readonly resumed: boolean }> {
  const subject = displayUrl(url);
  const file = await open(path, 'a').catch((error: unknown) => {
    throw ioError(error, 'cannot write to the cache', path);
  });
  try {
    let hash = createHash('sha256');
    for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
    const state: Progress = { received: (await file.stat()).size, validator: undefined };
    const resumed = state.received > 0;
    const restart = async (): Promise<void> => {
      await file.truncate(0);
      hash = createHash('sha256');
      state.received = 0;
    };
    if (resumed && expected.size !== undefined && state.received >= expected.size) await restart();

    context.onEvent({ type: 'start', step: 'download', subject });
    await withRetries(context, url, state, async () => {
      const offset = state.received;
      const response = await get(context, url, rangeHeaders(state));
      if (response.statusCode === 416) {
        await restart();
        throw broken('could not be resumed');
      }
      if (offset > 0 && !continuesAt(response, offset)) await restart();
      const announced = announcedSize(response, state.received);
      if (expected.size !== undefined && announced !== undefined && announced !== expected.size) {
        abandon(response);
        throw wrongSize(url, expected.size, `announces ${announced}`);
      }
      state.validator = validatorOf(response);
      const total = expected.size ?? announced;
      const limit = expected.size ?? maxDownload;
      let reported = 0;
      for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
        if (state.received + chunk.length > limit) {
          abandon(response);
          throw wrongSize(url, limit, 'sends more');
        }
        hash.update(chunk);
        await file.writeFile(chunk).catch((error: unknown) => {
          throw ioError(error, 'cannot write to the cache', path);
        });
        state.received += chunk.length;
        if (Date.now() - reported > 100) {
          reported = Date.now();
          context.onEvent({ type: 'progress', step: 'download', subject, done: state.received, total });
        }
      }
      if (total !== undefined && state.received < total) throw broken('ended early');
    });
    context.onEvent({ type: 'end', step: 'download', subject, cached: false });
    return { sha256: hash.digest('hex'), size: state.received, resumed };
  } finally {
    await file.close();
  }
}

async function checkBytes(url: string, path: string, found: Blob, expected: Expected): Promise<void> {
  const matches = expected.sha256 === undefined || expected.sha256 === found.sha256;
  if (matches && (expected.sha256 !== undefined || !(await looksLikeHtml(path)))) return;
  if (await looksLikeHtml(path)) {
    throw new SysextError('HTML_PAGE', `${displayUrl(url)} answered with a web page instead of a file`, {
      hint: 'a login page or a proxy stands in between; open the address in a browser on this machine',
    });
  }
  throw new SysextError(
    'DIGEST_MISMATCH',
    `${displayUrl(url)}: these are not the locked bytes\n  expected sha256 ${expected.sha256}\n  found    sha256 ${found.sha256} (${found.size} bytes)`,
    {
      hint: 'do not build from this: find out from upstream why a published file changed; a cached copy was not kept',
      data: { expected: expected.sha256, found: found.sha256 },
    },
  );
}

async function looksLikeHtml(path: string): Promise<boolean> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(512), 0, 512, 0);
    return /^\s*(?:<!--.*?-->\s*)?<(?:!doctype\s+html|html|head)\b/is.test(buffer.toString('latin1', 0, bytesRead));
  } finally {
    await file.close();
  }
}

function wrongSize(url: string, expected: number, found: string): SysextError {
  return new SysextError('SIZE_MISMATCH', `${displayUrl(url)}: expected ${expected} bytes, but the server ${found}`, {
    hint: 'do not build from this: find out from upstream why a published file changed',
  });
}

/** Bytes an attempt has to bring to count as a new start: less, and a server keeps us forever. */
const worthwhile = 16 * 1024;

/**
 * Repeats an attempt after failures that pass by themselves. An attempt that got on counts as a
 * new start; the wait doubles otherwise.
 */
async function withRetries<T>(context: Context, url: string, state: Progress, attempt: () => Promise<T>): Promise<T> {
  const { origin } = new URL(context.mirrors.rewrite(url));
  if (context.unreachable.has(origin)) {
    throw new SysextError('UNREACHABLE', `${displayUrl(url)}: ${origin} was found unreachable a moment ago`);
  }
  for (let failed = 0; ;) {
    const before = state.received;
    try {
      return await attempt();
    } catch (error) {
      context.signal.throwIfAborted();
      const failure = failureOf(error, url);
      if (failure.unreachable) context.unreachable.add(origin);
      failed = state.received - before >= worthwhile ? 1 : failed + 1;
      if (!failure.passing || failed >= context.network.attempts) throw failure.error;
      await delay(Math.min(200 * 2 ** (failed - 1), 5000), undefined, { signal: context.signal });
    }
  }
}

/** What a failed attempt means: whether it may pass, and the error when it does not. */
function failureOf(
  error: unknown,
  url: string,
): { readonly passing: boolean; readonly unreachable?: boolean; readonly error: unknown } {
  const where = displayUrl(url);
  if (error instanceof PassingFailure) return { passing: true, error: error.asError(where) };
  if (error instanceof SysextError) return { passing: false, error };
  const code = systemCode(error) ?? '';
  if (code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT') {
    return {
      passing: true,
      error: new SysextError('STALLED', `${where}: the server stopped sending`, { cause: error }),
    };
  }
  if (
    ['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET', 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH', 'UND_ERR_ABORTED'].includes(code)
  ) {
    return {
      passing: true,
      error: new SysextError('TRUNCATED', `${where}: the connection broke before the end, again and again`, {
        cause: error,
      }),
    };
  }
  const reason = reasons[code] ?? (error instanceof Error ? error.message : String(error));
  return {
    passing: false,
    unreachable: true,
    error: new SysextError('UNREACHABLE', `${where}: ${reason}`, {
      cause: error,
      hint: 'check the network or the proxy settings, name a mirror in SYSEXT_MIRRORS, or choose another --source',
    }),
  };
}

const reasons: Readonly<Record<string, string>> = {
  UND_ERR_CONNECT_TIMEOUT: 'no connection within the time limit',
  ENOTFOUND: 'the host name is not known here',
  EAI_AGAIN: 'the host name cannot be looked up',
  ECONNREFUSED: 'connection refused',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'the network is unreachable',
};

function broken(how: string): PassingFailure {
  return new PassingFailure((where) => new SysextError('TRUNCATED', `${where}: the transfer ${how}, again and again`));
}

function rangeHeaders({ received, validator }: Progress): Record<string, string> {
  if (received === 0) return {};
  return { range: `bytes=${received}-`, ...(validator === undefined ? {} : { 'if-range': validator }) };
}

/** A value that may stand in If-Range: a strong entity tag, or a date (RFC 9110, 13.1.5). */
function validatorOf({ headers }: HttpResponse): string | undefined {
  const tag = headers['etag'];
  if (typeof tag === 'string' && tag.startsWith('"')) return tag;
  const date = headers['last-modified'];
  return typeof date === 'string' ? date : undefined;
}

function continuesAt(response: HttpResponse, offset: number): boolean {
  return response.statusCode === 206 && /^bytes (\d+)-/.exec(header(response, 'content-range'))?.[1] === String(offset);
}

/** Size of the whole file by what the server says, if it says so. */
function announcedSize(response: HttpResponse, received: number): number | undefined {
  const length = header(response, 'content-length');
  if (!/^\d+$/.test(length)) return undefined;
  return Number(length) + received;
}
