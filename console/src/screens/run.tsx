import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import type { Run, RunStep } from '../api/automate-types.ts'
import { call } from '../api/call.ts'
import type { JsonText } from '../api/exact-json.ts'
import { isFailed, linesOfSteps, type StepLine } from '../event/run-steps.ts'
import { Act, useAct } from '../parts/act.tsx'
import { Id } from '../parts/copy.tsx'
import { Mark } from '../parts/mark.tsx'
import { Page } from '../parts/page.tsx'
import { Facts, Panel } from '../parts/panel.tsx'
import { Failed, Loading } from '../parts/state.tsx'
import { TextBox } from '../parts/text.tsx'
import { Time } from '../parts/time.tsx'
import { mayChange, useSession } from '../session/session.ts'
import { duration } from '../words/numbers.ts'
import { w } from '../words/words.ts'
import { causeOf, RunMark } from './runs.tsx'

const POLL_MS = 1_000
/** A run that has just begun may not be known for a moment. */
const AWAITED_TRIES = 10
const UNDER_WAY: ReadonlySet<string> = new Set(['queued', 'running', 'waiting'])
/** Lines beyond it are left out, and counted. */
const LINES_MAX = 500

export function Screen() {
  const { id } = useParams({ from: '/runs/$id' })
  const { data, error, refetch } = useQuery({
    queryKey: ['run', id],
    queryFn: ({ signal }) =>
      call<Run>('GET', `/workflows/runs/${encodeURIComponent(id)}`, { asText: ['input', 'output', 'params'], signal }),
    refetchInterval: ({ state: { data: run, errorUpdateCount } }) => {
      const isAwaited = run === undefined && errorUpdateCount > 0 && errorUpdateCount < AWAITED_TRIES
      return isAwaited || UNDER_WAY.has(run?.status ?? '') ? POLL_MS : false
    },
  })
  if (data === undefined)
    return (
      <Page title={w.runs.title}>
        {error === null ? <Loading /> : <Failed error={error} again={() => void refetch()} scope="workflows:read" />}
      </Page>
    )
  return <RunPage run={data} />
}

function RunPage({ run }: { run: Run }) {
  const search = useSearch({ from: '/runs/$id' })
  const navigate = useNavigate({ from: '/runs/$id' })
  const lines = linesOfSteps(run.steps)
  // A failed run opens at its fault.
  const failedAt = run.steps.find(({ path }) => path === run.error?.path) ?? run.steps.find(isFailed)
  const chosen =
    search.step === 'none' ? undefined : (run.steps.find(({ number }) => String(number) === search.step) ?? failedAt)
  const open = (step: string) => void navigate({ search: prev => ({ ...prev, step }), resetScroll: false })
  return (
    <Page title={w.run.title} beside={<RunMark status={run.status} pill />} acts={<RunActs run={run} />}>
      <div className="stack">
        {run.error !== null && (
          <section className="banner bad">
            <strong>{w.run.failedBanner(run.error.path)}</strong> <code>{run.error.code}</code> {run.error.message}
          </section>
        )}
        {run.skipReason !== null && (
          <section className="banner warn">{w.runs.skips[run.skipReason] ?? run.skipReason}</section>
        )}
        <div className={chosen === undefined ? 'stack' : 'split'}>
          <section className="card stack">
            <h2>{w.run.steps}</h2>
            {lines.length === 0 ? (
              <p className="quiet">{w.run.noSteps}</p>
            ) : (
              <ol className="results waterfall" aria-label={w.run.steps}>
                {lines.slice(0, LINES_MAX).map(line => (
                  <Line key={line.path} line={line} chosen={chosen} onOpen={step => open(String(step.number))} />
                ))}
              </ol>
            )}
            {lines.length > LINES_MAX && <p className="quiet">{w.states.shown(LINES_MAX)}</p>}
          </section>
          {chosen !== undefined && <Step key={chosen.number} step={chosen} onClose={() => open('none')} />}
        </div>
        <div className="split">
          <div className="stack">
            <Text json={run.params} label={w.run.params} />
            <Text json={run.output} label={w.run.result} />
          </div>
          <RunFacts run={run} />
        </div>
      </div>
    </Page>
  )
}

function Line({ line, chosen, onOpen }: { line: StepLine; chosen: RunStep | undefined; onOpen(step: RunStep): void }) {
  const isChosen = chosen !== undefined && line.steps.includes(chosen)
  const shown = line.steps.find(isFailed) ?? line.steps[0]!
  const isBad = line.iterations > 0 ? line.failed > 0 : isFailed(shown)
  const text =
    line.iterations > 0
      ? w.run.iterations(line.iterations, line.failed)
      : w.run.stepTook(shown.durationMs, shown.attempts)
  return (
    <li data-chosen={isChosen || undefined}>
      <button type="button" aria-pressed={isChosen} onClick={() => onOpen(shown)}>
        <span className="stack tight" style={{ width: '100%' }}>
          <span className="row">
            <StepMark step={shown} />
            <span>{line.path}</span>
            <span className="quiet">
              {shown.type} · {text}
            </span>
          </span>
          <span className="waterfall-bar" aria-hidden="true">
            <i style={{ width: `${line.from * 100}%` }} />
            <i className={isBad ? 'fault' : 'body'} style={{ width: `${line.width * 100}%` }} />
          </span>
        </span>
      </button>
    </li>
  )
}

function StepMark({ step }: { step: RunStep }) {
  const tone = isFailed(step) ? 'bad' : step.status === 'succeeded' ? 'good' : 'calm'
  return <Mark tone={tone}>{w.stepStatus[step.status] ?? step.status}</Mark>
}

function Step({ step, onClose }: { step: RunStep; onClose(): void }) {
  return (
    <Panel title={w.run.chosen} onClose={onClose}>
      <p>
        <StepMark step={step} /> <code>{step.path}</code>{' '}
        <span className="quiet">{w.run.stepTook(step.durationMs, step.attempts)}</span>
      </p>
      {step.error !== null && (
        <p>
          <code>{step.error.code}</code> {step.error.message}
        </p>
      )}
      {step.branch !== null && (
        <p>
          {w.run.branch} <code>{step.branch}</code>
        </p>
      )}
      <Text json={step.input} label={w.run.input} />
      <Text json={step.output} label={w.run.output} />
    </Panel>
  )
}

/** Nothing, if there is none, or the key may not see it. */
function Text({ json, label }: { json: JsonText | undefined; label: string }) {
  if (json === undefined || json.text === 'null') return null
  return (
    <section className="stack tight">
      <h3>{label}</h3>
      <TextBox text={json.text} label={label} json />
    </section>
  )
}

function RunActs({ run }: { run: Run }) {
  const session = useSession()
  const navigate = useNavigate()
  const path = `/workflows/runs/${run.id}`
  const toNew = ({ runId }: { runId: string }) => void navigate({ to: '/runs/$id', params: { id: runId } })
  const retry = (body: object) => () => call<{ runId: string }>('POST', `${path}/retry`, { body })
  const cancel = useAct(() => call('POST', `${path}/cancel`))
  const again = useAct(retry({}), toNew)
  const latest = useAct(retry({ useLatest: true }), toNew)
  const key = run.error?.actionKey ?? null
  const fromHere = useAct(retry(key === null ? {} : { from: key }), toNew)
  if (!mayChange(session, 'workflows:run')) return null
  if (UNDER_WAY.has(run.status)) return <Act act={cancel}>{w.run.cancel}</Act>
  return (
    <>
      {key !== null && (
        <Act act={fromHere} look="main-act">
          {w.run.againFrom(key)}
        </Act>
      )}
      <Act act={again}>{w.run.again}</Act>
      <Act act={latest}>{w.run.againLatest}</Act>
    </>
  )
}

function RunFacts({ run }: { run: Run }) {
  const { trigger } = run
  return (
    <section className="card stack">
      <h2>{w.run.facts}</h2>
      <Facts
        rows={[
          [
            w.run.workflow,
            // An API route has no page.
            run.workflowId.startsWith('wf_') ? (
              <Link key="workflow" to="/workflows/$id" params={{ id: run.workflowId }}>
                {run.workflowId}
              </Link>
            ) : (
              <code key="workflow">{run.workflowId}</code>
            ),
          ],
          [w.run.version, run.workflowVersion],
          [w.run.cause, causeOf(run)],
          [
            w.run.event,
            trigger.eventId === undefined ? null : (
              <Link key="event" to="/events/$id" params={{ id: trigger.eventId }}>
                {trigger.eventId}
              </Link>
            ),
          ],
          [
            w.run.retryOf,
            run.retryOf && (
              <Link key="before" to="/runs/$id" params={{ id: run.retryOf }}>
                {run.retryOf}
              </Link>
            ),
          ],
          [w.run.startedAt, <Time key="started" at={run.startedAt} absolute />],
          [w.run.took, run.durationMs === null ? null : duration(run.durationMs)],
        ]}
      />
      <Id id={run.id} />
    </section>
  )
}
