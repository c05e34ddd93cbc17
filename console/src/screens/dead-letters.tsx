import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { call } from '../api/call.ts'
import type { SendPreview } from '../api/look-types.ts'
import type { Delivery, Webhook } from '../api/types.ts'
import { groupErrors } from '../event/groups.ts'
import { Preview } from '../event/preview.tsx'
import { Act, useAct } from '../parts/act.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { List, useList } from '../parts/list.tsx'
import { Page } from '../parts/page.tsx'
import { useRange } from '../parts/range.ts'
import { Failed } from '../parts/state.tsx'
import { Time } from '../parts/time.tsx'
import { mayChange, useSession } from '../session/session.ts'
import { count } from '../words/numbers.ts'
import { w } from '../words/words.ts'
import { deliveryColumns } from './webhook-deliveries.tsx'

export function Screen() {
  const search = useSearch({ from: '/dead-letters' })
  const navigate = useNavigate({ from: '/dead-letters' })
  const { from } = useRange()
  const list = useList<Delivery>('/webhooks/dead-letters', { from, webhookId: search.webhookId })
  return (
    <Page title={w.deadLetters.title}>
      <div className="stack">
        {list.rows.length > 0 && <Groups rows={list.rows} from={from} />}
        <List
          label={w.deadLetters.label}
          list={list}
          columns={deliveryColumns()}
          idOf={each => each.id}
          onOpen={({ id }) => void navigate({ to: '/deliveries/$id', params: { id } })}
          empty={<p>{w.deadLetters.empty}</p>}
          filtered={search.webhookId !== undefined}
          onClear={() => void navigate({ search: ({ range }) => ({ ...(range && { range }) }) })}
          scope="webhooks:read"
        />
      </div>
    </Page>
  )
}

interface Chosen {
  webhookId: string
  name: string
}

function Groups({ rows, from }: { rows: readonly Delivery[]; from: string }) {
  const session = useSession()
  const [chosen, setChosen] = useState<Chosen>()
  const ids = [...new Set(rows.map(each => each.webhookId))]
  const names = useNames(ids)
  return (
    <section className="card">
      <h2>{w.deadLetters.groups}</h2>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a part that scrolls must be reachable with the keyboard */}
      <section className="table-scroll" tabIndex={0} aria-label={w.deadLetters.groups}>
        <table className="list">
          <thead>
            <tr>
              <th scope="col">{w.deadLetters.webhook}</th>
              <th scope="col">{w.deadLetters.error}</th>
              <th scope="col" className="num">
                {w.deadLetters.count}
              </th>
              <th scope="col">{w.deadLetters.oldest}</th>
              <td />
            </tr>
          </thead>
          <tbody>
            {ids.map(webhookId => {
              const own = rows.filter(each => each.webhookId === webhookId)
              const name = names.get(webhookId) ?? webhookId
              const errors = groupErrors(own).map(each => w.errorName(each.errorKind, each.responseStatus))
              return (
                <tr key={webhookId}>
                  <td>{name}</td>
                  <td className="grow">{errors.join(', ') || w.unknown}</td>
                  <td className="num">{count(own.length)}</td>
                  <td>
                    <Time at={own.at(-1)?.createdAt} />
                  </td>
                  <td>
                    {mayChange(session, 'webhooks:manage') && (
                      <button type="button" className="button small" onClick={() => setChosen({ webhookId, name })}>
                        {w.deadLetters.redrive(name)}
                      </button>
                    )}
                  </td>
                </tr>
              )
            })}
          </tbody>
        </table>
      </section>
      {chosen !== undefined && <Redrive {...chosen} from={from} onClose={() => setChosen(undefined)} />}
    </section>
  )
}

const REDRIVE = '/webhooks/dead-letters/redrive'

function Redrive({ webhookId, name, from, onClose }: Chosen & { from: string; onClose(): void }) {
  const body = { webhookId, from }
  const preview = useQuery({
    queryKey: ['redrive', webhookId, from],
    queryFn: ({ signal }) => call<SendPreview>('POST', REDRIVE, { body: { ...body, dryRun: true }, signal }),
    gcTime: 0,
  })
  const act = useAct(() => call<{ count: number }>('POST', REDRIVE, { body }))
  if (act.data !== undefined)
    return (
      <Dialog title={w.deadLetters.redriveTitle(name)} onClose={onClose}>
        <p role="status">{w.deadLetters.redriven(act.data.count)}</p>
      </Dialog>
    )
  return (
    <Dialog title={w.deadLetters.redriveTitle(name)} onClose={onClose}>
      <p>{w.deadLetters.redriveHelp}</p>
      <div aria-live="polite">
        {preview.data !== undefined ? (
          <Preview preview={preview.data} />
        ) : preview.error === null ? (
          <p className="quiet">{w.again.counting}</p>
        ) : (
          <Failed error={preview.error} again={() => void preview.refetch()} />
        )}
      </div>
      {preview.data !== undefined && preview.data.count > 0 && (
        <div className="row">
          <Act act={act} look="main-act">
            {w.deadLetters.redriveAct(preview.data.count, preview.data.countIsExact)}
          </Act>
        </div>
      )}
    </Dialog>
  )
}

/** Names of the webhooks on the page, in one call; an id without one is shown as it is. */
function useNames(ids: readonly string[]): ReadonlyMap<string, string> {
  const { data } = useQuery({
    queryKey: ['webhook-names'],
    queryFn: ({ signal }) => call<Webhook[]>('GET', '/webhooks', { query: { limit: 100 }, signal }),
    staleTime: 60_000,
    enabled: ids.length > 0,
  })
  return new Map((data ?? []).map(({ id, name, url }) => [id, name ?? url]))
}
