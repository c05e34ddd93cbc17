/**
 * API keys in a URL: proxies log it, browsers keep it, and pages link from it. Routes that a browser or a script reads
 * events by refuse such a call before it signs in, so that the mistake is found at the first try.
 */
import { parse as parseQuery } from 'node:querystring'
import { ClarionError, CODES } from '../../model/codes.ts'

const NAMES: ReadonlySet<string> = new Set(['key', 'apikey', 'api_key', 'access_token'])
const KEY_START = 'ck_'

/** Throws `key_in_query`; no message repeats the value. */
export function refuseKeyInQuery(querystring: string): void {
  if (querystring === '') return
  for (const [name, value] of Object.entries(parseQuery(querystring))) {
    const values = typeof value === 'string' ? [value] : (value ?? [])
    const isKey = NAMES.has(name.toLowerCase()) || values.some(each => each.startsWith(KEY_START))
    if (!isKey) continue
    const message = 'must not hold an API key: send it as Authorization: Bearer <key>, or in x-api-key'
    const shownName = name.startsWith(KEY_START) ? '' : name.slice(0, 40)
    const details = [{ path: `/${shownName}`, rule: 'key_in_query', message }]
    throw new ClarionError('key_in_query', CODES.key_in_query.meaning, { details })
  }
}
