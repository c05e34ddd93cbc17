import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { call } from '../api/call.ts'
import { Act, useAct } from '../parts/act.tsx'
import { Rows } from '../parts/list.tsx'
import { Mark } from '../parts/mark.tsx'
import { Page } from '../parts/page.tsx'
import { Failed, Loading } from '../parts/state.tsx'
import { Time } from '../parts/time.tsx'
import { count } from '../words/numbers.ts'
import { w } from '../words/words.ts'

interface LedgerFinding {
  organizationId: string
  environment: string
  check: string
  expected: number
  actual: number
  message: string
}

interface Ledger {
  lastCheck: { checkedAt: string; organizations: number; consistent: boolean; findings: LedgerFinding[] } | null
}

export function Screen() {
  const { data, error, refetch } = useQuery({
    queryKey: ['ledger'],
    queryFn: ({ signal }) => call<Ledger>('GET', '/ledger', { signal }),
  })
  const check = useAct(() => call('POST', '/ledger/check'))
  return (
    <Page title={w.ledger.title} acts={<Act act={check}>{w.ledger.check}</Act>}>
      <div className="stack">
        <p>{w.ledger.help}</p>
        {data === undefined ? (
          error === null ? (
            <Loading />
          ) : (
            <Failed error={error} again={() => void refetch()} scope="operator" />
          )
        ) : data.lastCheck === null ? (
          <p className="quiet">{w.ledger.never}</p>
        ) : (
          <Checked check={data.lastCheck} />
        )}
      </div>
    </Page>
  )
}

function Checked({ check }: { check: NonNullable<Ledger['lastCheck']> }) {
  return (
    <section className="card stack">
      <div className="row">
        <Mark tone={check.consistent ? 'good' : 'bad'}>
          {check.consistent ? w.ledger.consistent : w.ledger.inconsistent}
        </Mark>
        <span className="quiet">
          {w.ledger.checkedAt} <Time at={check.checkedAt} />, {count(check.organizations)} {w.ledger.organizations}
        </span>
      </div>
      {check.findings.length > 0 && (
        <Rows
          label={w.ledger.findings}
          rows={check.findings}
          idOf={each => `${each.organizationId} ${each.environment} ${each.check}`}
          columns={[
            {
              name: w.ledger.organization,
              show: ({ organizationId }) => (
                <Link to="/organizations/$id" params={{ id: organizationId }}>
                  {organizationId}
                </Link>
              ),
            },
            { name: w.ledger.what, show: each => each.check },
            { name: w.ledger.expected, kind: 'num', show: each => count(each.expected) },
            { name: w.ledger.actual, kind: 'num', show: each => count(each.actual) },
            { name: w.ledger.message, kind: 'grow', wide: true, show: each => each.message },
          ]}
        />
      )}
    </section>
  )
}
