/** `clarion api METHOD PATH`: any call, as it is. */
import { type Command, UsageError } from './command.ts'
import { parseJson, readInput } from './input.ts'

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const

export const api: Command = {
  name: 'api',
  positionals: ['METHOD', 'PATH'],
  sentence: 'Any call of the API: method and path below /api/v1.',
  options: {
    query: { type: 'string', value: 'TEXT', sentence: 'The query: health=failing&limit=5.' },
    data: { type: 'string', value: 'JSON', sentence: 'The body: JSON, @FILE, or - for stdin.' },
  },
  notes: `It is not repeated where a repetition could do something twice.
  clarion api GET /webhooks --query health=failing
  clarion api POST /webhooks --data @webhook.json`,
  async run({ client, positionals: [given = '', path = ''], text, stdin, print, signal }) {
    const method = METHODS.find(each => each === given.toUpperCase())
    if (method === undefined) throw new UsageError(`there is no method '${given}'`, `one of: ${METHODS.join(', ')}`)
    if (!path.startsWith('/')) throw new UsageError('PATH begins with /', 'such as /webhooks')
    const data = text('data')
    const body = data === undefined ? undefined : parseJson(await readInput(data, stdin), 'the body')
    const query = Object.fromEntries(new URLSearchParams(text('query') ?? ''))
    const answer = await client().request<unknown>({
      ...{ method, path: path.replace(/^\/api\/v1(?=\/)/, ''), query, signal, onlyOnce: method === 'POST' },
      ...(body === undefined ? {} : { body }),
    })
    const { data: found } = answer
    if (Array.isArray(found)) print.table(found, Object.keys(found[0] ?? {}).slice(0, 6))
    else if (typeof found === 'object' && found !== null) print.record(found)
    return 0
  },
}
