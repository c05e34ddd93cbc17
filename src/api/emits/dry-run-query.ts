/** `?dryRun=true` of an emit, the only parameter that the call takes. */
import type { IncomingMessage } from 'node:http'
import { pointerTo } from '../../json/json-pointer.ts'
import { malformed } from '../http/body.ts'

/** Throws `validation_failed` for any other query: a misspelt dry run must not become an emit. */
export function isDryRun({ url = '' }: Pick<IncomingMessage, 'url'>): boolean {
  const at = url.indexOf('?')
  if (at < 0) return false
  const parameters = [...new URLSearchParams(url.slice(at + 1))]
  for (const [name, value] of parameters) {
    if (name !== 'dryRun')
      throw malformed([{ path: pointerTo('', name), rule: 'unknown_field', message: 'is not a field of this call' }])
    if ((value !== 'true' && value !== 'false') || parameters.length > 1)
      throw malformed([{ path: '/dryRun', rule: 'type', message: 'must be true or false, once' }])
  }
  return parameters[0]?.[1] === 'true'
}
