import { SysextError } from '../errors.ts';

/** The error for an image that cannot be read: `what` is wrong with `file`. */
export function imageInvalid(file: string, what: string, details?: { hint?: string; cause?: unknown }): SysextError {
  return new SysextError('IMAGE_INVALID', `${file}: ${what}`, details);
}
