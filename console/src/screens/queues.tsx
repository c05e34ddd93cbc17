import { Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import type { Queue } from '../api/automate-types.ts'
import { call } from '../api/call.ts'
import { Act, useAct } from '../parts/act.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { Field } from '../parts/field.tsx'
import { type Column, List, useList } from '../parts/list.tsx'
import { Mark } from '../parts/mark.tsx'
import { Page } from '../parts/page.tsx'
import { Time } from '../parts/time.tsx'
import { mayChange, useSession } from '../session/session.ts'
import { w } from '../words/words.ts'

export function QueueMark({ queue, pill }: { queue: Queue; pill?: boolean }) {
  const look = pill === true ? { pill: true } : {}
  if (!queue.active)
    return (
      <Mark tone="calm" icon="–" {...look}>
        {w.queues.paused}
      </Mark>
    )
  return (
    <Mark tone={queue.receivable ? 'good' : 'bad'} {...look}>
      {queue.receivable ? w.queues.active : w.queues.beyondPlan}
    </Mark>
  )
}

const COLUMNS: ReadonlyArray<Column<Queue>> = [
  {
    name: w.queues.name,
    show: ({ id, name }) => (
      <Link to="/queues/$id" params={{ id }}>
        {name}
      </Link>
    ),
  },
  { name: w.queues.state, show: queue => <QueueMark queue={queue} /> },
  { name: w.queues.selectors, kind: 'grow', wide: true, show: ({ selectors }) => selectors.join(', ') },
  { name: w.queues.order, wide: true, show: ({ ordered }) => (ordered ? w.queues.ordered : w.queues.unordered) },
  { name: w.queues.retention, wide: true, show: ({ retentionHours }) => w.queues.hours(retentionHours) },
  { name: w.queues.created, wide: true, show: ({ createdAt }) => <Time at={createdAt} /> },
]

export function Screen() {
  const navigate = useNavigate({ from: '/queues' })
  const session = useSession()
  const [isMaking, setMaking] = useState(false)
  const list = useList<Queue>('/queues', {})
  return (
    <Page
      title={w.queues.title}
      acts={
        mayChange(session, 'queues:manage') && (
          <button type="button" className="button main-act" onClick={() => setMaking(true)}>
            {w.queues.add}
          </button>
        )
      }
    >
      <List
        label={w.queues.label}
        list={list}
        columns={COLUMNS}
        idOf={each => each.id}
        onOpen={({ id }) => void navigate({ to: '/queues/$id', params: { id } })}
        empty={<p>{w.queues.empty}</p>}
        scope="queues:manage"
      />
      {isMaking && <NewQueue onClose={() => setMaking(false)} />}
    </Page>
  )
}

function NewQueue({ onClose }: { onClose(): void }) {
  const navigate = useNavigate()
  const [name, setName] = useState('')
  const [events, setEvents] = useState('*')
  const selectors = events
    .split(',')
    .map(each => each.trim())
    .filter(each => each !== '')
  const make = useAct(
    () => call<Queue>('POST', '/queues', { body: { name, selectors } }),
    ({ id }) => {
      onClose()
      void navigate({ to: '/queues/$id', params: { id } })
    },
  )
  return (
    <Dialog title={w.queues.newTitle} onClose={onClose}>
      <Field label={w.queues.newName} value={name} onChange={setName} />
      <Field label={w.queues.newEvents} help={w.newWebhook.eventsHelp} value={events} onChange={setEvents} />
      <div className="row">
        <Act act={make} look="main-act" disabled={name === '' || selectors.length === 0}>
          {w.queues.create}
        </Act>
      </div>
    </Dialog>
  )
}
