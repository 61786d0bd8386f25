import * as z from 'zod';

/** A value that EnvironmentFile= of systemd takes as it is written: no quotes, escapes, spaces or line ends. */
const Value = z.string().regex(/^[!#&(-[\]-_a-~]*$/, 'printable ASCII without spaces, quotes, "\\", "%", "$" and "`"');

/** Variables of Ollama, and those that choose GPUs. */
export const environment = z.record(
  z.string().regex(/^(OLLAMA|CUDA|GGML|HSA|ROCR)_[A-Z0-9_]+$/, 'a variable of Ollama: OLLAMA_…'),
  Value,
);
