/** The form of a payload. The JSON text is the truth; each field edits its place in it. */
import type { JSONPath } from 'jsonc-parser'
import { useId } from 'react'
import { w } from '../words/words.ts'
import { isNumberText, textAt, treeOf, withValue } from './edit-json.ts'
import { emptyValueOf, type FormField } from './fields.ts'

interface Place {
  text: string
  path: JSONPath
  onChange(text: string): void
}

export function PayloadForm({
  fields,
  text,
  onChange,
}: {
  fields: readonly FormField[]
  text: string
  onChange(text: string): void
}) {
  if (treeOf(text)?.type !== 'object') return <p className="banner warn">{w.emit.notJson}</p>
  return <Fields fields={fields} place={{ text, path: [], onChange }} />
}

function Fields({ fields, place }: { fields: readonly FormField[]; place: Place }) {
  return (
    <div className="stack">
      {fields.map(field => (
        <One key={field.name} field={field} place={{ ...place, path: [...place.path, field.name] }} name={field.name} />
      ))}
    </div>
  )
}

function One({ field, place, name }: { field: FormField; place: Place; name: string }) {
  const { text, path, onChange } = place
  const value = textAt(text, path)
  const set = (next: string | undefined) => onChange(withValue(text, path, next))
  if (value === undefined)
    return (
      <div className="row">
        <button type="button" className="button small" onClick={() => set(emptyValueOf(field))}>
          {w.emit.setField(name)}
        </button>
        {field.help !== undefined && <span className="quiet">{field.help}</span>}
      </div>
    )
  const out = field.isRequired ? undefined : (
    <button type="button" className="button small" onClick={() => set(undefined)}>
      {w.emit.leaveOut(name)}
    </button>
  )
  if (field.kind === 'object')
    return (
      <fieldset>
        <legend>{name}</legend>
        <Fields fields={field.fields} place={place} />
        {out}
      </fieldset>
    )
  if (field.kind === 'list') return <Items {...{ field, place, name }}>{out}</Items>
  return (
    <Labelled name={name} help={field.help}>
      {id => (
        <div className="row">
          <Input id={id} field={field} value={value} set={set} />
          {out}
        </div>
      )}
    </Labelled>
  )
}

function Items({
  field,
  place,
  name,
  children,
}: {
  field: FormField & { kind: 'list' }
  place: Place
  name: string
  children: React.ReactNode
}) {
  const { text, path, onChange } = place
  const items = treeOf(textAt(text, path) ?? '')?.children ?? []
  return (
    <fieldset className="stack">
      <legend>{name}</legend>
      {items.map((_, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: an item is what it is by its place
        <div key={at} className="row">
          <One field={field.item} place={{ ...place, path: [...path, at] }} name={`${name} ${at + 1}`} />
          <button
            type="button"
            className="button small"
            onClick={() => onChange(withValue(text, [...path, at], undefined))}
          >
            {w.emit.remove(`${name} ${at + 1}`)}
          </button>
        </div>
      ))}
      <div className="row">
        <button
          type="button"
          className="button small"
          onClick={() => onChange(withValue(text, [...path, items.length], emptyValueOf(field.item)))}
        >
          {w.emit.add(name)}
        </button>
        {children}
      </div>
    </fieldset>
  )
}

function Labelled({
  name,
  help,
  children,
}: {
  name: string
  help: string | undefined
  children(id: string): React.ReactNode
}) {
  const id = useId()
  return (
    <div className="field">
      <label htmlFor={id}>{name}</label>
      {children(id)}
      {help !== undefined && <span className="help">{help}</span>}
    </div>
  )
}

function Input({ id, field, value, set }: { id: string; field: FormField; value: string; set(value: string): void }) {
  if (field.kind === 'choice' || field.kind === 'boolean') {
    const options = field.kind === 'choice' ? field.options : ['true', 'false']
    return (
      <select id={id} value={value} onChange={event => set(event.target.value)}>
        {!options.includes(value) && <option value={value}>{value}</option>}
        {options.map(option => (
          <option key={option} value={option}>
            {option.startsWith('"') ? (JSON.parse(option) as string) : option}
          </option>
        ))}
      </select>
    )
  }
  if (field.kind === 'number') return <NumberInput id={id} value={value} set={set} />
  if (field.kind === 'text' && (value.startsWith('"') || (field.mayBeNull && value === 'null')))
    return (
      <>
        <input
          id={id}
          value={value === 'null' ? '' : (JSON.parse(value) as string)}
          placeholder={value === 'null' ? w.emit.none : undefined}
          onChange={event => set(JSON.stringify(event.target.value))}
        />
        {field.format === 'date-time' && (
          <button type="button" className="button small" onClick={() => set(JSON.stringify(new Date().toISOString()))}>
            {w.emit.now}
          </button>
        )}
      </>
    )
  return <Island id={id} value={value} set={set} />
}

/** What is typed stays what it is; only a whole number text goes into the payload. */
function NumberInput({ id, value, set }: { id: string; value: string; set(value: string): void }) {
  return (
    <input
      id={id}
      key={value}
      inputMode="decimal"
      defaultValue={value}
      onChange={event => {
        const isValid = isNumberText(event.target.value)
        event.target.setCustomValidity(isValid ? '' : w.emit.notJson)
      }}
      onBlur={event => isNumberText(event.target.value) && event.target.value !== value && set(event.target.value)}
    />
  )
}

function Island({ id, value, set }: { id: string; value: string; set(value: string): void }) {
  return (
    <textarea
      id={id}
      key={value}
      rows={3}
      spellCheck={false}
      defaultValue={value}
      onBlur={event => treeOf(event.target.value) !== undefined && set(event.target.value)}
    />
  )
}
