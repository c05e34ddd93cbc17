/** What is wrong with a webhook, and what to do about it, in one place. */
import { call } from '../api/call.ts'
import type { Webhook } from '../api/types.ts'
import { Act, useAct } from '../parts/act.tsx'
import { usePreferences, zoneName } from '../session/preferences.ts'
import { mayChange, useSession } from '../session/session.ts'
import { clockTime } from '../words/numbers.ts'
import { w } from '../words/words.ts'
import type { AgainKind } from './again.tsx'

interface Tested {
  responseStatus: number | null
  responseTimeMs: number
  error: string | null
}

export function WebhookBanner({
  webhook,
  since,
  failed,
  onAgain,
}: {
  webhook: Webhook
  /** Of the first event that went wrong in the time range. */
  since: string | undefined
  failed: number
  onAgain(again: AgainKind): void
}) {
  const session = useSession()
  const zone = zoneName(usePreferences())
  const path = `/webhooks/${webhook.id}`
  const test = useAct(() => call<Tested>('POST', `${path}/test`))
  const pause = useAct(() => call('PATCH', path, { body: { active: false } }))
  const activate = useAct(() => call('POST', `${path}/activate`, { body: { resume: 'from_pause' } }))
  const skip = useAct(() => call('POST', `${path}/activate`, { body: { resume: 'latest' } }))
  const { failingSince, waiting } = webhook
  const clock = (at: string) => clockTime(Date.parse(at), zone)
  const tone = webhook.health === 'healthy' ? (webhook.active ? '' : 'warn') : 'bad'
  return (
    <section className={`banner ${tone}`}>
      <p>
        <Sentence webhook={webhook} failed={failed} since={failingSince === null ? undefined : clock(failingSince)} />
      </p>
      {webhook.active && waiting !== null && <p>{w.webhook.waitingBanner(waiting.count, waiting.reason)}</p>}
      {mayChange(session, 'webhooks:manage') && (
        <div className="row">
          <Act act={test} look={webhook.active ? 'main-act' : ''}>
            {w.webhook.test}
          </Act>
          <button type="button" className="button" onClick={() => onAgain({ kind: 'recover', since })}>
            {since === undefined ? w.webhook.recoverRange : w.webhook.recover(clock(since))}
          </button>
          <button type="button" className="button" onClick={() => onAgain({ kind: 'replay', since: undefined })}>
            {w.webhook.replay}
          </button>
          {webhook.active ? (
            <Act act={pause}>{w.webhook.pause}</Act>
          ) : (
            <>
              <Act act={activate} look="main-act">
                {w.webhook.activate}
              </Act>
              {waiting !== null && waiting.count > 0 && <Act act={skip}>{w.webhook.activateLatest}</Act>}
            </>
          )}
        </div>
      )}
      {test.data !== undefined && (
        <p role="status">
          {w.webhook.tested(test.data.responseStatus, test.data.responseTimeMs)} {test.data.error ?? ''}
        </p>
      )}
    </section>
  )
}

function Sentence({ webhook, failed, since }: { webhook: Webhook; failed: number; since: string | undefined }) {
  if (webhook.health === 'disabled') return <strong>{w.webhook.disabledBanner}</strong>
  if (!webhook.active) return <strong>{w.webhook.pausedBanner(webhook.waiting?.count ?? 0)}</strong>
  if (since === undefined) return <>{w.webhooks.healthWords[webhook.health]}</>
  return (
    <>
      <strong>{failed > 0 ? w.webhook.failingBanner(failed, since) : w.webhook.failing(since)}</strong>{' '}
      {w.webhook.failingMore}
    </>
  )
}
