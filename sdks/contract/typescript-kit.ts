/** The kit for TypeScript, called as the drivers of the others are. */
import {
  CLARION_CODES,
  ClarionApiError,
  ClarionConnectionError,
  type Clock,
  createClient,
  type SignatureProfile,
  verifyWebhookSignature,
} from '../typescript/src/index.ts'
import type { Asked, Said, Signature } from './kit.ts'

type Method = (...given: unknown[]) => unknown

/** Calls whose arguments are not the ids, then the query or the body. */
const ARGUMENTS: Record<string, (asked: Asked & { body: Record<string, unknown> }) => unknown[]> = {
  'events.custom.emitBatch': ({ body }) => [body.items],
  'events.lifecycle.set': ({ body }) => [body.names],
  'events.pull': ({ query }) => [query ?? {}],
  'tables.query': ({ body }) => [body.sql, body.params ?? []],
  'tables.deleteRows': ({ path, body }) => [path![0], body.where],
  'workflows.rollback': ({ path, body }) => [path![0], body.version],
  'workflows.saveDraft': ({ path, body }) => [path![0], body.definition],
  'workflows.run': ({ path, body }) => [path![0], body.params ?? {}],
  'variables.set': ({ path, body }) => [path![0], body.value],
  'secrets.set': ({ path, body }) => [path![0], body.value],
  usage: ({ query }) => [query?.month],
}
/** What the other kits answer whole. */
const UNWRAPPED = new Set(['events.custom.emitBatch'])

export async function callInTypeScript(asked: Asked): Promise<Said> {
  const waits: number[] = []
  try {
    const result = made(asked, waits)
    const value = isIterable(result) ? await all(result) : await result
    const isPage = typeof value === 'object' && value !== null && 'nextCursor' in value
    return { data: isPage ? (value as unknown as { data: unknown }).data : value, waits }
  } catch (error) {
    return { ...failed(error), waits }
  }
}

function made(asked: Asked, waits: number[]): unknown {
  const { baseUrl, apiKey = 'ck_test_contract', timeoutMs = 10_000, retries, path = [], query, body } = asked
  let ids = 0
  const random = { uniform: () => 0.5, id: () => `id${++ids}` }
  const client = createClient({
    baseUrl,
    apiKey,
    timeoutMs,
    retries: retries ?? 2,
    clock: clockOf(timeoutMs, waits),
    random,
  })
  const parts = asked.call.split('.')
  const call = parts.reduce<unknown>((part, name) => (part as Record<string, unknown>)[name], client) as Method
  const special = ARGUMENTS[asked.call]
  if (special !== undefined) return call(...special(asked as never))
  const rest = query !== undefined ? [query] : body !== undefined ? [body] : []
  return call(...path, ...rest, ...(asked.options === undefined ? [] : [asked.options]))
}

const isIterable = (value: unknown): value is AsyncIterable<unknown> =>
  typeof value === 'object' && value !== null && Symbol.asyncIterator in value

async function all(items: AsyncIterable<unknown>): Promise<unknown[]> {
  const list: unknown[] = []
  for await (const item of items) list.push(item)
  return list
}

/** Waits end at once, and are noted; the limit of an attempt is real. */
function clockOf(timeoutMs: number, waits: number[]): Clock {
  return {
    nowMs: () => 1_796_000_000_000,
    after(delayMs, callback) {
      if (delayMs !== timeoutMs) waits.push(Math.round(delayMs))
      const timer = setTimeout(callback, delayMs === timeoutMs ? delayMs : 0)
      return { cancel: () => clearTimeout(timer) }
    },
  }
}

function failed(error: unknown): Omit<Said, 'waits'> {
  if (error instanceof ClarionApiError) {
    const { code: refused, status, retryable, retryAfterS = null, emitId = null } = error
    return {
      refused,
      status,
      retryable,
      retryAfterS,
      emitId,
      kind: (CLARION_CODES as readonly string[]).includes(refused),
    }
  }
  if (error instanceof ClarionConnectionError) return { lost: error.code, mayHaveBeenDone: error.mayHaveBeenDone }
  if (error instanceof TypeError) return { mistake: true, message: error.message }
  throw error
}

export const wholeAnswer = (call: string, data: unknown): unknown => (UNWRAPPED.has(call) ? { results: data } : data)

export function verifyInTypeScript({ body, headers, secrets, profile, toleranceSeconds, nowS }: Signature): boolean {
  return verifyWebhookSignature(body, headers, secrets, {
    ...(profile === undefined ? {} : { profile: profile as SignatureProfile }),
    ...(toleranceSeconds === undefined ? {} : { toleranceSeconds }),
    now: nowS * 1_000,
  })
}

/** Every call below a client, as the document writes it. */
export function typescriptCalls(): string[] {
  const below = (part: object, path: string): string[] =>
    Object.entries(part).flatMap(([name, each]) =>
      typeof each === 'object' ? below(each as object, `${path}${name}.`) : [path + name],
    )
  return below(createClient({ baseUrl: 'http://127.0.0.1:1', apiKey: 'k' }), '').sort()
}
