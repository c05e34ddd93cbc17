import { useState } from 'react'
import { call } from '../api/call.ts'
import type { ApiKey } from '../api/types.ts'
import { Act, useAct } from '../parts/act.tsx'
import { Confirm } from '../parts/confirm.tsx'
import { type Column, List, useList } from '../parts/list.tsx'
import { Page } from '../parts/page.tsx'
import { Time } from '../parts/time.tsx'
import { mayChange, useSession } from '../session/session.ts'
import { w } from '../words/words.ts'
import { KafkaUsers } from './kafka-users.tsx'
import { NewKey } from './new-key.tsx'

export function Screen() {
  const session = useSession()
  const list = useList<ApiKey>('/keys', {})
  const [isMaking, setMaking] = useState(false)
  const [removed, setRemoved] = useState<ApiKey>()
  const mayManage = mayChange(session, 'keys:manage')
  const columns: Array<Column<ApiKey>> = [
    {
      name: w.keys.name,
      show: key => (
        <>
          {key.name} <code className="quiet">{key.hint}</code>
          {key.id === session.keyId && <span className="quiet"> ({w.keys.this})</span>}
        </>
      ),
    },
    { name: w.keys.environment, show: key => w.environment[key.environment] },
    {
      name: w.keys.scopes,
      kind: 'grow',
      wide: true,
      show: key => <span title={key.scopes.join('\n')}>{key.scopes.join(', ')}</span>,
    },
    {
      name: w.keys.lastUsed,
      wide: true,
      show: key => (key.lastUsedAt === null ? w.keys.never : <Time at={key.lastUsedAt} />),
    },
    {
      name: w.keys.expires,
      wide: true,
      show: key => (key.expiresAt === null ? w.keys.never : <Time at={key.expiresAt} />),
    },
    ...(mayManage
      ? [
          {
            name: w.keys.remove,
            show: (key: ApiKey) => (
              <span className="row nowrap">
                <EndSessions apiKey={key} />
                <button
                  type="button"
                  className="button small"
                  aria-label={`${w.keys.remove} ${key.name}`}
                  onClick={() => setRemoved(key)}
                >
                  {w.keys.remove}
                </button>
              </span>
            ),
          },
        ]
      : []),
  ]
  return (
    <Page
      title={w.keys.title}
      acts={
        mayManage && (
          <button type="button" className="button main-act" onClick={() => setMaking(true)}>
            {w.keys.add}
          </button>
        )
      }
    >
      <div className="stack">
        <List
          label={w.keys.label}
          list={list}
          columns={columns}
          idOf={each => each.id}
          empty={<p>{w.keys.empty}</p>}
          scope="keys:manage"
        />
        <KafkaUsers />
      </div>
      {isMaking && <NewKey onClose={() => setMaking(false)} />}
      {removed !== undefined && (
        <Confirm
          title={w.keys.removeTitle(removed.name)}
          help={w.keys.removeHelp}
          name={removed.name}
          act={w.keys.removeAct}
          work={() => call('DELETE', `/keys/${removed.id}`)}
          onDone={() => {}}
          onClose={() => setRemoved(undefined)}
        />
      )}
    </Page>
  )
}

function EndSessions({ apiKey }: { apiKey: ApiKey }) {
  const act = useAct(() => call('POST', `/keys/${apiKey.id}/end-sessions`))
  return act.isSuccess ? (
    <span role="status">{w.keys.sessionsEnded}</span>
  ) : (
    <Act act={act} look="small">
      {w.keys.endSessions}
      <span className="hidden"> {apiKey.name}</span>
    </Act>
  )
}
