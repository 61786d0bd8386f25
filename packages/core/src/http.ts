import type * as Undici from 'undici';
import type { Context } from './context.ts';
import { SysextError } from './errors.ts';
import { displayUrl } from './mirrors.ts';

export type HttpResponse = Undici.Dispatcher.ResponseData;

const maxRedirects = 10;

/** A failure that the next attempt may not meet. */
export class PassingFailure extends Error {
  readonly asError: (where: string) => SysextError;

  constructor(asError: (where: string) => SysextError) {
    super('passing failure');
    this.asError = asError;
  }
}

/** A header that occurs once; empty when absent. */
export function header(response: HttpResponse, name: string): string {
  const value = response.headers[name];
  return typeof value === 'string' ? value : '';
}

/** Drops a response whose body is not wanted to its end. */
export function abandon({ body }: HttpResponse): void {
  body.on('error', () => undefined).destroy();
}

const agents = new Map<string, Undici.Dispatcher>();

/** One agent per patience; it takes proxies from the environment. */
function agentFor({ network }: Context, { EnvHttpProxyAgent }: typeof Undici): Undici.Dispatcher {
  const key = `${network.connect}/${network.idle}`;
  let agent = agents.get(key);
  if (agent === undefined) {
    agent = new EnvHttpProxyAgent({
      connect: { timeout: network.connect },
      headersTimeout: network.idle,
      bodyTimeout: network.idle,
    });
    agents.set(key, agent);
  }
  return agent;
}

/**
 * One GET, redirects followed, never from https to http. The `authorization` of `headers` is for
 * the first origin only. Answers 200, 206 and, to a range request, 416 are returned; reading
 * their body is up to the caller.
 *
 * @throws SysextError `HTTP_STATUS` or `REDIRECT`; {@link PassingFailure} for a status that may pass;
 * errors of the connection as they are.
 */
export async function get(
  context: Context,
  url: string,
  headers: Readonly<Record<string, string>>,
): Promise<HttpResponse> {
  // Loaded by the first request: a build that finds everything in the cache makes none.
  const undici = await import('undici');
  const visited = new Set<string>();
  let address = new URL(context.mirrors.rewrite(url));
  const { origin } = address;
  for (;;) {
    if (visited.has(address.href)) throw redirect(url, `redirects in a circle (${displayUrl(address.href)} again)`);
    if (visited.size >= maxRedirects) throw redirect(url, `redirects more than ${maxRedirects} times`);
    visited.add(address.href);
    const { authorization, ...open } = headers;
    const response = await undici.request(address.href, {
      dispatcher: agentFor(context, undici),
      signal: context.signal,
      headers: {
        'user-agent': 'sysext',
        'accept-encoding': 'identity',
        ...open,
        ...(authorization !== undefined && address.origin === origin ? { authorization } : {}),
      },
    });
    const { statusCode } = response;
    if (statusCode === 200 || statusCode === 206) return response;
    await response.body.dump();
    if (statusCode === 416 && 'range' in headers) return response;
    if ([301, 302, 303, 307, 308].includes(statusCode)) {
      const target = URL.parse(header(response, 'location'), address.href);
      if (target === null) throw redirect(url, 'redirects to nowhere');
      if (target.protocol !== 'https:' && !(target.protocol === 'http:' && address.protocol === 'http:')) {
        throw redirect(url, `redirects from ${address.protocol} to ${target.protocol}, which is refused`);
      }
      address = target;
      continue;
    }
    const error = (where: string): SysextError =>
      new SysextError('HTTP_STATUS', `${where}: the server answered ${statusCode}`, { data: { status: statusCode } });
    if ([408, 429, 500, 502, 503, 504].includes(statusCode)) throw new PassingFailure(error);
    throw error(displayUrl(url));
  }
}

function redirect(url: string, how: string): SysextError {
  return new SysextError('REDIRECT', `${displayUrl(url)}: ${how}`);
}
