/** The actions that decide which others run, how often and when. */
import { anything, type FieldSchema, fields, flag, integer, literalInteger, spec, text } from '../action-spec.ts'

const conditions: FieldSchema = {
  type: 'object',
  description: 'A group of conditions; paths begin at a scope, such as `$body.amount`, and operands may be templates',
}
const pure = { effect: 'pure', hasDefaultTimeout: false } as const

export const condition = spec({
  ...pure,
  type: 'condition',
  summary: 'Runs `then` if its conditions hold, else `else`.',
  schema: conditions,
  output: { result: true, branch: 'then' },
})

export const switchCase = spec({
  ...pure,
  type: 'switch',
  summary: 'Runs the first case whose value equals its own, else `default`.',
  schema: fields({ value: anything('Compared with the values of the cases') }, ['value']),
  output: { case: 0 },
})

export const loopData = spec({
  ...pure,
  type: 'loop_data',
  summary: 'Runs its body once for each item.',
  schema: fields(
    {
      items: { type: 'array', items: {}, description: 'The list', 'x-template': 'value' },
      maxIterations: literalInteger('More items fail the step (loop_limit_exceeded); 1,000 unless set', 1, 1_000),
      concurrency: literalInteger('Iterations at a time; 1 unless set', 1, 10),
      continueOnError: flag('An iteration that fails ends itself alone'),
      keepOutputs: flag('Whether the output has what the iterations answered; true unless set'),
    },
    ['items'],
  ),
  output: { count: 1, failed: 0, errors: [], outputs: [{}] },
})

export const loopWhile = spec({
  ...pure,
  type: 'loop_while',
  summary: 'Runs its body while its condition holds.',
  schema: fields(
    {
      condition: conditions,
      maxIterations: literalInteger('A further turn fails the step (loop_limit_exceeded); 1,000 unless set', 1, 1_000),
    },
    ['condition'],
  ),
  output: { count: 1 },
})

export const delay = spec({
  type: 'delay',
  summary: 'Lets the run wait, without a worker.',
  effect: 'transactional',
  schema: fields(
    {
      seconds: { ...integer('From now', 0, 86_400), type: 'number' },
      until: text('A date-time (RFC 3339); one that is over does not wait', { maxLength: 100 }),
    },
    [],
    { oneOf: [{ required: ['seconds'] }, { required: ['until'] }] },
  ),
  output: { until: '2026-01-01T00:00:00.000Z' },
  hasDefaultTimeout: false,
})

export const stop = spec({
  ...pure,
  type: 'stop',
  summary: 'Ends the run as succeeded.',
  schema: fields({ reason: text('Shown with the run', { maxLength: 500 }) }),
  output: {},
})

export const fail = spec({
  ...pure,
  type: 'fail',
  summary: 'Ends the run as failed.',
  schema: fields({ reason: text('Shown with the run', { maxLength: 500 }) }, ['reason']),
  output: {},
})
