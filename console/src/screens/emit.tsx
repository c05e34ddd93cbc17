import { useMutation, useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useId, useMemo, useState } from 'react'
import { call } from '../api/call.ts'
import { indented } from '../api/exact-json.ts'
import type { EmitPreview } from '../api/look-types.ts'
import type { EventInFull, Registration } from '../api/types.ts'
import { compareVersions, fullName } from '../event/type-names.ts'
import type { Completing } from '../form/complete.ts'
import { treeOf } from '../form/edit-json.ts'
import { emptyValueOf, fieldsOf, type Schema } from '../form/fields.ts'
import { PayloadForm } from '../form/payload-form.tsx'
import { Act, useAct } from '../parts/act.tsx'
import { Field } from '../parts/field.tsx'
import { JsonArea } from '../parts/json-area.tsx'
import { Page } from '../parts/page.tsx'
import { Failed, Loading } from '../parts/state.tsx'
import { useSession } from '../session/session.ts'
import { w } from '../words/words.ts'
import { EmitCheck } from './emit-check.tsx'

const GENERIC = 'platformxe.generic'
const GENERIC_PAYLOAD = '{\n  "kind": "hello"\n}'

interface Answer {
  emitId: string
  eventId?: string
  sequence?: number
  deduplicated?: boolean
  verdict?: 'pending'
}

export function Screen() {
  const { name, from } = useSearch({ from: '/emit' })
  const navigate = useNavigate({ from: '/emit' })
  const types = useQuery({
    queryKey: ['emittable'],
    queryFn: ({ signal }) =>
      call<Registration[]>('GET', '/events/custom', {
        query: { status: 'published', limit: 100 },
        asText: ['payloadSchema', 'payloadExample'],
        signal,
      }),
  })
  const like = useQuery({
    queryKey: ['event', from],
    queryFn: ({ signal }) =>
      call<EventInFull>('GET', `/events/${encodeURIComponent(from ?? '')}`, { asText: ['payload'], signal }),
    enabled: from !== undefined,
  })
  const id = useId()
  if (types.data === undefined || like.isLoading)
    return (
      <Page title={w.emit.title}>
        {types.error === null ? (
          <Loading />
        ) : (
          <Failed error={types.error} again={() => void types.refetch()} scope="events:read" />
        )}
      </Page>
    )
  const newest = newestOf(types.data)
  const names = [...newest.keys(), GENERIC]
  const chosen = newest.get(name ?? '')
  return (
    <Page title={w.emit.title}>
      <div className="stack">
        <div className="field">
          <label htmlFor={id}>{w.emit.type}</label>
          <select
            id={id}
            value={name ?? ''}
            onChange={event =>
              void navigate({ search: prev => ({ ...prev, name: event.target.value, from: undefined }) })
            }
          >
            <option value="">{w.emit.choose}</option>
            {name !== undefined && !names.includes(name) && <option value={name}>{name}</option>}
            {names.map(each => (
              <option key={each} value={each}>
                {each}
              </option>
            ))}
          </select>
        </div>
        {name !== undefined && (
          <EmitForm key={`${name} ${from}`} name={name} registration={chosen} like={like.data?.payload?.text} />
        )}
      </div>
    </Page>
  )
}

function newestOf(rows: readonly Registration[]): Map<string, Registration> {
  const newest = new Map<string, Registration>()
  for (const row of rows) {
    const known = newest.get(fullName(row))
    if (known === undefined || compareVersions(row.version, known.version) > 0) newest.set(fullName(row), row)
  }
  return new Map([...newest].sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** From the event to repeat, the example, or what the schema requires, in this order. */
function firstPayload(registration: Registration | undefined, like: string | undefined): string {
  if (like !== undefined) return indented(like)
  if (registration === undefined) return GENERIC_PAYLOAD
  if (registration.payloadExample.text !== 'null') return indented(registration.payloadExample.text)
  const fields = fieldsOf(JSON.parse(registration.payloadSchema.text) as Schema)
  return indented(emptyValueOf({ kind: 'object', name: '', isRequired: true, help: undefined, fields }))
}

const newKey = (): string => crypto.randomUUID()

function EmitForm({
  name,
  registration,
  like,
}: {
  name: string
  registration: Registration | undefined
  like: string | undefined
}) {
  const session = useSession()
  const [text, setText] = useState(() => firstPayload(registration, like))
  const [subject, setSubject] = useState('')
  const [key, setKey] = useState(newKey)
  const [view, setView] = useState<'form' | 'text'>(registration === undefined ? 'text' : 'form')
  const isJson = treeOf(text)?.type === 'object'
  const head = JSON.stringify({ name, ...(subject === '' ? {} : { subject }), idempotencyKey: key })
  const bodyText = `${head.slice(0, -1)},"payload":${text}}`
  const emit = useAct(() => call<Answer>('POST', '/events/custom/emit', { body: bodyText }))
  // It changes nothing, so nothing that is shown elsewhere is asked for again.
  const check = useMutation<{ of: string; preview: EmitPreview }, unknown, void>({
    mutationFn: async () => ({
      of: bodyText,
      preview: await call<EmitPreview>('POST', '/events/custom/emit', { query: { dryRun: true }, body: bodyText }),
    }),
  })
  const schema = useMemo(
    () =>
      registration === undefined ? undefined : (JSON.parse(registration.payloadSchema.text) as Schema & Completing),
    [registration],
  )
  const fields = schema === undefined ? [] : fieldsOf(schema)
  return (
    <>
      <section className="card stack">
        <div className="row">
          <h2>{w.emit.payload}</h2>
          {registration !== undefined &&
            (['form', 'text'] as const).map(each => (
              <button
                key={each}
                type="button"
                className="button small"
                aria-pressed={view === each}
                onClick={() => setView(each)}
              >
                {w.emit[each]}
              </button>
            ))}
        </div>
        {view === 'form' ? (
          <PayloadForm fields={fields} text={text} onChange={setText} />
        ) : (
          <JsonArea label={w.emit.payload} rows={14} value={text} schema={schema} onChange={setText} />
        )}
        {!isJson && view === 'text' && <p className="banner warn">{w.emit.notJson}</p>}
      </section>
      <section className="card stack">
        <Field label={w.emit.subject} value={subject} isOptional onChange={setSubject} />
        <Field label={w.emit.key} help={w.emit.keyHelp} value={key} onChange={setKey} />
        <div className="row">
          <Act act={emit} look="main-act" disabled={!isJson || key === ''}>
            {w.emit.act[session.environment ?? 'test']}
          </Act>
          <Act act={check} disabled={!isJson || key === ''}>
            {w.emit.check}
          </Act>
          <button type="button" className="button small" onClick={() => setKey(newKey())}>
            {w.emit.anotherKey}
          </button>
        </div>
        {emit.data !== undefined && <Result answer={emit.data} />}
        {emit.data === undefined && check.data?.of === bodyText && <EmitCheck preview={check.data.preview} />}
      </section>
    </>
  )
}

function Result({ answer }: { answer: Answer }) {
  const said =
    answer.deduplicated === true
      ? w.emit.repeated
      : answer.sequence === undefined
        ? w.emit.pending
        : w.emit.accepted(answer.sequence)
  return (
    <p role="status" className="banner">
      {said}{' '}
      {answer.eventId === undefined ? (
        <Link to="/emits/$id" params={{ id: answer.emitId }}>
          {w.emit.open}
        </Link>
      ) : (
        <Link to="/events/$id" params={{ id: answer.eventId }}>
          {w.emit.open}
        </Link>
      )}
    </p>
  )
}
