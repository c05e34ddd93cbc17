/** Recover and replay: count first, then deliver exactly that. */
import { useMutation } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { ApiError, call } from '../api/call.ts'
import type { Replay, Webhook } from '../api/types.ts'
import { Act, useAct } from '../parts/act.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { Field } from '../parts/field.tsx'
import { Problem } from '../parts/state.tsx'
import { follow } from '../shell/followed-replays.ts'
import { w } from '../words/words.ts'

const RATE = 50
const DAY_MS = 86_400_000
const POLL_MS = 250
const POLLS_MAX = 80
/** More than so many ask for the number to be typed. */
const MANY = 10_000

export type AgainKind = { kind: 'recover' | 'replay'; since: string | undefined }

interface Wanted {
  since: string
  to: string
  rate: number
}

/** A replay that counts and delivers nothing. */
async function countMatches(webhook: Webhook, kind: AgainKind['kind'], { since, to, rate }: Wanted): Promise<number> {
  let counted = await call<Replay>('POST', '/replays', {
    body: {
      source: { from: since, ...(to === '' ? {} : { to }) },
      target: { kind: 'webhook', ids: [webhook.id] },
      options: { dryRun: true, onlyFailed: kind === 'recover', ratePerSecond: rate },
    },
  })
  for (let polls = 0; polls < POLLS_MAX && counted.state !== 'completed'; polls++) {
    if (counted.state === 'failed' || counted.state === 'cancelled') break
    await new Promise(resolve => setTimeout(resolve, POLL_MS))
    counted = await call<Replay>('GET', `/replays/${counted.id}`)
  }
  if (counted.state === 'completed' && counted.progress.matched !== null) return counted.progress.matched
  const message = w.again.failed + (counted.stateReason ?? counted.state)
  throw new ApiError({ code: counted.state, message, status: 0, retryable: true })
}

export function Again({ webhook, kind, since, onClose }: AgainKind & { webhook: Webhook; onClose(): void }) {
  const [wanted, setWanted] = useState<Wanted>(() => ({
    since: since ?? new Date(Date.now() - DAY_MS).toISOString(),
    to: '',
    rate: RATE,
  }))
  const [typed, setTyped] = useState('')
  const counted = useMutation({ mutationFn: (what: Wanted) => countMatches(webhook, kind, what) })
  const { mutate } = counted
  useEffect(() => mutate(wanted), [wanted, mutate])
  const deliver = useAct(
    () =>
      call<Replay>('POST', `/webhooks/${webhook.id}/${kind}`, {
        body:
          kind === 'recover'
            ? { since: wanted.since, ratePerSecond: wanted.rate }
            : { from: wanted.since, ...(wanted.to === '' ? {} : { to: wanted.to }), ratePerSecond: wanted.rate },
      }),
    ({ id }) => {
      follow(id)
      onClose()
    },
  )
  const name = webhook.name ?? webhook.url
  const matched = counted.data
  const isMany = matched !== undefined && matched > MANY
  return (
    <Dialog title={kind === 'recover' ? w.again.recoverTitle(name) : w.again.replayTitle(name)} onClose={onClose}>
      <p>{kind === 'recover' ? w.again.recoverHelp : w.again.replayHelp}</p>
      <Field label={w.again.since} value={wanted.since} onChange={text => setWanted({ ...wanted, since: text })} />
      {kind === 'replay' && (
        <Field label={w.again.to} value={wanted.to} isOptional onChange={to => setWanted({ ...wanted, to })} />
      )}
      <Field
        label={w.again.rate}
        value={String(wanted.rate)}
        onChange={text => setWanted({ ...wanted, rate: Math.max(1, Math.min(500, Number(text) || 1)) })}
      />
      <div aria-live="polite">
        {counted.isPending && <p className="quiet">{w.again.counting}</p>}
        {counted.isError && <Problem title={w.states.failedAct} error={counted.error} again={() => mutate(wanted)} />}
        {matched !== undefined && <p>{w.again.preview(matched, matched / wanted.rate)}</p>}
      </div>
      {isMany && <Field label={w.again.typeNumber} value={typed} onChange={setTyped} />}
      {matched !== undefined && matched > 0 && (
        <div className="row">
          <Act act={deliver} look="main-act" disabled={isMany && typed !== String(matched)}>
            {w.again.act(matched)}
          </Act>
        </div>
      )}
    </Dialog>
  )
}
