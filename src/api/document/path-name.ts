/** Names of operations from their paths, where the table of names has none. */
import type { Method } from '../http/route.ts'

const VERBS: Record<Method, string> = { GET: 'get', POST: 'create', PUT: 'set', PATCH: 'update', DELETE: 'delete' }

/** `POST /queues/:id/pause` → `pauseQueue`, `queues.pause`; `GET /queues` → `listQueues`, `queues.list`. */
export function nameOfPath(method: Method, path: string): { id: string; call: string } {
  const parts = path.split('/').filter(Boolean)
  const words = parts.filter(part => !part.startsWith(':')).map(camel)
  const last = parts.at(-1) ?? ''
  const endsInId = last.startsWith(':')
  const isAction = method === 'POST' && parts.at(-2)?.startsWith(':') === true && !last.endsWith('s')
  if (isAction) {
    const action = camel(last)
    const nouns = words.slice(0, -1)
    return { id: action + nounOf(nouns, true), call: [...nouns, action].join('.') }
  }
  const isList = method === 'GET' && !endsInId
  // `/compatibility` and `/compatibility/:name`: the noun alone does not tell them apart.
  const of = endsInId && !parts.at(-2)!.endsWith('s') ? 'Of' : ''
  const verb = isList && last.endsWith('s') ? 'list' : VERBS[method]
  return { id: verb + nounOf(words, endsInId || method === 'POST') + of, call: [...words, verb + of].join('.') }
}

const nounOf = (words: readonly string[], single: boolean): string =>
  words.map((word, at) => pascal(at < words.length - 1 || single ? singular(word) : word)).join('')

export const singular = (word: string): string =>
  /series$/i.test(word) ? word : word.endsWith('ies') ? `${word.slice(0, -3)}y` : word.replace(/(?<=[^s])s$/, '')

export const pascal = (word: string): string => camel(word).replace(/^./, first => first.toUpperCase())

export const camel = (word: string): string =>
  word
    .replace(/[^A-Za-z0-9]+(.)/g, (_, next: string) => next.toUpperCase())
    .replace(/^[A-Z]/, first => first.toLowerCase())
