import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams } from '@tanstack/react-router'
import type { RunSummary, Workflow, WorkflowVersion } from '../api/automate-types.ts'
import { call } from '../api/call.ts'
import { Act, useAct } from '../parts/act.tsx'
import { Id } from '../parts/copy.tsx'
import { type Column, List, useList } from '../parts/list.tsx'
import { Mark } from '../parts/mark.tsx'
import { Page } from '../parts/page.tsx'
import { Facts } from '../parts/panel.tsx'
import { useRange } from '../parts/range.ts'
import { Failed, Loading } from '../parts/state.tsx'
import { TextBox } from '../parts/text.tsx'
import { Time } from '../parts/time.tsx'
import { mayChange, useSession } from '../session/session.ts'
import { count, duration } from '../words/numbers.ts'
import { w } from '../words/words.ts'
import { RunByHand } from './run-by-hand.tsx'
import { COLUMNS as RUN_COLUMNS } from './runs.tsx'
import { triggerText, WorkflowMark } from './workflows.tsx'

export function Screen() {
  const { id } = useParams({ from: '/workflows/$id' })
  const { data, error, refetch } = useQuery({
    queryKey: ['workflow', id],
    queryFn: ({ signal }) =>
      call<Workflow>('GET', `/workflows/${encodeURIComponent(id)}`, { asText: ['definition'], signal }),
  })
  if (data === undefined)
    return (
      <Page title={w.workflows.title}>
        {error === null ? <Loading /> : <Failed error={error} again={() => void refetch()} scope="workflows:read" />}
      </Page>
    )
  return <WorkflowPage workflow={data} />
}

function WorkflowPage({ workflow }: { workflow: Workflow }) {
  const { draft } = workflow
  return (
    <Page
      title={workflow.name}
      beside={<WorkflowMark workflow={workflow} pill />}
      acts={<WorkflowActs workflow={workflow} />}
    >
      <div className="stack">
        {workflow.description !== null && <p>{workflow.description}</p>}
        <Banners workflow={workflow} />
        <Runs workflow={workflow} />
        <Versions workflow={workflow} />
        <div className="split">
          {draft?.definition === undefined ? (
            <span />
          ) : (
            <section className="card">
              <h2>{w.workflow.definition}</h2>
              <TextBox text={draft.definition.text} label={w.workflow.definition} json />
            </section>
          )}
          <Settings workflow={workflow} />
        </div>
      </div>
    </Page>
  )
}

/** Notices of faults, each with its remedy. */
function Banners({ workflow }: { workflow: Workflow }) {
  const session = useSession()
  const { deployed, draft, stats } = workflow
  const path = `/workflows/${workflow.id}`
  const deploy = useAct(() => call('POST', `${path}/deploy`, { body: {} }))
  const activate = useAct(() => call('POST', `${path}/activate`))
  const mayAct = mayChange(session, 'workflows:manage')
  const errors = draft?.findings.filter(({ severity }) => severity === 'error') ?? []
  const differs = draft !== null && draft.hash !== deployed?.hash
  return (
    <>
      {stats !== null && stats.failed > 0 && (
        <section className="banner bad">
          <strong>{w.workflow.failing(stats.failed, stats.runs)}</strong>
          <div className="row">
            <Link to="/runs" search={{ workflowId: workflow.id, status: 'failed' }} className="button">
              {w.workflow.seeFailed}
            </Link>
          </div>
        </section>
      )}
      {deployed !== null && !workflow.active && (
        <section className="banner warn">
          {w.workflow.offBanner}
          {mayAct && (
            <div className="row">
              <Act act={activate}>{w.workflow.activate}</Act>
            </div>
          )}
        </section>
      )}
      {differs && (
        <section className="banner warn">
          {deployed === null && errors.length === 0 ? w.workflow.noVersion : w.workflow.draftDiffers(errors.length)}
          {draft.findings.length > 0 && (
            <ul aria-label={w.workflow.findings}>
              {draft.findings.map(({ path: place, message, severity }) => (
                <li key={`${place} ${message}`}>
                  <Mark tone={severity === 'error' ? 'bad' : 'warn'}>{w.workflow.severities[severity]}</Mark>{' '}
                  <code>{place}</code> {message}
                </li>
              ))}
            </ul>
          )}
          {mayAct && errors.length === 0 && (
            <div className="row">
              <Act act={deploy}>{w.workflow.deploy}</Act>
            </div>
          )}
        </section>
      )}
    </>
  )
}

function WorkflowActs({ workflow }: { workflow: Workflow }) {
  const session = useSession()
  const deactivate = useAct(() => call('POST', `/workflows/${workflow.id}/deactivate`))
  if (workflow.deployed === null) return null
  return (
    <>
      {mayChange(session, 'workflows:run') && <RunByHand workflow={workflow} />}
      {workflow.active && mayChange(session, 'workflows:manage') && <Act act={deactivate}>{w.workflow.deactivate}</Act>}
    </>
  )
}

function Runs({ workflow }: { workflow: Workflow }) {
  const navigate = useNavigate()
  const { from } = useRange()
  const list = useList<RunSummary>(`/workflows/${workflow.id}/runs`, { from })
  return (
    <section className="stack tight">
      <h2>{w.workflow.runs}</h2>
      <List
        label={w.runs.label}
        list={list}
        columns={RUN_COLUMNS}
        idOf={each => each.id}
        onOpen={({ id }) => void navigate({ to: '/runs/$id', params: { id } })}
        empty={<p>{w.runs.empty}</p>}
        scope="workflows:read"
      />
    </section>
  )
}

function Versions({ workflow }: { workflow: Workflow }) {
  const session = useSession()
  const list = useList<WorkflowVersion>(`/workflows/${workflow.id}/versions`, {})
  const mayAct = mayChange(session, 'workflows:manage')
  const columns: ReadonlyArray<Column<WorkflowVersion>> = [
    { name: w.workflow.version, kind: 'num', show: ({ version }) => count(version) },
    { name: w.workflows.state, show: ({ live }) => (live ? <Mark tone="good">{w.workflow.live}</Mark> : '') },
    { name: w.workflow.changes, kind: 'grow', wide: true, show: changesOf },
    { name: w.workflow.deployed, show: ({ deployedAt }) => <Time at={deployedAt} /> },
    {
      name: w.workflow.act,
      show: version => (mayAct && !version.live ? <Rollback id={workflow.id} version={version.version} /> : ''),
    },
  ]
  return (
    <section className="stack tight">
      <h2>{w.workflow.versions}</h2>
      <List
        label={w.workflow.versionsLabel}
        list={list}
        columns={columns}
        idOf={each => String(each.version)}
        empty={<p>{w.workflow.noVersion}</p>}
        scope="workflows:read"
      />
    </section>
  )
}

function changesOf({ changes }: WorkflowVersion): string {
  if (changes === null) return w.workflow.first
  if (changes.length === 0) return w.workflow.same
  return changes.map(({ kind, key }) => `${key} ${w.workflow.changeWords[kind] ?? kind}`).join(', ')
}

function Rollback({ id, version }: { id: string; version: number }) {
  const act = useAct(() => call('POST', `/workflows/${id}/rollback`, { body: { version } }))
  return (
    <Act act={act} look="small">
      {w.workflow.rollback(version)}
    </Act>
  )
}

function Settings({ workflow }: { workflow: Workflow }) {
  const { deployed } = workflow
  return (
    <section className="card stack">
      <h2>{w.workflow.facts}</h2>
      <Facts
        rows={[
          [w.workflows.trigger, triggerText(workflow)],
          [w.workflows.version, deployed && count(deployed.version)],
          [w.workflow.deployed, deployed && <Time at={deployed.deployedAt} absolute />],
          [w.workflow.by, deployed && <code>{deployed.deployedBy}</code>],
          [w.workflow.timeout, duration(workflow.timeoutSeconds * 1_000)],
          [w.workflow.perDay, workflow.maxRunsPerDay === null ? w.workflow.noLimit : count(workflow.maxRunsPerDay)],
          [w.queues.created, <Time key="created" at={workflow.createdAt} absolute />],
        ]}
      />
      <Id id={workflow.id} />
    </section>
  )
}
