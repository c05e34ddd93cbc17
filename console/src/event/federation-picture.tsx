/** Who gets what an owner shares: owner left, members right. The lists beside it have the same, and what is left out. */
import { w } from '../words/words.ts'

export interface PicturedMember {
  id: string
  name: string
  tone: 'good' | 'bad' | 'calm'
  state: string
}

const BOX = { width: 180, height: 40 }
const STEP_Y = 52
const GAP = 200
const SHOWN_MAX = 20
const CHARACTERS = 22

const short = (text: string) => (text.length > CHARACTERS ? `${text.slice(0, CHARACTERS - 1)}…` : text)

export function FederationPicture({
  owner,
  shared,
  members,
}: {
  owner: string
  shared: number
  members: readonly PicturedMember[]
}) {
  const shown = members.slice(0, SHOWN_MAX)
  if (shown.length === 0) return null
  const height = shown.length * STEP_Y
  const ownerY = (height - BOX.height) / 2
  const right = BOX.width + GAP
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a part that scrolls must be reachable with the keyboard
    <section className="lineage" tabIndex={0} aria-label={w.federation.picture}>
      <svg
        width={right + BOX.width + 2}
        height={height}
        role="img"
        aria-label={w.federation.pictured(owner, members.length)}
      >
        {shown.map(({ id, tone }, at) => {
          const y = at * STEP_Y + BOX.height / 2 + 1
          const from = ownerY + BOX.height / 2
          const middle = BOX.width + GAP / 2
          const path = `M ${BOX.width} ${from} C ${middle} ${from} ${middle} ${y} ${right} ${y}`
          return <path key={id} d={path} className={tone === 'good' ? undefined : 'relayed'} />
        })}
        <g className="own" transform={`translate(1 ${ownerY})`}>
          <Box name={owner} caption={w.federation.sharedCount(shared)} />
        </g>
        {shown.map(({ id, name, tone, state }, at) => (
          <g
            key={id}
            className={tone === 'bad' ? 'bad' : undefined}
            transform={`translate(${right} ${at * STEP_Y + 1})`}
          >
            <Box name={name} caption={state} />
          </g>
        ))}
      </svg>
    </section>
  )
}

function Box({ name, caption }: { name: string; caption: string }) {
  return (
    <>
      <rect width={BOX.width} height={BOX.height - 2} rx={6} />
      <text x={10} y={16}>
        {short(name)}
      </text>
      <text x={10} y={31} className="caption">
        {short(caption)}
      </text>
    </>
  )
}
