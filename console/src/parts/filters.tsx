/** Filters of a list. They are a form whose values are the search parameters of the page. */
import { useId } from 'react'
import { w } from '../words/words.ts'

export type Filter =
  | { name: string; label: string; options: ReadonlyArray<readonly [value: string, label: string]> }
  | { name: string; label: string; options?: undefined; placeholder?: string }

export function Filters({
  filters,
  values,
  onChange,
}: {
  filters: readonly Filter[]
  values: Record<string, string | undefined>
  onChange(change: Record<string, string | undefined>): void
}) {
  return (
    <search className="filters" aria-label={w.filters.title}>
      {filters.map(filter => (
        <FilterField key={filter.name} filter={filter} value={values[filter.name] ?? ''} onChange={onChange} />
      ))}
    </search>
  )
}

function FilterField({
  filter,
  value,
  onChange,
}: {
  filter: Filter
  value: string
  onChange(change: Record<string, string | undefined>): void
}) {
  const id = useId()
  const set = (text: string) => {
    const change = text.trim() === '' ? undefined : text.trim()
    if (change !== (value || undefined)) onChange({ [filter.name]: change })
  }
  return (
    <div className="field">
      <label htmlFor={id}>{filter.label}</label>
      {filter.options === undefined ? (
        <input
          id={id}
          key={value}
          defaultValue={value}
          placeholder={filter.placeholder}
          onBlur={event => set(event.target.value)}
          onKeyDown={event => event.key === 'Enter' && set(event.currentTarget.value)}
        />
      ) : (
        <select id={id} value={value} onChange={event => set(event.target.value)}>
          <option value="">{w.filters.any}</option>
          {filter.options.map(([option, label]) => (
            <option key={option} value={option}>
              {label}
            </option>
          ))}
        </select>
      )}
    </div>
  )
}
