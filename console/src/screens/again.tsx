/** Recover and replay: count first, then deliver exactly that. */
import { useMutation } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { call } from '../api/call.ts'
import type { SendPreview } from '../api/look-types.ts'
import type { Replay, Webhook } from '../api/types.ts'
import { Preview } from '../event/preview.tsx'
import { Act, useAct } from '../parts/act.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { Field } from '../parts/field.tsx'
import { Problem } from '../parts/state.tsx'
import { follow } from '../shell/followed-replays.ts'
import { w } from '../words/words.ts'

const RATE = 50
const DAY_MS = 86_400_000
/** More than so many ask for the number to be typed. */
const MANY = 10_000

export type AgainKind = { kind: 'recover' | 'replay'; since: string | undefined }

interface Wanted {
  since: string
  to: string
  rate: number
}

const bodyOf = (kind: AgainKind['kind'], { since, to, rate }: Wanted) =>
  kind === 'recover'
    ? { since, ratePerSecond: rate }
    : { from: since, ...(to === '' ? {} : { to }), ratePerSecond: rate }

export function Again({ webhook, kind, since, onClose }: AgainKind & { webhook: Webhook; onClose(): void }) {
  const [wanted, setWanted] = useState<Wanted>(() => ({
    since: since ?? new Date(Date.now() - DAY_MS).toISOString(),
    to: '',
    rate: RATE,
  }))
  const [typed, setTyped] = useState('')
  const path = `/webhooks/${webhook.id}/${kind}`
  const counted = useMutation({
    mutationFn: (what: Wanted) => call<SendPreview>('POST', path, { body: { ...bodyOf(kind, what), dryRun: true } }),
  })
  const { mutate } = counted
  useEffect(() => mutate(wanted), [wanted, mutate])
  const deliver = useAct(
    () => call<Replay>('POST', path, { body: bodyOf(kind, wanted) }),
    ({ id }) => {
      follow(id)
      onClose()
    },
  )
  const name = webhook.name ?? webhook.url
  const matched = counted.data?.count
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
        {counted.data !== undefined && <Preview preview={counted.data} />}
      </div>
      {isMany && <Field label={w.again.typeNumber} value={typed} onChange={setTyped} />}
      {matched !== undefined && matched > 0 && (
        <div className="row">
          <Act act={deliver} look="main-act" disabled={isMany && typed !== String(matched)}>
            {counted.data?.countIsExact === false ? w.again.actAll : w.again.act(matched)}
          </Act>
        </div>
      )}
    </Dialog>
  )
}
