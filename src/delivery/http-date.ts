/** HTTP dates in their three forms (RFC 9110, 5.6.7), strictly: `Date.parse` accepts nearly any text. */

const SHORT_DAY = '(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)'
const LONG_DAY = '(?:Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)'
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
const MONTH = `(?<month>${MONTHS.join('|')})`
const TIME = '(?<hour>\\d\\d):(?<minute>\\d\\d):(?<second>\\d\\d)'

const FORMS = [
  // Sun, 06 Nov 1994 08:49:37 GMT
  `${SHORT_DAY}, (?<day>\\d\\d) ${MONTH} (?<year>\\d{4}) ${TIME} GMT`,
  // Sunday, 06-Nov-94 08:49:37 GMT
  `${LONG_DAY}, (?<day>\\d\\d)-${MONTH}-(?<year>\\d\\d) ${TIME} GMT`,
  // Sun Nov  6 08:49:37 1994
  `${SHORT_DAY} ${MONTH} (?<day>\\d\\d| \\d) ${TIME} (?<year>\\d{4})`,
].map(form => new RegExp(`^${form}$`))

/**
 * Milliseconds since 1970, or undefined for text that is not a date, and for dates that do not exist. A wrong day name
 * is ignored.
 */
export function parseHttpDate(text: string, nowMs: number): number | undefined {
  for (const form of FORMS) {
    const fields = form.exec(text)?.groups
    if (fields !== undefined) return atTime(fields as Fields, nowMs)
  }
  return undefined
}

type Fields = Record<'day' | 'month' | 'year' | 'hour' | 'minute' | 'second', string>

function atTime(fields: Fields, nowMs: number): number | undefined {
  const month = MONTHS.indexOf(fields.month)
  const [day, hour, minute, second] = [fields.day, fields.hour, fields.minute, fields.second].map(Number) as [
    number,
    number,
    number,
    number,
  ]
  // 60 is a leap second.
  if (hour > 23 || minute > 59 || second > 60) return undefined
  const inYear = (year: number) =>
    new Date(0).setUTCFullYear(year, month, day) + ((hour * 60 + minute) * 60 + second) * 1000
  const year = fields.year.length === 4 ? Number(fields.year) : fullYear(Number(fields.year), nowMs, inYear)
  return day >= 1 && day <= daysOf(month, year) ? inYear(year) : undefined
}

/** The last year with these two digits that is at most 50 years ahead. */
function fullYear(digits: number, nowMs: number, inYear: (year: number) => number): number {
  const thisYear = new Date(nowMs).getUTCFullYear()
  const latestMs = new Date(nowMs).setUTCFullYear(thisYear + 50)
  const inThisCentury = thisYear - (thisYear % 100) + digits
  return [inThisCentury + 100, inThisCentury].find(year => inYear(year) <= latestMs) ?? inThisCentury - 100
}

function daysOf(month: number, year: number): number {
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  return month === 1 && isLeap ? 29 : DAYS[month]!
}
