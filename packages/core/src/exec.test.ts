import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import type { SysextError } from './errors.ts';
import { run, stream } from './exec.ts';

const options = {
  signal: new AbortController().signal,
  env: { PATH: process.env['PATH'], SECRET: 'secret', HOME: '/h' },
};
const failure = async (promise: Promise<unknown>): Promise<SysextError> =>
  (await promise.then(
    () => expect.unreachable(),
    (error: unknown) => error,
  )) as SysextError;
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');

describe('run', () => {
  test('gives back standard output; arguments are not interpreted', async () => {
    expect(text(await run('printf', ['%s', '$(id) `id` ; *'], options))).toBe('$(id) `id` ; *');
  });

  test('hands on what tools need of the environment, and no secrets', async () => {
    const seen = text(await run('env', [], { ...options, set: { EXTRA: '1' } }))
      .trim()
      .split('\n')
      .toSorted();
    expect(seen).toEqual(['EXTRA=1', 'HOME=/h', 'LC_ALL=C.UTF-8', `PATH=${process.env['PATH']}`, 'TZ=UTC']);
  });

  test('feeds standard input', async () => {
    expect(
      text(await run('cat', [], { ...options, input: Readable.from(['a', 'b'].map((s) => Buffer.from(s))) })),
    ).toBe('ab');
  });

  test('an error in what is fed is the error of the run', async () => {
    async function* broken(): AsyncGenerator<Buffer> {
      yield Buffer.from('x');
      throw new Error('mine');
    }
    await expect(run('cat', [], { ...options, input: Readable.from(broken()) })).rejects.toThrow('mine');
  });

  test('a program that dies while it is fed is the error, not the broken pipe', async () => {
    const endless = (): Readable =>
      Readable.from(
        (function* () {
          for (;;) yield Buffer.alloc(1 << 20);
        })(),
      );
    const runs = Array.from({ length: 50 }, () => run('false', [], { ...options, input: endless() }));
    for (const end of await Promise.allSettled(runs)) {
      expect(end).toMatchObject({ status: 'rejected', reason: { code: 'TOOL_FAILED' } });
    }
  });

  test('a missing program is named with its package', async () => {
    const error = await failure(run('mksquashfs', [], { ...options, env: { PATH: '/nowhere' } }));
    expect(error).toMatchObject({ code: 'TOOL_MISSING' });
    expect(error.hint).toContain('squashfs-tools');
  });

  test('a failing program is quoted', async () => {
    const error = await failure(run('sh', ['-c', 'echo reason >&2; exit 3'], options));
    expect(error).toMatchObject({ code: 'TOOL_FAILED' });
    expect(error.message).toMatch(/exit status 3.*reason/s);
  });

  test('a full file system is recognised', async () => {
    expect(await failure(run('dd', ['if=/dev/zero', 'of=/dev/full', 'count=1'], options))).toMatchObject({
      code: 'NO_SPACE',
    });
  });

  test('an abort ends the program and everything it started', async () => {
    const stop = new AbortController();
    const mark = `sleep ${1_000_000 + process.pid}`;
    const lines: string[] = [];
    const running = run('sh', ['-c', `sh -c 'echo up >&2; exec ${mark}' & wait`], {
      ...options,
      signal: stop.signal,
      onErrorLine: (line) => lines.push(line),
    });
    await expect.poll(() => lines).toContain('up');
    stop.abort(new Error('enough'));
    await expect(running).rejects.toThrow('enough');
    expect(text(await run('ps', ['-eo', 'args'], options))).not.toContain(mark);
  });
});

describe('stream', () => {
  test('hands on output as it comes, and tells how it ended', async () => {
    const { stdout, finished } = stream('sh', ['-c', 'echo out; exit 4'], options);
    const chunks: Buffer[] = [];
    for await (const chunk of stdout as AsyncIterable<Buffer>) chunks.push(chunk);
    expect(Buffer.concat(chunks).toString()).toBe('out\n');
    await expect(finished).rejects.toMatchObject({ code: 'TOOL_FAILED' });
  });
});
