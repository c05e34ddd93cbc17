import { Link } from '@tanstack/react-router'
import { call } from '../api/call.ts'
import type { Notice } from '../api/types.ts'
import { Act, useAct } from '../parts/act.tsx'
import { type Column, List, useList } from '../parts/list.tsx'
import { Mark, type Tone } from '../parts/mark.tsx'
import { Page } from '../parts/page.tsx'
import { Empty, Failed, Loading } from '../parts/state.tsx'
import { Time } from '../parts/time.tsx'
import { mayChange, useSession } from '../session/session.ts'
import { w } from '../words/words.ts'

const TONES: Record<Notice['severity'], Tone> = { info: 'calm', warning: 'warn', critical: 'bad' }

const ICONS: Record<Notice['severity'], string> = { info: 'i', warning: '!', critical: '✕' }

interface Channel {
  id: string
  name: string
  type: string
  active: boolean
  health: 'healthy' | 'failing'
}

export function Screen() {
  const session = useSession()
  const list = useList<Notice>('/notifications', { channel: 'in-app' })
  const readAll = useAct(() => call('POST', '/notifications/read-all'))
  const hasUnread = list.rows.some(({ readAt }) => readAt === null)
  return (
    <Page
      title={w.notifications.title}
      acts={
        hasUnread && mayChange(session, 'notifications:manage') && <Act act={readAll}>{w.notifications.readAll}</Act>
      }
    >
      <div className="stack">
        <section className="stack tight" aria-label={w.notifications.label}>
          {list.isPending ? (
            <Loading />
          ) : list.isError ? (
            <Failed error={list.error} again={() => void list.refetch()} scope="notifications:manage" />
          ) : list.rows.length === 0 ? (
            <Empty>
              <p>{w.notifications.empty}</p>
            </Empty>
          ) : (
            list.rows.map(notice => <One key={notice.id} notice={notice} />)
          )}
          {list.hasNextPage && (
            <button type="button" className="button" onClick={() => void list.fetchNextPage()}>
              {w.states.more}
            </button>
          )}
        </section>
        <Channels />
      </div>
    </Page>
  )
}

function One({ notice }: { notice: Notice }) {
  const session = useSession()
  const read = useAct(() => call('POST', `/notifications/${notice.id}/read`))
  const webhookId = notice.data?.webhookId
  return (
    <article className="card stack tight">
      <div className="row">
        <Mark tone={TONES[notice.severity]} icon={ICONS[notice.severity]}>
          {w.notifications.severities[notice.severity] ?? notice.severity}
        </Mark>
        <h2>{notice.title ?? notice.message.split('\n')[0]}</h2>
        {notice.readAt === null && <strong>{w.notifications.unread}</strong>}
        <span className="quiet">
          <Time at={notice.createdAt} />
        </span>
      </div>
      <pre className="quiet">{notice.message}</pre>
      <div className="row">
        {typeof webhookId === 'string' && (
          <Link to="/webhooks/$id" params={{ id: webhookId }}>
            {w.notifications.openWebhook}
          </Link>
        )}
        {notice.readAt === null && mayChange(session, 'notifications:manage') && (
          <Act act={read} look="small">
            {w.notifications.read}
          </Act>
        )}
      </div>
    </article>
  )
}

function Channels() {
  const list = useList<Channel>('/notifications/channels', {})
  const columns: ReadonlyArray<Column<Channel>> = [
    { name: w.notifications.channel, kind: 'grow', show: ({ name }) => name },
    { name: w.notifications.type, show: ({ type }) => w.notifications.types[type] ?? type },
    {
      name: w.notifications.health,
      show: ({ active, health }) =>
        active ? (
          <Mark tone={health === 'healthy' ? 'good' : 'bad'}>{w.webhooks.healthWords[health] ?? health}</Mark>
        ) : (
          <Mark tone="calm">{w.webhooks.paused}</Mark>
        ),
    },
    { name: w.notifications.test, show: channel => <TestChannel channel={channel} /> },
  ]
  return (
    <section className="card">
      <h2>{w.notifications.channels}</h2>
      <List
        label={w.notifications.channelsLabel}
        list={list}
        columns={columns}
        idOf={each => each.id}
        empty={<p>{w.states.nothing}</p>}
        scope="notifications:manage"
      />
    </section>
  )
}

function TestChannel({ channel }: { channel: Channel }) {
  const session = useSession()
  const test = useAct(() => call('POST', `/notifications/channels/${channel.id}/test`))
  if (!mayChange(session, 'notifications:manage')) return null
  return (
    <>
      <Act act={test} look="small">
        {w.notifications.test}
        <span className="hidden"> {channel.name}</span>
      </Act>
      {test.isSuccess && <span role="status"> {w.notifications.tested}</span>}
    </>
  )
}
