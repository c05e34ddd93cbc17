/** A small plot of counts by time: one bar per bucket, failures in their colour. A table beside it has the numbers. */
export interface Bucket {
  start: string
  good: number
  bad: number
}

const WIDTH = 600

export function Bars({ buckets, label, height = 60 }: { buckets: readonly Bucket[]; label: string; height?: number }) {
  const most = Math.max(1, ...buckets.map(({ good, bad }) => good + bad))
  const step = WIDTH / Math.max(1, buckets.length)
  const scale = (value: number) => (value === 0 ? 0 : Math.max(1.5, (value / most) * height))
  return (
    <svg
      className="bars"
      viewBox={`0 0 ${WIDTH} ${height}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
      height={height}
    >
      {buckets.map(({ start, good, bad }, index) => (
        <g key={start}>
          <rect
            className="good"
            x={index * step}
            y={height - scale(good)}
            width={Math.max(1, step - 1)}
            height={scale(good)}
          />
          <rect
            className="bad"
            x={index * step}
            y={height - scale(good) - scale(bad)}
            width={Math.max(1, step - 1)}
            height={scale(bad)}
          />
        </g>
      ))}
    </svg>
  )
}
