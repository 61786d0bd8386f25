import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** How a real server has misbehaved, once or always. */
export type Fault =
  /** Answers with a status and a short text. */
  | { readonly kind: 'status'; readonly status: number; readonly times?: number }
  /** Answers 200 with a login page. */
  | { readonly kind: 'html' }
  /** Redirects to itself. */
  | { readonly kind: 'redirect-loop' }
  /** Redirects to another place. */
  | { readonly kind: 'redirect'; readonly to: string }
  /** Sends some bytes, then nothing more, and keeps the connection. */
  | { readonly kind: 'stall'; readonly after: number }
  /** Sends some bytes of the announced length, then closes; every time, or so often. */
  | { readonly kind: 'truncate'; readonly after: number; readonly times?: number }
  /** Lets two connections in three through, and cuts each after some bytes. */
  | { readonly kind: 'flaky'; readonly after: number }
  /** Announces and sends less, as if that were all. */
  | { readonly kind: 'short'; readonly bytes: number };

interface Resource {
  readonly bytes: Buffer;
  readonly type: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly fault: Fault | undefined;
  readonly ranges: boolean;
  hits: number;
}

/** What a client asked, and what it was answered. */
interface LoggedRequest {
  readonly path: string;
  readonly range: string | undefined;
  readonly authorization: string | undefined;
  status: number | undefined;
}

/** A release host on loopback that serves what a test puts there, as badly as the test wants. */
export interface FakeUpstream extends AsyncDisposable {
  /** `http://<address>:<port>`, without a slash at the end. */
  readonly url: string;
  readonly requests: readonly LoggedRequest[];
  /** Serves a file, however large, at a path; without faults and without ranges. Returns the full URL. */
  putFile(path: string, file: string): string;
  /** Serves nothing at a path any more. */
  remove(path: string): void;
  /** Serves bytes at a path (query included); returns the full URL. Ranges are known unless `ranges` is false. */
  put(path: string, bytes: string | Uint8Array, options?: Partial<Omit<Resource, 'bytes' | 'hits'>>): string;
}

/** Starts a {@link FakeUpstream}, on loopback unless another address of this machine is given. */
export async function startUpstream(address = '127.0.0.1'): Promise<FakeUpstream> {
  const resources = new Map<string, Resource>();
  const files = new Map<string, string>();
  const requests: LoggedRequest[] = [];
  let connections = 0;
  const server = createServer((request, response) => {
    const path = request.url ?? '/';
    const logged: LoggedRequest = {
      path,
      range: request.headers.range,
      authorization: request.headers.authorization,
      status: undefined,
    };
    requests.push(logged);
    response.on('close', () => (logged.status = response.headersSent ? response.statusCode : undefined));
    const file = files.get(path);
    if (file !== undefined) return void createReadStream(file).pipe(response);
    const resource = resources.get(path);
    if (resource === undefined) return void response.writeHead(404, { 'content-type': 'text/plain' }).end('not here\n');
    resource.hits++;
    serve(resource, request, response, ++connections);
  });
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  const url = `http://${address}:${(server.address() as AddressInfo).port}`;
  return {
    url,
    requests,
    put(path, bytes, { fault, type = 'application/octet-stream', headers = {}, ranges = true } = {}) {
      resources.set(path, { bytes: Buffer.from(bytes), type, headers, fault, ranges, hits: 0 });
      return url + path;
    },
    remove(path) {
      resources.delete(path);
      files.delete(path);
    },
    putFile(path, file) {
      files.set(path, file);
      return url + path;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function serve(resource: Resource, request: IncomingMessage, response: ServerResponse, connection: number): void {
  const { bytes, fault, type, headers, ranges, hits } = resource;
  switch (fault?.kind) {
    case 'status':
      if (hits <= (fault.times ?? Infinity)) return void response.writeHead(fault.status).end('no\n');
      break;
    case 'html':
      return void response
        .writeHead(200, { 'content-type': 'text/html' })
        .end('<!DOCTYPE html>\n<html><title>Sign in</title></html>\n');
    case 'redirect-loop':
      return void response.writeHead(302, { location: request.url ?? '/' }).end();
    case 'redirect':
      return void response.writeHead(302, { location: fault.to }).end();
    case 'short':
      return void response.writeHead(200, { 'content-length': fault.bytes }).end(bytes.subarray(0, fault.bytes));
    case 'flaky':
      if (connection % 3 === 0) return void request.socket.destroy();
      break;
    default:
  }
  const etag = `"${createHash('sha256').update(bytes).digest('hex').slice(0, 16)}"`;
  const start = ranges ? offsetOf(request, etag) : 0;
  if (start > 0 && start >= bytes.length)
    return void response.writeHead(416, { 'content-range': `bytes */${bytes.length}` }).end();
  const body = bytes.subarray(start);
  response.writeHead(start > 0 ? 206 : 200, {
    'content-type': type,
    'content-length': body.length,
    etag,
    ...(ranges ? { 'accept-ranges': 'bytes' } : {}),
    ...(start > 0 ? { 'content-range': `bytes ${start}-${bytes.length - 1}/${bytes.length}` } : {}),
    ...headers,
  });
  const cut =
    fault !== undefined && 'after' in fault && hits <= ('times' in fault ? (fault.times ?? Infinity) : Infinity);
  if (!cut || fault.after >= body.length) return void response.end(body);
  response.write(body.subarray(0, fault.after), () => {
    if (fault.kind !== 'stall') request.socket.destroy();
  });
}

/** Where to go on: the range's start, unless If-Range names other bytes. */
function offsetOf(request: IncomingMessage, etag: string): number {
  const condition = request.headers['if-range'];
  if (condition !== undefined && condition !== etag) return 0;
  return Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
}
