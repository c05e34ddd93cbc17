/**
 * The counts of counters, from their readings (`topics/audit-meters.ts`). `queries/*.sql` refer to the parts as
 * `{{name}}`: the highest reading of each counter and hour, and its difference from the hour before in which the counter
 * was read. A counter is read at least once in two days while it exists, so older readings are not needed.
 */
const COUNTER = 'organizationId, environment, meter, counterId'

export const READING_FRAGMENTS = {
  readingOfHour: `${COUNTER}, toStartOfHour(toDateTime(at, 'UTC')) AS hour, max(reading) AS highest`,
  counterAndHour: `${COUNTER}, hour`,
  countedInHour: `toUInt64(greatest(0, toInt64(highest) - toInt64(lagInFrame(highest, 1, 0)
        OVER (PARTITION BY ${COUNTER} ORDER BY hour ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW))))`,
  readOfMonth: `at >= toDateTime(makeDate(intDiv({month:UInt32}, 100), {month:UInt32} % 100, 1), 'UTC') - INTERVAL 2 DAY
            AND toYYYYMM(at) <= {month:UInt32}`,
} as const
