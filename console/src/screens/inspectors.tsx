import { Link, useNavigate } from '@tanstack/react-router'
import { call } from '../api/call.ts'
import type { Inspector } from '../api/look-types.ts'
import { Act, useAct } from '../parts/act.tsx'
import { type Column, List, useList } from '../parts/list.tsx'
import { Page } from '../parts/page.tsx'
import { Time } from '../parts/time.tsx'
import { mayChange, useSession } from '../session/session.ts'
import { count } from '../words/numbers.ts'
import { w } from '../words/words.ts'

const COLUMNS: ReadonlyArray<Column<Inspector>> = [
  {
    name: w.inspectors.name,
    show: ({ id, name }) => (
      <Link to="/inspectors/$id" params={{ id }}>
        {name}
      </Link>
    ),
  },
  { name: w.inspectors.url, kind: 'grow', wide: true, show: ({ url }) => <span className="mono">{url}</span> },
  {
    name: w.inspectors.answer,
    wide: true,
    show: ({ answer, failFirst }) => w.inspectors.answers(answer.status, failFirst),
  },
  { name: w.inspectors.received, kind: 'num', show: ({ received }) => count(received) },
  { name: w.inspectors.expires, show: ({ expiresAt }) => <Time at={expiresAt} /> },
]

export function Screen() {
  const session = useSession()
  const navigate = useNavigate({ from: '/inspectors' })
  const list = useList<Inspector>('/inspectors', {})
  const open = (id: string) => void navigate({ to: '/inspectors/$id', params: { id } })
  const make = useAct(
    () => call<Inspector>('POST', '/inspectors', { body: {} }),
    ({ id }) => open(id),
  )
  return (
    <Page
      title={w.inspectors.title}
      acts={
        mayChange(session, 'webhooks:manage') && (
          <Act act={make} look="main-act">
            {w.inspectors.add}
          </Act>
        )
      }
    >
      <List
        label={w.inspectors.label}
        list={list}
        columns={COLUMNS}
        idOf={each => each.id}
        onOpen={each => open(each.id)}
        empty={<p>{w.inspectors.empty}</p>}
        scope="webhooks:read"
      />
    </Page>
  )
}
