import { styleText } from 'node:util';
import type { Step, SysextEvent } from '@sysext/core';
import type { Options, Ora } from 'ora';
import { bytes } from './output.ts';

/** Turns events into what a person sees on standard error. */
export interface Reporter {
  readonly onEvent: (event: SysextEvent) => void;
  /** Removes whatever is moving. */
  readonly stop: () => void;
}

const doing: Record<Step, string> = {
  download: 'downloading',
  unpack: 'unpacking',
  compile: 'compiling',
  lint: 'checking',
  compress: 'compressing',
  read: 'reading',
  publish: 'publishing',
  verify: 'verifying',
  mirror: 'mirroring',
  ask: 'asking',
};

const did: Record<Step, string> = {
  download: 'downloaded',
  unpack: 'unpacked',
  compile: 'compiled',
  lint: 'checked',
  compress: 'compressed',
  read: 'read',
  publish: 'published',
  verify: 'verified',
  mirror: 'mirrored',
  ask: 'asked',
};

/** On a terminal one moving line, elsewhere a plain line at the begin and end of each step. */
export async function createReporter(stream: NodeJS.WriteStream): Promise<Reporter> {
  // A terminal of no width, as some pseudo terminals have, cannot be drawn on.
  const moving = stream.isTTY && stream.columns > 0 && !process.env['CI'] && process.env['TERM'] !== 'dumb';
  return moving ? movingReporter(stream, (await import('ora')).default) : plainReporter(stream);
}

function plainReporter(stream: NodeJS.WriteStream): Reporter {
  const say = (line: string): void => void stream.write(`${line}\n`);
  return {
    onEvent(event) {
      if (event.type === 'start') say(`${doing[event.step]} ${event.subject}`);
      if (event.type === 'end') say(ended(event));
      if (event.type === 'warning') say(warning(event, stream));
    },
    stop: () => undefined,
  };
}

function movingReporter(stream: NodeJS.WriteStream, ora: (options: Options) => Ora): Reporter {
  let spinner: Ora | undefined;
  const show = (text: string): void => {
    spinner ??= ora({ stream, discardStdin: false }).start();
    spinner.text = text;
  };
  const stop = (): void => {
    spinner?.stop();
    spinner = undefined;
  };
  return {
    onEvent(event) {
      switch (event.type) {
        case 'start':
          return show(`${doing[event.step]} ${event.subject}`);
        case 'progress':
          return show(`${doing[event.step]} ${event.subject} ${measure(event)}`);
        case 'end':
          stop();
          return void stream.write(`${styleText('green', '✔', { stream })} ${ended(event)}\n`);
        case 'warning':
          stop();
          return void stream.write(`${warning(event, stream)}\n`);
      }
    },
    stop,
  };
}

type Of<T extends SysextEvent['type']> = Extract<SysextEvent, { type: T }>;

function measure({ step, done, total, detail }: Of<'progress'>): string {
  const about = detail === undefined ? '' : ` ${detail.length > 60 ? `…${detail.slice(-59)}` : detail}`;
  if (step === 'compile') return `${done} packages${about}`;
  if (step === 'ask') return `${done} of ${total}${about}`;
  // What has been read whole may still be worked on.
  if (total === undefined || done >= total) return `${bytes(done)}${about}`;
  return `${Math.floor((done / total) * 100)} % of ${bytes(total)}${about}`;
}

function ended({ step, subject, cached, detail }: Of<'end'>): string {
  const notes = [...(cached ? ['from the cache'] : []), ...(detail === undefined ? [] : [detail])];
  return `${did[step]} ${subject}${notes.length === 0 ? '' : ` (${notes.join(', ')})`}`;
}

function warning({ message, hint }: Of<'warning'>, stream: NodeJS.WriteStream): string {
  const line = `${styleText('yellow', 'warning', { stream })} ${message}`;
  return hint === undefined ? line : `${line}\n${styleText('cyan', '   hint', { stream })} ${hint}`;
}
