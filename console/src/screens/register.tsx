/** A new version, judged by the platform while it is written. What is written stays in this browser until it is made. */
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useEffect, useMemo, useState } from 'react'
import { call, type Finding } from '../api/call.ts'
import { indented } from '../api/exact-json.ts'
import type { Registration } from '../api/types.ts'
import { fullName } from '../event/type-names.ts'
import { type Completing, SCHEMA_OF_SCHEMAS } from '../form/complete.ts'
import { madeOptional } from '../form/quick-fix.ts'
import { Act, useAct } from '../parts/act.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { Difference } from '../parts/difference.tsx'
import { Field } from '../parts/field.tsx'
import { JsonArea } from '../parts/json-area.tsx'
import type { Note } from '../parts/json-editor.tsx'
import { Mark } from '../parts/mark.tsx'
import { Problem } from '../parts/state.tsx'
import { useSession } from '../session/session.ts'
import { w } from '../words/words.ts'
import { VersionChoice } from './version-choice.tsx'

const JUDGED_AFTER_MS = 400
const DRAFT = 'clarion.draft.'
const EMPTY_SCHEMA = `{
  "type": "object",
  "required": [],
  "properties": {}
}`

interface Draft {
  name: string
  version: string
  schema: string
  example: string
}

interface Verdict {
  valid: boolean
  semverBump: string | null
  findings: Array<{ code: string; message: string; details: Finding[] }>
  warnings: Finding[]
  impact: { webhooks: unknown[] }
  history: { judged: number; refused: number } | null
}

/** The request as text: schema and example are put in as they were written. */
function bodyOf({ name, version, schema, example }: Draft, more: Record<string, unknown>): string {
  const dot = name.indexOf('.')
  const head = JSON.stringify({ namespace: name.slice(0, dot), name: name.slice(dot + 1), version, ...more })
  const withExample = example.trim() === '' ? '' : `,"payloadExample":${example}`
  return `${head.slice(0, -1)},"payloadSchema":${schema}${withExample}}`
}

const isJson = (text: string) => {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** `versions`: of the name, newest first; the new one follows the first. */
export function Register({ versions = [], onClose }: { versions?: readonly Registration[]; onClose(): void }) {
  const from = versions[0]
  const session = useSession()
  const navigate = useNavigate()
  const key = DRAFT + (from === undefined ? 'new' : fullName(from))
  const [draft, setDraft] = useState<Draft>(() => kept(key) ?? firstDraft(from, session.organization?.slug ?? ''))
  useEffect(() => sessionStorage.setItem(key, JSON.stringify(draft)), [key, draft])
  const settled = useSettled(draft)
  const isWhole =
    settled.name.includes('.') && isJson(settled.schema) && (settled.example.trim() === '' || isJson(settled.example))
  const verdict = useQuery({
    queryKey: ['dry-run', settled],
    queryFn: ({ signal }) =>
      call<Verdict>('POST', '/events/custom/dry-run', { body: bodyOf(settled, { history: true }), signal }),
    enabled: isWhole,
    staleTime: 0,
  })
  const register = useAct(
    (status: 'draft' | 'published') =>
      call<Registration>('POST', '/events/custom', { body: bodyOf(draft, { status }) }),
    made => {
      sessionStorage.removeItem(key)
      onClose()
      void navigate({ to: '/types/$name', params: { name: fullName(made) }, search: { version: made.version } })
    },
  )
  const before = versions[0]?.payloadSchema.text
  const notes = useMemo(
    () => notesOf(settled === draft ? verdict.data : undefined, draft.schema, before),
    [settled, draft, verdict.data, before],
  )
  const fixes = notes.flatMap(({ path, fix }) => (fix === undefined ? [] : [{ path, fix }]))
  const set = (change: Partial<Draft>) => setDraft({ ...draft, ...change })
  const isReady = isWhole && verdict.data?.valid === true && settled === draft
  return (
    <Dialog title={from === undefined ? w.register.title : `${w.type.newVersion}: ${fullName(from)}`} onClose={onClose}>
      {from === undefined && (
        <Field label={w.register.name} help={w.register.nameHelp} value={draft.name} onChange={name => set({ name })} />
      )}
      <Field label={w.register.version} value={draft.version} onChange={version => set({ version })} />
      <JsonArea
        label={w.register.schema}
        rows={12}
        value={draft.schema}
        notes={notes}
        schema={SCHEMA_OF_SCHEMAS}
        onChange={schema => set({ schema })}
      />
      <JsonArea
        label={w.register.example}
        rows={4}
        value={draft.example}
        schema={schemaOf(draft.schema)}
        onChange={example => set({ example })}
      />
      <section aria-live="polite" className="stack tight">
        <h3>{w.register.verdict}</h3>
        {!isWhole && <p className="quiet">{w.register.notJson}</p>}
        {verdict.isFetching && <p className="quiet">{w.register.judging}</p>}
        {verdict.error !== null && <Problem title={w.states.failedAct} error={verdict.error} />}
        {verdict.data !== undefined && isWhole && <Judgement verdict={verdict.data} />}
        {fixes.map(({ path, fix }) => (
          <div key={path} className="row">
            <code>{path}</code>
            <button type="button" className="button small" onClick={() => set({ schema: fix.text })}>
              {fix.name}
            </button>
          </div>
        ))}
      </section>
      {isWhole && versions.length > 0 && <Changes versions={versions} schema={draft.schema} />}
      <div className="row">
        <Act act={{ ...register, mutate: () => register.mutate('published') }} look="main-act" disabled={!isReady}>
          {w.register.publish}
        </Act>
        <button
          type="button"
          className="button"
          disabled={!isReady || register.isPending}
          onClick={() => register.mutate('draft')}
        >
          {w.register.draft}
        </button>
      </div>
    </Dialog>
  )
}

/** The draft beside any version that there is. */
function Changes({ versions, schema }: { versions: readonly Registration[]; schema: string }) {
  const [version, setVersion] = useState(versions[0]?.version ?? '')
  const chosen = versions.find(each => each.version === version) ?? versions[0]
  return (
    <details>
      <summary>{w.register.changes}</summary>
      <div className="stack tight">
        <VersionChoice
          label={w.type.compareWith}
          versions={versions}
          value={chosen?.version ?? ''}
          onChange={setVersion}
        />
        {chosen !== undefined && (
          <Difference before={chosen.payloadSchema.text} after={schema} label={w.register.changes} />
        )}
      </div>
    </details>
  )
}

/** Undefined while it is not JSON. */
function schemaOf(text: string): Completing | undefined {
  try {
    const read: unknown = JSON.parse(text)
    return typeof read === 'object' && read !== null ? (read as Completing) : undefined
  } catch {
    return undefined
  }
}

function Judgement({ verdict }: { verdict: Verdict }) {
  return (
    <>
      <Mark tone={verdict.valid ? 'good' : 'bad'}>{verdict.valid ? w.register.valid : w.register.invalid}</Mark>
      {verdict.semverBump !== null && <p>{w.register.bump(verdict.semverBump)}</p>}
      <ul>
        {verdict.findings.map(({ code, message, details }) => (
          <li key={code + message}>
            {message} <code>{code}</code>
            <ul>
              {details.map(each => (
                <li key={each.path + each.message}>
                  <code>{each.path}</code> {each.message}
                </li>
              ))}
            </ul>
          </li>
        ))}
        {verdict.warnings.map(each => (
          <li key={each.path + each.message} className="quiet">
            <code>{each.path}</code> {each.message}
          </li>
        ))}
      </ul>
      <p>{w.register.impact(verdict.impact.webhooks.length)}</p>
      {verdict.history !== null && verdict.history !== undefined && (
        <p>{w.register.history(verdict.history.judged, verdict.history.refused)}</p>
      )}
    </>
  )
}

/** `before`: the schema of the version that it is compared with. */
const notesOf = (verdict: Verdict | undefined, schema: string, before: string | undefined): Note[] => [
  ...(verdict?.findings ?? []).flatMap(({ details }) =>
    details.map((finding): Note => {
      const text = madeOptional(schema, finding, before)
      const fix = text === undefined ? undefined : { name: w.register.makeOptional, text }
      return { path: finding.path, message: finding.message, severity: 'error', fix }
    }),
  ),
  ...(verdict?.warnings ?? []).map(({ path, message }): Note => ({ path, message, severity: 'warning' })),
]

function firstDraft(from: Registration | undefined, slug: string): Draft {
  if (from === undefined) return { name: `${slug}.`, version: '1.0.0', schema: EMPTY_SCHEMA, example: '' }
  const [major = 1, minor = 0] = from.version.split('.').map(Number)
  const example = from.payloadExample.text === 'null' ? '' : from.payloadExample.text
  return {
    name: fullName(from),
    version: `${major}.${minor + 1}.0`,
    schema: indented(from.payloadSchema.text),
    example,
  }
}

function kept(key: string): Draft | undefined {
  try {
    return JSON.parse(sessionStorage.getItem(key) ?? '') as Draft
  } catch {
    return undefined
  }
}

/** The draft as it was when nobody had typed for a moment. */
function useSettled<T>(value: T): T {
  const [settled, setSettled] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), JUDGED_AFTER_MS)
    return () => clearTimeout(timer)
  }, [value])
  return settled
}
