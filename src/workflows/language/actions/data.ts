/** The actions that compute. */
import { anything, fields, literal, literalInteger, spec } from '../action-spec.ts'

const pure = { effect: 'pure', hasDefaultTimeout: false } as const

export const setVariable = spec({
  ...pure,
  type: 'set_variable',
  summary: "Sets a variable, which is read as `$var['key']`.",
  schema: fields({ value: anything('The value') }, ['value']),
  output: { value: null },
})

export const transform = spec({
  ...pure,
  type: 'transform',
  summary: 'Builds a JSON value from a template.',
  schema: fields({ template: anything('The value, with templates in its strings') }, ['template']),
  output: { value: null },
})

export const customCode = spec({
  type: 'custom_code',
  summary: 'Runs JavaScript in a sandbox without network, files or host functions.',
  effect: 'reading',
  schema: fields(
    {
      code: literal('The body of a function of `input`; what it returns is the output', { maxLength: 50_000 }),
      input: anything('Values that the code sees; no secrets'),
      timeoutMs: literalInteger('1,000 unless set', 1, 10_000),
      memoryMb: literalInteger('32 unless set', 1, 64),
    },
    ['code'],
  ),
  output: { value: null, logs: [] },
  timeoutCode: 'code_timeout',
})
