import { createRequire } from 'node:module';
import type * as Yaml from 'yaml';
import * as z from 'zod';
import type { Context } from '../context.ts';
import { type Candidate, ask, wrongAnswer } from './answer.ts';

const require = createRequire(import.meta.url);

/** Loaded by the first schedule: a build, which reads none, does not wait for its modules. */
const yaml = (): typeof Yaml => require('yaml') as typeof Yaml;

const url = 'https://raw.githubusercontent.com/kubernetes/website/main/data/releases/schedule.yaml';
/** Characters; the real file has a few thousand. */
const maxLength = 1024 ** 2;

const Day = z.string().regex(/^\d{4}-\d\d-\d\d$/);
const Schedule = z.object({
  schedules: z.array(
    z.object({
      release: z.string().regex(/^\d+\.\d+$/),
      releaseDate: Day,
      endOfLifeDate: Day,
      previousPatches: z
        .array(z.object({ release: z.string(), targetDate: Day.or(z.literal('')).nullish() }))
        .nullish()
        .or(z.literal('')),
    }),
  ),
});

/** The patches of every series that is supported today, by Kubernetes' release schedule. */
export async function* kubernetesPatches(context: Context): AsyncGenerator<Candidate> {
  yield* patchesIn((await ask(context, url)).text, new Date().toISOString().slice(0, 10));
}

/**
 * The patches in a schedule, of the series that are out and supported on a day. A series that has no
 * patch yet is `.0`.
 *
 * @throws SysextError `ANSWER_INVALID`.
 */
export function patchesIn(text: string, today: string): Candidate[] {
  return parseSchedule(text)
    .schedules.filter(({ releaseDate, endOfLifeDate }) => releaseDate <= today && today <= endOfLifeDate)
    .flatMap(({ release, releaseDate, previousPatches }) => {
      const patches = previousPatches || [];
      return patches.length === 0 ? [{ release: `${release}.0`, targetDate: releaseDate }] : patches;
    })
    .map(({ release, targetDate }) => ({ name: `v${release}`, date: targetDate || undefined }));
}

function parseSchedule(text: string): z.output<typeof Schedule> {
  if (text.length > maxLength) throw wrongAnswer(url, 'more than a schedule can be');
  try {
    // Scalars stay text: the number 1.30 would be series 1.3.
    return Schedule.parse(yaml().parse(text, { schema: 'failsafe', logLevel: 'silent', maxAliasCount: 0 }));
  } catch (error) {
    throw wrongAnswer(url, "this is not Kubernetes' release schedule", error);
  }
}
