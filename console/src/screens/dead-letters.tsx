import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { call } from '../api/call.ts'
import type { SendPreview } from '../api/look-types.ts'
import type { Delivery, Replay, Webhook } from '../api/types.ts'
import { Preview } from '../event/preview.tsx'
import { Act, useAct } from '../parts/act.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { Filters } from '../parts/filters.tsx'
import { List, useList } from '../parts/list.tsx'
import { Page } from '../parts/page.tsx'
import { useRange } from '../parts/range.ts'
import { Failed } from '../parts/state.tsx'
import { Time } from '../parts/time.tsx'
import { mayChange, useSession } from '../session/session.ts'
import { follow } from '../shell/followed-replays.ts'
import { count } from '../words/numbers.ts'
import { w } from '../words/words.ts'
import { deliveryColumns } from './webhook-deliveries.tsx'

const FILTERS = ['webhookId', 'type', 'errorKind', 'responseStatus'] as const

export function Screen() {
  const search = useSearch({ from: '/dead-letters' })
  const navigate = useNavigate({ from: '/dead-letters' })
  const { from } = useRange()
  const { webhookId, type, errorKind, responseStatus } = search
  const filter: Filter = { webhookId, type, errorKind, responseStatus }
  const list = useList<Delivery>('/webhooks/dead-letters', { from, ...filter })
  const isFiltered = FILTERS.some(each => search[each] !== undefined)
  return (
    <Page title={w.deadLetters.title}>
      <Filters
        filters={[
          { name: 'webhookId', label: w.deadLetters.webhookFilter, placeholder: 'wh_…' },
          { name: 'type', label: w.deadLetters.type, placeholder: w.log.namePlaceholder },
          { name: 'errorKind', label: w.deadLetters.errorKind, options: ERROR_OPTIONS },
          { name: 'responseStatus', label: w.deadLetters.responseStatus, placeholder: '503' },
        ]}
        values={search}
        onChange={change => void navigate({ search: prev => ({ ...prev, ...change }), resetScroll: false })}
      />
      <div className="stack">
        {list.rows.length > 0 && <Groups rows={list.rows} from={from} filter={filter} isFiltered={isFiltered} />}
        <List
          label={w.deadLetters.label}
          list={list}
          columns={deliveryColumns()}
          idOf={each => each.id}
          onOpen={({ id }) => void navigate({ to: '/deliveries/$id', params: { id } })}
          empty={<p>{w.deadLetters.empty}</p>}
          filtered={isFiltered}
          onClear={() => void navigate({ search: ({ range }) => ({ ...(range && { range }) }) })}
          scope="webhooks:read"
        />
      </div>
    </Page>
  )
}

const ERROR_OPTIONS = [
  'status',
  'timeout',
  'tls',
  'dns',
  'connect',
  'protocol',
  'blocked_address',
  'redirect',
  'too_large',
].map(kind => [kind, kind === 'status' ? w.deadLetters.anAnswer : w.errorName(kind, null)] as const)

type Filter = { [Name in (typeof FILTERS)[number]]: string | undefined }

interface Chosen {
  /** Names them in the dialog. */
  what: string
  filter: Filter
}

function Groups({
  rows,
  from,
  filter,
  isFiltered,
}: {
  rows: readonly Delivery[]
  from: string
  filter: Filter
  isFiltered: boolean
}) {
  const session = useSession()
  const [chosen, setChosen] = useState<Chosen>()
  const groups = groupsOf(rows)
  const names = useNames(groups.map(({ webhookId }) => webhookId))
  const mayRetry = mayChange(session, 'webhooks:manage')
  return (
    <section className="card stack tight">
      <h2>{w.deadLetters.groups}</h2>
      <p className="quiet">{w.deadLetters.partly}</p>
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
            {groups.map(({ webhookId, error, count: of, oldestAt, errorFilter }) => {
              const name = names.get(webhookId) ?? webhookId
              const what = w.deadLetters.redriveGroup(name, error)
              return (
                <tr key={`${webhookId} ${error}`}>
                  <td>{name}</td>
                  <td className="grow">{error}</td>
                  <td className="num">{count(of)}</td>
                  <td>
                    <Time at={oldestAt} />
                  </td>
                  <td>
                    {mayRetry && (
                      <button
                        type="button"
                        className="button small"
                        onClick={() =>
                          setChosen({ what: `${name}, ${error}`, filter: { ...filter, webhookId, ...errorFilter } })
                        }
                      >
                        {what}
                      </button>
                    )}
                  </td>
                </tr>
              )
            })}
          </tbody>
        </table>
      </section>
      {mayRetry && (
        <div className="row">
          <button
            type="button"
            className="button"
            onClick={() => setChosen({ what: isFiltered ? w.deadLetters.everything : w.deadLetters.all, filter })}
          >
            {w.deadLetters.redriveFiltered}
          </button>
        </div>
      )}
      {chosen !== undefined && <Redrive {...chosen} from={from} onClose={() => setChosen(undefined)} />}
    </section>
  )
}

interface Group {
  webhookId: string
  error: string
  count: number
  oldestAt: string
  /** None for an end without an attempt: all of the webhook. */
  errorFilter: Partial<Filter>
}

/** By webhook and error; the rows are the newest first. */
function groupsOf(rows: readonly Delivery[]): Group[] {
  const groups = new Map<string, Group>()
  for (const { webhookId, lastErrorKind, responseStatus, createdAt } of rows) {
    const status = lastErrorKind === 'status' ? responseStatus : null
    const error = lastErrorKind === null ? w.deadLetters.noError : w.errorName(lastErrorKind, status)
    const key = `${webhookId} ${error}`
    const group = groups.get(key)
    if (group === undefined) {
      const byStatus = status === null ? {} : { responseStatus: String(status) }
      const errorFilter = lastErrorKind === null ? {} : { errorKind: lastErrorKind, ...byStatus }
      groups.set(key, { webhookId, error, count: 1, oldestAt: createdAt, errorFilter })
    } else {
      group.count++
      group.oldestAt = createdAt
    }
  }
  return [...groups.values()].sort((a, b) => b.count - a.count)
}

const REDRIVE = '/webhooks/dead-letters/redrive'

/** Counts with a dry run of the same call first; the job is followed in the corner of every page. */
function Redrive({ what, filter, from, onClose }: Chosen & { from: string; onClose(): void }) {
  const { responseStatus, ...named } = filter
  const body = { ...named, ...(responseStatus !== undefined && { responseStatus: Number(responseStatus) }), from }
  const preview = useQuery({
    queryKey: ['redrive', filter, from],
    queryFn: ({ signal }) => call<SendPreview>('POST', REDRIVE, { body: { ...body, dryRun: true }, signal }),
    gcTime: 0,
  })
  const act = useAct(
    () => call<Replay>('POST', REDRIVE, { body }),
    ({ id }) => {
      follow(id)
      onClose()
    },
  )
  return (
    <Dialog title={w.deadLetters.redriveTitle(what)} onClose={onClose}>
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
            {w.deadLetters.redriveAct(preview.data.count)}
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
