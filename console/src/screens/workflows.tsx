import { Link, useNavigate } from '@tanstack/react-router'
import type { Workflow } from '../api/automate-types.ts'
import { type Column, List, useList } from '../parts/list.tsx'
import { Mark } from '../parts/mark.tsx'
import { Page } from '../parts/page.tsx'
import { Time } from '../parts/time.tsx'
import { count } from '../words/numbers.ts'
import { w } from '../words/words.ts'

export function WorkflowMark({ workflow, pill }: { workflow: Workflow; pill?: boolean }) {
  const look = pill === true ? { pill: true } : {}
  if (workflow.deployed === null)
    return (
      <Mark tone="calm" {...look}>
        {w.workflows.draft}
      </Mark>
    )
  return workflow.active ? (
    <Mark tone="good" {...look}>
      {w.workflows.on}
    </Mark>
  ) : (
    <Mark tone="calm" icon="–" {...look}>
      {w.workflows.off}
    </Mark>
  )
}

export const triggerText = ({ trigger }: Workflow): string =>
  w.workflows.startedBy(trigger.kind, trigger.event ?? trigger.cron)

const COLUMNS: ReadonlyArray<Column<Workflow>> = [
  {
    name: w.workflows.name,
    show: ({ id, name }) => (
      <Link to="/workflows/$id" params={{ id }}>
        {name}
      </Link>
    ),
  },
  { name: w.workflows.state, show: workflow => <WorkflowMark workflow={workflow} /> },
  { name: w.workflows.trigger, kind: 'grow', wide: true, show: triggerText },
  {
    name: w.workflows.version,
    kind: 'num',
    wide: true,
    show: ({ deployed }) => (deployed === null ? w.unknown : count(deployed.version)),
  },
  {
    name: w.workflows.runs,
    kind: 'num',
    wide: true,
    show: ({ stats }) => (stats === null ? w.unknown : count(stats.runs)),
  },
  {
    name: w.workflows.failed,
    kind: 'num',
    show: ({ id, stats }) =>
      stats === null || stats.failed === 0 ? (
        (stats?.failed ?? w.unknown)
      ) : (
        <Link to="/runs" search={{ workflowId: id, status: 'failed' }}>
          {count(stats.failed)}
        </Link>
      ),
  },
  {
    name: w.workflows.last,
    wide: true,
    show: ({ stats }) =>
      stats?.lastRunAt ? <Time at={stats.lastRunAt} /> : <span className="quiet">{w.workflows.never}</span>,
  },
]

export function Screen() {
  const navigate = useNavigate({ from: '/workflows' })
  const list = useList<Workflow>('/workflows', {})
  return (
    <Page title={w.workflows.title}>
      <List
        label={w.workflows.label}
        list={list}
        columns={COLUMNS}
        idOf={each => each.id}
        onOpen={({ id }) => void navigate({ to: '/workflows/$id', params: { id } })}
        empty={<p>{w.workflows.empty}</p>}
        scope="workflows:read"
      />
    </Page>
  )
}
