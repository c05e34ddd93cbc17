import { anything, type FieldSchema, fields, flag, HEADER_NAME, headers, integer, spec } from '../action-spec.ts'

/** The connection's and the platform's own. Cookies would be those of the platform's origin. */
export const RESERVED_HEADERS: readonly string[] = [
  ...[
    'connection',
    'keep-alive',
    'proxy-connection',
    'content-length',
    'transfer-encoding',
    'te',
    'trailer',
    'upgrade',
  ],
  ...['set-cookie', 'set-cookie2', 'content-security-policy', 'x-content-type-options', 'x-clarion-run', 'date'],
]

/** JSON Schema has no flag for patterns in any case. */
const inAnyCase = (name: string) => name.replace(/[a-z]/g, letter => `[${letter}${letter.toUpperCase()}]`)

const ownHeaders: FieldSchema = {
  ...headers(),
  description: `Values without line breaks; not ${RESERVED_HEADERS.join(', ')}`,
  propertyNames: { pattern: HEADER_NAME, not: { pattern: `^(?:${RESERVED_HEADERS.map(inAnyCase).join('|')})$` } },
}

export const respond = spec({
  type: 'respond',
  summary: 'Answers the request that called the route, and ends the run unless `continue` is true.',
  effect: 'transactional',
  schema: fields({
    status: integer('200 unless set', 200, 599),
    headers: ownHeaders,
    body: anything('A string is sent as it is, everything else as JSON; `{}` unless set'),
    continue: flag('Later actions run after the answer'),
  }),
  output: { status: 200 },
})
