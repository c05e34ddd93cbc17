/** What sending many deliveries again would do, by a dry run of the same call. */
import type { SendPreview } from '../api/look-types.ts'
import { Time } from '../parts/time.tsx'
import { w } from '../words/words.ts'

const TYPES_SHOWN = 5

export function Preview({ preview }: { preview: SendPreview }) {
  const { count, countIsExact, byType, oldestAt, estimatedSeconds, skipped } = preview
  return (
    <div className="stack tight">
      <p>{w.again.preview(count, countIsExact, byType.length, estimatedSeconds)}</p>
      {count > 0 && oldestAt !== null && (
        <p className="quiet">
          {w.again.oldest} <Time at={oldestAt} />
        </p>
      )}
      {byType.length > 1 && (
        <ul>
          {byType.slice(0, TYPES_SHOWN).map(each => (
            <li key={each.key}>{w.again.ofType(each.count, each.key)}</li>
          ))}
          {byType.length > TYPES_SHOWN && <li>{w.again.moreTypes(byType.length - TYPES_SHOWN)}</li>}
        </ul>
      )}
      {skipped.map(each => (
        <p key={each.reason} className="quiet">
          {w.again.skipped(each.count, w.again.skippedWords[each.reason] ?? each.reason)}
        </p>
      ))}
    </div>
  )
}
