import { useId } from 'react'
import type { Registration } from '../api/types.ts'

export function VersionChoice({
  label,
  versions,
  value,
  onChange,
}: {
  label: string
  versions: ReadonlyArray<Pick<Registration, 'id' | 'version'>>
  value: string
  onChange(version: string): void
}) {
  const id = useId()
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <select id={id} value={value} onChange={event => onChange(event.target.value)}>
        {versions.map(({ id: key, version }) => (
          <option key={key} value={version}>
            {version}
          </option>
        ))}
      </select>
    </div>
  )
}
