/** What would become of an emit, by the platform's own judge: verdict, findings, and who would get the event. */
import { Link } from '@tanstack/react-router'
import type { EmitPreview } from '../api/look-types.ts'
import { Mark } from '../parts/mark.tsx'
import { count } from '../words/numbers.ts'
import { w } from '../words/words.ts'

export function EmitCheck({ preview }: { preview: EmitPreview }) {
  const { verdict, code, message, findings, webhooks, peers, warnings, quota } = preview
  const getting = webhooks.filter(({ matches }) => matches)
  return (
    <div className="stack tight" role="status">
      <div className="row">
        <Mark tone={verdict === 'accepted' ? 'good' : 'bad'} pill>
          {w.emit.verdicts[verdict]}
        </Mark>
        {code !== null && <code>{code}</code>}
        {message !== null && <span>{message}</span>}
      </div>
      {findings.length > 0 && (
        <ul>
          {findings.map(({ path, message: said }) => (
            <li key={`${path} ${said}`}>
              <code>{path}</code> {said}
            </li>
          ))}
        </ul>
      )}
      {warnings.length > 0 && (
        <ul>
          {warnings.map(each => (
            <li key={each}>{each}</li>
          ))}
        </ul>
      )}
      <p>{w.emit.wouldGet(getting.length, webhooks.length, peers.length)}</p>
      <ul className="lines">
        {webhooks.map(({ webhookId, name, matches, reason }) => (
          <li key={webhookId} className="row">
            <Mark tone={matches ? 'good' : 'calm'}>{matches ? w.emit.gets : w.emit.getsNot}</Mark>
            <Link to="/webhooks/$id" params={{ id: webhookId }}>
              {name ?? webhookId}
            </Link>
            {reason !== null && <span className="quiet">{w.emit.reasons[reason] ?? reason}</span>}
          </li>
        ))}
      </ul>
      {quota.limit !== null && <p className="quiet">{w.emit.quota(count(quota.used), count(quota.limit))}</p>}
      <p className="quiet">{w.emit.keyNotChecked}</p>
    </div>
  )
}
