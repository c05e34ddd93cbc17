import { Act, useAct } from '../parts/act.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { setPreferences, type Theme, usePreferences, type Zone } from '../session/preferences.ts'
import { signOut } from '../session/session.ts'
import { w } from '../words/words.ts'

const THEMES: Theme[] = ['system', 'light', 'dark']
const ZONES: Zone[] = ['local', 'utc']

export function View({
  hasTheme,
  onClose,
  onKeys,
}: {
  /** The portal has chosen light or dark. */
  hasTheme: boolean
  onClose(): void
  onKeys(): void
}) {
  const { theme, zone } = usePreferences()
  const act = useAct(signOut, onClose)
  return (
    <Dialog title={w.settings.title} onClose={onClose}>
      {!hasTheme && (
        <Choice
          legend={w.settings.theme}
          options={THEMES.map(each => [each, w.settings[each]])}
          value={theme}
          onChange={value => setPreferences({ theme: value })}
        />
      )}
      <Choice
        legend={w.settings.zone}
        options={ZONES.map(each => [each, w.settings[each]])}
        value={zone}
        onChange={value => setPreferences({ zone: value })}
      />
      <div className="row">
        <button type="button" className="button" onClick={onKeys}>
          {w.settings.keys}
        </button>
        <Act act={act}>{w.settings.signOut}</Act>
      </div>
    </Dialog>
  )
}

function Choice<T extends string>({
  legend,
  options,
  value,
  onChange,
}: {
  legend: string
  options: ReadonlyArray<readonly [T, string]>
  value: T
  onChange(value: T): void
}) {
  return (
    <fieldset className="row">
      <legend>{legend}</legend>
      {options.map(([each, name]) => (
        <label key={each} className="row">
          <input type="radio" name={legend} checked={each === value} onChange={() => onChange(each)} />
          {name}
        </label>
      ))}
    </fieldset>
  )
}

export function KeyList({ onClose }: { onClose(): void }) {
  return (
    <Dialog title={w.keyboard.title} onClose={onClose}>
      <dl>
        {w.keyboard.rows.map(([keys, what]) => (
          <div key={keys} style={{ display: 'contents' }}>
            <dt>
              <kbd>{keys}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  )
}
