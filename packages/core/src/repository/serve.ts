import { realpath, stat } from 'node:fs/promises';
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, relative, sep } from 'node:path';
import type * as Send from 'send';
import { SysextError, ioError, systemCode } from '../errors.ts';

export interface ServeOptions {
  /** Directory of the repository. */
  readonly directory: string;
  /** Loopback when absent. */
  readonly host?: string | undefined;
  /** 8080 when absent; 0 for any that is free. */
  readonly port?: number | undefined;
}

/** A running server. */
export interface RunningServer extends AsyncDisposable {
  /** `http://127.0.0.1:8080/` */
  readonly url: string;
}

/**
 * Serves a repository over HTTP: GET and HEAD, ranges, entity tags, real 404s, no listings. For trying out, and for
 * networks where a reverse proxy stands in front: it speaks no TLS.
 *
 * @throws SysextError `USAGE` when the address is taken or not this machine's; `IO`.
 */
export async function serveRepository({
  directory,
  host = '127.0.0.1',
  port = 8080,
}: ServeOptions): Promise<RunningServer> {
  const { default: send } = await import('send');
  const root = await realpath(directory).catch((error: unknown) => {
    throw ioError(error, 'cannot serve', directory);
  });
  const server = createServer((request, response) => {
    answer(send, root, request, response).catch(() => refuse(response, 500));
  });
  await listen(server, host, port);
  const { address, family, port: actual } = server.address() as AddressInfo;
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${actual}/`,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function listen(server: Server, host: string, port: number): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, () => {
        server.removeListener('error', reject);
        resolve();
      });
    });
  } catch (error) {
    const why = systemCode(error) === 'EADDRINUSE' ? 'another program listens there' : (error as Error).message;
    throw new SysextError('USAGE', `cannot listen on ${host} port ${port}: ${why}`, {
      hint: 'choose another --port or --host',
      cause: error,
    });
  }
}

async function answer(
  send: typeof Send.default,
  root: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(response, 405, { Allow: 'GET, HEAD' });
  const path = requestedPath(request.url ?? '');
  if (path === undefined) return refuse(response, 400);
  // Resolved once: a publish that comes between would give the size of one file and the bytes of another.
  const file = path.some((part) => part === '' || part.startsWith('.'))
    ? undefined
    : await regularFile(root, path.join('/'));
  if (file === undefined) return refuse(response, 404);

  const name = path.at(-1)!;
  send(request, file.split(sep).map(encodeURIComponent).join('/'), {
    root,
    dotfiles: 'allow',
    index: false,
    cacheControl: false,
  })
    .on('headers', (answered: ServerResponse) => {
      answered.setHeader('Content-Type', contentType(name));
      answered.setHeader(
        'Cache-Control',
        /\.raw(\.xz)?$/.test(name) ? 'public, max-age=31536000, immutable' : 'no-cache',
      );
      answered.setHeader('X-Content-Type-Options', 'nosniff');
    })
    .on('error', ({ status = 500, headers }: { readonly status?: number; readonly headers?: Record<string, string> }) =>
      refuse(response, status, headers),
    )
    .on('directory', () => refuse(response, 404))
    .pipe(response);
}

/** The parts of the path of a request; `undefined` for what is no plain path. */
function requestedPath(target: string): string[] | undefined {
  if (!target.startsWith('/')) return undefined;
  try {
    const parts = target.slice(1).split(/[?#]/, 1)[0]!.split('/').map(decodeURIComponent);
    // eslint-disable-next-line no-control-regex -- control characters are what is looked for
    return parts.some((part) => part === '..' || /[/\\\u0000-\u001f\u007f]/.test(part)) ? undefined : parts;
  } catch {
    return undefined;
  }
}

/** A file by its place below `root`, links resolved; `undefined` when there is none, or it lies elsewhere. */
async function regularFile(root: string, path: string): Promise<string | undefined> {
  try {
    const real = await realpath(`${root}/${path}`);
    const inside = relative(root, real);
    if (inside === '' || inside.startsWith('..') || !(await stat(real)).isFile()) return undefined;
    return inside;
  } catch {
    return undefined;
  }
}

function contentType(name: string): string {
  if (name.endsWith('.json')) return 'application/json';
  if (name.endsWith('.asc')) return 'application/pgp-signature';
  if (basename(name) === 'SHA256SUMS' || /\.(transfer|conf)$/.test(name)) return 'text/plain; charset=utf-8';
  return 'application/octet-stream';
}

function refuse(response: ServerResponse, status: number, headers: Readonly<Record<string, string>> = {}): void {
  if (response.headersSent) return void response.destroy();
  for (const name of response.getHeaderNames()) response.removeHeader(name);
  response.writeHead(status, {
    'Content-Type': 'text/plain; charset=utf-8',
    'Cache-Control': 'no-cache',
    ...headers,
  });
  response.end(`${status}\n`);
}
