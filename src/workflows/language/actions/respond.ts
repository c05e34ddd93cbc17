import { anything, fields, flag, headers, integer, spec } from '../action-spec.ts'

export const respond = spec({
  type: 'respond',
  summary: 'Answers the request that called the route, and ends the run unless `continue` is true.',
  effect: 'transactional',
  schema: fields({
    status: integer('200 unless set', 200, 599),
    headers: headers(),
    body: anything('A string is sent as it is, everything else as JSON; `{}` unless set'),
    continue: flag('Later actions run after the answer'),
  }),
  output: { status: 200 },
})
