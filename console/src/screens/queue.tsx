import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import type { PeekedMessage, Queue, QueueDeadLetter, QueueStats } from '../api/automate-types.ts'
import { call } from '../api/call.ts'
import { Act, useAct } from '../parts/act.tsx'
import { Confirm } from '../parts/confirm.tsx'
import { Copy, Id } from '../parts/copy.tsx'
import { type Column, List, useList } from '../parts/list.tsx'
import { Page } from '../parts/page.tsx'
import { Facts, Panel } from '../parts/panel.tsx'
import { Failed, Loading } from '../parts/state.tsx'
import { TextBox } from '../parts/text.tsx'
import { Time } from '../parts/time.tsx'
import { mayChange, useSession } from '../session/session.ts'
import { count } from '../words/numbers.ts'
import { w } from '../words/words.ts'
import { QueueMark } from './queues.tsx'

const POLL_MS = 5_000

export function Screen() {
  const { id } = useParams({ from: '/queues/$id' })
  const { data, error, refetch } = useQuery({
    queryKey: ['queue', id],
    queryFn: ({ signal }) => call<Queue>('GET', `/queues/${encodeURIComponent(id)}`, { signal }),
  })
  if (data === undefined)
    return (
      <Page title={w.queues.title}>
        {error === null ? <Loading /> : <Failed error={error} again={() => void refetch()} scope="queues:manage" />}
      </Page>
    )
  return <QueuePage queue={data} />
}

function QueuePage({ queue }: { queue: Queue }) {
  const stats = useQuery({
    queryKey: ['queue', queue.id, 'stats'],
    queryFn: ({ signal }) => call<QueueStats>('GET', `/queues/${queue.id}/stats`, { signal }),
    refetchInterval: POLL_MS,
  })
  return (
    <Page title={queue.name} beside={<QueueMark queue={queue} pill />} acts={<QueueActs queue={queue} />}>
      <div className="stack">
        <Banner queue={queue} dead={stats.data?.dead ?? 0} />
        <div className="split">
          <section className="card">
            <h2>{w.queue.figures}</h2>
            {stats.data !== undefined ? (
              <Figures stats={stats.data} />
            ) : stats.error === null ? (
              <Loading />
            ) : (
              <Failed error={stats.error} again={() => void stats.refetch()} scope="queues:receive" />
            )}
          </section>
          <Settings queue={queue} />
        </div>
        <DeadLetters queue={queue} />
        <Next queue={queue} />
      </div>
    </Page>
  )
}

/** Notices of faults, each with its remedy. */
function Banner({ queue, dead }: { queue: Queue; dead: number }) {
  const session = useSession()
  const redrive = useAct(() =>
    call<{ redriven: number }>('POST', `/queues/${queue.id}/redrive`, { body: { all: true } }),
  )
  const activate = useAct(() => call('PATCH', `/queues/${queue.id}`, { body: { active: true } }))
  const mayAct = mayChange(session, 'queues:manage')
  return (
    <>
      {!queue.active && (
        <section className="banner warn">
          {w.queue.offBanner}
          {mayAct && (
            <div className="row">
              <Act act={activate}>{w.queue.activate}</Act>
            </div>
          )}
        </section>
      )}
      {queue.active && !queue.receivable && <section className="banner bad">{w.queue.beyondPlan}</section>}
      {dead > 0 && (
        <section className="banner bad">
          <strong>{w.queue.dead(dead)}</strong> {w.queue.deadHelp}
          {mayAct && (
            <div className="row">
              <Act act={redrive}>{w.queue.redriveAll(dead)}</Act>
            </div>
          )}
        </section>
      )}
      {redrive.data !== undefined && <p role="status">{w.queue.redriven(redrive.data.redriven)}</p>}
    </>
  )
}

function Figures({ stats }: { stats: QueueStats }) {
  return (
    <Facts
      rows={[
        [w.queue.ready, stats.approximate ? w.queue.about(stats.ready) : count(stats.ready)],
        [w.queue.oldest, stats.oldestReadyAt && <Time at={stats.oldestReadyAt} />],
        [w.queue.inFlight, count(stats.inFlight)],
        [w.queue.delayed, count(stats.delayed)],
        [w.queue.held, count(stats.held)],
        [w.queue.deadCount, count(stats.dead)],
        [w.queue.waiting, count(stats.waitingReceives)],
        [w.queue.handedOut, count(stats.handedOut)],
        [w.queue.acked, count(stats.acked)],
        [w.queue.expired, count(stats.expired)],
      ]}
    />
  )
}

function Settings({ queue }: { queue: Queue }) {
  const curl = `curl -X POST ${location.origin}/api/v1/queues/${queue.id}/receive \\\n  -H 'Authorization: Bearer '"$CLARION_API_KEY" \\\n  -H 'Content-Type: application/json' -d '{"max":10,"waitSeconds":20}'`
  return (
    <section className="card stack">
      <h2>{w.queue.settings}</h2>
      <Facts
        rows={[
          [w.queues.selectors, queue.selectors.join(', ')],
          [w.queues.order, queue.ordered ? w.queues.ordered : w.queues.unordered],
          [w.queue.lease, w.queue.seconds(queue.visibilityTimeoutSeconds)],
          [w.queue.most, w.queue.times(queue.maxReceives)],
          [w.queues.retention, w.queues.hours(queue.retentionHours)],
          [w.queues.created, <Time key="created" at={queue.createdAt} absolute />],
        ]}
      />
      <Id id={queue.id} />
      <div className="row">
        <Copy text={curl} label={w.queue.receive} />
      </div>
    </section>
  )
}

function QueueActs({ queue }: { queue: Queue }) {
  const session = useSession()
  const navigate = useNavigate()
  const [open, setOpen] = useState<'purge' | 'remove'>()
  const path = `/queues/${queue.id}`
  const pause = useAct(() => call('PATCH', path, { body: { active: false } }))
  if (!mayChange(session, 'queues:manage')) return null
  return (
    <>
      {queue.active && <Act act={pause}>{w.queue.pause}</Act>}
      <button type="button" className="button grave" onClick={() => setOpen('purge')}>
        {w.queue.purge}
      </button>
      <button type="button" className="button grave" onClick={() => setOpen('remove')}>
        {w.queue.remove}
      </button>
      {open !== undefined && (
        <Confirm
          title={w.queue[open]}
          help={open === 'purge' ? w.queue.purgeHelp : w.queue.removeHelp}
          name={queue.name}
          act={w.queue[open]}
          work={() =>
            open === 'purge' ? call('POST', `${path}/purge`, { body: {} }) : call('DELETE', `${path}?force=true`)
          }
          onDone={() => (open === 'remove' ? void navigate({ to: '/queues' }) : undefined)}
          onClose={() => setOpen(undefined)}
        />
      )}
    </>
  )
}

function DeadLetters({ queue }: { queue: Queue }) {
  const search = useSearch({ from: '/queues/$id' })
  const navigate = useNavigate({ from: '/queues/$id' })
  const list = useList<QueueDeadLetter>(`/queues/${queue.id}/dead`, {}, ['data'])
  const open = (entry: string | undefined) =>
    void navigate({ search: prev => ({ ...prev, entry }), resetScroll: false })
  const columns: ReadonlyArray<Column<QueueDeadLetter>> = [
    {
      name: w.queue.event,
      show: ({ eventId, event }) => (
        <button type="button" className="button bare small" onClick={() => open(eventId)}>
          {event === null ? eventId : event.type}
        </button>
      ),
    },
    { name: w.queue.reason, kind: 'grow', show: ({ reason }) => w.queue.reasons[reason] ?? reason },
    { name: w.queue.received, kind: 'num', wide: true, show: ({ receiveCount }) => count(receiveCount) },
    { name: w.queue.when, show: ({ deadAt }) => <Time at={deadAt} /> },
  ]
  const shown = list.rows.find(({ eventId }) => eventId === search.entry)
  return (
    <section className="stack tight">
      <h2>{w.queue.deadLetters}</h2>
      <div className={shown === undefined ? 'stack' : 'split'}>
        <List
          label={w.queue.deadLabel}
          list={list}
          columns={columns}
          idOf={each => each.eventId}
          onOpen={({ eventId }) => open(eventId)}
          selectedId={search.entry}
          empty={<p>{w.queue.noDead}</p>}
          scope="queues:manage"
        />
        {shown !== undefined && <Letter queue={queue} letter={shown} onClose={() => open(undefined)} />}
      </div>
    </section>
  )
}

function Letter({ queue, letter, onClose }: { queue: Queue; letter: QueueDeadLetter; onClose(): void }) {
  const session = useSession()
  const { eventId, event } = letter
  const redrive = useAct(
    () => call('POST', `/queues/${queue.id}/redrive`, { body: { eventIds: [eventId] } }),
    () => onClose(),
  )
  return (
    <Panel title={w.queue.entry} onClose={onClose}>
      <Facts
        rows={[
          [
            w.queue.event,
            <Link key="event" to="/events/$id" params={{ id: eventId }}>
              {event?.sequence === undefined ? eventId : w.delivery.sequence(event.type, event.sequence)}
            </Link>,
          ],
          [w.queue.reason, w.queue.reasons[letter.reason] ?? letter.reason],
          [w.queue.received, w.queue.times(letter.receiveCount)],
          [w.queue.when, <Time key="when" at={letter.deadAt} absolute />],
        ]}
      />
      {event === null ? (
        <p className="quiet">{w.queue.gone}</p>
      ) : event.data === undefined ? (
        <p className="quiet">{w.withheld}</p>
      ) : (
        <TextBox text={event.data.text} label={w.queue.payload} json />
      )}
      {mayChange(session, 'queues:manage') && event !== null && (
        <div className="row">
          <Act act={redrive} look="main-act">
            {w.queue.redrive}
          </Act>
        </div>
      )}
    </Panel>
  )
}

/** Asked for by a button: a look takes the queue's shard some work. */
function Next({ queue }: { queue: Queue }) {
  const look = useAct(() => call<PeekedMessage[]>('GET', `/queues/${queue.id}/peek`, { asText: ['data'] }))
  return (
    <section className="card stack">
      <h2>{w.queue.next}</h2>
      <p className="quiet">{w.queue.nextHelp}</p>
      <div className="row">
        <Act act={look}>{w.queue.peek}</Act>
      </div>
      <div aria-live="polite" className="stack">
        {look.data?.length === 0 && <p>{w.queue.noNext}</p>}
        {(look.data ?? []).map(({ id, type, sequence, receiveCount, data }) => (
          <details key={id}>
            <summary>
              <span className="row">
                {sequence === undefined ? type : w.delivery.sequence(type, sequence)}
                <span className="quiet">{w.queue.times(receiveCount)}</span>
              </span>
            </summary>
            <div className="stack">
              <Link to="/events/$id" params={{ id }}>
                {id}
              </Link>
              {data === undefined ? (
                <p className="quiet">{w.withheld}</p>
              ) : (
                <TextBox text={data.text} label={`${w.queue.payload} ${id}`} json />
              )}
            </div>
          </details>
        ))}
      </div>
    </section>
  )
}
