/** Definitions of tables and columns: what a caller may ask for, and the SQL that makes it. */
import { pointerTo } from '../../json/json-pointer.ts'
import { ClarionError, type Finding } from '../../model/codes.ts'
import { quoted } from '../store/tenants.ts'
import { COLUMN_TYPES, type ColumnType, encodeValue, isColumnType } from './column-types.ts'

export const COLUMNS_MAX = 100
const NAME = /^[a-z][a-z0-9_]{0,62}$/
/** Columns that every table of PostgreSQL has, and the one that every table here has. */
const TAKEN = ['id', 'tableoid', 'xmin', 'cmin', 'xmax', 'cmax', 'ctid']

export interface NewColumn {
  name: string
  type: string
  nullable?: boolean
  default?: unknown
  unique?: boolean
}

export interface Column {
  name: string
  type: ColumnType
  nullable: boolean
  /** Null: none. */
  default: unknown
  unique: boolean
}

export interface NewTable {
  name: string
  columns: NewColumn[]
}

export const isTableName = (name: string): boolean => NAME.test(name)

/** Throws `table_invalid` with every finding. */
export function checkTable({ name, columns }: NewTable): Column[] {
  const findings = [
    ...nameFindings('/name', name),
    ...columns.flatMap((column, at) => columnFindings(pointerTo('/columns', at), column)),
    ...twiceFindings(columns),
  ]
  if (columns.length > COLUMNS_MAX)
    findings.push(finding('/columns', 'maxItems', `has more than ${COLUMNS_MAX} columns`))
  refuseAll('The table', findings)
  return columns.map(whole)
}

export function checkColumn(column: NewColumn): Column {
  refuseAll('The column', columnFindings('', column))
  return whole(column)
}

function refuseAll(what: string, findings: Finding[]): void {
  const [first] = findings
  if (first === undefined) return
  throw new ClarionError('table_invalid', `${what} is wrong at '${first.path}': ${first.message}.`, {
    details: findings.slice(0, 20),
  })
}

const finding = (path: string, rule: string, message: string): Finding => ({ path, rule, message })

const nameFindings = (path: string, name: string): Finding[] =>
  NAME.test(name) ? [] : [finding(path, 'pattern', `must match ${NAME.source}`)]

function columnFindings(path: string, { name, type, default: given }: NewColumn): Finding[] {
  const names = nameFindings(`${path}/name`, name)
  if (TAKEN.includes(name)) names.push(finding(`${path}/name`, 'taken', `'${name}' is a column that every table has`))
  if (!isColumnType(type))
    return [...names, finding(`${path}/type`, 'enum', `must be one of ${COLUMN_TYPES.join(', ')}`)]
  const encoded = given === undefined ? undefined : encodeValue(type, given)
  if (encoded?.ok === false) names.push(finding(`${path}/default`, 'type', encoded.message))
  return names
}

function twiceFindings(columns: readonly NewColumn[]): Finding[] {
  const seen = new Set<string>()
  return columns.flatMap(({ name }, at) => {
    if (!seen.has(name)) {
      seen.add(name)
      return []
    }
    return [finding(`${pointerTo('/columns', at)}/name`, 'unique', `'${name}' is there twice`)]
  })
}

const whole = ({ name, type, nullable, default: given, unique }: NewColumn): Column => ({
  name,
  type: type as ColumnType,
  nullable: nullable ?? true,
  default: given ?? null,
  unique: unique ?? false,
})

/** The names have been checked; the default is a constant, never an expression. */
export function columnSql(column: Column): string {
  const { name, type, nullable, unique } = column
  const encoded = encodeValue(type, column.default)
  const text = encoded.ok ? encoded.value : null
  return [
    `${quoted(name)} ${type}`,
    ...(nullable ? [] : ['not null']),
    ...(text === null ? [] : [`default ${literal(text)}::${type}`]),
    ...(unique ? ['unique'] : []),
  ].join(' ')
}

/** Without backslash escapes, whatever the server's settings. */
export const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`
