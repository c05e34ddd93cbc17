/** The receivers of the tests, in memory: each webhook answers as its test says. */
import type { Clock } from '../../../../src/clock.ts'
import type { AttemptRequest, AttemptResult } from '../../../../src/delivery/send.ts'

const NO_STEPS = { dnsMs: null, tlsMs: null, remoteAddress: null }

export type Answer =
  | 'ok'
  | 'fail'
  | 'hang'
  | 'gone'
  | { status: number; headers?: Record<string, string> }
  | { laterMs: number; ok: boolean }
/** `number`: of all requests so far, this one included. */
export type Answering = (request: AttemptRequest, number: number) => Answer

export interface SentRequest {
  webhookId: string
  deliveryId: string
  attempt: number
  sequence: number
  atMs: number
  subject: string | null
}

/** `forgetful`: keeps only the newest requests, for long runs. */
export function createMemoryReceivers({ clock, forgetful }: { clock: Clock; forgetful: boolean }) {
  const answers = new Map<string, Answering>()
  const requests: SentRequest[] = []
  let sent = 0
  let inFlight = 0

  function note({ url, headers, body }: AttemptRequest): string {
    const webhookId = new URL(url).hostname.replace(/\.test$/, '').replace('-', '_')
    const header = (name: string) => Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1] ?? ''
    requests.push({
      webhookId,
      deliveryId: header('x-delivery-id'),
      attempt: Number(header('x-delivery-attempt')),
      sequence: Number(header('x-event-sequence')),
      atMs: clock.nowMs(),
      subject: (JSON.parse(body.toString()) as { subject: string | null }).subject,
    })
    if (forgetful && requests.length > 1_000) requests.splice(0, 500)
    return webhookId
  }

  function send(request: AttemptRequest): Promise<AttemptResult> {
    const webhookId = note(request)
    const answer = answers.get(webhookId)?.(request, ++sent) ?? 'ok'
    const startedAtMs = clock.nowMs()
    inFlight++
    return new Promise(resolve => {
      const end = (status: number | null, headers: Record<string, string> = {}) => {
        inFlight--
        const times = {
          startedAtMs,
          durationMs: clock.nowMs() - startedAtMs,
          connectMs: 0,
          firstByteMs: 0,
          ...NO_STEPS,
        }
        resolve({ ...resultOf(status), headers, body: Buffer.alloc(0), ...times })
      }
      const later = (ms: number, status: number | null) => void clock.after(ms, () => end(status))
      if (answer === 'hang') later(request.timeoutMs, null)
      else if (answer === 'ok') end(204)
      else if (answer === 'fail') end(500)
      else if (answer === 'gone') end(410)
      else if ('laterMs' in answer) later(answer.laterMs, answer.ok ? 204 : 500)
      else end(answer.status, answer.headers)
    })
  }

  return {
    requests,
    sender: { send, close: () => undefined },
    inFlight: () => inFlight,
    answer: (webhookId: string, answer: Answer | Answering) =>
      void answers.set(webhookId, typeof answer === 'function' ? answer : () => answer),
  }
}

function resultOf(status: number | null): Pick<AttemptResult, 'status' | 'errorKind' | 'error'> {
  if (status !== null && status < 300) return { status, errorKind: null, error: null }
  return { status, errorKind: status === null ? 'timeout' : 'status', error: `The receiver answered ${status}.` }
}
