import { fields, flag, literal, object, spec } from '../action-spec.ts'

export const callWorkflow = spec({
  type: 'call_workflow',
  summary: 'Starts another workflow and waits for its end unless `wait` is false.',
  effect: 'transactional',
  schema: fields(
    {
      workflowId: literal('The id of the workflow', { maxLength: 64 }),
      params: object('Its `$param`'),
      wait: flag('Waits for its end; true unless set'),
    },
    ['workflowId'],
  ),
  output: { output: null, runId: 'run_0' },
  scopes: () => ['workflows:run'],
  hasDefaultTimeout: false,
})
