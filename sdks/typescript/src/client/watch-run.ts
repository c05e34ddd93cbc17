/** A run as it goes on: each step as it commits, then the end. It reconnects, and goes on behind the last step. */
import { type Clock, type Random, sleep } from '../clock.ts'
import { readJson } from '../read-json.ts'
import { ClarionApiError, ClarionConnectionError } from './errors.ts'
import { readAnswer, USER_AGENT, unreachable, urlOf } from './exchange.ts'
import { textLines } from './lines.ts'
import type { ClientOptions } from './transport.ts'
import type { CallOptions, RunStep, WatchedRun } from './types.ts'

export type RunNews =
  | { type: 'step'; step: RunStep }
  /** The run has another status. */
  | { type: 'run'; run: WatchedRun }
  | { type: 'end'; run: WatchedRun }

type Settings = Required<Pick<ClientOptions, 'fetch' | 'baseUrl' | 'apiKey'>> & { clock: Clock; random: Random }

/** Three heartbeats. */
const SILENT_MS = 45_000
const AGAIN_MS = 1_000

export function createWatchRun(settings: Settings) {
  const { clock, random } = settings
  /** Ends behind `end`. `after`: the number of the last step that is known. */
  return async function* watchRun(
    runId: string,
    { signal, after = 0 }: CallOptions & { after?: number } = {},
  ): AsyncGenerator<RunNews, undefined, undefined> {
    let last = after
    for (;;) {
      try {
        for await (const news of open(settings, runId, last, signal)) {
          if (news.type === 'step') last = news.step.number
          yield news
          if (news.type === 'end') return
        }
      } catch (error) {
        if (!mayPass(error)) throw error
      }
      await sleep(clock, AGAIN_MS * (1 - random.uniform() / 2), signal)
    }
  }
}

const mayPass = (error: unknown): boolean =>
  error instanceof ClarionConnectionError || (error instanceof ClarionApiError && error.status >= 500)

async function* open(
  { clock, baseUrl, apiKey, fetch: request }: Settings,
  runId: string,
  after: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<RunNews, undefined, undefined> {
  const controller = new AbortController()
  const abort = () => controller.abort(signal?.reason)
  signal?.throwIfAborted()
  signal?.addEventListener('abort', abort, { once: true })
  const watch = () => clock.after(SILENT_MS, abort)
  const opening = watch()
  try {
    const path = `/workflows/runs/${encodeURIComponent(runId)}/stream`
    const headers = { authorization: `Bearer ${apiKey}`, accept: 'text/event-stream', 'user-agent': USER_AGENT }
    const response = await request(urlOf(baseUrl, { method: 'GET', path }), {
      method: 'GET',
      headers: after === 0 ? headers : { ...headers, 'last-event-id': String(after) },
      redirect: 'manual',
      signal: controller.signal,
    }).finally(opening.cancel)
    if (!response.ok || response.body === null) readAnswer(response, await response.text(), clock)
    else yield* newsIn(textLines(response.body, watch))
  } catch (error) {
    if (error instanceof ClarionApiError) throw error
    signal?.throwIfAborted()
    throw unreachable(baseUrl, error)
  } finally {
    signal?.removeEventListener('abort', abort)
    controller.abort()
  }
}

async function* newsIn(lines: AsyncIterable<string>): AsyncGenerator<RunNews, undefined, undefined> {
  let type = ''
  for await (const line of lines) {
    if (line.startsWith('event: ')) type = line.slice('event: '.length)
    if (!line.startsWith('data: ')) continue
    const data = readJson(line.slice('data: '.length))
    if (type === 'step') yield { type, step: data as RunStep }
    else if (type === 'run' || type === 'end') yield { type, run: data as WatchedRun }
  }
}
