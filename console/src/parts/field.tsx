import { useId } from 'react'
import { w } from '../words/words.ts'

export function Field({
  label,
  help,
  value,
  isOptional = false,
  onChange,
}: {
  label: string
  help?: string
  value: string
  isOptional?: boolean
  onChange(value: string): void
}) {
  const id = useId()
  return (
    <div className="field">
      <label htmlFor={id}>
        {label}
        {isOptional && ` (${w.emit.optional})`}
      </label>
      <input
        id={id}
        value={value}
        required={!isOptional}
        autoComplete="off"
        aria-describedby={help === undefined ? undefined : `${id}-help`}
        onChange={event => onChange(event.target.value)}
      />
      {help !== undefined && (
        <span className="help" id={`${id}-help`}>
          {help}
        </span>
      )}
    </div>
  )
}
